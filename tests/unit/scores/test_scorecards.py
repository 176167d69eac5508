"""Scorecards: they add up, are learned only from enough, tell apart what they should, and say how good they are."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from filrouge.base.errors import DefinitionError
from filrouge.domain.scores import card, learning, rules
from filrouge.domain.scores.features import FEATURES, HISTORY, NEVER, Family
from filrouge.domain.scores.scorecard import Part, Scorecard
from filrouge.domain.scores.scoring import Models, Used, Usual, rows, scored
from filrouge.domain.scores.training import Month, contract_churn

N = 4000
SHOP = Family("shop", "blue")


def columns(n: int = N, **given: float | np.ndarray) -> dict[str, np.ndarray]:
    """People of whom nothing is known but what is given."""
    names = [*FEATURES, *HISTORY, "age", *(f"{part}_shop_blue" for part in ("took", "since", "holds"))]
    return {name: np.full(n, np.nan) if name not in given else np.broadcast_to(
        np.asarray(given[name], dtype=float), (n,)).copy() for name in names}  # fmt: skip


def readers(seed: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Subscribers who leave the more often, the more their reading falls; complaints matter, tenure does not."""
    dice = np.random.default_rng(seed)
    slope, complaints = dice.uniform(-100, 100, N), dice.poisson(0.2, N).astype(float)
    odds = -2.6 - 0.02 * slope + 1.2 * (complaints > 0)
    left = (dice.random(N) < 1 / (1 + np.exp(-odds))).astype(float)
    made = columns(reads_slope=slope, complaints_90=complaints, tenure=dice.uniform(30, 2000, N), contracts=1,
                   reads_before=8, reads_28=6, renewal_in=20, term_days=30.4375)  # fmt: skip
    return made, left


def test_contributions_add_up_to_the_value() -> None:
    made, left = readers(1)
    learned = learning.learn(made, ["reads_slope", "complaints_90", "tenure"], left)
    added = learned.contributions(made)
    odds = learned.base + added.sum(axis=1)
    assert learned.values(added) == pytest.approx(100 / (1 + np.exp(-odds)))
    points = rules.ENGAGEMENT.contributions(made)
    assert rules.ENGAGEMENT.values(points) == pytest.approx(np.clip(points.sum(axis=1), 0, 100))


def test_what_is_learned_tells_apart_on_a_later_time_and_is_right_about_how_many() -> None:
    made, left = readers(1)
    learned = learning.learn(made, ["reads_slope", "complaints_90", "tenure"], left)
    later, truth = readers(2)
    values = learned.values(learned.contributions(later))
    told = card.card(values, truth, trained=values, groups={})
    assert told["auc"] > 0.72
    assert told["expected"] == pytest.approx(told["rate"], abs=0.02)
    assert told["lift_10"] > 2
    first, last = told["calibration"][0], told["calibration"][-1]
    assert first["happened"] < 0.05 < 0.25 < last["happened"]
    assert last["expected"] == pytest.approx(last["happened"], abs=0.06)


def test_a_contribution_is_told_from_the_mean_of_those_learned_on() -> None:
    made, left = readers(1)
    learned = learning.learn(made, ["reads_slope", "complaints_90"], left)
    assert learned.contributions(made).mean(axis=0) == pytest.approx(0, abs=0.01)


def test_the_same_rows_in_any_order_teach_the_same() -> None:
    made, left = readers(3)
    order = np.random.default_rng(1).permutation(N)
    mixed = {name: values[order] for name, values in made.items()}
    one = learning.learn(made, ["reads_slope", "complaints_90"], left)
    other = learning.learn(mixed, ["reads_slope", "complaints_90"], left[order])
    assert one == other
    assert Scorecard.of(json.loads(json.dumps(one.plain()))) == one


@pytest.mark.parametrize("happened", [0, 1, 49, N, N - 3])
def test_below_the_stated_minimum_nothing_is_learned_and_it_is_said(happened: int) -> None:
    y = np.zeros(N)
    y[:happened] = 1
    with pytest.raises(DefinitionError, match=f"happened {happened} times"):
        learning.enough(y, y)


