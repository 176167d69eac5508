"""Baselines: figures as found on the first day, and as they stand now."""

from __future__ import annotations

from dataclasses import dataclass

from filrouge.store.models import Baseline


@dataclass(frozen=True)
class Compared:
    """A figure on the first day and at its latest measure."""

    figure: str
    unit: str
    first: Baseline
    latest: Baseline
    count: int


def all_figures(entity: str = "") -> list[Compared]:
    """Return each figure, first and latest, for the group or for one entity."""
    rows: dict[str, list[Baseline]] = {}
    for row in Baseline.objects.filter(entity=entity).order_by("figure", "at"):
        rows.setdefault(row.figure, []).append(row)
    return [Compared(figure, found[0].unit, found[0], found[-1], len(found)) for figure, found in rows.items()]
