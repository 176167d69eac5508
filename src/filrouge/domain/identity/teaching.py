"""What people decided feeds the model: likeness of one person from pairs joined by hand, the prior from pairs reviewed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from filrouge.domain.identity import score as scoring
from filrouge.domain.identity.desk import Desk
from filrouge.domain.identity.model import Model
from filrouge.domain.identity.spec import HumanDecision

ENOUGH = 30  # pairs reviewed before they move the prior at all
FURTHEST = 4.0  # bits by which they may move it
_SPREAD = 2.0  # how far, in bits, the prior may plausibly be off: what little was decided moves it little
Floats = npt.NDArray[np.float64]


def lay(desk: Desk, decisions: Sequence[HumanDecision]) -> None:
    """Lay table ``taught`` (l, r, same, reviewed): decided pairs whose records are here, the last word on each."""
    decisions = [decision for decision in decisions if not decision.stays]
    columns: dict[str, Any] = {
        "a": pa.array([min(d.left, d.right) for d in decisions], pa.int64()),
        "b": pa.array([max(d.left, d.right) for d in decisions], pa.int64()),
        "same": pa.array([d.kind == "must_link" for d in decisions], pa.bool_()),
        "reviewed": pa.array([d.reviewed for d in decisions], pa.bool_()),
        "place": pa.array(range(len(decisions)), pa.int64()),
    }
    desk.put("decided", pa.table(columns))
    desk.run(
        """create or replace table taught as
        select x.rid as l, y.rid as r, arg_max(d.same, d.place) as same, arg_max(d.reviewed, d.place) as reviewed
        from decided d join keys x on x.record_key = d.a join keys y on y.record_key = d.b where d.a < d.b group by 1, 2"""
    )
    desk.run("create or replace table taught_scored (l integer, r integer, w float, h float, levels bigint)")
    desk.run("create or replace table shift (bits double, pairs bigint)")
    desk.drop("decided")


def weigh(desk: Desk, model: Model) -> None:
    """Lay table ``taught_scored``: what ``model`` says of the pairs that people decided."""
    scoring.score(desk, model, pairs="taught", into="taught_scored", floor=-1e9)


def shifted(desk: Desk, prior: float) -> float:
    """Return ``prior`` moved so that the scores agree with the shares decided; as it is below ``ENOUGH`` pairs reviewed.

    Pairs that a rule joins are left out: their score does not rest on the prior.
    """
    found = desk.numbers(
        """select s.w, s.h, t.same::integer as same from taught_scored s join taught t on t.l = s.l and t.r = s.r and t.reviewed
        where not exists (select 1 from strong g where g.l = s.l and g.r = s.r) order by s.l, s.r"""
    )
    same = found["same"].astype(np.float64)
    moved = 0.0
    if same.size >= ENOUGH:
        weight = scoring.bits(prior)
        moved = shift(found["w"].astype(np.float64) + weight, found["h"].astype(np.float64), same)
    desk.run("delete from shift")
    desk.run("insert into shift values (?, ?)", moved, int(same.size))
    if not moved:
        return prior
    odds = math.exp2(scoring.bits(prior) + moved)
    return float(f"{odds / (1 + odds):.4g}")


def shift(scores: Floats, ceilings: Floats, same: Floats) -> float:
    """Return the bits to add to ``scores`` (each held under its ceiling) so that they expect as many pairs of one person as
    people found: the most probable offset of a logistic curve, given that it is near 0; at most ``FURTHEST`` either way.
    """

    def slope(offset: float) -> float:
        odds = np.exp2(np.clip(np.minimum(scores + offset, ceilings), -60, 60))
        return float(np.sum(same - odds / (1 + odds))) - offset / _SPREAD**2

    low, high = -FURTHEST, FURTHEST
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return round((low + high) / 2, 3)


def notes(desk: Desk) -> list[dict[str, Any]]:
    """Return what the model's notes say of the decisions it was given; nothing when there were none."""
    (pairs,) = desk.rows("select count(*) from taught")[0]
    moved = desk.rows("select bits, pairs from shift")
    bits, reviewed = moved[0] if moved else (0.0, 0)
    return [{"code": "taught", "pairs": pairs, "reviewed": reviewed, "shift": bits}] if pairs else []
