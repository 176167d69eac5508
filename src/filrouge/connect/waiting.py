"""How long a server that is asked again wants to be left alone, for what reads and for what gives."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import httpx

from filrouge.base import clock
from filrouge.base.text import whole

LONGEST = 30.0  # seconds; whoever asks for more is tried again then
_RESETS = ("RateLimit-Reset", "X-RateLimit-Reset", "X-Rate-Limit-Reset")
_LEFT = ("RateLimit-Remaining", "X-RateLimit-Remaining", "X-Rate-Limit-Remaining")
_MOMENT = 1_000_000_000  # a reset beyond it is a moment (Unix seconds), below it a number of seconds


def between(attempt: int) -> float:
    """Return the seconds to wait after ``attempt`` (0 the first) when nobody says how long."""
    return min(2.0**attempt * 0.2, LONGEST)


def asked(response: httpx.Response, otherwise: float, *, longest: float = LONGEST) -> float:
    """Return how many seconds the answer asks to wait, ``longest`` at most.

    ``Retry-After`` says it in seconds or as a date, else a reset of the rate limit in seconds or as a moment.
    """
    said = response.headers.get("Retry-After", "")
    if (seconds := whole(said)) is not None:
        return min(float(seconds), longest)
    try:
        left = (parsedate_to_datetime(said) - clock.now()).total_seconds()
    except (TypeError, ValueError):
        reset = _reset(response)
        return otherwise if reset is None else min(reset, longest)
    return min(max(left, 0.0), longest)


def spent(response: httpx.Response) -> bool:
    """Tell whether the answer says that nothing is left of the rate limit."""
    return any(whole(response.headers.get(name, "")) == 0 for name in _LEFT)


def limited(response: httpx.Response) -> bool:
    """Tell whether a refusal is one of the rate limit: it says so, or says when to come back."""
    return spent(response) or "Retry-After" in response.headers


def _reset(response: httpx.Response) -> float | None:
    for name in _RESETS:
        if (said := whole(response.headers.get(name, "").partition(".")[0])) is not None:
            if said < _MOMENT:
                return float(said)
            moment = said / 1000 if said > _MOMENT * 1000 else said
            return max(moment - clock.now().timestamp(), 0.0)
    return None
