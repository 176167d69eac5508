"""Follow-ups, promises and calls: what to say now and what not, what is due, who must be told before contradicting."""

from __future__ import annotations

from filrouge.domain.followups.actions import (
    ANSWERS,
    MOST,
    Action,
    Answered,
    Planned,
    Ranking,
    Scored,
    Seen,
    Unsaid,
    rank,
)
from filrouge.domain.followups.promises import BARS, Promised, bars, contradicted, holds

__all__ = [
    "ANSWERS",
    "BARS",
    "MOST",
    "Action",
    "Answered",
    "Planned",
    "Promised",
    "Ranking",
    "Scored",
    "Seen",
    "Unsaid",
    "bars",
    "contradicted",
    "holds",
    "rank",
]
