"""What senders sent is on the page at once and in the lake once, whatever the order, the repeats and the crashes."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from tests.kept import laid_once
from tests.work.test_matches import ZOE
from tests.work.test_matches import group as remembered  # noqa: F401
from tests.work.test_matches import trained_on_few as trained_on_few
from tests.world import World, person

from filrouge.base import clock, settings
from filrouge.domain.events import parse
from filrouge.spool import Entry, Place, Spool
from filrouge.spool.kept import packed
from filrouge.store.live import Live
from filrouge.store.models import Ledger, Run, Source
from filrouge.store.queries import people
from filrouge.work import access, draining, flushing, identity, live, runs, waiting

Say = Callable[..., dict[str, Any]]
START = clock.now().replace(microsecond=0) - timedelta(hours=2)


def sender(name: str = "site", brand: str = "red", entity: str = "north") -> None:
    for source, reads in (
        (name, "events"),
        (f"{name}_people", "person_records"),
        (f"{name}_visitors", "person_records"),
    ):
        Source.objects.create(
            name=source, system=name, kind="collect", reads=reads, entity=entity, brand=brand, spec={}, folder=""
        )


def say(kind: str, at: int, number: int, **said: Any) -> dict[str, Any]:
    """Return an event of the minute ``at``."""
    return {
        "type": kind, "messageId": f"m{number}", "timestamp": (START + timedelta(minutes=at)).isoformat(), **said
    }  # fmt: skip


def send(spool: Spool, *events: dict[str, Any] | str, source: str = "site", brand: str = "red") -> None:
    """Keep events as the collector does, one request."""
    body = (
        b'{"batch":['
        + b",".join(event.encode() if isinstance(event, str) else json.dumps(event).encode() for event in events)
        + b"]}"
    )
    now = clock.now()
    batch = parse(body, kind="batch", received=now)
    payload = packed(batch, entity="north", brand=brand)
    spool.append([Entry(source, round(now.timestamp() * 1_000_000), len(batch.events), payload)])


@pytest.fixture
@laid_once
def group(world: World) -> World:
    world.people(person("Z", "Zoé", "Quillard", mail=ZOE["email"], phone=ZOE["phone"]))
    world.resolve()
    sender()
    return world


def emptied() -> Spool:
    """Return the spool, empty: an inbox is the server's, and outlives a test."""
    made = waiting.opened()
    for file in made.files():
        made.forget(Place(file, 1 << 62))
    return made


@pytest.fixture
def spool(group: World) -> Iterator[Spool]:
    made = emptied()
    yield made
    made.close()


@pytest.fixture
def drain(spool: Spool) -> Iterator[draining.Drain]:
    made = draining.Drain(waiting.opened())
    yield made
    made.close()


def turns(drain: draining.Drain) -> None:
    while drain.turn():
        pass


def page(person: str) -> Any:
    seen = people.page(person, access.OWNER, at=clock.now())
    assert seen is not None
    return seen


def titles(person: str) -> list[str]:
    return [moment.title for moment in page(person).view.moments if moment.kind == "event"]


def test_an_event_is_on_the_page_before_it_is_in_the_lake(remembered: World) -> None:  # noqa: F811
    group = remembered
    sender()
    spool, drain = emptied(), draining.Drain(waiting.opened())
    (zoe,) = [hit.id for hit in group.find("quillard")]
    said = {"firstName": "Zoé", "lastName": "Quillard", "email": ZOE["email"]}
    send(spool, say("identify", 1, 1, userId="z1", traits=said), say("track", 2, 2, userId="z1", event="Cart opened"))
    turns(drain)
    assert titles(zoe)[0] == "Cart opened"
    assert not runs.lake().exists("events")
    drain.finish()
    assert titles(zoe)[0] == "Cart opened"
    assert [row["name"] for row in group.rows('SELECT name FROM events ORDER BY "at"')] == [None, "Cart opened"]
    drain.close()
    spool.close()


