"""The only place that asks the machine what time it is. Times are UTC, to the microsecond."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def now() -> datetime:
    """Return the current time, in UTC."""
    return datetime.now(UTC)
