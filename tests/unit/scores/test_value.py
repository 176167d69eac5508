"""What buyers and subscribers are worth: published parameters found again, and every bad input told in a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from filrouge.base.errors import DefinitionError
from filrouge.domain.scores.buying import Buying, Spending, fit_buying, fit_spending
from filrouge.domain.scores.renewing import Renewing, fit_renewing

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "value"
SHARED = SHARED if SHARED.exists() else Path("/work/shared/data/value")
here = pytest.mark.skipif(not SHARED.exists(), reason="the published purchase histories are not on this machine")


def simulated(*, people: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Buyers drawn from BG/NBD with r 0.8, alpha 10, a 0.9, b 3: repeat purchases, age at the last, age, mean spent."""
    dice = np.random.default_rng(seed)
    x, t_x = np.zeros(people), np.zeros(people)
    age = dice.uniform(20, 104, people)
    rate, leaves = dice.gamma(0.8, 1 / 10, people), dice.beta(0.9, 3, people)
    for who in range(people):
        at = 0.0
        while True:
            at += dice.exponential(1 / rate[who])
            if at > age[who]:
                break
            x[who], t_x[who] = x[who] + 1, at
            if dice.random() < leaves[who]:
                break
    scale = dice.gamma(4, 1 / 60, people)  # Gamma-Gamma with p 5, q 4, v 60
    spent = np.array([dice.gamma(5, 1 / s, max(1, int(n))).mean() for s, n in zip(scale, x, strict=True)])
    return x, t_x, age, spent


@here
def test_bg_nbd_finds_the_published_parameters_of_cdnow() -> None:
    data = pl.read_csv(SHARED / "cdnow" / "cdnow_customers_summary.csv")
    found = fit_buying(data["frequency"], data["recency"], data["T"])
    assert (round(found.r, 4), round(found.alpha, 4)) == (0.2426, 4.4135)
    assert (round(found.a, 4), round(found.b, 4)) == (0.7929, 2.4258)
    assert round(found.log_likelihood, 2) == -9582.43


@here
def test_gamma_gamma_finds_the_published_parameters_of_cdnow() -> None:
    data = pl.read_csv(SHARED / "cdnow" / "cdnow_customers_summary_with_transactions.csv")
    found = fit_spending(data["x"], data["zbar"])
    assert (round(found.p, 3), round(found.q, 3), round(found.v, 3)) == (6.249, 3.745, 15.448)


@here
@pytest.mark.parametrize(("cohort", "alpha", "beta"), [("highend", 0.668, 3.806), ("regular", 0.704, 1.182)])
def test_sbg_finds_the_published_parameters_of_two_cohorts(cohort: str, alpha: float, beta: float) -> None:
    data = pl.read_csv(SHARED / "subs" / "sbg_fader_hardie_2007.csv").filter(pl.col("cohorts") == cohort)
    found = fit_renewing(data["recency"], data["recency"] < data["T"])
    assert (round(found.alpha, 3), round(found.beta, 3)) == (alpha, beta)


def test_bg_nbd_finds_what_a_world_was_drawn_from() -> None:
    x, t_x, age, _ = simulated(people=4000, seed=3)
    found = fit_buying(x, t_x, age)
    assert found.r == pytest.approx(0.8, rel=0.15)
    assert found.alpha == pytest.approx(10, rel=0.2)
    assert found.a / (found.a + found.b) == pytest.approx(0.9 / 3.9, rel=0.2)


def test_gamma_gamma_finds_what_a_world_was_drawn_from() -> None:
    x, _, _, spent = simulated(people=4000, seed=4)
    found = fit_spending(x, spent)
    assert found.p * found.v / (found.q - 1) == pytest.approx(spent[x > 0].mean(), rel=0.1)
    assert found.mean([0], [0.0])[0] == pytest.approx(found.p * found.v / (found.q - 1))


def test_sbg_finds_what_a_world_was_drawn_from() -> None:
    dice = np.random.default_rng(5)
    leaves = dice.beta(0.7, 3.0, 20_000)
    ends = dice.geometric(leaves)
    found = fit_renewing(np.minimum(ends, 8), ends < 8)
    assert (found.alpha, found.beta) == (pytest.approx(0.7, rel=0.1), pytest.approx(3.0, rel=0.1))
    assert found.survives(7) == pytest.approx((ends > 7).mean(), abs=0.02)


def test_the_same_histories_in_any_order_give_the_same_figures() -> None:
    x, t_x, age, _ = simulated(people=500, seed=6)
    order = np.random.default_rng(1).permutation(500)
    one, other = fit_buying(x, t_x, age), fit_buying(x[order], t_x[order], age[order])
    assert (one.r, one.alpha, one.a, one.b) == (other.r, other.alpha, other.a, other.b)


