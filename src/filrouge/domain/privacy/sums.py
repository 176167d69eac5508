"""Figures about people whom the reader may not see one by one: told in sums that name nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FLOOR = 20  # below, a figure could be about somebody
STEP = 10  # a figure that moves by one tells of the one who came


@dataclass(frozen=True)
class Sum:
    """A figure as it is told: exact, about so many, or fewer than so many."""

    count: int
    how: Literal["exact", "about", "fewer"] = "exact"


def told(count: int, *, open_: bool) -> Sum:
    """Return how ``count`` people are told: exactly to whoever may see each (``open_``), else rounded or withheld."""
    if open_:
        return Sum(count)
    if count < FLOOR:
        return Sum(FLOOR, "fewer")
    return Sum(round(count / STEP) * STEP, "about")
