"""How long a server that is asked again wants to be left alone, for what reads and for what gives."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import httpx

from filrouge.base import clock
from filrouge.base.text import whole

LONGEST = 30.0  # seconds; whoever asks for more is tried again then


def between(attempt: int) -> float:
    """Return the seconds to wait after ``attempt`` (0 the first) when nobody says how long."""
    return min(2.0**attempt * 0.2, LONGEST)


def asked(response: httpx.Response, otherwise: float) -> float:
    """Return how many seconds the answer asks to wait: a number or a date, within reason."""
    said = response.headers.get("Retry-After", "")
    if (seconds := whole(said)) is not None:
        return min(float(seconds), LONGEST)
    try:
        left = (parsedate_to_datetime(said) - clock.now()).total_seconds()
    except (TypeError, ValueError):
        return otherwise
    return min(max(left, 0.0), LONGEST)
