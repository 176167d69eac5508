"""The review queue as one reader sees it: pairs of which they act for both records; how good links were found to be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from filrouge.base import clock
from filrouge.domain.privacy.caller import Caller
from filrouge.store.live import Live, number
from filrouge.store.models import Assessment, Brand, Review, User, Verdict
from filrouge.store.queries import group
from filrouge.store.queries.glance import glances
from filrouge.store.queries.verdicts import ROLES, acts

__all__ = [
    "READERS", "ROLES", "WAITING", "Asked", "assessments", "assignable", "brands", "counts", "found", "last", "names",
    "own", "page", "queue", "waiting",
]  # fmt: skip
READERS = (*ROLES, "engineer", "analyst")  # who reads how good the links are: sums, no person
WAITING = (Review.State.OPEN, Review.State.LATER)


@dataclass(frozen=True)
class Asked:
    """What a reader narrows the queue to: a kind of doubt, a brand of one of the records, what is assigned to them."""

    kind: str = ""
    brand: str = ""
    mine: bool = False


def page(caller: Caller, asked: Asked, *, start: int = 0, limit: int = 30) -> list[Review]:
    """Return a stretch of the queue, the worthiest first, what was put off last."""
    return list(queue(caller, asked).select_related("assigned")[start : start + limit])


def queue(caller: Caller, asked: Asked | None = None) -> QuerySet[Review]:
    """Return the pairs that wait and that the caller may decide; a second look is never for who had the first."""
    rows = _theirs(caller).filter(state__in=WAITING)
    asked = asked or Asked()
    if asked.kind:
        rows = rows.filter(kind=asked.kind)
    if asked.brand:
        rows = rows.filter(Q(left_brand=asked.brand) | Q(right_brand=asked.brand))
    if asked.mine:
        rows = rows.filter(assigned__in=own(caller))
    return rows


def found(caller: Caller, key: Any) -> Review | None:
    """Return one pair, decided or not, None when the caller does not act for both of its records."""
    return _theirs(caller).select_related("assigned").filter(pk=key).first()


def names(rows: Iterable[Review], caller: Caller) -> dict[str, str]:
    """Return the name of each person whose records stand in ``rows``, as the caller sees them."""
    live = Live()
    people = sorted({person for row in rows for person in (row.left_person, row.right_person)})
    if not people or not live.ready():
        return {}
    marks = ", ".join(["%s"] * len(people))
    led = dict(live.rows(f"SELECT old, new FROM redirects WHERE old IN ({marks})", people))
    stands = {person: number(led.get(person, person)) for person in people}
    seen = glances(live, sorted(set(stands.values())), caller, at=clock.now())
    return {person: seen[key].name for person, key in stands.items() if key in seen}


def counts(caller: Caller) -> dict[str, int]:
    """Return how many pairs wait for the caller: in all, assigned to them, by kind."""
    kinds = list(queue(caller).values_list("kind", flat=True))
    told = {str(kind): kinds.count(kind) for kind in Review.Kind.values}
    return told | {"all": len(kinds), "mine": waiting(caller, mine=True)}


def waiting(caller: Caller, *, mine: bool = False) -> int:
    """Return how many pairs wait that the caller may decide; ``mine``: those assigned to them."""
    return queue(caller, Asked(mine=mine)).count() if caller.has(*ROLES) else 0


def own(caller: Caller) -> list[UUID]:
    """Return the account of the caller; none when a program asks."""
    return [UUID(caller.user_id)] if caller.user_id else []


def last(caller: Caller, *, but: Any = None) -> Review | None:
    """Return the pair that the caller decided last, other than ``but``: what they may take back at once."""
    rows = _theirs(caller).filter(state=Review.State.DECIDED, decided_by=caller.by)
    return rows.exclude(pk=but).order_by("-decided_at").first()


def brands(caller: Caller) -> list[str]:
    """Return the brands of the records that wait for the caller."""
    rows = queue(caller).order_by()
    held = {slug for pair in rows.values_list("left_brand", "right_brand").distinct() for slug in pair}
    return sorted(held - {""})


def assignable(row: Review) -> list[User]:
    """Return the accounts that may decide of the pair: they act for both of its records."""
    now = clock.now()
    held = User.objects.filter(is_active=True, grants__role__in=(*ROLES, "administrator")).distinct().order_by("name")
    return [user for user in held if may(group.caller_of(user, at=now), row)]


def may(caller: Caller, row: Review) -> bool:
    """Tell whether the caller acts for both records of a pair."""
    return acts(caller, row.left_entity, row.left_brand) and acts(caller, row.right_entity, row.right_brand)


def assessments(*, limit: int = 60) -> list[Assessment]:
    """Return how good the links were found to be, the latest run first."""
    return list(Assessment.objects.select_related("run")[:limit])


def in_force(rows: list[Review]) -> set[str]:
    """Return the gestures of ``rows`` that nobody took back."""
    held = Verdict.objects.filter(gesture__in=[row.gesture for row in rows], undone_at=None)
    return set(held.values_list("gesture", flat=True))


def _theirs(caller: Caller) -> QuerySet[Review]:
    rows = Review.objects.exclude(second_of__decided_by=caller.by)
    if caller.perimeter.everything:
        return rows
    left = right = Q(pk__in=[])
    for entity, brand in _origins():
        if acts(caller, entity, brand):
            left |= Q(left_entity=entity, left_brand=brand)
            right |= Q(right_entity=entity, right_brand=brand)
    return rows.filter(left, right)


def _origins() -> set[tuple[str, str]]:
    """Return the entities and brands of the group, and an entity's records of no brand."""
    brands = set(Brand.objects.values_list("entity__slug", "slug"))
    rows = Review.objects.order_by()
    left, right = (rows.values_list(f"{side}_entity", f"{side}_brand").distinct() for side in ("left", "right"))
    return brands | set(left) | set(right)