def test_a_feature_that_is_the_same_for_all_teaches_nothing_and_it_is_said() -> None:
    with pytest.raises(DefinitionError, match="No feature differs"):
        learning.learn(columns(100, tenure=4), ["tenure", "reads_28"], np.r_[np.ones(50), np.zeros(50)])


def test_a_model_that_may_not_be_learned_is_the_rule_and_its_card_says_why() -> None:
    made, left = readers(1)
    few = Month({k: v[:200] for k, v in made.items()}, {"wanted": left[:200] * 0}, np.full(200, "red"))
    trained = contract_churn("wanted", [few], few, few.features)
    assert trained.kind == "rule"
    assert "50 of each" in trained.card["refused"]["template"].format(**trained.card["refused"]["params"])
    assert trained.card["auc"] is None


def test_a_card_tells_each_group_apart_and_leaves_out_those_too_small() -> None:
    made, left = readers(1)
    brands = np.array(["red"] * (N - 60) + ["blue"] * 60)
    month = Month(made, {"wanted": left}, brands)
    trained = contract_churn("wanted", [month], Month(readers(2)[0], {"wanted": readers(2)[1]}, brands), made)
    assert trained.kind == "learned"
    assert [one["group"] for one in trained.card["fairness"]["brand"]] == ["red"]
    assert trained.card["auc"] > trained.card["rule_auc"] > 0.5
    assert set(trained.card["drift"]) >= {"reads_slope", "complaints_90"}


def test_the_stability_index_is_nothing_for_the_same_people_and_large_for_others() -> None:
    values = np.random.default_rng(1).normal(size=5000)
    assert card.psi(values, values) == pytest.approx(0, abs=1e-3)
    assert (card.psi(values, values + 1) or 0) > 0.25
    assert card.psi(values, values[:0]) is None


def test_auc_and_lift_are_what_the_definitions_say() -> None:
    values, y = np.array([1.0, 2, 3, 4]), np.array([0.0, 0, 1, 1])
    assert card.auc(values, y) == 1
    assert card.auc(values * 0, y) == 0.5
    assert card.auc(values, y * 0) is None
    assert card.lift(values, y, 0.5) == 2


def test_engagement_counts_what_is_known_and_a_missing_source_takes_nothing_away() -> None:
    all_known = columns(1, **dict.fromkeys(FEATURES, 0.0) | {"visit_recency": NEVER, "reads_slope": np.nan})
    assert scored(all_known, Models(), [], Usual())[0].values[0] == 0
    buyer = columns(1, orders_365=9, brands=1)
    most = scored(buyer, Models(), [], Usual())[0].values[0]
    assert most == pytest.approx(75)  # 15 of the 20 points that there are to have: orders and brands
    assert scored(columns(1, brands=1), Models(), [], Usual()) == []


def test_engagement_is_of_one_person_alone_and_not_of_their_rank() -> None:
    keen, idle = columns(1, reads_28=30, visit_recency=1), columns(50, reads_28=0, visit_recency=90)
    both = {name: np.concatenate([keen[name], idle[name]]) for name in keen}
    assert scored(both, Models(), [], Usual())[0].values[0] == scored(keen, Models(), [], Usual())[0].values[0]


def by_score(**given: float) -> dict[str, dict[str, object]]:
    made = columns(1, **given)
    told = scored(made, Models(), [SHOP], Usual())
    return {row["score"]: row for row in rows(pa.array(["p"]), made, told, told).to_pylist()}


