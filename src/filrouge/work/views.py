"""Saved views: a search or a list that somebody keeps under a name, for themselves alone."""

from __future__ import annotations

import re
from urllib.parse import parse_qs
from uuid import UUID

from django.db import IntegrityError, transaction

from filrouge.base.errors import Conflict, NotFound, Refused, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import SavedView
from filrouge.work import audit

MOST = 100  # views that one person keeps for a page
_ONE_PERSON = re.compile(r"@|(?:[0-9][ .-]?){6}")


def keep(asking: Caller, page: str, name: str, query: str) -> SavedView:
    """Keep ``query`` (the parameters of an address) of ``page`` under a name.

    Raises UsageError when there is no name, nothing to keep, or an e-mail or number in it; Conflict when the name is
    taken.
    """
    user, named = _user(asking), _named(name)
    if not query or len(query) > 2000:
        raise UsageError("There is no search to keep.", hint="Search or filter first, then keep it.")
    if any(_ONE_PERSON.search(word) for word in parse_qs(query).get("q", ())):
        raise UsageError(
            "A view keeps words and filters, not one person's e-mail or number.",
            hint="Open the person instead, or keep the filters alone.",
        )
    if SavedView.objects.filter(user_id=user, page=page).count() >= MOST:
        raise Conflict("You keep {most} views already.", hint="Remove one first.", most=MOST)
    try:
        with transaction.atomic():
            row = SavedView.objects.create(user_id=user, page=page, name=named, query=query)
            audit.record("view.keep", by=asking.by, kind="view", subject=str(row.id), page=page)
    except IntegrityError:
        raise Conflict("You keep a view of that name already.", hint="Choose another name.") from None
    return row


def rename(asking: Caller, view: UUID, name: str) -> SavedView:
    """Give one of the caller's views another name. Raises NotFound, and Conflict when the name is taken."""
    row, named = _mine(asking, view), _named(name)
    try:
        with transaction.atomic():
            SavedView.objects.filter(pk=row.pk).update(name=named)
            audit.record("view.rename", by=asking.by, kind="view", subject=str(row.id), page=row.page)
    except IntegrityError:
        raise Conflict("You keep a view of that name already.", hint="Choose another name.") from None
    row.name = named
    return row


def remove(asking: Caller, view: UUID) -> SavedView:
    """Remove one of the caller's views; return what it was. Raises NotFound."""
    row = _mine(asking, view)
    with transaction.atomic():
        SavedView.objects.filter(pk=row.pk).delete()
        audit.record("view.remove", by=asking.by, kind="view", subject=str(view), page=row.page)
    return row


def _user(asking: Caller) -> str:
    if not asking.user_id:
        raise Refused("Views are kept for people who sign in.", hint="Sign in to the console.")
    return asking.user_id


def _named(name: str) -> str:
    said = " ".join(name.split())
    if not said or len(said) > 100:
        raise UsageError("A view needs a name of at most 100 letters.", hint="Write a name.")
    return said


def _mine(asking: Caller, view: UUID) -> SavedView:
    row = SavedView.objects.filter(pk=view, user_id=_user(asking)).first()
    if row is None:
        raise NotFound("There is no such view among yours.", hint="It may have been removed already.")
    return row
