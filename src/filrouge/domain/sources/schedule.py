"""When a source is to be read: a cron expression, told in the time zone of its system, daylight saving included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from filrouge.domain.sources.form import duration
from filrouge.domain.sources.spec import SourceSpec


def next_at(every: str, zone: str, after: datetime) -> datetime | None:
    """Return the first moment after ``after`` that ``every`` names in ``zone``, in UTC; None when there is none.

    As Debian's cron does: what falls in the hour that spring skips comes right after it, and a daily time in the hour
    that autumn repeats comes once. Raises ValueError when ``every`` is no cron expression.
    """
    try:
        found = next(CronSim(every, after.astimezone(ZoneInfo(zone))), None)
    except CronSimError as error:
        raise ValueError(f"{every!r} is no schedule: {str(error).lower()}") from None
    return found.astimezone(UTC) if found else None


def next_run(spec: SourceSpec, *, after: datetime) -> datetime | None:
    """Return when the source is to be read next, None when it has no schedule."""
    return next_at(spec.expect.every, spec.format.zone, after) if spec.expect.every else None


def lateness(spec: SourceSpec, *, as_of: datetime | None, at: datetime) -> timedelta | None:
    """Return by how much what is known of the source is older than its owner expects, None while it is not."""
    allowed = duration(spec.expect.fresh_within) if spec.expect.fresh_within else None
    if allowed is None or as_of is None or at - as_of <= allowed:
        return None
    return at - as_of - allowed
