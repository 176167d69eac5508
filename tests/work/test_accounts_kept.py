"""What senders told of accounts is kept: whatever builds the live copies anew meanwhile, and once in the lake."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connections
from tests.work.test_draining import drain, group, page, say, send, spool, titles, turns
from tests.world import World

from filrouge.base.errors import StorageError
from filrouge.spool import Spool
from filrouge.store.live import Live
from filrouge.store.models import Run
from filrouge.work import accounts, appearing, draining, identity, live, locks, showing, taking

__all__ = ["drain", "group", "spool"]
OTTO = {"firstName": "Ottokar", "lastName": "Brandt", "email": "ottokar.brandt@example.org"}


def told(spool: Spool, drain: draining.Drain, number: int, **traits: str) -> None:
    send(spool, say("identify", number, number, userId="o1", traits=traits))
    turns(drain)


def in_lake(group: World, column: str = "family_name") -> list[Any]:
    rows = group.rows(f"SELECT {column} FROM person_records WHERE source = 'site_people' ORDER BY 1")
    return [row[column] for row in rows]


def dirty() -> list[int]:
    return [row[0] for row in Live().rows("SELECT dirty FROM accounts ORDER BY record")]


def apart(do: Callable[[], Any]) -> None:
    """Do something on a thread of its own, with connections of its own, and wait for it."""

    def run() -> None:
        try:
            do()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


@pytest.fixture
def settled(group: World, spool: Spool, drain: draining.Drain) -> World:
    """A group in which an account is known to the lake and settled."""
    told(spool, drain, 1, **OTTO)
    drain.finish()
    identity.resolve(by="test")
    drain.changed = time.monotonic()  # what changes from now on waits
    return group


def test_a_change_that_waits_for_the_lake_outlives_a_rebuild(
    settled: World, spool: Spool, drain: draining.Drain
) -> None:
    told(spool, drain, 2, lastName="Newer")
    live.rebuild()
    assert dirty() == [2]
    (person,) = [hit.id for hit in settled.find("ottokar")]
    assert page(person).view.attributes["family_name"].best.value == "Newer"
    drain.changed = float("-inf")
    told(spool, drain, 3, firstName="Otto")
    drain.finish()
    assert in_lake(settled) == ["Newer"]


def test_accounts_outlive_a_version_whose_copies_have_another_shape(
    group: World, spool: Spool, drain: draining.Drain
) -> None:
    told(spool, drain, 1, **OTTO)
    (person,) = [hit.id for hit in group.find("brandt")]
    Live().set_meta("version", "0")
    live.rebuild()
    assert dirty() == [1]
    assert [hit.id for hit in group.find("brandt")] == [person]


def test_accounts_come_back_from_their_events_when_the_copies_are_lost(
    group: World, spool: Spool, drain: draining.Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def falls(*_: Any, **__: Any) -> int:
        raise StorageError("No room.", hint="Make some.")

    send(spool, say("page", 1, 1, anonymousId="a1", name="Offer"))
    send(spool, say("identify", 2, 2, userId="o1", anonymousId="a1", traits=OTTO))
    traits = {"phone": "06 39 98 00 01"}
    send(spool, say("track", 3, 3, userId="o1", event="Paid", context={"traits": traits}))
    turns(drain)
    before = Live().rows("SELECT record, source, dirty, body FROM accounts ORDER BY record")
    monkeypatch.setattr(taking, "take", falls)
    drain.finish()
    monkeypatch.undo()
    Live().drop()
    live.rebuild()
    assert Live().rows("SELECT record, source, dirty, body FROM accounts ORDER BY record") == before
    (person,) = [hit.id for hit in group.find("brandt")]
    assert page(person).view.name == "Ottokar Brandt"
    told(spool, drain, 4, title="M")
    drain.finish()
    identity.resolve(by="test")
    assert in_lake(group) == ["Brandt"]
    assert [hit.id for hit in group.find("brandt")] == [person]
    assert "Offer" in titles(person)
    Live().drop()
    live.rebuild()
    assert dirty() == [0, 0], "what the lake knows is not told it again"


def test_an_account_taken_in_during_a_rebuild_stays_and_is_one(
    settled: World, spool: Spool, drain: draining.Drain
) -> None:
    said = {"firstName": "Ulla", "lastName": "Second"}
    send(spool, say("identify", 2, 2, userId="u2", traits=said))
    turns(drain)
    done: list[int] = []

    def meanwhile(step: str, *_: object) -> None:
        if step == "names" and not done:
            done.append(0)
            apart(lambda: done.append(len(taking.take(Live(), whole=False))))

    live.rebuild(progress=meanwhile)
    assert done == [0, 1]
    assert dirty() == [0, 0]
    send(spool, say("identify", 3, 3, userId="u2", traits={"lastName": "Third"}))
    turns(drain)
    assert sorted(dirty()) == [0, 2]
    drain.changed = float("-inf")
    drain.finish()
    assert in_lake(settled) == ["Brandt", "Third"]


def test_an_account_that_changes_while_the_lake_takes_it_is_not_new_again(
    group: World, spool: Spool, drain: draining.Drain
) -> None:
    told(spool, drain, 1, **OTTO)
    (record,) = Live().rows("SELECT record FROM accounts")[0]
    (one,) = showing.load(Live(), [record]).values()
    assert len(taking.take(Live(), whole=False)) == 1
    one.dirty = appearing.CHANGED
    appearing.save(Live(), [one])
    assert dirty() == [2]
    one.dirty = appearing.SEEN
    appearing.save(Live(), [one])
    assert dirty() == [2], "what changed still did"


def test_an_account_that_the_lake_knew_after_all_is_in_it_once(
    settled: World, spool: Spool, drain: draining.Drain
) -> None:
    Live().rows_changed("UPDATE accounts SET dirty = 1")
    assert len(taking.take(Live(), whole=False)) == 1
    assert in_lake(settled) == ["Brandt"]


def test_all_new_accounts_enter_the_lake_at_once_however_many(
    group: World, spool: Spool, drain: draining.Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "BATCH", 2)
    send(spool, *[say("identify", n, n, userId=f"u{n}", traits={"lastName": f"Of{n}"}) for n in range(1, 6)])
    turns(drain)
    drain.finish()
    assert in_lake(group) == ["Of1", "Of2", "Of3", "Of4", "Of5"]
    assert Run.objects.filter(kind="person", by="collector", state="committed").count() == 3


@pytest.mark.parametrize("aside", [True, False])
def test_pages_built_anew_one_by_one_show_accounts_that_the_lake_does_not_know(
    group: World, spool: Spool, drain: draining.Drain, aside: bool
) -> None:
    told(spool, drain, 1, **OTTO)
    (person,) = [hit.id for hit in group.find("brandt")]
    count = Live().meta("people")
    live.refresh([person], aside=aside)
    assert [hit.id for hit in group.find("brandt")] == [person]
    assert page(person).view.name == "Ottokar Brandt"
    assert Live().meta("people") == count


def test_nothing_is_written_between_what_is_carried_over_and_what_takes_its_place(
    group: World, spool: Spool, drain: draining.Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of SQLite has one writer at a time; PostgreSQL must be told."""
    if not Live().postgres:
        pytest.skip("one writer at a time")
    told(spool, drain, 1, **OTTO)
    carry, refused = accounts.carry_over, []

    def write() -> None:
        for table in ("accounts", "documents", "keys", "names", "tokens", "grams", "meta", "origins"):
            try:
                with Live().writing():
                    Live().rows_changed(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE NOWAIT")
            except DatabaseError:
                refused.append(table)

    def carried(copies: Live, **said: Any) -> None:
        carry(copies, **said)
        apart(write)

    monkeypatch.setattr(accounts, "carry_over", carried)
    live.rebuild()
    assert refused == ["accounts", "documents", "keys", "names", "tokens", "grams", "meta", "origins"]
    assert [hit.name for hit in group.find("brandt")] == ["Ottokar Brandt"]


def test_events_are_put_on_their_pages_a_little_at_a_time_and_wait_for_nobody(
    group: World, spool: Spool, drain: draining.Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(showing, "PAGES", 2)
    monkeypatch.setattr(showing, "MOMENT", 0.0)
    send(spool, *[say("track", n, n, userId=f"u{n}", event=f"Did {n}") for n in range(1, 4)])
    turns(drain)
    drain.finish()
    upto = int(Live().meta("flush") or 0)
    held, go = threading.Event(), threading.Event()

    def elsewhere() -> None:
        with live.alone():
            held.set()
            go.wait(30)

    other = threading.Thread(target=elsewhere)
    other.start()
    held.wait(30)
    assert showing.settle_in(Live(), upto=upto), "another builds copies: later"
    assert not go.is_set()
    go.set()
    other.join()
    left = [Live().rows("SELECT count(*) FROM tail")[0][0]]
    begun = True
    while begun:
        begun = showing.settle_in(Live(), upto=upto)
        left.append(Live().rows("SELECT count(*) FROM tail")[0][0])
    assert left == [3, 1, 0, 0]
    ((person,),) = Live().rows("SELECT person FROM accounts WHERE body LIKE %s", ['%"u1"%'])
    assert titles(person) == ["Did 1"]


def test_events_do_not_wait_for_pages_that_were_built_anew(
    group: World, spool: Spool, drain: draining.Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(showing, "PAGES", 1)
    monkeypatch.setattr(showing, "MOMENT", 0.0)
    send(spool, *[say("identify", n, n, userId=f"u{n}", traits={"lastName": f"Named{n}"}) for n in range(1, 5)])
    turns(drain)
    live.rebuild()
    drain.looked = float("-inf")
    send(spool, say("identify", 9, 9, userId="u9", traits={"lastName": "Lately"}))
    assert drain.turn()
    assert len(drain.unshown) == 3, "a few a turn"
    assert group.find("lately"), "and who came meanwhile is there"
    turns(drain)
    assert drain.unshown == []
    for n in range(1, 5):
        assert group.find(f"named{n}")


def test_a_lock_that_is_tried_is_not_waited_for(home: Any) -> None:
    inside: list[bool] = []

    def other() -> None:
        with locks.tried("live") as mine:
            inside.append(mine)

    with locks.held("live"):
        apart(other)
        with locks.tried("live") as mine:
            inside.append(mine)
    apart(other)
    assert inside == [False, True, True]
