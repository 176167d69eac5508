"""Figures by which the group is steered. The first: how long it takes to integrate a company that was bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

INTEGRATE_WITHIN = 84  # days: twelve weeks, where the group took six months


@dataclass(frozen=True)
class Span:
    """One integration: the day it started, the day it should be live, and the day it went live (None: not yet)."""

    name: str
    start: date
    target: date
    live: date | None = None

    def days(self, today: date) -> int:
        """Return the days that it took, or has taken so far; none before it starts."""
        return max(((self.live or today) - self.start).days, 0)

    def left(self, today: date) -> int:
        """Return the days from today, or from the day it went live, to the target: below zero, it is or was late."""
        return (self.target - (self.live or today)).days


@dataclass(frozen=True)
class TimeToIntegrate:
    """The median days of the integrations that are over (None: none is), and how those under way stand."""

    median_days: float | None
    live: int
    on_time: int  # of those that are live
    under_way: int
    late: int  # of those under way
    longest_days: int | None  # of those under way

    @property
    def within(self) -> bool | None:
        """Tell whether the median is what is wanted; None while nothing is live."""
        return None if self.median_days is None else self.median_days <= INTEGRATE_WITHIN


def time_to_integrate(spans: Sequence[Span], *, today: date) -> TimeToIntegrate:
    """Return the figure over every integration: days from its start to its going live."""
    over = [span for span in spans if span.live is not None]
    going = [span for span in spans if span.live is None]
    return TimeToIntegrate(
        median_days=float(median(span.days(today) for span in over)) if over else None,
        live=len(over),
        on_time=sum(span.left(today) >= 0 for span in over),
        under_way=len(going),
        late=sum(span.left(today) < 0 for span in going),
        longest_days=max((span.days(today) for span in going), default=None),
    )
