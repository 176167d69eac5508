"""How the last value seen is said to a service that is asked only for what is new."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from filrouge.base.errors import SourceError
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.form import duration

_MILLISECONDS = 100_000_000_000  # a number of Unix beyond it counts milliseconds


def spelled(cursor: str, spec: SourceSpec) -> str:
    """Return ``cursor`` as the service of ``spec`` wants it. Raises SourceError when it should be a moment."""
    since = spec.format.since
    if since is None or since.written == "as_it_came":
        return cursor
    moment = _moment(cursor, spec)
    moment -= (since.back and duration(since.back)) or timedelta(0)
    if since.written == "iso":
        return moment.replace(microsecond=0).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    seconds = int(moment.timestamp())
    return str(seconds * 1000 if since.written == "unix_ms" else seconds)


def _moment(cursor: str, spec: SourceSpec) -> datetime:
    try:
        if cursor.isdecimal():
            number = int(cursor)
            return datetime.fromtimestamp(number / 1000 if number > _MILLISECONDS else number, UTC)
        found = datetime.fromisoformat(cursor)
    except (ValueError, OverflowError, OSError):
        raise SourceError(
            "The last value of {cursor} that was seen is no moment.",
            hint="Correct `cursor` or `format.since` of the source {source}; nothing was imported.",
            cursor=spec.cursor or "", source=spec.source,
        ) from None  # fmt: skip
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(spec.format.zone))
