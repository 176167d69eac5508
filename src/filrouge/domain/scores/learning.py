"""Learning a scorecard: features cut at their quantiles, logistic regression with a ridge, by Newton's steps.

Ridge logistic regression: le Cessie & van Houwelingen (1992), Applied Statistics 41(1). Every weight is taken from its
mean over those it was learned on, so that a contribution says how far a person is from the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from filrouge.base.errors import DefinitionError
from filrouge.domain.scores.fitting import Floats
from filrouge.domain.scores.rules import banded
from filrouge.domain.scores.scorecard import Columns, Part, Scorecard

LEAST = 50  # of either kind, in what is learned from: below it no model is learned
LEAST_LATER = 20  # of either kind, in the later time that it is tried on
BANDS = 5
RIDGE = 5.0
MOST = 300_000  # rows; more are drawn from, always the same


def enough(y: Floats, later: Floats) -> None:
    """Raise DefinitionError when there is too little to learn from, or to try the model on afterwards."""
    for told, least in ((y, LEAST), (later, LEAST_LATER)):
        happened, not_so = int((told > 0).sum()), int((told == 0).sum())
        if min(happened, not_so) < least:
            raise DefinitionError(
                "It happened {happened} times and not {other} times: {least} of each is the least to learn from.",
                hint="The rule serves meanwhile, and says so.", happened=happened, other=not_so, least=least,
            )  # fmt: skip


def learn(columns: Columns, features: Sequence[str], y: Floats, *, ridge: float = RIDGE) -> Scorecard:
    """Return the scorecard that best tells y (0 or 1) from ``features``.

    Raises DefinitionError when nothing tells anything.
    """
    kept = drawn(len(y))
    y = y[kept]
    chosen: list[tuple[str, tuple[float, ...]]] = []
    blocks, spans = [], []
    at = 0
    for name in features:
        values = columns[name][kept]
        cuts = _cuts(values)
        gone = np.isnan(values)
        if not cuts and not (gone.any() and not gone.all()):
            continue
        band = np.where(gone, len(cuts) + 1, np.searchsorted(np.asarray(cuts), values, side="right"))
        block = (band[:, None] == np.arange(len(cuts) + 2)[None, :]).astype(float)
        chosen.append((name, cuts))
        blocks.append(block)
        spans.append((at, at + block.shape[1]))
        at += block.shape[1]
    if not blocks:
        raise DefinitionError("No feature differs from one person to another.", hint="Connect more sources.")
    table = np.hstack(blocks)
    mean = table.mean(axis=0)
    weights, base = _newton(table - mean, y, ridge)
    parts = []
    for (name, cuts), (start, end) in zip(chosen, spans, strict=True):
        own = weights[start:end] - float(mean[start:end] @ weights[start:end])
        seen = mean[start:end] > 0
        own = np.where(seen, own, 0.0)  # a band that nobody was in says nothing
        rounded = [round(float(one), 4) for one in own]
        parts.append(Part(name, cuts, tuple(rounded[:-1]), rounded[-1]))
    rate = float(y.mean())
    low, high = banded(rate)
    return Scorecard("logit", tuple(parts), base=round(base, 4), medium=low, high=high)


def drawn(n: int) -> NDArray[np.int64]:
    """Return which rows are learned from: all, or as many as will do, drawn always alike."""
    if n <= MOST:
        return np.arange(n)
    return np.sort(np.random.default_rng(7).choice(n, MOST, replace=False))


def _cuts(values: Floats) -> tuple[float, ...]:
    """Return where a feature is cut: at quantiles of its values other than zero, and above zero."""
    known = values[~np.isnan(values)]
    if not len(known) or known.min() == known.max():
        return ()
    rest = known[known != 0]
    cuts = set(np.quantile(rest, np.linspace(0, 1, BANDS + 1)[1:-1]).tolist()) if len(rest) else set()
    if (known == 0).mean() > 0.05 and known.min() >= 0:
        cuts.add(float(rest.min()))
    rounded = {float(f"{one:.6g}") for one in cuts}
    return tuple(sorted(one for one in rounded if known.min() < one <= known.max()))


def _newton(table: Floats, y: Floats, ridge: float) -> tuple[Floats, float]:
    """Return the weights and the base that make y likeliest, the weights held small by ``ridge``."""
    n, k = table.shape
    design = np.hstack([table, np.ones((n, 1))])
    held = np.append(np.full(k, ridge), 1e-9)
    rate = float(np.clip(y.mean(), 1e-6, 1 - 1e-6))
    found = np.append(np.zeros(k), np.log(rate / (1 - rate)))
    for _ in range(30):
        chance = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        slope = design.T @ (y - chance) - held * found
        bend = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(held)
        step = np.linalg.solve(bend, slope)
        longest = float(np.abs(step).max())
        found = found + step * min(1.0, 3.0 / max(longest, 1e-12))
        if longest < 1e-7:
            break
    return found[:-1], float(found[-1])
