"""How good the links are, from what people decided of a sample: precision, recall, agreement, each with its interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

Z = 1.959964  # of a 95 % interval
DRAWN = 30  # pairs drawn in each stratum
ENOUGH = 5  # decisions below which a stratum says nothing
Interval = tuple[float, float]


@dataclass(frozen=True)
class Stratum:
    """A band of scores: ``size`` pairs have one in it, of which ``same`` and ``different`` were so decided by people."""

    name: str
    low: float
    high: float
    size: int
    same: int = 0
    different: int = 0

    @property
    def decided(self) -> int:
        return self.same + self.different

    @property
    def joined(self) -> bool:
        """Tell whether pairs of this band are joined."""
        return self.low >= 0

    @property
    def missing(self) -> int:
        """How many decisions are still wanted before it says anything."""
        return max(0, min(ENOUGH, self.size) - self.decided)


@dataclass(frozen=True)
class Estimate:
    """A share between 0 and 1 with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Agreement:
    """How often two people who saw the same pair said the same, and kappa: how far beyond chance (None: undefined)."""

    pairs: int
    agreed: int
    kappa: float | None

    @property
    def share(self) -> float:
        return self.agreed / self.pairs if self.pairs else 0.0


def bands(link: float, review: float) -> tuple[tuple[str, float, float], ...]:
    """Return the strata (name, low, high) in bits above the link threshold, from least to most alike.

    Below the last of them a pair is so improbable that nobody is asked: what is missed there is not estimated.
    """
    width = max(link - review, 1.0)
    return (
        ("far", -2 * width, -width), ("near", -width, 0.0), ("thin", 0.0, width), ("sure", width, 2 * width),
        ("plain", 2 * width, math.inf),
    )  # fmt: skip


def wilson(successes: int, of: int) -> Interval:
    """Return Wilson's score interval (1927) of a share; from 0 to 1 when nothing was drawn."""
    if of <= 0:
        return 0.0, 1.0
    share, square = successes / of, Z * Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return (0.0 if successes == 0 else middle - half), (1.0 if successes == of else middle + half)


def precision(strata: Iterable[Stratum]) -> Estimate | None:
    """Return the share of joined pairs that are one person, None while too little was decided.

    Stratified: each stratum weighs as many pairs as it holds. The interval combines those of the strata (Wilson) by the
    recovery of variances: Zou, Huang and Zhang, "A note on confidence interval estimation for a linear function of
    binomial proportions" (Computational Statistics & Data Analysis 53, 2009).
    """
    joined = [one for one in strata if one.joined and one.size]
    total = sum(one.size for one in joined)
    if not total or any(one.missing for one in joined):
        return None
    value, low, high = _linear([(one.size / total, one) for one in joined])
    return Estimate(value, max(0.0, low), min(1.0, high))


def recall(strata: Iterable[Stratum]) -> Estimate | None:
    """Return the share of pairs of one person that are joined, among those with a score; None while too little was decided.

    With A the true pairs joined and B those missed, r is inside the interval when 0 is inside that of (1 - r) A - r B,
    a linear function of the strata, whose interval is that of ``precision`` (as Fieller's for a ratio, 1954).
    """
    held = [one for one in strata if one.size]
    if not any(one.joined for one in held) or any(one.missing for one in held):
        return None
    scale = max(one.size for one in held)
    found = sum(one.size * one.same / one.decided for one in held if one.joined)
    missed = sum(one.size * one.same / one.decided for one in held if not one.joined)
    if found + missed == 0:
        return None

    def side(share: float) -> tuple[float, float, float]:
        return _linear([((1 - share if one.joined else -share) * one.size / scale, one) for one in held])

    low = _crossing(lambda share: side(share)[1])
    high = _crossing(lambda share: side(share)[2])
    value = found / (found + missed)
    return Estimate(value, min(low, value), max(high, value))


def agreement(pairs: Iterable[tuple[bool, bool]]) -> Agreement:
    """Return how far two looks at the same pairs agree (true: one person).

    Kappa is Cohen's: "A coefficient of agreement for nominal scales" (Educational and Psychological Measurement 20, 1960).
    """
    held = list(pairs)
    number = len(held)
    agreed = sum(first == second for first, second in held)
    if not number:
        return Agreement(0, 0, None)
    first, second = sum(a for a, _ in held) / number, sum(b for _, b in held) / number
    chance = first * second + (1 - first) * (1 - second)
    kappa = None if chance >= 1 else (agreed / number - chance) / (1 - chance)
    return Agreement(number, agreed, kappa)


def tallied(strata: Sequence[Stratum], decided: Mapping[str, Iterable[bool]]) -> tuple[Stratum, ...]:
    """Return ``strata`` with what was decided of the pairs drawn in each (true: one person)."""
    told = []
    for one in strata:
        said = list(decided.get(one.name, ()))
        told.append(Stratum(one.name, one.low, one.high, one.size, sum(said), len(said) - sum(said)))
    return tuple(told)


def _linear(weighed: Sequence[tuple[float, Stratum]]) -> tuple[float, float, float]:
    """Return the sum of weight × share with its lower and upper limits, recovered from those of each share."""
    value = below = above = 0.0
    for weight, one in weighed:
        share = one.same / one.decided
        # a stratum that was decided whole is known: nothing is left to chance
        limits = (share, share) if one.decided >= one.size else wilson(one.same, one.decided)
        ends = sorted((weight * limits[0], weight * limits[1]))
        value += weight * share
        below += (weight * share - ends[0]) ** 2
        above += (ends[1] - weight * share) ** 2
    return value, value - math.sqrt(below), value + math.sqrt(above)


def _crossing(falling: Callable[[float], float]) -> float:
    """Return where a falling function of a share crosses 0, by bisection; 0 or 1 when it never does."""
    low, high = 0.0, 1.0
    if falling(low) <= 0:
        return 0.0
    if falling(high) >= 0:
        return 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2
