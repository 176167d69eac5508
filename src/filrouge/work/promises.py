"""Promises: what we committed to, dated and owned, kept or not; those made elsewhere are taken over."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import Conflict, NotFound, UsageError
from filrouge.domain.followups import BARS
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import Promise
from filrouge.work import access, audit, dates
from filrouge.work.notes import worded


def make(
    asking: Caller, person: str, text: str, due_at: datetime, *, owner: str = "", entity: str = "", brand: str = "",
    bars: str = "",
) -> Promise:  # fmt: skip
    """Record what was promised to a person, for when, and whose it is (the caller's unless said).

    ``bars`` is what it forbids until then: calls, offers, contact, or nothing.
    """
    if bars not in BARS:
        raise UsageError("A promise forbids calls, offers, contact, or nothing.")
    access.must(asking, "advisor", "sales", scope="people:write")
    found = access.person(asking, person)
    entity, brand = access.origin(asking, found, entity, brand, roles=("advisor", "sales"))
    due_at = dates.due(due_at)
    with transaction.atomic():
        promise = Promise.objects.create(
            person=found.view.id, entity=entity, brand=brand, by=asking.by, text=worded(text, 500), due_at=due_at,
            owner=owner or asking.by, bars=bars,
        )  # fmt: skip
        audit.record("promise.make", by=asking.by, kind="person", subject=found.view.id, promise=str(promise.id))
    return promise


def expire() -> int:
    """Say that promises which only forbid something until a date, now past, were kept; return how many."""
    now = clock.now()
    with transaction.atomic():
        count = (
            Promise.objects.filter(state=Promise.State.OPEN, due_at__lt=now)
            .exclude(bars="")
            .update(state=Promise.State.KEPT, closed_at=now, closed_by="rule")
        )
        if count:
            audit.record("promise.expire", by="rule", count=count)
    return count


def close(asking: Caller, promise_id: str, state: str, *, outcome: str = "") -> Promise:
    """Say that a promise was kept, not kept, or is no longer due."""
    access.must(asking, "advisor", "sales", scope="people:write")
    if state not in (Promise.State.KEPT, Promise.State.BROKEN, Promise.State.RELEASED):
        raise UsageError("A promise is kept, not kept, or no longer due.")
    promise = Promise.objects.filter(pk=promise_id).first()
    if promise is None or not asking.perimeter.acts(promise.entity, promise.brand, "advisor", "sales"):
        raise NotFound("There is no such promise.")
    access.person(asking, promise.person)
    with transaction.atomic():
        changed = Promise.objects.filter(pk=promise_id, state=Promise.State.OPEN).update(
            state=state, closed_at=clock.now(), closed_by=asking.by, outcome=outcome[:500]
        )
        if not changed:
            raise Conflict("This promise was already closed.", hint="Reload the page.")
        audit.record(
            "promise.close", by=asking.by, kind="person", subject=promise.person, promise=promise_id, state=state
        )
    promise.refresh_from_db()
    return promise
