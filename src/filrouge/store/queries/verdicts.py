"""What people decided of who is who, as far as a reader sees the records concerned, and whether it is settled yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from filrouge.base.errors import NotFound
from filrouge.domain.privacy.caller import Caller
from filrouge.store.live import Live
from filrouge.store.models import Job, Run, Verdict

ROLES = ("advisor", "privacy")  # those who may decide who is who, beside administrators


@dataclass(frozen=True)
class Decided:
    """One gesture: what was said of how many records, by whom, why; taken back or not; settled or not."""

    gesture: str
    kind: str
    going: tuple[int, ...]
    staying: tuple[int, ...]
    by: str
    at: datetime
    reason: str
    undone_at: datetime | None
    undone_by: str
    settled: bool
    undoable: bool


@dataclass(frozen=True)
class Settling:
    """Verdicts that wait to be settled: ``state`` is waiting, running or failed; how far the work is."""

    state: str
    done: int = 0
    total: int | None = None


def acts(caller: Caller, entity: str, brand: str) -> bool:
    """Tell whether the caller may decide of a record of that entity and brand."""
    return caller.perimeter.acts(entity, brand, *ROLES)


def may_undo(caller: Caller, row: Verdict) -> bool:
    """Tell whether the caller may take back a verdict: they act for the records that it moved."""
    if row.kind == Verdict.Kind.SAME and not acts(caller, row.right_entity, row.right_brand):
        return False
    return acts(caller, row.left_entity, row.left_brand)


def about(records: Iterable[int], caller: Caller) -> list[Decided]:
    """Return the gestures that concern ``records``, the latest first, as far as the caller sees both sides of them."""
    keys, since = list(records), settled_at()
    touching = Verdict.objects.filter(Q(left__in=keys) | Q(right__in=keys)).values_list("gesture", flat=True)
    touching = touching.exclude(gesture="")  # what an erasure holds together is nobody's decision
    rows: dict[str, list[Verdict]] = {}
    for row in Verdict.objects.filter(gesture__in=set(touching)).order_by("left", "right"):
        if _seen(caller, row):
            rows.setdefault(row.gesture, []).append(row)
    found = [_decided(held, caller, since) for held in rows.values()]
    return sorted(found, key=lambda one: one.at, reverse=True)


def settling(records: Iterable[int]) -> Settling | None:
    """Return how far it is to settle what was last decided of ``records``, None when nothing waits."""
    keys, since = list(records), settled_at()
    late = Verdict.objects.filter(Q(left__in=keys) | Q(right__in=keys)).exclude(gesture="")
    if since is not None:
        late = late.filter(Q(created_at__gt=since) | Q(undone_at__gt=since))
    if not late.exists():
        return None
    job = Job.objects.filter(kind="identity", state__in=("waiting", "running")).order_by("-state").first()
    return Settling(job.state, job.done, job.total) if job else Settling("failed")


def settled_at() -> datetime | None:
    """Return when the last resolution began that the pages show: what was decided before it is settled.

    A resolution is in the lake some seconds before the live copies follow.
    """
    live = Live()
    built = live.meta("built_at") if live.ready() else None
    done = Run.objects.filter(kind="identity", state=Run.State.COMMITTED).order_by("-started_at")
    if built:
        done = done.filter(started_at__lte=datetime.fromisoformat(built))
    last = done.first()
    return last.started_at if last else None


def records_of(person: str) -> Mapping[int, tuple[str, str]]:
    """Return every record of ``person`` with its entity and brand. Raises NotFound."""
    copies = Live()
    document = copies.document(copies.current(person))
    if document is None:
        raise NotFound("No person has this number.", hint="Look the person up by name, e-mail or phone.")
    return {record["key"]: (record["entity"], record["brand"]) for record in document["records"]}


def _seen(caller: Caller, row: Verdict) -> bool:
    sees = caller.perimeter
    return sees.everything or (
        sees.sees(row.left_entity, row.left_brand) and sees.sees(row.right_entity, row.right_brand)
    )


def _decided(rows: list[Verdict], caller: Caller, since: datetime | None) -> Decided:
    first = rows[0]
    last = first.undone_at or first.created_at
    return Decided(
        gesture=first.gesture,
        kind=first.kind,
        going=tuple(dict.fromkeys(row.left for row in rows)),
        staying=tuple(dict.fromkeys(row.right for row in rows)),
        by=first.by,
        at=first.created_at,
        reason=first.reason,
        undone_at=first.undone_at,
        undone_by=first.undone_by,
        settled=since is not None and last <= since,
        undoable=first.undone_at is None and caller.has(*ROLES) and all(may_undo(caller, row) for row in rows),
    )
