"""Whether whoever calls was verified, and what each entity asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from filrouge.domain.followups.verification import Agreed
from filrouge.store.live import Live
from filrouge.store.models import Questions, Verification


@dataclass(frozen=True)
class Standing:
    """Where a caller stands: verified until a moment, or failed so many times, or not asked yet."""

    verified_by: str = ""
    verified_at: datetime | None = None
    until: datetime | None = None  # of the verification, or of the refusal to try again
    failures: int = 0
    left: int = 0
    locked: bool = False


def agreed(entity: str) -> Agreed:
    """Return what an entity asks its callers; what nobody set is as ``Agreed`` says."""
    row = Questions.objects.filter(entity=entity).first()
    return Agreed(tuple(row.questions), row.needed, row.tries, row.minutes) if row else Agreed()


def standing(person: str, agreed_on: Agreed, *, at: datetime) -> Standing:
    """Return where whoever calls as ``person`` stands, whoever asked them: tries count for all.

    What they answered another entity verifies them when it is as much as ``agreed_on`` asks.
    """
    aliases = Live().aliases(person)
    since = at - timedelta(minutes=agreed_on.minutes)
    rows = list(
        Verification.objects.filter(person__in=aliases, created_at__gt=since).order_by("-created_at", "-id")[:50]
    )
    failures = 0
    for row in rows:
        if row.passed:
            if len(set(row.asked) & set(agreed_on.questions)) < agreed_on.needed:
                continue
            if not failures and row.expires_at > at:
                return Standing(row.by, row.created_at, row.expires_at, 0, agreed_on.tries)
            break
        failures += 1
    left = max(0, agreed_on.tries - failures)
    until = rows[0].created_at + timedelta(minutes=agreed_on.minutes) if failures else None
    return Standing(failures=failures, left=left, locked=not left, until=until)
