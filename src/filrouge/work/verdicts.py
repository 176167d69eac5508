"""Verdicts: somebody says that records are one person or not; kept at once, settled by the worker, undone exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from filrouge.base import clock, ids
from filrouge.base.errors import Conflict, NotFound, Refused, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.profiles import PersonView, Record
from filrouge.store.models import Verdict
from filrouge.store.queries import verdicts as found
from filrouge.work import access, audit, jobs
from filrouge.work.lengths import REASON, fits

ROLES = found.ROLES
SCOPE = "people:write"
Held = Mapping[int, tuple[str, str]]  # the entity and brand of each record


@dataclass(frozen=True)
class SplitPlan:
    """What a split would do: the records that leave for a new person, and those that stay."""

    person: PersonView
    going: tuple[Record, ...]
    staying: tuple[Record, ...]


@dataclass(frozen=True)
class MergePlan:
    """What a merge would do: two people, as the caller sees them, of whom one would remain."""

    left: PersonView
    right: PersonView


def plan_split(asking: Caller, person: str, records: Iterable[str | int]) -> SplitPlan:
    """Return what leaves and what stays if ``records`` are somebody else's.

    Raises UsageError when nothing would leave or stay, Refused when the caller does not act for a record named.
    """
    access.must(asking, *ROLES, scope=SCOPE)
    view = access.person(asking, person, opening="records").view
    named = {str(key) for key in records}
    if strange := named - {str(record.key) for record in view.records}:
        raise UsageError(
            "{count} of these records are not of this person.", hint="Name records of their page.", count=len(strange)
        )
    going = tuple(record for record in view.records if str(record.key) in named)
    staying = tuple(record for record in view.records if str(record.key) not in named)
    if not going or not staying:
        raise UsageError(
            "A split needs records that go and records that stay.", hint="Name some of the person's records, not all."
        )
    for record in going:
        if not found.acts(asking, record.entity, record.brand):
            raise Refused("You do not act for {entity}.", hint="Choose records of yours.", entity=record.entity)
    return SplitPlan(view, going, staying)


def split(asking: Caller, person: str, records: Iterable[str | int], *, reason: str = "") -> str:
    """Say that ``records`` are not of ``person``, and have identity settled; return the gesture by which it is undone.

    Raises UsageError, Refused.
    """
    plan = plan_split(asking, person, records)
    held = found.records_of(plan.person.id)
    away = {record.key for record in plan.going}
    going = {key: origin for key, origin in held.items() if key in away}
    staying = {key: origin for key, origin in held.items() if key not in away}
    with transaction.atomic():
        gesture = different(going, staying, by=asking.by, reason=reason, subject=plan.person.id)
        jobs.ask_again("identity", by=asking.by, key="identity")
    return gesture


def plan_merge(asking: Caller, left: str, right: str) -> MergePlan:
    """Return the two people whom a merge would make one.

    Raises UsageError when they are one already, Refused when the caller acts for no record of one of them.
    """
    access.must(asking, *ROLES, scope=SCOPE)
    mine, theirs = (access.person(asking, key, opening="records").view for key in (left, right))
    if mine.id == theirs.id:
        raise UsageError("These are already one person.")
    for view in (mine, theirs):
        if not _acted(asking, view):
            raise Refused(
                "You act for no record of one of these people.", hint="Ask a colleague of the entity that holds them."
            )
    return MergePlan(mine, theirs)


def merge(asking: Caller, left: str, right: str, *, reason: str = "") -> str:
    """Say that two people are one, and have identity settled; return the gesture by which it is undone.

    Raises UsageError, Refused, and Conflict when an earlier verdict holds them apart.
    """
    plan = plan_merge(asking, left, right)
    mine, theirs = (
        dict(sorted(found.records_of(view.id).items(), key=lambda one: (not found.acts(asking, *one[1]), one[0])))
        for view in (plan.left, plan.right)
    )  # those that the caller acts for come first: the verdict is about them
    with transaction.atomic():
        gesture = same(mine, theirs, by=asking.by, reason=reason, subject=plan.left.id)
        jobs.ask_again("identity", by=asking.by, key="identity")
    return gesture


def undo(asking: Caller, gesture: str) -> None:
    """Take a verdict back, and have identity settled. Raises NotFound when the caller has none to take back."""
    access.must(asking, *ROLES, scope=SCOPE)
    rows = list(Verdict.objects.filter(gesture=gesture, undone_at=None))
    if not rows or not all(found.may_undo(asking, row) for row in rows):
        raise NotFound("There is no such verdict to take back.", hint="It may have been taken back already.")
    with transaction.atomic():
        lift(gesture, by=asking.by)
        jobs.ask_again("identity", by=asking.by, key="identity")


def lift(gesture: str, *, by: str) -> None:
    """Take a verdict back in the transaction of the caller, without settling. Raises NotFound."""
    rows = Verdict.objects.filter(gesture=gesture, undone_at=None)
    if not rows.exists():
        raise NotFound("There is no such verdict to take back.", hint="It may have been taken back already.")
    audit.record("identity.undo", by=by, kind="gesture", subject=gesture)
    rows.update(undone_at=clock.now(), undone_by=by)


def same(mine: Held, theirs: Held, *, by: str, reason: str, subject: str) -> str:
    """Keep, in the transaction of the caller, that two people are one; return the gesture.

    The verdict is about the first record of each; said again before it is settled, it is the same gesture. Raises
    Conflict when a verdict in force holds them apart.
    """
    pair = (next(iter(mine)), next(iter(theirs)))
    said = Verdict.objects.filter(kind=Verdict.Kind.SAME, undone_at=None).exclude(gesture="")
    for left, right in (pair, pair[::-1]):
        again = said.filter(left=left, right=right).first()
        if again and not _crossing(mine, theirs, Verdict.Kind.DIFFERENT).exists():
            return again.gesture
    return _write(Verdict.Kind.SAME, mine, theirs, [pair], by, reason, subject)


def different(going: Held, staying: Held, *, by: str, reason: str, subject: str) -> str:
    """Keep, in the transaction of the caller, that records are of different people; return the gesture.

    It is the last word on each pair: what joined two people does not keep one wrong record with them.
    """
    pairs = [(goes, stays) for goes in going for stays in staying]
    return _write(Verdict.Kind.DIFFERENT, going, staying, pairs, by, reason, subject)


def _crossing(mine: Held, theirs: Held, kind: Verdict.Kind) -> QuerySet[Verdict]:
    """Return the verdicts in force, of one kind, between a record of one side and one of the other."""
    pairs = Q(left__in=list(mine), right__in=list(theirs)) | Q(left__in=list(theirs), right__in=list(mine))
    return Verdict.objects.filter(pairs, kind=kind, undone_at=None)


def _write(
    kind: Verdict.Kind, mine: Held, theirs: Held, pairs: Sequence[tuple[int, int]], by: str, reason: str, subject: str
) -> str:
    if kind == Verdict.Kind.DIFFERENT:  # what only an erasure holds together, nobody decided
        held = _crossing(mine, theirs, Verdict.Kind.SAME).filter(gesture="")
        held.update(undone_at=clock.now(), undone_by=by)
    elif _crossing(mine, theirs, Verdict.Kind.DIFFERENT).exists():
        raise Conflict(
            "An earlier decision says the opposite of these records.",
            hint="Take it back first: the records page lists what people decided.",
        )
    gesture = str(ids.uuid7())
    Verdict.objects.bulk_create(
        Verdict(
            kind=kind, left=left, right=right, by=by, reason=fits(reason, REASON), gesture=gesture,
            left_entity=mine[left][0], left_brand=mine[left][1],
            right_entity=theirs[right][0], right_brand=theirs[right][1],
        )
        for left, right in pairs
    )  # fmt: skip
    audit.record(f"identity.{kind}", by=by, kind="person", subject=subject, gesture=gesture, pairs=len(pairs))
    return gesture


def _acted(asking: Caller, view: PersonView) -> bool:
    return any(found.acts(asking, record.entity, record.brand) for record in view.records)