def test_somebody_new_has_a_page_at_once_and_keeps_it(group: World, spool: Spool, drain: draining.Drain) -> None:
    said = {"firstName": "Ottokar", "lastName": "Brandt", "email": "Ottokar.Brandt@example.org"}
    send(spool, say("identify", 1, 1, userId="o1", traits=said), say("page", 2, 2, userId="o1", name="Home"))
    turns(drain)
    (person,) = [hit.id for hit in group.find("brandt")]
    assert page(person).view.name == "Ottokar Brandt"
    assert [hit.id for hit in group.find("ottokar.brandt@example.org")] == [person]
    drain.finish()
    identity.resolve(by="test")
    assert [hit.id for hit in group.find("brandt")] == [person]
    assert titles(person) == ["Home", ""]
    live.rebuild()
    assert titles(person) == ["Home", ""]


def test_what_was_done_before_signing_in_joins_the_person(group: World, spool: Spool, drain: draining.Drain) -> None:
    send(spool, say("page", 1, 1, anonymousId="a1", name="Offer"), say("page", 2, 2, anonymousId="a2", name="Other"))
    turns(drain)
    drain.finish()
    said = {"firstName": "Ottokar", "lastName": "Brandt"}
    send(spool, say("identify", 3, 3, userId="o1", anonymousId="a1", traits=said))
    turns(drain)
    (person,) = [hit.id for hit in group.find("brandt")]
    assert titles(person) == ["", "Offer"]
    drain.finish()
    identity.resolve(by="test")
    live.rebuild()
    assert titles(person) == ["", "Offer"]
    assert [record.source for record in page(person).view.records] == ["site_people", "site_visitors"]


def test_a_browser_that_two_people_used_stays_with_the_first(group: World, spool: Spool, drain: draining.Drain) -> None:
    events = [
        say("identify", 5, 2, userId="u2", anonymousId="shared", traits={"firstName": "Ulla", "lastName": "Second"}),
        say("identify", 3, 1, userId="u1", anonymousId="shared", traits={"firstName": "Udo", "lastName": "First"}),
        say("page", 1, 3, anonymousId="shared", name="Before"),
    ]  # fmt: skip
    for event in events:
        send(spool, event)
        turns(drain)
    (first,) = [hit.id for hit in group.find("udo first")]
    (second,) = [hit.id for hit in group.find("ulla second")]
    assert "Before" in titles(first)
    assert "Before" not in titles(second)
    drain.finish()
    identity.resolve(by="test")
    live.rebuild()
    assert "Before" in titles(first)
    assert "Before" not in titles(second)


def test_ids_that_name_nobody_join_nobody(group: World, spool: Spool, drain: draining.Drain) -> None:
    send(
        spool, say("track", 1, 1, userId="null", anonymousId="-1", event="X"),
        say("track", 1, 2, userId="0000-0000", anonymousId="a9", event="Y"),
    )  # fmt: skip
    turns(drain)
    drain.finish()
    assert [(row["name"], row["user_ref"]) for row in group.rows("SELECT name, user_ref FROM events")] == [("Y", None)]
    ledger = Ledger.objects.get()
    assert (ledger.received, ledger.accepted, ledger.quarantined, ledger.lost) == (2, 1, 1, 0)


def test_a_repeat_is_counted_and_has_no_effect_even_days_after(
    group: World, spool: Spool, drain: draining.Drain
) -> None:
    event = say("track", 1, 1, userId="u", event="Paid")
    send(spool, event, event)
    turns(drain)
    drain.finish()
    send(spool, event)
    again = draining.Drain(waiting.opened())
    turns(again)
    again.finish()
    again.close()
    assert len(group.rows("SELECT 1 FROM events")) == 1
    ledger = Ledger.objects.get()
    assert (ledger.received, ledger.accepted, ledger.duplicate, ledger.lost) == (3, 1, 2, 0)


