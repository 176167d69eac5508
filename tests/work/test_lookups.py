"""A page is opened: systems that can be asked for one person are, and what they have new is on the page."""

from __future__ import annotations

import sqlite3
import threading
import time
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from tests.kept import laid_once
from tests.unit.connect.places import Answer, Web
from tests.work.test_people_doors import api  # noqa: F401
from tests.world import World, person

from filrouge.base import clock
from filrouge.base.errors import Conflict, DefinitionError, SourceError
from filrouge.connect import guard
from filrouge.domain.sources import SourceSpec
from filrouge.store.models import Job, Run, Source
from filrouge.store.queries import people as pages
from filrouge.store.queries import sources as reads
from filrouge.work import access, erasures, jobs, lookups, sources, worker

ORDERS: dict[str, Any] = {
    "source": "web_orders", "kind": "sql", "place": "sqlite:///web.db", "entity": "south", "brand": "blue",
    "reads": "orders", "format": {"table": "orders", "date": "%d/%m/%Y", "zone": "Europe/Paris"}, "key": ["number"],
    "lookup": "customer",
    "map": {
        "source_id": "number", "customer_ref": {"column": "customer", "of": "shop_people"}, "ordered_at": "day",
        "total": "total", "currency": {"const": "EUR"}, "sales_channel": {"const": "web"},
    },
}  # fmt: skip


def sold(world: World, *rows: tuple[str, int, str, str]) -> None:
    with sqlite3.connect(world.folder / "web.db") as con:
        con.execute("CREATE TABLE IF NOT EXISTS orders (number TEXT PRIMARY KEY, customer INT, day TEXT, total TEXT)")
        con.executemany("INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?)", rows)
    con.close()


@pytest.fixture
@laid_once
def group(world: World) -> World:
    """Ada and Bob of the shop, each with an order that the whole reading found."""
    world.shop(
        person("9", "Ada", "Lovelace", mail="ada@example.com"), person("8", "Bob", "Boole", mail="bob@example.com")
    )
    sold(world, ("A", 9, "01/06/2026", "10.00"), ("B", 8, "02/06/2026", "20.00"))
    sources.run(world.define(ORDERS), by="test")
    world.resolve()
    return world


def page(group: World, name: str, asking: Any = access.OWNER) -> Any:
    found = pages.page(group.find(name)[0].id, asking, at=clock.now())
    assert found is not None
    return found


def numbers(group: World, name: str) -> list[str]:
    return sorted(order["ref"] for order in page(group, name).view.orders)


def beside() -> None:
    """Do what the worker does beside its long work."""
    while job := jobs.claim("beside", only=worker.WAITED_FOR):
        jobs.work(job, worker.VERBS)


def test_what_the_system_has_new_of_them_is_on_their_page_and_nobody_else_is_read(group: World) -> None:
    sold(group, ("A", 9, "01/06/2026", "11.00"), ("C", 9, "03/06/2026", "30.00"), ("D", 8, "03/06/2026", "40.00"))
    assert lookups.ask(access.OWNER, page(group, "Ada")).under_way
    beside()
    assert numbers(group, "Ada") == ["A", "C"]
    assert {str(order["total"]) for order in page(group, "Ada").view.orders} == {"11.00", "30.00"}
    assert numbers(group, "Bob") == ["B"]
    told = lookups.ask(access.OWNER, page(group, "Ada"))
    assert (told.under_way, told.trouble, dict(told.systems)) == (False, None, {"web": "web_orders"})
    sources.run("web_orders", by="test")  # the whole reading goes on from what was found
    assert group.rows("SELECT count(*) AS n FROM orders WHERE superseded_at IS NULL") == [{"n": 4}]


def test_it_is_asked_once_in_a_quarter_of_an_hour_and_leaves_nothing_when_nothing_is_new(group: World) -> None:
    runs, log = Run.objects.count(), len(list((group.folder.parent / "home/lake/orders/_delta_log").iterdir()))
    ada = page(group, "Ada")
    lookups.ask(access.OWNER, ada)
    lookups.ask(access.OWNER, ada)
    assert Job.objects.filter(kind="lookup").count() == 1
    beside()
    assert not lookups.ask(access.OWNER, ada).under_way
    assert (Run.objects.count(), len(list((group.folder.parent / "home/lake/orders/_delta_log").iterdir()))) == (
        runs,
        log,
    )
    lookups.forget_old()
    assert Job.objects.filter(kind="lookup").count() == 1
    with time_machine.travel(clock.now() + timedelta(minutes=16)):
        assert lookups.ask(access.OWNER, ada).under_way
        beside()
    with time_machine.travel(clock.now() + timedelta(days=2)):
        lookups.forget_old()
    assert not Job.objects.filter(kind="lookup").exists()


def test_a_source_is_what_its_whole_readings_say_whoever_was_looked_up(group: World) -> None:
    before = reads.line("web_orders", access.OWNER)
    sold(group, ("C", 9, "03/06/2026", "30.00"))
    with time_machine.travel(clock.now() + timedelta(hours=1)):
        assert sources.look_up("web_orders", "9", by="test")
    after = reads.line("web_orders", access.OWNER)
    assert (after.last, after.source.as_of, after.source.cursor) == (
        before.last, before.source.as_of, before.source.cursor,
    )  # fmt: skip
    assert Run.objects.filter(lookup=True).get().read == 2
    assert before.last
    with pytest.raises(Conflict, match="Undo the later ones first"):  # it stands on the reading that it corrected
        sources.undo(str(before.last.id), by="test")


