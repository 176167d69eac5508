"""When a sender that says nothing is worth a word: by what it usually sends, nights and quiet days allowed for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

GAPS = 100  # mean gaps between two events: at night, or on a Sunday, they are ten times as long
LEAST, MOST = timedelta(hours=1), timedelta(days=3)
ENOUGH = 20  # events; of a sender that sent fewer, nothing is known


def silent_after(days: Sequence[int], *, over: timedelta) -> timedelta | None:
    """Return how long a sender may be silent that sent so many events on some days, ``over`` that time in all.

    None when it sent too little to tell.
    """
    total = sum(days)
    if total < ENOUGH or over <= timedelta(0):
        return None
    return min(max(over / total * GAPS, LEAST), MOST)
