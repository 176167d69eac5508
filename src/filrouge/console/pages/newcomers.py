"""A new person: somebody calls whom nobody knows yet; who they may already be is shown before they are created."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from filrouge.base import clock
from filrouge.base.errors import Conflict, Refused, UsageError
from filrouge.base.text import fold
from filrouge.console import lines
from filrouge.console.errors import sentence
from filrouge.console.pages.acting import done
from filrouge.console.slips import once
from filrouge.console.who import require
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries import group
from filrouge.store.queries import people as found
from filrouge.work import people

FIELDS = ("given_name", "family_name", "email", "phone", "entity", "brand")


@login_required
@once
def new(request: HttpRequest) -> HttpResponse:
    """Ask who they are; show who they may already be; create them."""
    asking = require(request, "advisor", "sales")
    given = request.POST if request.method == "POST" else request.GET
    typed = {name: given.get(name, "").strip()[:300] for name in FIELDS}
    context: dict[str, Any] = {"calling": "", "alike": (), "fault": "", "checked": ""}
    if request.method == "POST":
        mark = _mark(typed)
        name = f"{typed['given_name']} {typed['family_name']}"
        alike = found.alike(name, typed["email"], typed["phone"], asking, at=clock.now())
        if alike and given.get("checked") != mark:
            context |= {"alike": lines.of(alike), "checked": mark}
        else:
            try:
                made = people.create(asking, people.Newcomer(**typed))
            except (UsageError, Refused, Conflict) as error:
                context["fault"] = " ".join(part for part in sentence(error) if part)
            else:
                return done(request, _("The person is created."), to=reverse("person", args=[made.id]))
    return render(
        request, "console/people/new.html", context | form(asking, typed), status=422 if context["fault"] else 200
    )


def form(asking: Caller, typed: dict[str, str]) -> dict[str, Any]:
    """Return what the form of a new person shows: what was typed, and on whose behalf one may write."""
    sees = asking.perimeter
    entities = [row for row in group.entities() if row.slug in sees.acting or sees.everything]
    brands = [row for row in group.brands() if any(sees.sees(entity.slug, row.slug) for entity in entities)]
    return {
        "typed": typed,
        "entities": [(row.slug, row.name) for row in entities],
        "brands": [(row.slug, row.name) for row in brands],
    }


def _mark(typed: dict[str, str]) -> str:
    """Return the words by which somebody was looked for: changed, they are looked for again."""
    return "|".join(fold(typed[name]) for name in ("given_name", "family_name", "email", "phone"))
