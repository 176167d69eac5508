"""Which pairs are worth a person's look, and in which order: by what a decision would teach or fix."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from filrouge.domain.identity.anatomy import probability

Kind = Literal["ambiguous", "bridge", "sample"]
MOST = 5_000  # pairs that wait at once: more would only be passed over
EVERY = 5  # one pair in five is drawn at random, so that the quality of the links can be estimated


@dataclass(frozen=True)
class Doubt:
    """A pair to look at: two records, how strongly they are one person (bits), and what hangs on each side.

    ``together`` tells whether the engine holds them for one person; ``pattern`` says how alike they are, level by level;
    ``stratum`` the band of scores of which it is a random draw, when it is one.
    """

    left: int
    right: int
    score: float
    kind: Kind
    together: bool
    left_records: int = 1
    right_records: int = 1
    pattern: str = ""
    stratum: str = ""


def uncertainty(score: float, *, together: bool) -> float:
    """Return how open the question is, from 0 to 1: the entropy of the score, in bits.

    Where what was decided on the whole contradicts the score of the pair, nothing is surer than a coin.
    """
    if together != (score > 0):
        return 1.0
    p = probability(score)
    if p in (0.0, 1.0):
        return 0.0
    return -(p * math.log2(p) + (1 - p) * math.log2(1 - p))


def worth(doubt: Doubt, *, alike: int = 1, judged: int = 0) -> float:
    """Return what a decision on ``doubt`` is worth: how open it is, times how much it changes, times how much it settles.

    ``alike`` doubts show the same pattern of levels, of which ``judged`` were decided before: the first decisions on a
    pattern teach most.
    """
    changes = math.log2(1 + doubt.left_records + doubt.right_records)
    settles = 1 + math.log2(max(alike, 1)) / (4 * (1 + judged))
    return uncertainty(doubt.score, together=doubt.together) * changes * settles


def rank(
    doubts: Iterable[Doubt], judged: Mapping[str, int] | None = None, *, most: int = MOST
) -> list[tuple[Doubt, float]]:
    """Return at most ``most`` doubts with what they are worth, the worthiest first; ties go by content.

    Pairs drawn at random come in between, one in ``EVERY``, in the order given: they are worth what stands beside them.
    """
    held = list(doubts)
    known = judged or {}
    alike = Counter(doubt.pattern for doubt in held if doubt.kind != "sample")
    weighed = [
        (doubt, worth(doubt, alike=alike[doubt.pattern], judged=known.get(doubt.pattern, 0)))
        for doubt in held
        if doubt.kind != "sample"
    ]
    weighed.sort(key=lambda one: (-one[1], one[0].left, one[0].right))
    return _woven(weighed, [doubt for doubt in held if doubt.kind == "sample"])[:most]


def _woven(weighed: Sequence[tuple[Doubt, float]], drawn: Sequence[Doubt]) -> list[tuple[Doubt, float]]:
    woven: list[tuple[Doubt, float]] = []
    waiting = iter(drawn)
    beside = weighed[0][1] if weighed else 1.0
    for doubt, value in weighed:
        if len(woven) % EVERY == EVERY - 1 and (one := next(waiting, None)) is not None:
            woven.append((one, beside))
        woven.append((doubt, value))
        beside = value
    woven.extend((one, beside) for one in waiting)
    return woven
