"""A volume is judged by what came before: few false alarms, and no outage that passes."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filrouge.domain.quality.volume import expected

MONDAY = date(2026, 11, 2)


def series(
    count: int, *, level: float, noise: float = 0.08, weekend: float = 1.0, seed: int = 0
) -> list[tuple[date, int]]:
    """Return the volumes of ``count`` days from a Monday on."""
    dice = random.Random(seed)
    found = []
    for n in range(count):
        day = MONDAY + timedelta(days=n)
        usual = level * (weekend if day.weekday() > 4 else 1)
        lot = dice.gauss(usual * math.exp(dice.gauss(0, noise)), math.sqrt(usual))
        found.append((day, max(0, round(lot))))
    return found


def alarms(count: int, *, times: float = 1.0, runs: int = 300, **how: float) -> float:
    """Return the share of runs told when the day after ``count`` days brings ``times`` what is usual."""
    told = 0
    for seed in range(runs):
        *before, (day, read) = series(count + 1, seed=seed, **how)
        usual = expected(before, on=day)
        assert usual is not None
        told += bool(usual.judge(round(read * times)))
    return told / runs


@pytest.mark.parametrize("count", [1, 2, 5, 6, 7, 10, 13, 14, 28, 60])
@pytest.mark.parametrize("level", [40, 1000, 100_000])
def test_what_is_usual_is_hardly_ever_told(count: int, level: float) -> None:
    assert alarms(count, level=level) <= 0.01


@pytest.mark.parametrize("count", [1, 5, 7, 13, 14, 28])
@pytest.mark.parametrize("level", [40, 1000])
def test_nothing_is_always_told(count: int, level: float) -> None:
    assert alarms(count, level=level, times=0) == 1


@pytest.mark.parametrize("count", [7, 13, 14, 28])
def test_half_of_a_thousand_is_told_from_seven_runs_on(count: int) -> None:
    assert alarms(count, level=1000, times=0.5) >= 0.8


def test_half_on_a_weekday_is_told_where_weekends_are_small() -> None:
    """Once each day was seen twice; the day after 15 days is a Tuesday."""
    assert alarms(15, level=1000, weekend=0.1, times=0.5) >= 0.8
    assert alarms(29, level=1000, weekend=0.1, times=0.5) >= 0.9


@pytest.mark.parametrize("count", range(1, 36))
def test_a_small_weekend_is_no_alarm_however_short_the_history(count: int) -> None:
    assert alarms(count, level=1000, weekend=0.1, runs=60) <= 0.05


def test_nine_good_days_then_nothing_is_told() -> None:
    """What is tested is not part of what it is tested against: with it, three deviations are never reached."""
    usual = expected([(MONDAY + timedelta(days=n), 1000) for n in range(9)], on=MONDAY + timedelta(days=9))
    assert usual is not None
    assert usual.judge(0) == "nothing_came"


def test_without_history_nothing_is_said() -> None:
    assert expected([], on=MONDAY) is None


def test_a_source_that_was_empty_may_be_empty_again() -> None:
    usual = expected([(MONDAY, 0)] * 3, on=MONDAY)
    assert usual is not None
    assert (usual.judge(0), usual.judge(4), usual.judge(50)) == ("", "", "volume_rose")


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=80), st.integers(0, 6))
def test_what_was_always_so_is_right_and_bounds_hold_it(counts: list[int], shift: int) -> None:
    history = [(MONDAY + timedelta(days=n), rows) for n, rows in enumerate(counts)]
    usual = expected(history, on=MONDAY + timedelta(days=shift))
    assert usual is not None
    assert usual.low >= 0
    assert usual.high is not None
    assert usual.low <= usual.high
    same = expected([(day, counts[0]) for day, _ in history], on=MONDAY)
    assert same is not None
    assert same.judge(counts[0]) == ""