def test_what_is_set_aside_is_kept_as_sent_with_its_reason(group: World, spool: Spool, drain: draining.Drain) -> None:
    bad = '{"type":"track","messageId":"bad","userId":"é","properties":{"a":1.50}}'
    send(spool, bad, say("track", 1, 1, userId="u", event="Good"), bad)
    turns(drain)
    drain.finish()
    (row,) = group.rows("SELECT source, place, code, raw FROM rejects")
    assert (row["source"], row["place"], row["code"], row["raw"]) == ("site", "track", "event_missing", bad)
    ledger = Ledger.objects.get()
    assert (ledger.received, ledger.accepted, ledger.quarantined, ledger.duplicate) == (3, 1, 1, 1)
    send(spool, {**json.loads(bad), "event": "Now named"})
    turns(drain)
    drain.finish()
    assert group.rows("SELECT 1 FROM rejects") == [], "what was put right is set aside no more"
    assert len(group.rows("SELECT 1 FROM events")) == 2


def test_the_last_word_counts_whatever_order_it_arrives_in(group: World, spool: Spool, drain: draining.Drain) -> None:
    events = [
        say("identify", 1, 1, userId="u", traits={"firstName": "Ann", "lastName": "Old", "phone": "06 39 98 00 01"}),
        say("identify", 9, 2, userId="u", traits={"lastName": "Newer"}),
        say("identify", 5, 3, userId="u", traits={"lastName": "Between"}),
    ]  # fmt: skip
    for event in (events[1], events[0], events[2]):
        send(spool, event)
        turns(drain)
    (person,) = [hit.id for hit in group.find("ann newer")]
    assert page(person).view.attributes["family_name"].best.value == "Newer"
    drain.finish()
    assert [
        row["family_name"] for row in group.rows("SELECT family_name FROM person_records WHERE source = 'site_people'")
    ] == ["Newer"]


def test_what_changes_later_replaces_what_the_lake_held(group: World, spool: Spool, drain: draining.Drain) -> None:
    send(spool, say("identify", 1, 1, userId="u", traits={"firstName": "Ann", "lastName": "Old"}))
    turns(drain)
    drain.finish()
    identity.resolve(by="test")
    send(spool, say("identify", 2, 2, userId="u", traits={"lastName": "Newer"}))
    turns(drain)
    (person,) = [hit.id for hit in group.find("ann newer")]
    assert page(person).view.attributes["family_name"].best.value == "Newer"
    drain.changed = float("-inf")
    drain.finish()
    identity.resolve(by="test")
    rows = group.rows("SELECT family_name FROM person_records WHERE source = 'site_people'")
    assert [row["family_name"] for row in rows] == ["Newer"]
    assert [hit.id for hit in group.find("ann newer")] == [person]


def state(group: World) -> str:
    """Return a digest of all that events leave: in the lake, in the live copies, whatever ids people were given."""
    rows = group.rows(
        'SELECT source, record_key, event_id, type, name, user_ref, person_key, anonymous_id, "at", properties, context '
        "FROM events ORDER BY source, record_key"
    )
    people = group.rows(
        "SELECT source, source_id, given_name, family_name, email, account_ref, created_at, updated_at "
        "FROM person_records WHERE source LIKE 'site%' ORDER BY 1, 2"
    )
    links = group.rows(
        "SELECT p.source, p.source_id, l.person FROM links l JOIN person_records p USING (record_key) WHERE p.source LIKE 'site%'"
    )
    together: dict[str, list[str]] = {}
    for row in links:
        together.setdefault(row["person"], []).append(f"{row['source']} {row['source_id']}")
    timelines = sorted(
        ["; ".join(f"{m.title} {m.at}" for m in page(person).view.moments if m.kind == "event") for person in together]
    )
    accounts = sorted(Live().rows("SELECT record, body FROM accounts"))
    told = json.dumps([rows, people, sorted(map(sorted, together.values())), timelines, accounts], default=str)
    return hashlib.sha256(told.encode()).hexdigest()


