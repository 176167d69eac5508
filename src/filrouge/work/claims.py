"""Claims: an event that was set aside is corrected by one person at a time, and whoever comes second is told.

A claim is kept before what it claims is put in the spool, both under the lock of those who write to the lake. Whoever
finds one that its gesture left behind (a crash, a spool that did not answer) looks for the event in the spool: one that
waits there is on its way; of one that does not, nothing came, and the claim is let go. Once the live worker drained it,
the claim is taken, or let go of when the event failed anew.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import F
from django.utils import timezone

from filrouge.base import clock, ids
from filrouge.base.errors import Conflict, NotFound, Phrase
from filrouge.domain.privacy.caller import OWNER, Caller
from filrouge.spool import SpoolAway
from filrouge.store.models import Claim, Run
from filrouge.store.queries import claims as found
from filrouge.store.queries.accounts import called
from filrouge.work import waiting

DOUBTED = timedelta(minutes=10)  # a worker that runs has drained it long before: then the spool is looked into
KEPT = timedelta(days=30)  # what became of an event is told so long
SOME = found.SOME


class Wanted(NamedTuple):
    """An event that somebody is about to take in hand: its key, the key that it goes under, when it was received."""

    key: int
    goes_as: int
    received: datetime


@dataclass(frozen=True)
class Theirs:
    """Events that somebody had in hand first: how many, who was the last of those people, what they did, and when."""

    count: int
    by: str
    state: str
    at: datetime


def theirs(claims: Sequence[Claim]) -> Theirs | None:
    """Return ``claims`` as they are told of; None when there are none."""
    if not claims:
        return None
    last = max(claims, key=lambda claim: claim.at)
    return Theirs(len(claims), last.by, last.state, last.at)


def under_way(source: str) -> dict[int, Claim]:
    """Return what is being corrected of a sender, by key; let go of what was left behind and never got to the spool.

    Whoever calls holds ``runs.writing()``: nobody is between a claim and the spool.
    """
    rows = found.under_way(source)
    doubtful = doubted(rows)
    if not doubtful or Run.objects.filter(kind="collect", state=Run.State.STAGED).exists():  # it may be in that run
        return rows
    try:
        there = waiting.held(source, {row.goes_as: clock.micros(row.received) for row in doubtful})
    except (SpoolAway, OSError, sqlite3.Error):  # nobody knows: they stay claimed until it answers
        return rows
    left = [row.key for row in doubtful if row.goes_as not in there]
    for some in _lots(left):
        Claim.objects.filter(key__in=some, state__in=found.OPEN).delete()
    return {key: row for key, row in rows.items() if key not in set(left)}


def doubted(rows: Mapping[int, Claim]) -> list[Claim]:
    """Return the claims of which nobody can tell, without looking into the spool, whether they got there."""
    limit = clock.now() - DOUBTED
    return [row for row in rows.values() if row.state == Claim.State.HELD or row.at < limit]


def take(
    source: str, wanted: Sequence[Wanted], *, by: str, state: str = Claim.State.HELD
) -> tuple[uuid.UUID, set[int]]:
    """Claim events; return the number of this gesture, and the keys of those that are claimed by it.

    What is settled of a key makes room; what another has in hand stays theirs, whatever lock they hold.
    """
    act, now = ids.uuid7(), clock.now()
    Claim.objects.exclude(state__in=found.OPEN).filter(at__lt=now - KEPT).delete()
    mine: set[int] = set()
    for start in range(0, len(wanted), SOME):
        some = wanted[start : start + SOME]
        Claim.objects.filter(key__in=[one.key for one in some]).exclude(state__in=found.OPEN).delete()
        Claim.objects.bulk_create(
            [
                Claim(key=one.key, source=source, act=act, goes_as=one.goes_as, received=one.received, state=state,
                      by=by, at=now)
                for one in some
            ],
            ignore_conflicts=True,
        )  # fmt: skip
        mine.update(Claim.objects.filter(key__in=[one.key for one in some], act=act).values_list("key", flat=True))
    return act, mine


def sent(act: uuid.UUID) -> None:
    """Say that what a gesture claimed is in the spool; what goes under another key than its own is off the list."""
    mine = Claim.objects.filter(act=act, state=Claim.State.HELD)
    mine.filter(goes_as=F("key")).update(state=Claim.State.SENT)
    mine.exclude(goes_as=F("key")).update(state=Claim.State.TAKEN)


def drop(act: uuid.UUID) -> None:
    """Let go of what a gesture claimed: nothing came of it."""
    Claim.objects.filter(act=act).delete()


def settle(drained: Mapping[int, bool]) -> None:
    """Say what became of what was on its way, by the key it goes under: taken, or set aside anew and free again."""
    for passed in (True, False):
        for some in _lots([key for key, said in drained.items() if said is passed]):
            rows = Claim.objects.filter(goes_as__in=some, state__in=found.OPEN)
            rows.update(state=Claim.State.TAKEN) if passed else rows.delete()


def left_behind(drained: Mapping[int, bool]) -> list[int]:
    """Return the keys on the list of what was taken under another key, where a crash left it on the list."""
    keys: list[int] = []
    for some in _lots([key for key, passed in drained.items() if passed]):
        rows = Claim.objects.filter(goes_as__in=some, state__in=found.OPEN).exclude(goes_as=F("key"))
        keys += rows.values_list("key", flat=True)
    return keys


def refuse(asking: Caller, claimed: Theirs) -> Conflict:
    """Say who had events in hand first, and since when."""
    own = claimed.by.casefold() == asking.by.casefold()
    what = Phrase("this event") if claimed.count == 1 else Phrase("these events")
    by, when = _name(claimed.by), at(claimed.at)
    if claimed.state == Claim.State.DISCARDED:
        if own:
            return Conflict("You discarded {what} {at}.", hint="Nothing is left to do.", what=what, at=when)
        return Conflict("{by} discarded {what} {at}.", hint="Nothing is left to do.", by=by, what=what, at=when)
    if own:
        return Conflict(
            "You corrected {what} {at}.", hint="Nothing is left to do: what still fails comes back on the list.",
            what=what, at=when,
        )  # fmt: skip
    return Conflict(
        "{by} corrected {what} {at}.", hint="Nothing is left to do: what still fails comes back on the list.",
        by=by, what=what, at=when,
    )  # fmt: skip


def gone(asking: Caller, source: str, key: int) -> Conflict | NotFound:
    """Say what became of an event that is not set aside any more."""
    row = found.of(source, [key]).get(key)
    if row is None:
        return vanished()
    return refuse(asking, Theirs(1, row.by, row.state, row.at))


def vanished() -> NotFound:
    """Say that nothing is known of what became of an event."""
    return NotFound("No such event is set aside: it was corrected, discarded, or is no longer kept.")


def at(moment: datetime) -> Phrase:
    """Return the moment of an act as a sentence says it: the hour, and the day unless it is today."""
    here = timezone.localtime(moment, timezone.get_default_timezone())
    hour = here.strftime("%H:%M")
    if here.date() == timezone.localtime(clock.now(), timezone.get_default_timezone()).date():
        return Phrase("at {hour}", hour=hour)
    return Phrase("on {day} at {hour}", day=here.date(), hour=hour)


def _name(by: str) -> Phrase | str:
    return Phrase("The owner of this machine") if by == OWNER.by else called(by)


def _lots(keys: Sequence[int]) -> list[Sequence[int]]:
    return [keys[start : start + SOME] for start in range(0, len(keys), SOME)]
