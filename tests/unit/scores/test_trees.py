"""Trees beside the scorecard: chosen only where they tell surely more, always the same, with reasons that add up."""

from __future__ import annotations

import builtins
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.unit.scores.test_scorecards import N, columns, readers

from filrouge.domain.scores import card, trees
from filrouge.domain.scores.scoring import Models, Used, Usual, rows, scored
from filrouge.domain.scores.training import Month, Trained, contract_churn

try:
    import lightgbm as _lightgbm  # noqa: F401
except (ImportError, OSError):
    pytest.skip("LightGBM cannot be loaded here: install libgomp1.", allow_module_level=True)

FEATURES = ["reads_slope", "complaints_90", "tenure"]


def together(seed: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Subscribers who leave where two facts meet, and neither says anything alone: no sum of parts can tell."""
    dice = np.random.default_rng(seed)
    slope, tenure = dice.uniform(-100, 100, N), dice.uniform(0, 2000, N)
    odds = np.where((slope > 0) == (tenure > 1000), -0.5, -4.0)
    left = (dice.random(N) < 1 / (1 + np.exp(-odds))).astype(float)
    made = columns(reads_slope=slope, tenure=tenure, contracts=1, renewal_in=20, term_days=30.4375)
    return made, left


def trained(make: Any) -> Trained:
    months = [Month(made, {"wanted": left}, np.full(N, "red")) for made, left in map(make, (1, 2, 3))]
    return contract_churn("wanted", months[1:], months[0], months[0].features)


def test_trees_are_chosen_where_they_tell_surely_more_and_both_figures_stand_on_the_card() -> None:
    made = trained(together)
    told = made.card["compared"]
    assert (made.kind, told["chosen"]) == ("trees", "trees")
    assert told["trees"] > 0.75 > 0.6 > told["scorecard"]
    assert told["more"] > told["unsure"] > 0
    assert made.card["auc"] == told["trees"]
    assert made.other is not None
    assert (made.other.kind, made.other.card["auc"], made.other.card["compared"]) == (
        "learned",
        told["scorecard"],
        told,
    )


def test_where_a_sum_tells_as_much_the_scorecard_serves_and_the_trees_may_be_promoted_all_the_same() -> None:
    made = trained(readers)
    assert (made.kind, made.card["compared"]["chosen"]) == ("learned", "scorecard")
    assert made.other is not None
    assert made.other.kind == "trees"
    assert "trees" in json.loads(json.dumps(made.other.content))


def test_contributions_of_trees_add_up_to_the_value_and_read_again_they_are_the_same() -> None:
    made, left = readers(1)
    grown = trees.learn(made, FEATURES, left, apart=np.arange(N) % 3 == 0)
    again = trees.Trees.of(json.loads(json.dumps(grown.plain())))
    added = again.contributions(made)
    assert added.shape == (N, 3)
    assert again.values(added) == pytest.approx(grown.chances(made), abs=1e-6)
    assert np.abs(added[:, 0]).mean() > 3 * np.abs(added[:, 2]).mean()  # the slope tells, tenure does not


def test_the_same_rows_in_any_order_grow_the_same_trees() -> None:
    made, left = readers(1)
    apart = np.arange(N) % 3 == 0
    order = np.random.default_rng(5).permutation(N)
    turned = {name: made[name][order] for name in made}
    first = trees.learn(made, FEATURES, left, apart=apart)
    assert trees.learn(turned, FEATURES, left[order], apart=apart[order]) == first


def test_a_score_of_trees_gives_reasons_by_feature_as_a_scorecard_does() -> None:
    made, _ = readers(2)
    grown = trees.learn(*_learned(), apart=np.arange(N) % 3 == 0)
    found = scored(made, Models(wanted=Used(grown, "churn_wanted@1")), [], Usual())
    people = pa.array([str(n) for n in range(N)])
    told = rows(people, made, found, []).to_pylist()
    wanted = next(row for row in told if row["score"] == "churn_wanted_90" and row["band"] == "high")
    assert wanted["model"] == "churn_wanted@1"
    reasons = json.loads(wanted["reasons"])
    assert {one["feature"] for one in reasons} <= {*FEATURES, "failed_90", "failed_365", "renewal_in"}
    assert reasons[0]["contribution"] > 0


def _learned() -> tuple[Any, list[str], Any]:
    made, left = readers(1)
    return made, FEATURES, left


def test_the_uncertainty_of_a_difference_is_what_drawing_again_finds() -> None:
    dice = np.random.default_rng(3)
    y = (dice.random(600) < 0.3).astype(float)
    one, other = y + dice.normal(0, 1.0, 600), y + dice.normal(0, 1.4, 600)
    more, unsure = card.surer(one, other, y) or (0, 0)
    draws = [dice.integers(0, 600, 600) for _ in range(400)]
    again = [(card.auc(one[d], y[d]) or 0) - (card.auc(other[d], y[d]) or 0) for d in draws]
    assert more == pytest.approx((card.auc(one, y) or 0) - (card.auc(other, y) or 0), abs=1e-3)
    assert unsure == pytest.approx(1.96 * float(np.std(again)), rel=0.2)
    assert card.surer(one, other, np.zeros(600)) is None


def test_without_lightgbm_the_scorecard_serves_and_the_card_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    found = builtins.__import__

    def absent(name: str, *given: Any, **more: Any) -> Any:
        if name == "lightgbm":
            raise ImportError(name)
        return found(name, *given, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    made = trained(readers)
    assert (made.kind, made.other) == ("learned", None)
    assert "not installed" in made.card["compared"]["refused"]["template"]
    assert not trees.there()