def test_whoever_bought_often_and_fell_silent_is_less_likely_a_buyer_than_whoever_bought_lately() -> None:
    model = Buying(r=0.2426, alpha=4.4135, a=0.7929, b=2.4258, log_likelihood=0, n=1)
    silent, lately = model.alive([8, 8], [10.0, 37.0], [38.9, 38.9])
    assert silent < 0.05 < 0.85 < lately
    assert model.alive([0], [0.0], [38.9])[0] == 1.0


def test_the_chance_of_being_gone_grows_with_time_and_begins_at_not_being_alive() -> None:
    model = Buying(r=0.2426, alpha=4.4135, a=0.7929, b=2.4258, log_likelihood=0, n=1)
    who = ([3], [20.0], [38.9])
    at_once, month, quarter = (model.gone_by(*who, within)[0] for within in (0.0, 4.3, 12.9))
    assert at_once == pytest.approx(1 - model.alive(*who)[0])
    assert at_once < month < quarter < 1


def test_being_gone_soon_is_what_a_drawn_world_shows() -> None:
    dice = np.random.default_rng(9)
    model = Buying(r=2.0, alpha=8.0, a=1.5, b=3.0, log_likelihood=0, n=1)
    rate, leaves = dice.gamma(2.0 + 4, 1 / (8.0 + 30), 200_000), dice.beta(1.5, 3.0 + 4, 200_000)
    stayed = np.exp(-rate * leaves * 12).mean()  # alive now, and ends none of the purchases of twelve weeks
    alive = model.alive([4], [29.0], [30.0])[0]
    assert model.gone_by([4], [29.0], [30.0], 12)[0] == pytest.approx(1 - alive * stayed, abs=0.003)


def test_more_purchases_are_expected_of_whoever_buys_more_and_the_published_figure_is_met() -> None:
    model = Buying(r=0.2426, alpha=4.4135, a=0.7929, b=2.4258, log_likelihood=0, n=1)
    assert model.purchases([2], [30.43], [38.86], 39)[0] == pytest.approx(1.226, abs=0.001)
    few, many = model.purchases([1, 9], [30.0, 30.0], [38.0, 38.0], 39)
    assert few < many


def test_what_was_fitted_is_written_down_and_read_again() -> None:
    for made in (Buying(1, 2, 3, 4, -5, 6), Spending(1, 2, 3, -4, 5), Renewing(1, 2, -3, 4)):
        assert type(made).of(made.plain()) == made


LINE = np.arange(1.0, 41)
BAD: dict[str, tuple[Any, str]] = {
    "one buyer": (lambda: fit_buying([2], [3.0], [9.0]), "too few"),
    "nobody": (lambda: fit_buying([], [], []), "too few"),
    "no repeat": (lambda: fit_buying(LINE * 0, LINE * 0, LINE), "came back"),
    "negative age": (lambda: fit_buying(LINE, LINE - 5, LINE + 1), "below zero"),
    "a purchase after the end": (lambda: fit_buying(LINE, LINE + 3, LINE), "after the end"),
    "no number": (lambda: fit_buying(LINE, np.where(LINE > 3, np.nan, LINE), LINE + 9), "no number"),
    "infinity": (lambda: fit_buying(LINE, LINE, LINE * np.inf), "no number"),
    "all the same": (lambda: fit_buying(LINE * 0 + 1, LINE * 0 + 2, LINE * 0 + 3), "same history"),
    "repeat without a time": (lambda: fit_buying(LINE, LINE * 0, LINE), "at odds"),
    "two lengths": (lambda: fit_buying(LINE, LINE[:5], LINE), "one length"),
    "spends the same": (lambda: fit_spending(LINE, LINE * 0 + 20), "spend the same"),
    "spends less than nothing": (lambda: fit_spending(LINE, -LINE), "below zero"),
    "spends once": (lambda: fit_spending(LINE * 0, LINE), "too few"),
    "one contract": (lambda: fit_renewing([3], [True]), "too few"),
    "none ended": (lambda: fit_renewing(LINE, LINE < 0), "none did"),
    "all ended": (lambda: fit_renewing(LINE, LINE > 0), "none did"),
    "no term": (lambda: fit_renewing(LINE - 1, LINE > 9), "no term"),
    "terms that are no numbers": (lambda: fit_renewing(LINE * np.nan, LINE > 9), "no number"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_a_sentence(name: str) -> None:
    call, word = BAD[name]
    with pytest.raises(DefinitionError, match=word):
        call()
