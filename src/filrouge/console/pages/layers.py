"""Who lives with whom and who works where, put right by people; no person, record or link changes."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from filrouge.base import clock
from filrouge.base.errors import UsageError
from filrouge.console import layers
from filrouge.console import lines as lines_of
from filrouge.console.pages.acting import act, done
from filrouge.console.who import caller
from filrouge.domain.privacy.caller import Caller
from filrouge.store.live import Live
from filrouge.store.queries import companies
from filrouge.store.queries import households as reads
from filrouge.store.queries import people as found
from filrouge.store.queries import roles as held
from filrouge.work import access, households, roles

PAGE = 12


@login_required
def household(request: HttpRequest, person_id: str) -> HttpResponse:
    """Show who lives with a person and why; look for somebody who does too."""
    asking = caller(request)
    page = access.person(asking, person_id)
    asked = request.GET.get("q", "").strip()[:200]
    known = {page.view.id, *(member.id for member in page.household)}
    hits = found.search(asked, asking, limit=PAGE + len(known), at=clock.now()) if asked else []
    return render(
        request,
        "console/people/household.html",
        {
            "person": page.view,
            "members": layers.members(page.household),
            "decisions": layers.said(reads.told(Live(), page.view.id, asking), page.view.id, asking),
            "may_write": _writes(asking),
            "asked": asked,
            "hits": [line for line in lines_of.of(hits) if line["id"] not in known][:PAGE],
        },
    )


@act
def away(request: HttpRequest, person_id: str) -> HttpResponse:
    gesture = households.away(caller(request), person_id, reason=request.POST.get("reason", ""))
    return _home(request, person_id, _("Kept: this person does not live here."), gesture)


@act
def lives_with(request: HttpRequest, person_id: str) -> HttpResponse:
    gesture = households.lives_with(caller(request), person_id, request.POST.get("other", ""))
    return _home(request, person_id, _("Kept: these people live together."), gesture)


@act
def undo_household(request: HttpRequest, gesture: UUID) -> HttpResponse:
    households.undo(caller(request), str(gesture))
    return done(request, _("Taken back: the household is as before."))


def _home(request: HttpRequest, person_id: str, told: str, gesture: str) -> HttpResponse:
    undo = reverse("household-undo", args=[gesture])
    return done(request, told, undo=undo, to=reverse("person-household", args=[person_id]))


@login_required
def works(request: HttpRequest, person_id: str) -> HttpResponse:
    """Show where a person works; look for a company where they do too."""
    asking = caller(request)
    page = access.person(asking, person_id)
    asked = request.GET.get("q", "").strip()[:200]
    return render(
        request,
        "console/people/roles.html",
        {
            "person": page.view,
            "roles": layers.roles(page.view.roles),
            "decisions": layers.said_of_roles(held.told(Live().aliases(page.view.id), asking)),
            "may_write": _writes(asking),
            "asked": asked,
            "firms": companies.search(asked, asking, limit=PAGE) if asked else [],
            "today": clock.now().date(),
        },
    )


@act
def add_role(request: HttpRequest, person_id: str) -> HttpResponse:
    posted: Any = request.POST
    row = roles.add(
        caller(request), person_id, posted.get("company", ""), posted.get("role", ""), since=_day(posted.get("since"))
    )
    return _job(request, person_id, _("Kept: this person works there."), str(row.pk))


@act
def end_role(request: HttpRequest, person_id: str) -> HttpResponse:
    posted: Any = request.POST
    row = roles.end(
        caller(request), person_id, posted.get("company", ""), posted.get("role", ""), until=_day(posted.get("until"))
    )
    return _job(request, person_id, _("Kept: this role has ended."), str(row.pk))


@act
def undo_role(request: HttpRequest, correction: UUID) -> HttpResponse:
    roles.undo(caller(request), str(correction))
    return done(request, _("Taken back: the role is as before."))


def _job(request: HttpRequest, person_id: str, told: str, key: str) -> HttpResponse:
    undo = reverse("role-undo", args=[key])
    return done(request, told, undo=undo, to=reverse("person-roles", args=[person_id]))


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError("This is not a date.", hint="Choose a day in the calendar.") from None


def _writes(asking: Caller) -> bool:
    return asking.has(*access.WRITERS)
