"""Baselines: figures as found on the first day, and as they stand now."""

from __future__ import annotations

from dataclasses import dataclass

from filrouge.store.models import Baseline

ROLES = ("executive", "analyst", "sales", "finance", "privacy", "engineer")  # who reads the figures of the group


@dataclass(frozen=True)
class Compared:
    """A figure on the first day and at its latest measure."""

    figure: str
    unit: str
    first: Baseline
    latest: Baseline
    count: int


def all_figures() -> list[Compared]:
    """Return each figure of the group, first and latest."""
    rows: dict[str, list[Baseline]] = {}
    for row in Baseline.objects.filter(entity="").order_by("figure", "at"):
        rows.setdefault(row.figure, []).append(row)
    return [Compared(figure, found[0].unit, found[0], found[-1], len(found)) for figure, found in rows.items()]