def day(seed: int, count: int) -> list[dict[str, Any]]:
    """Return the events of some people, who browse before they sign in, change their names and share a browser."""
    dice = random.Random(seed)
    made: list[dict[str, Any]] = []
    for number in range(count):
        who = dice.randrange(12)
        at = dice.randrange(110)
        kind = dice.choice(("track", "page", "identify", "track", "page"))
        said: dict[str, Any] = {"anonymousId": f"a{who if dice.random() < 0.9 else 99}"}
        if kind == "identify" or dice.random() < 0.4:
            said["userId"] = f"u{who}"
        if kind == "identify":
            said["traits"] = {
                "firstName": f"Name{who}",
                "lastName": f"Of{dice.randrange(3)}",
                "plan": dice.randrange(5),
            }
        elif kind == "track":
            said |= {"event": f"Did {number}", "properties": {"n": number}}
        else:
            said["name"] = f"Page {number}"
        made.append(say(kind, at, number, **said))
    return made


def test_the_same_events_ten_times_shuffled_leave_what_they_leave_once(
    group: World, spool: Spool, drain: draining.Drain, home: Path
) -> None:
    events = day(7, 400)
    send(spool, *events)
    turns(drain)
    drain.finish()
    identity.resolve(by="test")
    once = state(group)
    live.rebuild()
    assert state(group) == once, "the live copies are what the lake says"
    dice = random.Random(3)
    for _ in range(10):
        shuffled = dice.sample(events, len(events))
        while shuffled:
            size = dice.randrange(1, 60)
            send(spool, *shuffled[:size])
            del shuffled[:size]
    turns(drain)
    drain.finish()
    assert state(group) == once
    ledger = Ledger.objects.get()
    assert (ledger.received, ledger.accepted, ledger.duplicate, ledger.lost) == (4400, 400, 4000, 0)


def test_events_in_another_order_leave_the_same(
    group: World, spool: Spool, drain: draining.Drain, tmp_path: Path
) -> None:
    events = day(11, 300)
    send(spool, *events)
    turns(drain)
    drain.finish()
    identity.resolve(by="test")
    once = state(group)
    forget_all(group)
    again = draining.Drain(waiting.opened())
    dice = random.Random(5)
    for event in dice.sample(events, len(events)):
        send(spool, event)
    while again.turn():
        if dice.random() < 0.2:
            again._flush(now=True)
    again.changed = float("-inf")
    again.finish()
    again.changed = float("-inf")
    send(spool, say("track", 1, 100_000, userId="last", event="Last"))
    turns(again)
    again.finish()
    again.close()
    identity.resolve(by="test")
    drop_last(group)
    assert state(group) == once


def forget_all(group: World) -> None:
    """Undo what was collected, as if nothing had ever been sent."""
    lake = runs.lake()
    for table in ("events", "rejects"):
        if lake.exists(table):
            lake.delete(table, "source = 'site'")
    for table in ("person_records", "source_records", "links"):
        lake.delete(table, "source IN ('site_people', 'site_visitors')")
    Ledger.objects.all().delete()
    identity.resolve(by="test", whole=True)
    with Live().writing():
        for table in ("accounts", "tail", "stream"):
            Live().rows_changed(f"DELETE FROM {table}")
    for left in (settings.get().home / "idents").rglob("*.npy"):
        left.unlink()
    live.rebuild()


def drop_last(group: World) -> None:
    lake = runs.lake()
    lake.delete("events", "user_ref = 'last'")
    for table in ("person_records", "source_records"):
        lake.delete(table, "source_id = 'last'")
    with Live().writing():
        Live().rows_changed('DELETE FROM accounts WHERE body LIKE \'%%"source_id":"last"%%\'')


