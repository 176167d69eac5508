"""Two people before the same event that was set aside: one corrects it, the other is told; none stays stuck."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from tests import aside
from tests.work.test_draining import drain, group, say, send, spool, turns  # noqa: F401 fixtures among them
from tests.world import World

from filrouge.base import clock
from filrouge.base.errors import Conflict, NotFound, StorageError
from filrouge.domain.events.edits import Edit
from filrouge.domain.privacy.caller import EVERYTHING, OWNER, Caller
from filrouge.spool import Spool, SpoolAway, SpoolFull
from filrouge.store.models import AuditEntry, Claim, Source, User
from filrouge.store.queries import quarantine as found
from filrouge.store.queries.quarantine import Chosen
from filrouge.work import claims, draining, plans, quarantine, waiting

MATE = Caller(by="remy@example.com", perimeter=EVERYTHING, name="Rémy")
NAMED = [Edit("set", "event", "Bought")]
ALL = Chosen(code="event_missing")
PRICED = {"kind": "track", "name": "Bought", "schema": {"required": ["price"]}}


def _nameless(number: int, **more: Any) -> dict[str, Any]:
    return {"type": "track", "messageId": f"m{number}", "anonymousId": "b1", "event": ""} | more


def _worked() -> None:
    """A worker of its own, from what the last one left."""
    made = draining.Drain(waiting.opened())
    turns(made)
    made.finish()
    made.close()


def _states() -> list[str]:
    return sorted(Claim.objects.values_list("state", flat=True))


@pytest.fixture
def web(world: World) -> str:
    return aside.sender("web", "red")


@pytest.fixture
def one(web: str) -> int:
    (key,) = aside.send(web, "north", "red", [_nameless(1)])
    return key


@pytest.fixture
def site(group: World, spool: Spool) -> World:  # noqa: F811
    """A sender of which the worker set two events aside."""
    send(spool, '{"type":"track","userId":"u","messageId":"x1"}', '{"type":"track","userId":"u","messageId":"x2"}')
    _worked()
    assert found.totals(OWNER) == {"site": 2}
    return group


def test_the_second_who_corrects_an_event_is_told_who_did_and_when(web: str, one: int) -> None:
    assert quarantine.correct(MATE, web, ALL, NAMED).passing == 1
    User.objects.create(email=MATE.by, name="Rémy Fournier")
    ways: list[Callable[[], Any]] = [
        lambda: quarantine.correct(OWNER, web, ALL, NAMED),
        lambda: quarantine.correct(OWNER, web, ALL, NAMED, dry_run=True),
        lambda: quarantine.correct_one(OWNER, web, one, json.dumps(_nameless(1, event="Sold"))),
        lambda: quarantine.discard(OWNER, web, ALL),
    ]
    for way in ways:
        with pytest.raises(Conflict) as told:
            way()
        assert told.value.message.startswith("Rémy Fournier corrected this event ")
        assert Claim.objects.get().at.astimezone().strftime(":%M") in told.value.message
    with pytest.raises(Conflict, match="You corrected this event"):
        quarantine.correct(MATE, web, ALL, NAMED)
    assert sum(entry.count for entry, _ in aside.spooled()) == 1
    assert AuditEntry.objects.filter(action__in=("quarantine.correct", "quarantine.discard")).count() == 1


def test_what_nobody_has_in_hand_is_corrected_beside_what_somebody_has(web: str) -> None:
    keys = aside.send(web, "north", "red", [_nameless(at) for at in range(3)])
    quarantine.correct(MATE, web, Chosen(keys=(keys[0],)), NAMED)
    done = quarantine.correct(OWNER, web, ALL, NAMED)
    assert (done.tried, done.passing) == (2, 2)
    assert done.theirs is not None
    assert (done.theirs.count, done.theirs.by) == (1, MATE.by)
    assert sum(entry.count for entry, _ in aside.spooled()) == 3


def test_what_is_being_corrected_is_not_discarded_and_the_rest_is(web: str) -> None:
    keys = aside.send(web, "north", "red", [_nameless(at) for at in range(3)])
    quarantine.correct(MATE, web, Chosen(keys=(keys[0],)), NAMED)
    done = quarantine.discard(OWNER, web, ALL)
    assert done.count == 2
    assert done.theirs is not None
    assert [row.key for row in found.rows(Source.objects.get(name=web), OWNER, Chosen(), after=-1)] == [keys[0]]


def test_what_was_discarded_tells_so_to_whoever_corrects_it_after(web: str, one: int) -> None:
    assert quarantine.discard(MATE, web, Chosen(keys=(one,))).count == 1
    for way in (
        lambda: quarantine.correct_one(OWNER, web, one, json.dumps(_nameless(1, event="Sold"))),
        lambda: quarantine.opened(OWNER, web, one),
        lambda: quarantine.discard(OWNER, web, Chosen(keys=(one,))),
    ):
        with pytest.raises(Conflict, match="discarded this event"):
            way()
    assert aside.spooled() == []


def test_a_colleague_of_another_entity_learns_nothing_of_it(web: str, one: int) -> None:
    quarantine.discard(MATE, web, Chosen(keys=(one,)))
    stranger = aside.caller("engineer", "south")
    with pytest.raises(NotFound):
        quarantine.opened(stranger, web, one)


def test_of_two_at_once_one_corrects_and_the_other_is_told(web: str, one: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have read what others have in hand before either writes."""
    both, real = threading.Barrier(2), quarantine._held

    def met(name: str) -> Any:
        rows = real(name)
        both.wait(timeout=60)
        return rows

    monkeypatch.setattr(quarantine, "_held", met)
    came: list[str] = []

    def alone(asking: Caller) -> None:
        try:
            came.append(f"done {quarantine.correct(asking, web, ALL, NAMED).passing}")
        except Conflict as error:
            came.append(error.message)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=alone, args=(asking,)) for asking in (MATE, OWNER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert came.count("done 1") == 1
    assert sum("corrected this event" in said for said in came) == 1
    assert sum(entry.count for entry, _ in aside.spooled()) == 1
    assert Claim.objects.count() == 1


def test_a_discarding_that_ends_first_stops_the_correction_that_was_reading(
    web: str, one: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = quarantine.plans.in_force

    def slow(name: str) -> Any:
        monkeypatch.setattr(quarantine.plans, "in_force", real)
        quarantine.discard(MATE, web, ALL)
        return real(name)

    monkeypatch.setattr(quarantine.plans, "in_force", slow)
    with pytest.raises(Conflict, match="discarded this event"):
        quarantine.correct_one(OWNER, web, one, json.dumps(_nameless(1, event="Sold")))
    assert aside.spooled() == []


def test_once_the_worker_drained_it_the_claim_is_taken_and_still_tells(site: World) -> None:
    assert quarantine.correct(MATE, "site", ALL, NAMED).passing == 2
    assert _states() == ["sent", "sent"]
    key = Claim.objects.order_by("key").values_list("key", flat=True)[0]
    _worked()
    assert found.totals(OWNER) == {}
    assert _states() == ["taken", "taken"]
    with pytest.raises(Conflict, match=r"remy@example\.com corrected this event"):
        quarantine.opened(OWNER, "site", key)


def test_what_the_plan_sets_aside_anew_may_be_corrected_again(site: World) -> None:
    assert quarantine.correct(MATE, "site", ALL, NAMED).passing == 2
    plans.keep(OWNER, "site", {"mode": "enforce", "events": [PRICED]})
    _worked()
    assert _states() == []
    assert found.totals(OWNER) == {"site": 2}
    done = quarantine.correct(OWNER, "site", ALL, [*NAMED, Edit("set", "properties.price", 3)])
    assert (done.passing, done.theirs) == (2, None)
    _worked()
    assert found.totals(OWNER) == {}
    assert _states() == ["taken", "taken"]
    assert len(site.rows("SELECT name FROM events")) == 2


def test_what_its_sender_sends_again_as_it_was_does_not_free_what_is_on_its_way(site: World, spool: Spool) -> None:  # noqa: F811
    """The worker reads what the sender repeated, and not the correction yet."""
    real = quarantine._append
    held: list[Any] = []
    quarantine._append = held.append  # type: ignore[assignment]
    try:
        quarantine.correct(MATE, "site", ALL, NAMED)
    finally:
        quarantine._append = real
    send(spool, '{"type":"track","userId":"u","messageId":"x1"}')
    _worked()
    assert _states() == ["sent", "sent"]
    real(held[0])
    _worked()
    assert _states() == ["taken", "taken"]


def test_what_found_no_room_is_free_again(web: str, one: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_entries: Any) -> None:
        raise SpoolFull

    monkeypatch.setattr(quarantine, "_append", full)
    with pytest.raises(StorageError, match="no room"):
        quarantine.correct(MATE, web, ALL, NAMED)
    assert _states() == []
    assert AuditEntry.objects.filter(action="quarantine.fail").count() == 1
    monkeypatch.undo()
    assert quarantine.correct(OWNER, web, ALL, NAMED).passing == 1


class _Crash(BaseException):
    """The process ends there."""


@pytest.mark.parametrize("kept", [False, True])
def test_a_crash_between_the_claim_and_the_spool_leaves_nothing_stuck(
    site: World, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks next sees in the spool whether the first correction got there."""
    real = quarantine._append

    def falls(entries: Any) -> None:
        if kept:
            real(entries)
        raise _Crash

    monkeypatch.setattr(quarantine, "_append", falls)
    with pytest.raises(_Crash):
        quarantine.correct(MATE, "site", ALL, NAMED)
    monkeypatch.undo()
    assert _states() == ["held", "held"]
    sold = [Edit("set", "event", "Sold")]
    if kept:
        with pytest.raises(Conflict, match="corrected these events"):
            quarantine.correct(OWNER, "site", ALL, sold)
    else:
        assert quarantine.correct(OWNER, "site", ALL, sold).passing == 2
    _worked()
    assert found.totals(OWNER) == {}
    assert [row["name"] for row in site.rows("SELECT name FROM events")] == (["Bought"] if kept else ["Sold"]) * 2
    assert _states() == ["taken", "taken"]


def test_a_spool_that_did_not_answer_leaves_it_claimed_until_it_does(
    web: str, one: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_asked: Any) -> None:
        raise SpoolAway

    monkeypatch.setattr(quarantine, "_append", away)
    monkeypatch.setattr(waiting, "held", away)
    with pytest.raises(StorageError, match="does not answer"):
        quarantine.correct(MATE, web, ALL, NAMED)
    with pytest.raises(Conflict):
        quarantine.correct(OWNER, web, ALL, NAMED)
    monkeypatch.undo()
    assert quarantine.correct(OWNER, web, ALL, NAMED).passing == 1


def test_what_the_spool_lost_is_free_again_after_a_while(web: str, one: int) -> None:
    quarantine.correct(MATE, web, ALL, NAMED)
    aside.sender("other", "red")  # which empties the spool
    with pytest.raises(Conflict):
        quarantine.correct(OWNER, web, ALL, NAMED)
    Claim.objects.update(at=clock.now() - claims.DOUBTED - timedelta(minutes=1))
    assert quarantine.correct(OWNER, web, ALL, NAMED).passing == 1


def test_what_goes_on_under_another_key_leaves_the_list_also_after_a_crash(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def falls(_keys: Any) -> None:
        raise _Crash

    event = {"type": "track", "messageId": "another", "userId": "u", "event": ""}
    key = aside.set_aside("site", "north", "red", "event_missing", {}, event, without=("messageId",))
    monkeypatch.setattr(quarantine, "_close", falls)
    with pytest.raises(_Crash):
        quarantine.correct(MATE, "site", Chosen(keys=(key,)), NAMED)
    monkeypatch.undo()
    assert found.totals(OWNER) == {"site": 3}
    _worked()
    assert found.totals(OWNER) == {"site": 2}
    assert _states() == ["taken"]


def test_what_became_of_an_event_is_told_for_a_month(web: str) -> None:
    keys = aside.send(web, "north", "red", [_nameless(at) for at in range(2)])
    quarantine.discard(MATE, web, Chosen(keys=(keys[0],)))
    Claim.objects.update(at=clock.now() - claims.KEPT - timedelta(days=1))
    quarantine.discard(MATE, web, Chosen(keys=(keys[1],)))
    assert list(Claim.objects.values_list("key", flat=True)) == [keys[1]]
    with pytest.raises(NotFound):
        quarantine.opened(OWNER, web, keys[0])
