"""Precision, recall and agreement from a reviewed sample: right on average, honest about what is not known."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filrouge.domain.identity.clerical import (
    ENOUGH,
    Stratum,
    agreement,
    bands,
    precision,
    recall,
    tallied,
    wilson,
)

counts = st.tuples(st.integers(0, 60), st.integers(0, 60))


@given(st.integers(0, 200), st.integers(1, 200))
def test_the_interval_of_a_share_holds_the_share(successes: int, more: int) -> None:
    of = successes + more
    low, high = wilson(successes, of)
    assert 0 <= low <= successes / of <= high <= 1


def test_wilson_s_interval_is_the_published_one() -> None:
    low, high = wilson(81, 263)  # Newcombe, Statistics in Medicine 17 (1998), table I
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_the_bands_cover_what_is_asked_without_a_gap() -> None:
    held = bands(0.0, -5.0)
    assert all(one[2] == other[1] for one, other in itertools.pairwise(held))
    assert (held[0][1], held[-1][2]) == (-10.0, math.inf)
    assert [name for name, low, _ in held if low >= 0] == ["thin", "sure", "plain"]


@given(st.lists(st.tuples(st.integers(1, 10**6), counts), min_size=5, max_size=5))
def test_estimates_lie_in_their_intervals_and_those_between_0_and_1(drawn: list[tuple[int, tuple[int, int]]]) -> None:
    strata = [
        Stratum(name, low, high, max(size, same + different), same, different)
        for (name, low, high), (size, (same, different)) in zip(bands(0.0, -5.0), drawn, strict=True)
    ]
    for estimate in (precision(strata), recall(strata)):
        if estimate is not None:
            assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_nothing_is_told_while_a_stratum_was_hardly_looked_at() -> None:
    held = [Stratum("near", -5, 0, 900, 1, 20), Stratum("thin", 0, 5, 400, ENOUGH - 2, 1)]
    assert (precision(held), recall(held)) == (None, None)
    known = [held[0], Stratum("thin", 0, 5, 400, ENOUGH - 1, 1)]
    assert precision(known) is not None
    assert held[1].missing == 1


def test_a_stratum_decided_whole_leaves_nothing_to_chance() -> None:
    told = precision([Stratum("thin", 0, 5, 4, 3, 1)])
    assert told is not None
    assert (told.low, told.value, told.high) == (0.75, 0.75, 0.75)


def test_a_stratum_weighs_as_many_pairs_as_it_holds() -> None:
    told = precision([Stratum("thin", 0, 5, 100, 10, 10), Stratum("plain", 10, math.inf, 9_900, 20, 0)])
    assert told is not None
    assert told.value == pytest.approx(0.995)


def test_the_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    chance = random.Random(11)
    truth = {"far": 0.004, "near": 0.1, "thin": 0.8, "sure": 0.97, "plain": 0.999}
    size = {"far": 9_000, "near": 800, "thin": 500, "sure": 1_500, "plain": 40_000}
    held = {name: (low, high) for name, low, high in bands(0.0, -5.0)}
    joined = [name for name in truth if held[name][0] >= 0]
    found = sum(size[name] * truth[name] for name in joined)
    right = found / sum(size[name] for name in joined)
    whole = found / sum(size[name] * truth[name] for name in truth)
    hits = [0, 0]
    rounds = 300
    for _ in range(rounds):
        strata = tallied(
            [Stratum(name, *held[name], size[name]) for name in truth],
            {name: [chance.random() < truth[name] for _ in range(30)] for name in truth},
        )
        for at, (estimate, true) in enumerate(((precision(strata), right), (recall(strata), whole))):
            assert estimate is not None
            hits[at] += estimate.low <= true <= estimate.high
    assert min(hits) / rounds > 0.9


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=50))
def test_agreement_beyond_chance_is_never_more_than_whole(pairs: list[tuple[bool, bool]]) -> None:
    told = agreement(pairs)
    assert 0 <= told.agreed <= told.pairs == len(pairs)
    assert told.kappa is None or -1 <= told.kappa <= 1
    if told.kappa is not None and told.agreed == told.pairs:
        assert told.kappa == pytest.approx(1)


def test_kappa_is_cohen_s() -> None:
    pairs = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
    assert agreement(pairs).kappa == pytest.approx(0.4)