def test_nothing_is_lost_or_doubled_when_the_lake_took_it_and_the_worker_fell(
    group: World, spool: Spool, drain: draining.Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = day(13, 200)
    send(spool, *events)
    turns(drain)

    def falls(run: Run) -> None:
        raise OSError("the machine stopped")

    monkeypatch.setattr(runs, "carry_out", falls)
    drain.finish()
    assert Run.objects.filter(kind="collect", state="staged").count() == 1
    monkeypatch.undo()
    again = draining.Drain(waiting.opened())
    send(spool, *events)
    turns(again)
    again.finish()
    again.close()
    assert len(group.rows("SELECT 1 FROM events")) == 200
    ledger = Ledger.objects.get()
    assert (ledger.received, ledger.accepted, ledger.duplicate, ledger.lost) == (400, 200, 200, 0)


def words(rows: Sequence[dict[str, Any]]) -> list[Any]:
    return [row["name"] for row in rows]


def test_an_account_that_was_erased_does_not_come_back(group: World, spool: Spool, drain: draining.Drain) -> None:
    from filrouge.work import erasures

    said = {"firstName": "Ottokar", "lastName": "Brandt", "email": "ottokar.brandt@example.org"}
    send(spool, say("identify", 1, 1, userId="o1", anonymousId="a1", traits=said))
    turns(drain)
    drain.finish()
    identity.resolve(by="test")
    (person,) = [hit.id for hit in group.find("brandt")]
    send(spool, say("track", 2, 2, userId="o1", event="Waits"))
    turns(drain)
    erasures.at_once(access.OWNER, person, reason="asked")
    send(spool, say("track", 3, 3, userId="o1", event="Later"), say("page", 4, 4, anonymousId="a1", name="Anonymous"))
    turns(drain)
    drain.finish()
    assert group.rows("SELECT 1 FROM events") == []
    assert Live().rows("SELECT 1 FROM accounts") == []
    assert Live().rows("SELECT 1 FROM tail") == []
    assert group.find("brandt") == []
    ledger = Ledger.objects.get()
    assert ledger.lost == 0


def test_a_plan_that_is_enforced_sets_aside_what_it_forbids_and_counts_what_it_found(
    group: World, spool: Spool, drain: draining.Drain
) -> None:
    from filrouge.store.models import PlanFinding
    from filrouge.work import plans

    schema = {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}
    plan = {"mode": "enforce", "events": [{"kind": "track", "name": "Paid", "schema": schema}]}
    plans.keep(access.OWNER, "site", plan)
    drain.looked = float("-inf")
    wrong = say("track", 1, 1, userId="u", event="Paid", properties={"total": "12"})
    send(spool, wrong, wrong, say("track", 1, 2, userId="u", event="Paid", properties={"total": 12}))
    turns(drain)
    drain.finish()
    assert len(group.rows("SELECT 1 FROM events")) == 1
    assert [row["code"] for row in group.rows("SELECT code FROM rejects")] == ["plan_violated"]
    assert PlanFinding.objects.get().count == 2, "a repeat is judged too: it may have been put right"
    plans.set_mode(access.OWNER, "site", "watch")
    drain.looked = float("-inf")
    send(spool, wrong)
    turns(drain)
    drain.finish()
    assert len(group.rows("SELECT 1 FROM events")) == 2, "what only watches sets nothing aside"


def falls_over(message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker fall over one event, as over one that nobody thought of."""
    real = draining.appearing.appear

    def falls(copies: Live, events: Sequence[Any], *, flush: int) -> int:
        if any(event.message_id == message for event in events):
            raise ZeroDivisionError
        return real(copies, events, flush=flush)

    monkeypatch.setattr(draining.appearing, "appear", falls)


def test_one_event_over_which_the_worker_falls_is_set_aside_and_the_others_go_on(
    group: World, spool: Spool, drain: draining.Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    falls_over("m3", monkeypatch)
    for number in range(1, 6):
        send(spool, say("track", 1, number, userId="u", event=f"Did {number}"))
    for _ in range(20):
        try:
            if not drain.turn():
                break
        except ZeroDivisionError as error:
            drain = drain.again(error)
    drain.finish()
    drain.close()
    assert [row["name"] for row in group.rows("SELECT name FROM events ORDER BY 1")] == [
        "Did 1",
        "Did 2",
        "Did 4",
        "Did 5",
    ]
    assert [row["code"] for row in group.rows("SELECT code FROM rejects")] == ["unreadable"]
    assert Ledger.objects.get().lost == 0


def test_events_are_handed_over_again_to_one_that_follows_them_and_nothing_else_moves(
    group: World, spool: Spool, drain: draining.Drain
) -> None:
    from filrouge.base.errors import NotFound, UsageError
    from filrouge.work import groups, replaying

    said = {"firstName": "Ottokar", "lastName": "Brandt"}
    send(spool, say("identify", 1, 1, userId="o1", traits=said), say("track", 2, 2, userId="o1", event="Paid"))
    turns(drain)
    drain.finish()
    identity.resolve(by="test")
    (person,) = [hit.id for hit in group.find("brandt")]
    with Live().writing():  # a page that lost its thread
        Live().rows_changed("DELETE FROM moments")
        Live().rows_changed("DELETE FROM tail")
    assert titles(person) == []
    counted, runs_before = list(Ledger.objects.values()), Run.objects.count()
    since = START + timedelta(minutes=2)
    done = replaying.replay(access.OWNER, "site", since=since, event="Paid", person=person)
    assert (done.events, done.people) == (1, 1)
    assert titles(person) == ["Paid", ""]
    assert list(Ledger.objects.values()) == counted
    assert Run.objects.count() == runs_before
    assert replaying.replay(access.OWNER, "site", until=START) == replaying.Replayed(0, 0)
    with pytest.raises(UsageError):
        replaying.replay(access.OWNER, "site", to="nobody")
    with pytest.raises(NotFound):
        replaying.replay(access.OWNER, "elsewhere")
    reader, _ = groups.add_user("two@example.com", "Two", role="analyst", by="test", entities=["north"])
    groups.grant(str(reader.id), "engineer", by="test", entities=["south"])
    with pytest.raises(NotFound):  # they read what this sender sends, and are an engineer elsewhere
        replaying.replay(access.caller(reader), "site")


@pytest.fixture
def again() -> Iterator[Callable[[], draining.Drain]]:
    """Return what begins anew where the last promise left off, as a worker started again does."""
    made: list[draining.Drain] = []

    def begin() -> draining.Drain:
        made.append(draining.Drain(waiting.opened()))
        return made[-1]

    yield begin
    for one in made:
        one.close()


Again = Callable[[], draining.Drain]


def finished(drain: draining.Drain) -> None:
    turns(drain)
    drain.finish()


def kept(group: World) -> tuple[int, int]:
    """Return how many events the lake holds, and how many the ledger accepted."""
    rows = group.rows("SELECT 1 FROM events") if runs.lake().exists("events") else []
    return len(rows), sum(row.accepted for row in Ledger.objects.all())


def test_a_promise_that_was_rolled_back_is_none_and_its_events_are_kept_later(
    group: World, spool: Spool, drain: draining.Drain, again: Again, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(spool, say("track", 1, 1, userId="u", event="Paid"))
    turns(drain)

    def falls(load: Any) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(flushing, "_count", falls)
    drain.finish()
    assert kept(group) == (0, 0)
    assert Run.objects.filter(kind="collect").exclude(state="failed").count() == 0
    monkeypatch.undo()
    drain.retry = float("-inf")
    drain.finish()
    assert kept(group) == (1, 1)
    send(spool, say("track", 1, 1, userId="u", event="Paid"))
    finished(again())
    assert kept(group) == (1, 1)


def test_what_fails_once_the_events_are_kept_doubles_nothing(
    group: World, spool: Spool, drain: draining.Drain, again: Again, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(spool, say("identify", 1, 1, userId="u", traits={"firstName": "Ottokar", "lastName": "Brandt"}))
    turns(drain)

    def falls(*_: Any, **__: Any) -> int:
        raise OperationalError("database is locked")

    monkeypatch.setattr(draining.taking, "take", falls)
    drain.finish()
    assert kept(group) == (1, 1)
    monkeypatch.undo()
    send(spool, say("track", 2, 2, userId="u", event="Paid"))
    finished(again())
    assert kept(group) == (2, 2)
    assert len(group.rows("SELECT 1 FROM person_records WHERE source = 'site_people'")) == 1


def test_a_run_whose_end_could_not_be_written_is_carried_out_once(
    group: World, spool: Spool, drain: draining.Drain, again: Again, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(spool, say("track", 1, 1, userId="u", event="Paid"))
    turns(drain)
    real = Run.save

    def falls(run: Run, *given: Any, **named: Any) -> None:
        if run.kind == "collect" and run.state == Run.State.COMMITTED:
            raise OperationalError("disk I/O error")
        real(run, *given, **named)

    monkeypatch.setattr(Run, "save", falls)
    drain.finish()
    monkeypatch.undo()
    assert Run.objects.get(kind="collect").state == Run.State.STAGED
    finished(again())
    assert Run.objects.get(kind="collect").state == Run.State.COMMITTED
    assert kept(group) == (1, 1)


def test_a_bad_event_far_behind_the_last_promise_is_found_all_the_same(
    group: World, spool: Spool, drain: draining.Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    falls_over("m9", monkeypatch)
    monkeypatch.setattr(draining, "TURN", 2)
    for number in range(1, 13):
        send(spool, say("track", 1, number, userId="u", event="Did"))
    fallen = 0
    while fallen < 20:
        try:
            if not drain.turn():
                break
        except ZeroDivisionError as error:
            fallen += 1
            drain = drain.again(error)
    drain.finish()
    drain.close()
    assert fallen < 6
    assert kept(group) == (11, 11)


def test_a_file_of_the_spool_that_is_damaged_keeps_no_other_waiting(
    group: World, spool: Spool, drain: draining.Drain
) -> None:
    if settings.get().on_postgres:
        pytest.skip("its inbox has no files")
    (settings.get().spool / "00000000000000000001-1.spool").write_bytes(b"this is no database, however long it is" * 99)
    send(spool, say("track", 1, 1, userId="u", event="Paid"))
    finished(drain)
    assert kept(group) == (1, 1)


def test_a_request_whose_bytes_are_damaged_is_set_aside_and_keeps_no_other_waiting(
    group: World, spool: Spool, drain: draining.Drain
) -> None:
    send(spool, say("track", 1, 1, userId="u", event="Paid"))
    spool.append([Entry("site", round(clock.now().timestamp() * 1_000_000), 1, b"\x96no longer what was kept")])
    send(spool, say("track", 1, 2, userId="u", event="Paid"))
    finished(drain)
    assert kept(group) == (2, 2)
    (aside,) = group.rows("SELECT code, entity, brand, raw FROM rejects")
    assert (aside["code"], aside["entity"], aside["brand"]) == ("unreadable", "north", "red")
    assert aside["raw"].endswith("no longer what was kept")
    assert Ledger.objects.get().lost == 0


def test_keys_that_are_damaged_are_made_again_from_the_lake(
    group: World, spool: Spool, drain: draining.Drain, again: Again
) -> None:
    paid = say("track", 1, 1, userId="u", event="Paid")
    send(spool, paid)
    finished(drain)
    for file in (settings.get().home / "idents" / "taken").glob("*.npy"):
        file.write_bytes(file.read_bytes()[:-3])
    send(spool, paid)
    finished(again())
    assert kept(group) == (1, 1)


def test_the_same_number_at_two_sites_is_two_people(group: World, spool: Spool, drain: draining.Drain) -> None:
    sender("app")
    send(spool, say("identify", 1, 1, userId="42", traits={"firstName": "Alice", "lastName": "Site"}))
    send(spool, say("track", 1, 2, userId="42", event="Bought elsewhere"), source="app")
    finished(drain)
    identity.resolve(by="test")
    (alice,) = [hit.id for hit in group.find("alice site")]
    assert titles(alice) == [""]


def test_what_was_set_aside_and_put_right_before_the_lake_took_it_is_not_aside(
    group: World, spool: Spool, drain: draining.Drain
) -> None:
    bad = say("track", 1, 1, userId="u")
    send(spool, bad)
    turns(drain)
    send(spool, {**bad, "event": "Named"})
    finished(drain)
    assert kept(group) == (1, 1)
    assert not runs.lake().exists("rejects") or group.rows("SELECT 1 FROM rejects") == []
