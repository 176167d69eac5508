"""When an event happened: by the sender's clock, put right by how wrong that clock was when it was sent."""

from __future__ import annotations

from datetime import UTC, datetime

from filrouge.domain.events.said import Time

OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
_MILLISECONDS = 100_000_000_000  # numbers from here on count milliseconds


def read(said: Time) -> datetime | None:
    """Return a time in UTC, None when nothing is said; a time without zone is UTC. Raises ValueError."""
    if said is None or said == "":
        return None
    if isinstance(said, str):
        at = datetime.fromisoformat(said.strip())
        if at.tzinfo is UTC:
            return at
        try:
            return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        except OverflowError as wrong:  # the first or the last day of the calendar, elsewhere
            raise ValueError(str(wrong)) from wrong
    try:  # a whole number of 400 digits is JSON too, and no division takes it
        return datetime.fromtimestamp(said / 1000 if abs(said) >= _MILLISECONDS else said, UTC)
    except (OverflowError, OSError) as wrong:
        raise ValueError(str(wrong)) from wrong


def happened(said: datetime | None, sent: datetime | None, received: datetime) -> datetime:
    """Return when an event happened: ``received - (sent - said)`` when the sender tells when it sent (Segment's rule).

    Never after it was received: a clock that runs ahead, and tells nothing of it, is not believed.
    """
    if said is None:
        return received
    if sent is not None:
        if sent <= said:
            return received
        try:
            return received - (sent - said)
        except OverflowError:  # a date that was never set, as some languages write it
            pass
    return min(said, received)
