"""The rules: engagement is one by choice; the others stand in while a model may not be learned, and say so.

Every figure here is a convention, written down in docs/explanation/scores.md: none was fitted to the data of anybody.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from filrouge.domain.scores.scorecard import Part, Scorecard

VERSION = "rule@1"

# Points of a hundred. What a person does of their own accord counts; what was sent to them does not.
ENGAGEMENT = Scorecard(
    "points",
    (
        Part("reads_28", (1, 3, 6, 12, 20), (0, 6, 12, 18, 24, 30)),
        Part("visit_recency", (7, 30, 90), (10, 6, 3, 0)),
        Part("reads_slope", (-25, 25), (0, 5, 10), needs="reads_before"),
        Part("orders_365", (1, 2, 4), (0, 6, 10, 15)),
        Part("contracts", (1,), (0, 10)),
        Part("opened_90", (1, 3), (0, 3, 5)),
        Part("clicked_90", (1,), (0, 5)),
        Part("brands", (2, 3), (0, 3, 5)),
        Part("visits_365", (1, 2), (0, 7, 10)),
    ),
    medium=20.0,
    high=50.0,
)

# Log-odds beside the rate at which contracts of the entity ended so in a month of the last year.
CHURN_WANTED = Scorecard(
    "logit",
    (
        Part("reads_slope", (-50, -25, 25), (0.9, 0.5, 0.0, -0.4)),
        Part("visit_recency", (30, 90), (-0.2, 0.1, 0.4)),
        Part("complaints_90", (1,), (0.0, 0.8)),
        Part("requests_90", (2,), (0.0, 0.3)),
        Part("unsubscribed_365", (1,), (0.0, 0.5)),
        Part("tenure", (365, 1095), (0.3, 0.0, -0.4)),
        Part("renewal_in", (31,), (0.4, 0.0)),
        Part("open_rate_90", (10, 40), (0.2, 0.0, -0.2)),
    ),
)
CHURN_PAYMENT = Scorecard(
    "logit",
    (
        Part("failed_90", (1, 2), (-0.2, 1.6, 2.4)),
        Part("failed_365", (1, 3), (0.0, 0.5, 0.9)),
        Part("renewal_in", (31,), (0.3, 0.0)),
        Part("tenure", (365, 1095), (0.2, 0.0, -0.2)),
    ),
)


def _logit(*shares: float) -> tuple[float, ...]:
    return tuple(round(float(np.log(share / (1 - share))), 3) for share in shares)


# Whoever buys without a contract: how long they have been silent.
CHURN_BUYER = Scorecard(
    "logit",
    (Part("order_recency", (30, 90, 180, 365, 730), _logit(0.1, 0.25, 0.4, 0.6, 0.8, 0.95)),),
    medium=40,
    high=70,
)


def propensity(kind: str, family: str) -> Scorecard:
    """Return the rule of a family of offers: whoever took it lately, comes and reads, is likelier to take it."""
    parts = [
        Part(f"since_{family}", (90, 365, 100_000), (0.9, 0.5, 0.2, -0.6)),
        Part(f"took_{family}", (2, 4), (0.0, 0.4, 0.8)),
        Part("reads_28", (1, 6), (-0.3, 0.2, 0.7)),
        Part("clicked_90", (1,), (0.0, 0.5)),
        Part("brands", (2,), (0.0, 0.3)),
    ]
    if kind == "subscription":
        parts[0] = Part(f"since_{family}", (365, 100_000), (0.6, 0.3, 0.0))
    return Scorecard("logit", tuple(parts))


def around(rule: Scorecard, rate: float) -> Scorecard:
    """Return ``rule`` about a ``rate`` observed, its bands from once and a half and three times it."""
    rate = float(np.clip(rate, 0.001, 0.5))
    low, high = banded(rate)
    return dataclasses.replace(rule, base=float(np.log(rate / (1 - rate))), medium=low, high=high)


def banded(rate: float) -> tuple[float, float]:
    """Return from which value one is in the band medium, and high, when ``rate`` is what happens on average."""
    return round(min(100 * 1.5 * rate, 50.0), 1), round(min(100 * 3 * rate, 75.0), 1)
