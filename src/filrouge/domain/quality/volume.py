"""How many rows a run should bring, by what earlier runs brought, when these are few as when they are many.

Logarithms, the median and the median deviation, with a floor for noise; what is tested is never part of what it is
tested against. Under seven runs only what cannot be chance is told; the day of the week counts from fourteen on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Literal

FEW = 7  # under so many runs: only "nothing came" and far too much
ENOUGH = 14  # from so many on: each day of the week is expected as it was
LATEST = 60  # runs looked back on
FAR = 5.0  # times the most seen: too much even for a few runs
STRICT = 3.5  # deviations
FLOOR = 0.10  # share by which volumes vary for no reason
STRANGE = frozenset({"nothing_came", "volume_fell", "volume_rose"})
_SIGMA = 1.4826  # median deviation to standard deviation
_KNOWN_DAY = 2  # runs of a day of the week before anything is said of it


@dataclass(frozen=True)
class Expected:
    """What is usual, and the bounds beyond which a volume is not."""

    usual: int
    low: int
    high: int | None

    def judge(self, read: int) -> Literal["", "nothing_came", "volume_fell", "volume_rose"]:
        """Return the code of what is wrong with a volume, an empty text when nothing is."""
        if read == 0 and self.low > 0:
            return "nothing_came"
        if read < self.low:
            return "volume_fell"
        return "volume_rose" if self.high is not None and read > self.high else ""


def expected(history: Sequence[tuple[date, int]], *, on: date) -> Expected | None:
    """Return what a run of the day ``on`` should bring; None while nothing is known.

    ``history``: day and rows of earlier runs that were right, in any order.
    """
    seen = list(history)[:LATEST]
    if not seen:
        return None
    counts = [rows for _, rows in seen]
    usual = round(median(counts))
    if len(seen) < FEW:
        return Expected(usual, 1 if min(counts) > 0 else 0, math.ceil(FAR * max(max(counts), 1)))
    logs = [math.log1p(rows) for rows in counts]
    level = median(logs)
    rest = [value - level for value in logs]
    if len(seen) >= ENOUGH:
        effects = _days([day.weekday() for day, _ in seen], rest, _scale(rest, usual))
        if on.weekday() in effects:
            left = [
                value - effects[day.weekday()]
                for value, (day, _) in zip(rest, seen, strict=True)
                if day.weekday() in effects
            ]
            middle = level + effects[on.weekday()]
            return _around(middle, middle, _scale(left, math.expm1(middle)), len(left), usual=math.expm1(middle))
    # every volume seen may come again on a day of its own: the range of all, widened
    return _around(min(logs), max(logs), _floor(usual), len(seen), usual=usual)


def _around(low: float, high: float, scale: float, count: int, *, usual: float) -> Expected:
    reach = STRICT * scale * (1 + 2 / count)
    lowest = math.expm1(max(low - reach, 0.0))
    return Expected(round(usual), math.ceil(lowest), math.ceil(math.expm1(high + reach)))


def _days(days: Sequence[int], rest: Sequence[float], scale: float) -> dict[int, float]:
    """Return by how much each day of the week differs, drawn to nothing where it was seen little beside the noise."""
    of = {day: [value for at, value in zip(days, rest, strict=True) if at == day] for day in set(days)}
    known = {day: median(values) for day, values in of.items() if len(values) >= _KNOWN_DAY}
    if not known:
        return {}
    between = sum(value * value for value in known.values()) / len(known)
    noise = scale * scale
    return {day: value * between / (between + noise / len(of[day])) for day, value in known.items()}


def _scale(rest: Sequence[float], usual: float) -> float:
    middle = median(rest)
    return max(_SIGMA * median(abs(value - middle) for value in rest), _floor(usual))


def _floor(usual: float) -> float:
    return math.sqrt(FLOOR**2 + 1 / max(usual, 1.0))
