"""Segments follow what happens to people: who changed is asked anew, and again when time alone may change the answer.

The outbox hands over whom something happened to once the lake knows of it. What is found stands beside the last build,
in the live copies; the next build of everybody finds the same, and takes its place.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa
from django.db import close_old_connections

from filrouge.base import clock, heap
from filrouge.base.errors import FilrougeError
from filrouge.domain import segments
from filrouge.domain.segments import Facts
from filrouge.domain.segments.laid import Pairs
from filrouge.store import members, outbox
from filrouge.store.live import Live
from filrouge.store.members import Member, micros
from filrouge.store.models import Run, Segment
from filrouge.store.queries import segments as found
from filrouge.work import faults, installation, jobs, locks
from filrouge.work.segments.desk import Desk, Scope
from filrouge.work.segments.facts import facts_of_all

log = logging.getLogger("filrouge.segments")
NAME = "segments"  # under which the outbox knows them
TOGETHER = 5_000  # people asked at once
PAUSE = 0.25  # seconds between two looks when there was nothing
AWAY = 2.0  # seconds after which what failed is tried again


def run(stop: threading.Event | None = None) -> None:
    """Follow until asked to stop; one process at a time does, others wait for its place."""
    ending = stop or threading.Event()
    if stop is None:
        for asked in (signal.SIGTERM, signal.SIGINT):
            signal.signal(asked, lambda *_: ending.set())
        heap.lasts()
    installation.ready()
    while not ending.is_set():
        close_old_connections()
        busy = False
        try:
            with locks.tried("follow") as mine:
                busy = mine and turn()
        except Exception as error:  # noqa: BLE001 - a disk or a database that is away comes back; nothing was said done
            log.error("%s", faults.told(error))
            ending.wait(AWAY)
        if not busy:
            ending.wait(PAUSE)


def turn() -> bool:
    """Ask once whoever waits to be asked; tell whether somebody did."""
    live = Live()
    if not live.ready():
        return False
    rows = _followed()
    if not rows:
        outbox.unfollow(live, NAME)
        return False
    anew = outbox.follow(live, NAME)
    waiting, number = outbox.waiting(live, NAME, most=TOGETHER)
    late = members.due(live, clock.now(), most=TOGETHER)
    if anew or outbox.EVERYBODY in waiting:  # nobody was asked about in particular: all are, by a build from now on
        jobs.ask_again("segments", by="outbox", key="segments everybody")
    people = [person for person in (*waiting, *late) if person != outbox.EVERYBODY]
    if people:
        ask_anew(people, rows)
    if number:
        outbox.told(live, NAME, number)
    return bool(number or late)


def _followed() -> list[Segment]:
    """Return the segments that follow; while some are built, those too that never were: what happens meanwhile is
    beyond what their build reads."""
    rows = Segment.objects.filter(kind=Segment.Kind.DYNAMIC, archived_at=None)
    building = Run.objects.filter(kind="segments", state=Run.State.RUNNING).exists()
    return list(rows if building else rows.exclude(built_at=None))


def ask_anew(people: Sequence[str], rows: Sequence[Segment] | None = None) -> int:
    """Ask ``people`` (ids) whether they are in each of ``rows`` (None: all followed); return how many moved."""
    live = Live()
    if rows is None:
        rows = _followed()
    standing = live.current_of(people)
    gone = [person for person, now in standing.items() if person != now]
    asked = sorted(set(standing.values()))
    if gone:
        members.forget(live, people=gone)
    with Desk(people=asked) as desk:
        facts = facts_of_all(desk, asked, _looked_at(rows))
        before = _before(desk, live, asked)
        kept = members.held(live, asked)
        told = [one for row in rows for one in _asked(desk, row, facts, before, kept)]
    members.write(live, told)
    return sum(one.at == micros(desk.at) for one in told)


def _looked_at(rows: Sequence[Segment]) -> set[str]:
    """Return the tables of what happened that the rules of ``rows`` look at, and those of the segments they name."""
    tables: set[str] = set()
    seen, waiting = set[str](), list(rows)
    while waiting:
        row = waiting.pop()
        if row.name in seen:
            continue
        seen.add(row.name)
        try:
            spec = found.spec_of(row)
        except FilrougeError:  # its build says so
            continue
        tables |= spec.happenings
        waiting += Segment.objects.filter(name__in=spec.segments) if spec.segments else ()
    return tables


def _asked(
    desk: Desk, row: Segment, facts: Mapping[str, Facts], before: Mapping[str, set[str]],
    kept: Mapping[tuple[str, str], Member],
) -> Iterable[Member]:  # fmt: skip
    try:
        spec, scope = found.spec_of(row), Scope.of(row)
        pairs, leads = desk.for_(scope).pairs, desk.leads(spec)
    except FilrougeError:  # what it speaks of is gone: its build says so
        return
    for person, all_of in facts.items():
        answer = segments.tell(
            spec, _seen(all_of, pairs), at=desk.at, entity=scope.entity, brand=scope.brand,
            segments=_inside(desk, spec, all_of), leads=leads,
        )  # fmt: skip
        built, last = row.name in before[person], kept.get((row.name, person))
        again = micros(answer.changes_at)
        if answer.holds == built:  # as the last build found it
            at = 0
        elif last is not None and last.inside == answer.holds and last.at:
            at = last.at
        else:
            at = micros(desk.at)
        if at or last is not None or again != members.NEVER:
            yield Member(row.name, person, answer.holds, at, micros(desk.at), again)


def _seen(facts: Facts, pairs: Mapping[str, Pairs] | None) -> Facts:
    return replace(facts, pairs=pairs)


def _inside(desk: Desk, spec: segments.Spec, facts: Facts) -> dict[str, segments.Spec | bool]:
    """Return whether the person is in each of the segments that ``spec`` names, each by its own scope."""
    told: dict[str, segments.Spec | bool] = {}
    for row in Segment.objects.filter(name__in=spec.segments) if spec.segments else ():
        inner, scope = found.spec_of(row), Scope.of(row)
        answer = segments.tell(
            inner, _seen(facts, desk.for_(scope).pairs), at=desk.at, entity=scope.entity, brand=scope.brand,
            segments=_inside(desk, inner, facts), leads=desk.leads(inner),
        )  # fmt: skip
        told[row.name] = answer.holds
    return told


def _before(desk: Desk, live: Live, people: Sequence[str]) -> dict[str, set[str]]:
    """Return the segments in which each of ``people`` was at their last builds."""
    leads = {alias: person for person, aliases in live.aliases_of(people).items() for alias in aliases}
    held = desk.read("memberships")
    named = desk.engine.load("named", pa.table({"person": pa.array(leads, pa.string())}))
    inside = held.filter(held.left_at.isnull()).semi_join(named, "person").select("segment", "person")
    found_in: dict[str, set[str]] = {person: set() for person in people}
    for row in desk.rows(inside):
        found_in[leads[row["person"]]].add(row["segment"])
    return found_in