def test_wanting_to_leave_and_a_failing_payment_are_told_apart() -> None:
    common = {"contracts": 1.0, "tenure": 800.0, "renewal_in": 10.0, "term_days": 30.4375, "price_year": 240.0}
    payment = by_score(**common, failed_90=2, failed_365=3, reads_slope=10, visit_recency=2, orders_ever=0)
    wanted = by_score(**common, failed_90=0, failed_365=0, reads_slope=-60, visit_recency=50, complaints_90=1)
    assert payment["churn_payment_90"]["band"] == "high" != payment["churn_wanted_90"]["band"]
    assert wanted["churn_wanted_90"]["band"] == "high" != wanted["churn_payment_90"]["band"]
    first = json.loads(str(payment["churn_90"]["reasons"]))[0]
    assert (first["feature"], first["value"]) == ("failed_90", 2)
    assert "reads_slope" in {one["feature"] for one in json.loads(str(wanted["churn_90"]["reasons"]))}


def test_ninety_days_weigh_more_than_thirty_and_a_renewal_that_comes_nearer_counts() -> None:
    near, far = (by_score(contracts=1, tenure=800, renewal_in=days, term_days=365.25) for days in (70.0, 300.0))
    assert near["churn_30"]["value"] == far["churn_30"]["value"]
    assert near["churn_90"]["value"] > far["churn_90"]["value"] > far["churn_30"]["value"]


def test_a_person_without_contract_or_order_has_no_churn_and_no_value() -> None:
    assert set(by_score(reads_28=5, contracts=0, orders_ever=0, holds_shop_blue=0)) == {
        "engagement",
        "propensity_shop_blue",
    }


def test_the_rule_speaks_for_whoever_bought_once_and_the_model_for_whoever_came_back() -> None:
    from filrouge.domain.scores.buying import Buying

    model = Models(buying=Buying(0.25, 4.4, 0.8, 2.4, 0, 1), buying_label="buying@1")
    made = columns(2, orders_ever=[1, 5], order_recency=[500.0, 500.0], buy_x=[0, 4], buy_t=[90, 90], buy_t_x=[0, 20])
    told = scored(made, model, [], Usual())
    table = rows(pa.array(["once", "often"]), made, told, told).to_pylist()
    of = {row["person"]: row for row in table if row["score"] == "churn_90"}
    assert (of["once"]["model"], of["often"]["model"]) == ("rule@1", "buying@1")
    assert of["often"]["value"] > 90
    assert {one["feature"] for one in json.loads(of["often"]["reasons"])} <= {"order_recency", "orders_ever"}


def test_a_trend_is_the_change_of_the_same_model_and_absent_for_whoever_was_not_scored_then() -> None:
    now, then = (
        columns(2, contracts=1, tenure=400, failed_90=[2, 0]),
        columns(2, contracts=[1, 0], tenure=400, failed_90=0),
    )
    table = rows(pa.array(["a", "b"]), now, scored(now, Models(), [], Usual()), scored(then, Models(), [], Usual()))
    of = {(row["person"], row["score"]): row for row in table.to_pylist()}
    assert of["a", "churn_payment_30"]["trend"] > 5
    assert of["b", "churn_payment_30"]["trend"] is None


def test_reasons_are_json_whatever_the_values() -> None:
    made = columns(3, contracts=1, tenure=[np.nan, 1e300, 10], visit_recency=[float(NEVER), 1, np.nan], failed_90=1)
    told = scored(made, Models(), [SHOP], Usual())
    for row in rows(pa.array(["a", "b", "c"]), made, told, told).to_pylist():
        for one in json.loads(row["reasons"]):
            assert set(one) == {"feature", "contribution", "value"}


def test_a_part_reads_its_bands_from_the_left() -> None:
    part = Part("x", (1, 10), (0.0, 1.0, 2.0), absent=-1)
    assert part.of({"x": np.array([0.99, 1, 9.9, 10, np.nan])}).tolist() == [0, 1, 1, 2, -1]


def test_a_model_in_use_takes_the_place_of_its_rule() -> None:
    made, left = readers(1)
    used = Used(learning.learn(made, ["reads_slope"], left), "churn_wanted@1")
    told = scored(made, Models(wanted=used), [], Usual())
    assert {one.model for one in told if one.score == "churn_wanted_30"} == {"churn_wanted@1"}
    assert {one.model for one in told if one.score == "churn_30"} == {"churn_wanted@1 + rule@1"}
