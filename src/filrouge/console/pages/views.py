"""Saved views of people: kept, renamed, removed."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from filrouge.console import searches
from filrouge.console.pages.acting import act, done
from filrouge.console.who import opens_pages
from filrouge.work import views


@act
def keep(request: HttpRequest) -> HttpResponse:
    """Keep the search that the form stands below."""
    text, filters = searches.asked(request.POST.dict())
    row = views.keep(opens_pages(request), searches.PAGE, request.POST.get("name", ""), searches.query(text, filters))
    return done(request, _("The view “%(name)s” is kept.") % {"name": row.name}, to=_to(row.query))


@act
def rename(request: HttpRequest, view_id: UUID) -> HttpResponse:
    row = views.rename(opens_pages(request), view_id, request.POST.get("name", ""))
    return done(request, _("The view is now called “%(name)s”.") % {"name": row.name}, to=_to(row.query))


@act
def remove(request: HttpRequest, view_id: UUID) -> HttpResponse:
    row = views.remove(opens_pages(request), view_id)
    return done(request, _("The view “%(name)s” is removed.") % {"name": row.name}, to=_to(row.query))


def _to(query: str) -> str:
    return f"{reverse('people')}?{query}"
