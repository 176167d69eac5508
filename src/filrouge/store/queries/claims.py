"""Which events that were set aside somebody has in hand, or had, and since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import Count, Max

from filrouge.base.clock import micros
from filrouge.store.models import Claim

OPEN = (Claim.State.HELD, Claim.State.SENT)
SOME = 500  # keys asked about at once
LARGEST = 1 << 60  # keys are below


def under_way(source: str) -> dict[int, Claim]:
    """Return what is being corrected of a sender, by the key of the event."""
    return {row.key: row for row in Claim.objects.filter(source=source, state__in=OPEN)}


def of(source: str, keys: Sequence[int], *, moving: bool = False) -> dict[int, Claim]:
    """Return what is known of events of a sender, by their key; ``moving``: of those that somebody has in hand now."""
    found: dict[int, Claim] = {}
    keys = [key for key in keys if key < LARGEST]
    for start in range(0, len(keys), SOME):
        rows = Claim.objects.filter(source=source, key__in=list(keys[start : start + SOME]))
        rows = rows.filter(state__in=OPEN) if moving else rows
        found |= {row.key: row for row in rows}
    return found


class Awaited:
    """What ``awaited`` says, asked anew only when claims came or went: twenty thousand may stand for half a minute."""

    def __init__(self) -> None:
        self._mark: object = None
        self._known: Mapping[int, int] = {}

    def __call__(self) -> Mapping[int, int]:
        mark = Claim.objects.filter(state__in=OPEN).aggregate(count=Count("id"), last=Max("at"))
        if mark != self._mark:
            self._mark, self._known = mark, awaited()
        return self._known


def awaited() -> Mapping[int, int]:
    """Return the keys under which what is being corrected comes down the road, each with the microsecond at which it
    is said to have been received."""
    rows = Claim.objects.filter(state__in=OPEN).values_list("goes_as", "received")
    return {goes_as: micros(received) for goes_as, received in rows}