def test_a_system_that_is_away_is_told_of_on_the_page_to_those_who_see_it(group: World) -> None:
    (group.folder / "web.db").unlink()
    advisor = group.user("advisor", entities=["south"])
    lookups.ask(advisor, page(group, "Ada", advisor))
    beside()
    told = lookups.ask(advisor, page(group, "Ada", advisor))
    assert told.trouble
    assert told.trouble["params"]["source"] == "web_orders"
    assert numbers(group, "Ada") == ["A"], "what was known stays"


def test_what_a_system_answers_of_others_is_left_out(group: World) -> None:
    sold(group, ("D", 8, "03/06/2026", "40.00"), ("E", 9, "03/06/2026", "50.00"))
    with sqlite3.connect(group.folder / "web.db") as con:
        con.execute("ALTER TABLE orders ADD COLUMN asked TEXT DEFAULT '9'")
    con.close()
    group.define({**ORDERS, "lookup": "asked"})  # it takes everybody for whom it is asked about
    assert sources.look_up("web_orders", "9", by="test")
    assert Run.objects.filter(lookup=True).get().read == 2
    assert group.rows("SELECT source_id FROM orders WHERE source_id IN ('D', 'E')") == [{"source_id": "E"}]


@pytest.mark.parametrize("hanging", [False, True])
def test_a_service_that_is_away_is_told_of_too_and_keeps_nobody_waiting(
    group: World, monkeypatch: pytest.MonkeyPatch, *, hanging: bool
) -> None:
    monkeypatch.setattr("filrouge.connect.asking.SOON", 1.0)
    over = threading.Event()

    def answer(*_: Any) -> Answer:
        over.wait(3 if hanging else 0)
        return 503, {}, b""

    web = Web(answer)
    monkeypatch.setattr("filrouge.connect.asking.client", partial(guard.client, timeout=0.5))
    desk = {"place": f"{web.url}/orders", "allow_private": True, "lookup": f"{web.url}/people/{{ref}}", "format": {}}
    group.define({**ORDERS, "kind": "rest", **desk})
    lookups.ask(access.OWNER, page(group, "Ada"))
    began = time.monotonic()
    beside()
    over.set()
    assert time.monotonic() - began < 5
    told = lookups.ask(access.OWNER, page(group, "Ada"))
    assert told.trouble
    assert not told.under_way
    web.close()


def test_nobody_is_asked_about_who_is_known_to_no_such_system_or_was_erased(group: World) -> None:
    Source.objects.filter(name="web_orders").update(enabled=False)
    assert lookups.ask(access.OWNER, page(group, "Ada")) == lookups.Asked(())
    Source.objects.filter(name="web_orders").update(enabled=True)
    ada = page(group, "Ada").view.id
    sold(group, ("C", 9, "03/06/2026", "30.00"))
    lookups.ask(access.OWNER, page(group, "Ada"))
    erasures.carry_out(str(erasures.request(access.OWNER, ada, reason="asked by letter").id))
    beside()
    assert group.find("Ada") == []
    assert group.rows("SELECT count(*) AS n FROM orders WHERE source_id IN ('A', 'C')") == [{"n": 0}]


def test_whoever_does_what_is_waited_for_outlives_a_database_that_is_locked(
    group: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookups.ask(access.OWNER, page(group, "Ada"))
    ending, done, work = threading.Event(), [], jobs.work

    def locked_once(job: Job, verbs: Any) -> None:
        done.append(job.kind)
        if len(done) == 1:
            Job.objects.filter(pk=job.pk).update(lease_until=clock.now() - timedelta(seconds=1))
            raise OperationalError("database is locked")
        work(job, verbs)
        ending.set()

    monkeypatch.setattr(jobs, "work", locked_once)
    monkeypatch.setattr(worker, "close_old_connections", lambda: None)
    monkeypatch.setattr(worker, "connections", SimpleNamespace(close_all=lambda: None))
    worker._beside(ending)
    assert done == ["lookup", "lookup"]
    assert Job.objects.get(kind="lookup").state == "done"


def test_long_work_and_what_somebody_waits_for_do_not_wait_for_each_other(group: World) -> None:
    jobs.ask("live", key="live")
    lookups.ask(access.OWNER, page(group, "Ada"))
    waited = jobs.claim("beside", only=worker.WAITED_FOR)
    other = jobs.claim("worker", but=worker.WAITED_FOR)
    assert waited
    assert other
    assert (waited.kind, other.kind) == ("lookup", "live")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"kind": "csv", "place": "x.csv"}, "cannot be asked for one person"),
        ({"kind": "rest", "place": "https://a.example/x", "lookup": "https://a.example/x"}, "with {ref} once"),
        ({"reads": "promotions", "map": {"source_id": "number"}}, "holds nothing of one person"),
    ],
)
def test_a_lookup_that_cannot_be_is_a_sentence(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(DefinitionError) as told:
        SourceSpec.parse({**ORDERS, **changes}, what="web_orders")
    assert fault in str(told.value)


def test_a_column_that_vanished_is_a_sentence(group: World) -> None:
    group.define({**ORDERS, "lookup": "buyer"})
    with pytest.raises(SourceError) as told:
        sources.look_up("web_orders", "9", by="test")
    assert "Traceback" not in str(told.value)
