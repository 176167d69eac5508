"""Tracking plans: inferred from what came, kept version by version, watched or enforced, rolled back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Max

from filrouge.base import clock
from filrouge.base.errors import Conflict, NotFound
from filrouge.domain.events.checking import Checker, PublishedPlan, Violation, name_of
from filrouge.domain.events.inferring import infer as inferred
from filrouge.domain.events.plan import Mode, PlanSpec
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import PlanFinding, Source, TrackingPlan
from filrouge.store.queries import plans as found
from filrouge.work import access, audit, senders

TRIED = 5_000  # recent events on which a plan is tried


@dataclass(frozen=True)
class Trial:
    """What a plan would find in recent events: how many were tried, and how often each thing is wrong."""

    tried: int
    wrong: Counter[Violation]


def infer(asking: Caller, name: str) -> TrackingPlan:
    """Keep the plan that the recent events of a sender meet, in the mode of the one in force.

    Raises NotFound, Refused, and Conflict when no event came yet.
    """
    own(asking, name)
    plan = proposed(name)
    return keep(asking, name, plan)


def proposed(name: str) -> PlanSpec:
    """Return the plan that the recent events of a sender meet; nothing is kept. Raises Conflict when none came yet."""
    plan = inferred(found.recent(name)).plan()
    if not plan.events:
        raise Conflict(
            "No event of {name} came yet.", hint="A plan is inferred from events: send some, then try again.", name=name
        )
    held = found.in_force(name)
    return plan if held is None else plan.model_copy(update={"mode": held.spec.mode, "unknown": held.spec.unknown})


def keep(asking: Caller, name: str, data: Any) -> TrackingPlan:
    """Keep a plan as the version in force. Raises NotFound, Refused, DefinitionError with every fault at once."""
    own(asking, name)
    plan = PlanSpec.checked(data.dump() if isinstance(data, PlanSpec) else data, what=name)
    with transaction.atomic():
        Source.objects.select_for_update().get(name=name)  # one version at a time
        last = TrackingPlan.objects.filter(source=name).aggregate(last=Max("version"))["last"] or 0
        TrackingPlan.objects.filter(source=name, in_force=True).update(in_force=False)
        row = TrackingPlan.objects.create(
            source=name, version=last + 1, mode=plan.mode, spec=plan.dump(), in_force=True, by=asking.by
        )
        audit.record(
            "plan.keep", by=asking.by, kind="source", subject=name, version=row.version, mode=row.mode,
            events=len(plan.events),
        )  # fmt: skip
        transaction.on_commit(senders.publish)  # the collector says what the live worker will do
    return row


def set_mode(asking: Caller, name: str, mode: Mode, *, unknown: str = "") -> TrackingPlan:
    """Have the plan in force watch or be enforced: a version of its own. ``unknown`` changes that too, when said.

    Raises NotFound, Refused, and Conflict when there is no plan.
    """
    own(asking, name)
    held = found.in_force(name)
    if held is None:
        raise Conflict("The sender {name} has no plan yet.", hint="Have one inferred first.", name=name)
    said = held.spec.dump() | {"mode": mode} | ({"unknown": unknown} if unknown else {})
    return keep(asking, name, said)


def roll_back(asking: Caller, name: str, version: int) -> TrackingPlan:
    """Put an earlier version in force again, its mode included. Raises NotFound, Refused."""
    own(asking, name)
    with transaction.atomic():
        Source.objects.select_for_update().get(name=name)
        row = TrackingPlan.objects.filter(source=name, version=version).first()
        if row is None:
            raise NotFound("The plan of {name} has no version {version}.", name=name, version=version)
        TrackingPlan.objects.filter(source=name, in_force=True).exclude(pk=row.pk).update(in_force=False)
        TrackingPlan.objects.filter(pk=row.pk).update(in_force=True)
        audit.record("plan.roll_back", by=asking.by, kind="source", subject=name, version=version, mode=row.mode)
        transaction.on_commit(senders.publish)
    row.refresh_from_db()
    return row


def trial(name: str, plan: PlanSpec) -> Trial:
    """Return what ``plan`` would find in the recent events of a sender."""
    checker, tried = Checker(plan.published()), 0
    for kind, event in found.recent(name, most=TRIED):
        tried += 1
        checker.check(kind, name_of(kind, event), event)
    return Trial(tried, checker.noted)


def in_force(source: str) -> Checker:
    """Return the judge of a sender's events: its plan in force, compiled; one that finds nothing when it has none."""
    held = found.in_force(source)
    if held is None:
        return Checker(PublishedPlan(), source=source)
    return Checker(held.spec.published(), source=source, version=held.row.version)


def renewed(checker: Checker, stamps: dict[str, int]) -> Checker:
    """Return ``checker``, or the judge of another version when ``stamps`` (``queries.plans.stamps``) tells of one."""
    return checker if stamps.get(checker.source, 0) == checker.version else in_force(checker.source)


def note(checker: Checker) -> int:
    """Add what a judge counted to what its plan found, and empty it; return how many events that were.

    Called in the transaction of the batch that was judged, so that a batch judged again is counted once.
    """
    now, count = clock.now(), sum(checker.noted.values())
    for said, times in sorted(checker.noted.items()):
        where = {"source": checker.source, "version": checker.version, **said._asdict()}
        rows = PlanFinding.objects.filter(**where)
        if not rows.update(count=F("count") + times, last_at=now):
            PlanFinding.objects.create(**where, count=times, last_at=now)
    checker.noted.clear()
    return count


def own(asking: Caller, name: str) -> Source:
    """Return a sender whose plan, and whose events, are the caller’s to act on. Raises NotFound, Refused."""
    found.sender(name, asking)
    access.must(asking, "engineer", scope="sources:run")
    return found.sender(name, asking, "engineer")
