"""Segments follow what happens: who changed enters or leaves without waiting for a build, and time alone counts too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from tests.work.test_draining import drain, group, say, send, spool, turns
from tests.world import World

from filrouge.base import clock
from filrouge.domain.privacy.caller import OWNER
from filrouge.spool import Spool
from filrouge.store import members, outbox
from filrouge.store.live import Live
from filrouge.store.models import Job, SegmentDay
from filrouge.work import draining, replaying, runs, segments
from filrouge.work.segments import building, following

__all__ = ("drain", "group", "spool")
READERS = {"rules": [{"on": "events", "where": [{"field": "name", "op": "is", "value": "Read"}], "within_days": 7}]}


@pytest.fixture
def readers(group: World, drain: draining.Drain) -> str:
    segments.keep(OWNER, "readers", spec=READERS, entity="north", brand="red")
    segments.build(["readers"], by="test")
    following.turn()  # it follows from now on
    return "readers"


def followed() -> None:
    while following.turn():
        pass


def names(segment: str) -> set[str]:
    return {row["person"] for row in segments.members(OWNER, segment).to_pylist()}


def read(spool: Spool, drain: draining.Drain, *events: dict[str, Any]) -> None:
    """Let events come, and the lake know of them."""
    send(spool, *events)
    turns(drain)
    drain.finish()


def nora(group: World) -> str:
    return next(hit.id for hit in group.find("delacroix"))


def test_who_does_what_a_segment_asks_is_in_it_without_a_build(
    group: World, spool: Spool, drain: draining.Drain, readers: str
) -> None:
    read(spool, drain, say("identify", 1, 1, userId="u", traits={"name": "Nora Delacroix"}))
    followed()
    assert names(readers) == set()
    read(spool, drain, say("track", 2, 2, userId="u", event="Read"))
    followed()
    assert names(readers) == {nora(group)}
    why = segments.why(OWNER, readers, nora(group))
    assert why.holds
    assert why.since is not None
    assert abs(why.since - clock.now()) < timedelta(minutes=5)


PAID = {"rules": [{"on": "events", "where": [
    {"field": "name", "op": "is", "value": "Order Completed"},
    {"field": "properties.total", "op": "at_least", "value": 100},
]}]}  # fmt: skip


def test_who_does_it_is_in_it_before_the_lake_knows_of_it_and_stays_whatever_is_built(
    group: World, spool: Spool, drain: draining.Drain
) -> None:
    segments.keep(OWNER, "payers", spec=PAID, entity="north", brand="red")
    segments.build(["payers"], by="test")
    following.turn()
    read(spool, drain, say("identify", 1, 1, userId="u", traits={"name": "Nora Delacroix"}))
    followed()
    for number, total in enumerate((40, 120), 2):
        send(spool, say("track", number, number, userId="u", event="Order Completed", properties={"total": total}))
        turns(drain)
        followed()
        assert (nora(group) in names("payers")) is (total >= 100)
    assert Live().rows("SELECT count(*) FROM tail WHERE flush > 1") != [(0,)]
    since = segments.why(OWNER, "payers", nora(group)).since
    assert since is not None
    segments.build(["payers"], by="test")  # which knows nothing of it yet
    assert names("payers") == {nora(group)}
    followed()
    assert names("payers") == {nora(group)}
    drain.finish()
    followed()
    segments.build(["payers"], by="test")
    assert names("payers") == {nora(group)}
    assert segments.why(OWNER, "payers", nora(group)).since == since
    assert members.moved(Live(), "payers") == {}, "the build says it now"


def test_somebody_met_for_the_first_time_is_in_it_before_the_lake_knows_them(
    group: World, spool: Spool, drain: draining.Drain, readers: str
) -> None:
    send(
        spool,
        say("identify", 1, 1, userId="u", traits={"name": "Nora Delacroix"}),
        say("track", 2, 2, userId="u", event="Read"),
    )
    turns(drain)
    followed()
    assert not runs.lake().exists("events")
    assert [one.name for one in segments.of_person(OWNER, nora(group))] == [readers]
    why = segments.why(OWNER, readers, nora(group))
    assert why.holds
    assert (since := why.since) is not None
    drain.finish()
    followed()
    assert names(readers) == {nora(group)}
    assert segments.why(OWNER, readers, nora(group)).since == since, "the lake finds the same"


def test_an_event_that_the_lake_holds_and_its_page_too_counts_once(
    group: World, spool: Spool, drain: draining.Drain
) -> None:
    did = {"on": "events", "where": [{"field": "name", "op": "is", "value": "Read"}]}
    twice = {"rules": [did | {"op": "at_least", "value": 2}]}
    segments.keep(OWNER, "twice", spec=twice, entity="north", brand="red")
    segments.build(["twice"], by="test")
    following.turn()
    read(spool, drain, say("identify", 1, 1, userId="u", traits={"name": "Nora Delacroix"}),
         say("track", 2, 2, userId="u", event="Read"))  # fmt: skip
    followed()
    assert Live().rows("SELECT count(*) FROM tail")[0][0] >= 1, "it stands beside its page still"
    assert names("twice") == set()
    send(spool, say("track", 3, 3, userId="u", event="Read"))
    turns(drain)
    followed()
    assert names("twice") == {nora(group)}


def test_the_next_build_finds_the_same_and_keeps_since_when(
    group: World, spool: Spool, drain: draining.Drain, readers: str
) -> None:
    read(spool, drain, say("identify", 1, 1, userId="u", traits={"name": "Nora Delacroix"}),
         say("track", 2, 2, userId="u", event="Read"))  # fmt: skip
    followed()
    since = segments.why(OWNER, readers, nora(group)).since
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=True):
        (built,) = segments.build([readers], by="test")
    assert (built.people, built.entered, built.left) == (1, 1, 0)
    assert names(readers) == {nora(group)}
    assert segments.why(OWNER, readers, nora(group)).since == since
    assert members.moved(Live(), readers) == {}, "the build says it now"
    assert SegmentDay.objects.filter(segment__name=readers).count() >= 1


def test_who_did_it_too_long_ago_leaves_as_time_passes(
    group: World, spool: Spool, drain: draining.Drain, readers: str
) -> None:
    read(spool, drain, say("identify", 1, 1, userId="u", traits={"name": "Nora Delacroix"}),
         say("track", 2, 2, userId="u", event="Read"))  # fmt: skip
    followed()
    segments.build([readers], by="test")
    assert names(readers) == {nora(group)}
    with time_machine.travel(clock.now() + timedelta(days=8), tick=True):
        followed()
        assert names(readers) == set()
        why = segments.why(OWNER, readers, nora(group))
        assert not why.holds
        assert why.left is not None
        (built,) = segments.build([readers], by="test")
        assert (built.people, built.left) == (0, 1)
        assert segments.why(OWNER, readers, nora(group)).left == why.left


def test_a_segment_of_another_follows_too(group: World, spool: Spool, drain: draining.Drain, readers: str) -> None:
    segments.keep(
        OWNER, "others", spec={"rules": [{"on": "segment", "segment": "readers", "op": "not_in"}]}, entity="north",
        brand="red",
    )  # fmt: skip
    segments.build(["others"], by="test")
    read(spool, drain, say("identify", 1, 1, userId="u", traits={"name": "Nora Delacroix"}))
    followed()
    assert nora(group) in names("others")
    read(spool, drain, say("track", 2, 2, userId="u", event="Read"))
    followed()
    assert nora(group) not in names("others")
    assert nora(group) in names(readers)


def test_a_fall_is_not_taken_for_done(
    group: World, spool: Spool, drain: draining.Drain, readers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(spool, drain, say("identify", 1, 1, userId="u", traits={"name": "Nora Delacroix"}),
         say("track", 2, 2, userId="u", event="Read"))  # fmt: skip
    with monkeypatch.context() as away:
        away.setattr(following, "facts_of_all", lambda *_: (_ for _ in ()).throw(OSError("away")))
        with pytest.raises(OSError, match="away"):
            following.turn()
    assert outbox.behind(Live(), following.NAME) > 0
    followed()
    assert names(readers) == {nora(group)}
    assert outbox.behind(Live(), following.NAME) == 0


def test_events_are_handed_to_segments_again_and_to_nobody_else(
    group: World, spool: Spool, drain: draining.Drain, readers: str
) -> None:
    read(spool, drain, say("identify", 1, 1, userId="u", traits={"name": "Nora Delacroix"}),
         say("track", 2, 2, userId="u", event="Read"))  # fmt: skip
    followed()
    members.forget(Live(), segment=readers)
    assert names(readers) == set()
    done = replaying.replay(OWNER, "site", to="segments")
    assert (done.events, done.people) == (2, 1)
    assert names(readers) == {nora(group)}
    assert outbox.behind(Live(), following.NAME) == 0


def test_copies_built_anew_have_everybody_asked_by_a_build(group: World, readers: str) -> None:
    from filrouge.work import live

    live.rebuild()
    followed()
    assert Job.objects.filter(kind="segments", every_s=None, state="waiting").count() == 1


def test_nothing_is_kept_for_segments_where_there_is_none(group: World, spool: Spool, drain: draining.Drain) -> None:
    assert not following.turn()
    read(spool, drain, say("identify", 1, 1, userId="u", traits={"name": "Nora Delacroix"}))
    assert Live().rows("SELECT count(*) FROM outbox") == [(0,)]


def test_what_the_lake_holds_is_told_though_the_worker_fell_before_it_said_so(
    group: World, spool: Spool, drain: draining.Drain, readers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(spool, drain, say("identify", 1, 1, userId="u", traits={"name": "Nora Delacroix"}))
    followed()
    with monkeypatch.context() as killed:
        killed.setattr(draining.Drain, "_follow", lambda *_: None)
        send(spool, say("track", 2, 2, userId="u", event="Read"))
        turns(drain)
        followed()
        drain.finish()
    assert names(readers) == {nora(group)}, "by what stands beside her page; nobody said that the lake knows it"
    Job.objects.all().delete()
    draining.Drain(spool)
    followed()
    assert Job.objects.get().kind == "segments", "anybody may have changed"
    draining.Drain(spool)
    assert outbox.behind(Live(), following.NAME) == 0, "said once"


def test_whose_account_reached_the_lake_late_is_told_of_then(
    group: World, spool: Spool, drain: draining.Drain, readers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as settling:
        settling.setattr(draining.taking, "take", lambda *_, **__: [])  # as while who is who is settled
        read(spool, drain, say("identify", 1, 1, userId="u", traits={"name": "Nora Delacroix"}),
             say("track", 2, 2, userId="u", event="Read"))  # fmt: skip
    followed()
    assert names(readers) == set()
    read(spool, drain, say("track", 3, 3, anonymousId="somebody", event="Seen"))
    followed()
    assert names(readers) == {nora(group)}


def test_a_fall_while_accounts_are_taken_delays_nobody_else(
    group: World, spool: Spool, drain: draining.Drain, readers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(spool, drain, say("identify", 1, 1, userId="u", traits={"name": "Nora Delacroix"}))
    followed()
    with monkeypatch.context() as away:
        away.setattr(draining.taking, "take", lambda *_, **__: (_ for _ in ()).throw(OSError("away")))
        send(spool, say("track", 2, 2, userId="u", event="Read"))
        turns(drain)
        followed()
        drain.finish()
    followed()
    assert names(readers) == {nora(group)}


@pytest.mark.usefixtures("group")
def test_everybody_is_asked_by_a_build_that_begins_after_they_changed() -> None:
    segments.keep(OWNER, "readers", spec=READERS, entity="north", brand="red")
    segments.build(["readers"], by="test")
    following.turn()
    job = Job.objects.get()
    assert job.kind == "segments", "what happened before it followed, and after the build read the lake, is asked too"
    Job.objects.filter(pk=job.pk).update(state="running")  # it may have read the lake already
    outbox.put(Live(), [outbox.EVERYBODY])
    following.turn()
    assert Job.objects.get().again


def test_what_happens_during_the_first_build_of_a_segment_is_not_missed(
    group: World, spool: Spool, drain: draining.Drain, readers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(spool, drain, say("identify", 1, 1, userId="u", traits={"name": "Nora Delacroix"}))
    followed()
    segments.keep(OWNER, "second", spec=READERS, entity="north", brand="red")
    real = building.runs.commit

    def meanwhile(*given: Any, **named: Any) -> None:
        monkeypatch.undo()
        read(spool, drain, say("track", 2, 2, userId="u", event="Read"))
        followed()
        real(*given, **named)

    monkeypatch.setattr(building.runs, "commit", meanwhile)
    segments.build(["second"], by="test")
    assert names("second") == {nora(group)}
