"""The only place that asks the machine what time it is. Times are UTC, to the microsecond."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def now() -> datetime:
    """Return the current time, in UTC."""
    return datetime.now(UTC)


def micros(at: datetime) -> int:
    """Return a moment as microseconds since 1970."""
    gone = at - _EPOCH
    return (gone.days * 86_400 + gone.seconds) * 1_000_000 + gone.microseconds


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def time_of(kept: datetime | str | None) -> datetime | None:
    """Return the time that a document keeps as ISO 8601 text, None when it keeps none."""
    if not kept:
        return None
    return kept if isinstance(kept, datetime) else datetime.fromisoformat(str(kept))
