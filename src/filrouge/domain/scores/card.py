"""The report card of a model: tried on a later time, how well it tells apart, and whether it is right about how many.

AUC: Hanley & McNeil (1982). Population stability index: Siddiqi (2006), Credit Risk Scorecards; below 0.1 steady,
above 0.25 another population.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from filrouge.domain.scores.fitting import Floats
from filrouge.domain.scores.scorecard import Columns

FEWEST = 100  # people in a group of whom fairness is told
AGES = ((0, 35), (35, 50), (50, 65), (65, 200))


def card(values: Floats, y: Floats, *, trained: Floats, groups: Mapping[str, Any]) -> dict[str, Any]:
    """Return the report card of ``values`` (0 to 100) about what happened later, ``y`` (0 or 1).

    ``trained`` are the values of those whom it was learned on; ``groups`` name for each person the brand and the age.
    """
    n, rate = len(y), float(y.mean()) if len(y) else 0.0
    told: dict[str, Any] = {
        "people": n, "happened": int(y.sum()), "rate": _share(rate), "auc": auc(values, y),
        "calibration": calibration(values, y), "lift_10": lift(values, y, 0.1), "lift_20": lift(values, y, 0.2),
        "stability": psi(trained, values), "fairness": {},
    }  # fmt: skip
    mean = float(values.mean()) / 100 if n else 0.0
    told["expected"] = _share(mean)
    for name, labels in groups.items():
        told["fairness"][name] = fairness(values, y, np.asarray(labels))
    return told


def auc(values: Floats, y: Floats) -> float | None:
    """Return how likely one to whom it happened has a higher value than one to whom it did not; None without both."""
    happened = int(y.sum())
    rest = len(y) - happened
    if not happened or not rest:
        return None
    ranks = rankdata(values)
    return round(float((ranks[y > 0].sum() - happened * (happened + 1) / 2) / (happened * rest)), 4)


def calibration(values: Floats, y: Floats, bins: int = 10) -> list[dict[str, float]]:
    """Return, for tenths of the people from the lowest value, what was expected, what happened, and of how many."""
    order = np.argsort(values, kind="stable")
    return [
        {
            "expected": _share(float(values[some].mean()) / 100),
            "happened": _share(float(y[some].mean())),
            "people": len(some),
        }
        for some in np.array_split(order, min(bins, max(1, len(order))))
        if len(some)
    ]


def lift(values: Floats, y: Floats, share: float) -> float | None:
    """Return how many times more often it happened among the highest ``share`` than among all."""
    if not len(y) or not y.sum():
        return None
    top = np.argsort(-values, kind="stable")[: max(1, int(len(y) * share))]
    return round(float(y[top].mean() / y.mean()), 2)


def psi(before: Floats, now: Floats, bins: int = 10) -> float | None:
    """Return the population stability index of ``now`` against ``before``; None when either is empty."""
    before, now = before[~np.isnan(before)], now[~np.isnan(now)]
    if not len(before) or not len(now):
        return None
    cuts = np.unique(np.quantile(before, np.linspace(0, 1, bins + 1)[1:-1]))
    shares = []
    for one in (before, now):
        counts = np.bincount(np.searchsorted(cuts, one, side="right"), minlength=len(cuts) + 1)
        shares.append((counts + 0.5) / (counts.sum() + 0.5 * len(counts)))
    return round(float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum()), 4)


def surer(one: Floats, other: Floats, y: Floats) -> tuple[float, float] | None:
    """Return by how much the AUC of ``one`` is above that of ``other``, and how uncertain that is (95 %).

    Both are of the same people: DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44(3). None without both kinds.
    """
    happened = y > 0
    m, n = int(happened.sum()), int((~happened).sum())
    if min(m, n) < 2:
        return None
    parts = []
    for values in (one, other):
        ranks, among, rest = rankdata(values), rankdata(values[happened]), rankdata(values[~happened])
        parts.append(((ranks[happened] - among) / n, 1 - (ranks[~happened] - rest) / m))
    yes, no = (parts[0][side] - parts[1][side] for side in (0, 1))
    error = float(np.sqrt(yes.var(ddof=1) / m + no.var(ddof=1) / n))
    return round(float(yes.mean()), 4), round(1.96 * error, 4)


def drift(names: Sequence[str], before: Columns, now: Columns) -> dict[str, float]:
    """Return the stability index of each feature, those that moved most first."""
    found = {name: psi(before[name], now[name]) for name in names}
    known = {name: value for name, value in found.items() if value is not None}
    return dict(sorted(known.items(), key=lambda item: (-item[1], item[0])))


def fairness(values: Floats, y: Floats, labels: Any) -> list[dict[str, Any]]:
    """Return, by group of at least ``FEWEST`` people, what was expected, what happened and how well it tells apart."""
    found = []
    for label in sorted({str(one) for one in labels} - {""}):
        mine = labels == label
        if int(mine.sum()) >= FEWEST:
            told, rate = _share(float(values[mine].mean()) / 100), _share(float(y[mine].mean()))
            found.append({"group": label, "people": int(mine.sum()), "expected": told, "happened": rate,
                          "auc": auc(values[mine], y[mine])})  # fmt: skip
    return found


def age_bands(ages: Floats) -> Any:
    """Return the band of each age; empty where it is not known."""
    told = np.full(len(ages), "", dtype="<U8")
    for low, high in AGES:
        told[(ages >= low) & (ages < high)] = f"{low}-{high}" if high < 200 else f"{low}+"
    return told


def _share(value: float) -> float:
    return round(value, 5)
