"""The time to integrate: days from start to going live, the median of those that are over, others against target."""

from __future__ import annotations

from datetime import date, timedelta

from filrouge.domain.kpis import INTEGRATE_WITHIN, Span, time_to_integrate

START = date(2026, 1, 5)


def span(days: int | None, *, target: int = INTEGRATE_WITHIN, start: date = START) -> Span:
    live = None if days is None else start + timedelta(days=days)
    return Span("x", start, start + timedelta(days=target), live)


def test_the_median_is_of_those_that_are_live_alone() -> None:
    told = time_to_integrate([span(60), span(100), span(None)], today=START + timedelta(days=200))
    assert (told.median_days, told.live, told.on_time, told.within) == (80.0, 2, 1, True)
    assert (told.under_way, told.late, told.longest_days) == (1, 1, 200)


def test_nothing_live_has_no_median_rather_than_zero() -> None:
    told = time_to_integrate([span(None)], today=START + timedelta(days=10))
    assert (told.median_days, told.within, told.late) == (None, None, 0)


def test_six_months_is_not_what_is_wanted() -> None:
    assert time_to_integrate([span(182)], today=START).within is False


def test_one_signed_for_later_has_no_days_yet_and_its_target_day_is_on_time() -> None:
    later = span(None, start=START + timedelta(days=30))
    assert later.days(START) == 0
    assert span(None).left(START + timedelta(days=INTEGRATE_WITHIN)) == 0
