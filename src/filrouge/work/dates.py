"""By when something is to be done: a moment to come, near enough to mean something."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from filrouge.base import clock
from filrouge.base.errors import UsageError

FURTHEST = timedelta(days=3653)


def due(at: datetime, *, later: timedelta = timedelta()) -> datetime:
    """Return ``at``, moved by ``later``, as an aware moment; one without a zone is taken in that of the screens.

    Raises UsageError when it is past, or more than ten years away.
    """
    now = clock.now()
    try:
        moment = (at if at.tzinfo else timezone.make_aware(at, timezone.get_default_timezone())) + later
        past, far = moment <= now, moment > now + FURTHEST
    except OverflowError:
        past, far = False, True
    if past:
        raise UsageError("This date is past.", hint="Choose a date to come.")
    if far:
        raise UsageError("This date is more than ten years away.", hint="Choose a nearer date.")
    return moment
