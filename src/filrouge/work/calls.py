"""Calls as whoever held them ended them: on the person's thread at once, whatever the system of calls does."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import NotFound, UsageError
from filrouge.domain.followups.calls import AGAIN, DIRECTIONS, DISPOSITIONS
from filrouge.domain.privacy.caller import Caller
from filrouge.store.live import Live
from filrouge.store.models import Call, FollowUp
from filrouge.work import access, audit, dates, followups, verification
from filrouge.work.notes import worded

ROLES = ("advisor", "sales")
LONGEST = 2_000


def end(
    asking: Caller, person: str, disposition: str, *, text: str = "", direction: str = "in", again: str = "",
    entity: str = "", brand: str = "",
) -> Call:  # fmt: skip
    """Keep how a call ended; who wants to be called back gets a follow-up for tomorrow, with ``again`` as its words.

    Raises UsageError when it is no end of a call.
    """
    access.must(asking, *ROLES, scope="people:write")
    if disposition not in DISPOSITIONS or direction not in DIRECTIONS:
        raise UsageError("A call does not end so.", hint="Choose one of the ends in the list.")
    found = access.person(asking, person)
    entity, brand = access.origin(asking, found, entity, brand, roles=ROLES)
    note = worded(text, LONGEST) if text.strip() else ""
    now = clock.now()
    with transaction.atomic():
        opened = None
        if disposition in AGAIN and again:
            due = dates.due(now, later=timedelta(days=AGAIN[disposition]))
            opened = followups.add(asking, found.view.id, again, due, entity=entity, brand=brand, anyway=True)
        call = Call.objects.create(
            person=found.view.id, entity=entity, brand=brand, by=asking.by, at=now, direction=direction,
            disposition=disposition, text=note, follow_up=opened.pk if opened else None,
        )  # fmt: skip
        verification.over(Live().aliases(found.view.id))
        audit.record("call.end", by=asking.by, kind="person", subject=found.view.id, entity=entity, code=disposition)
    return call


def undo(asking: Caller, call: str) -> Call:
    """Take back the end of a call, and the follow-up that it opened unless it was worked meanwhile."""
    access.must(asking, *ROLES, scope="people:write")
    row = Call.objects.filter(pk=call, undone_at=None).first()
    if row is None or not (row.by == asking.by or asking.administrator):
        raise NotFound("There is no such call of yours.")
    now = clock.now()
    with transaction.atomic():
        Call.objects.filter(pk=row.pk).update(undone_at=now)
        if row.follow_up:
            FollowUp.objects.filter(pk=row.follow_up, state=FollowUp.State.OPEN).update(
                state=FollowUp.State.CANCELLED, closed_at=now, closed_by=asking.by
            )
        audit.record("call.undo", by=asking.by, kind="person", subject=row.person, entity=row.entity)
    return row
