"""The group: its legal entities, their brands, and what one entity opens to another."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from filrouge.base import clock
from filrouge.base.errors import UsageError
from filrouge.console import names, words
from filrouge.console.pages.acting import act, done
from filrouge.console.templatetags.say import zone
from filrouge.console.who import require
from filrouge.domain.privacy.perimeter import CATEGORIES, PURPOSES
from filrouge.store.queries import group as found
from filrouge.work import declaring

ASKED = ("add", "slug", "name", "entity")  # what another page may fill in


@login_required
def show(request: HttpRequest) -> HttpResponse:
    """Show the entities with their brands, and the agreements in force and ended."""
    asking = require(request, *found.READERS)
    brands, agreements = found.brands(), found.agreed(asking)
    opens, now = {row.slug for row in found.may_open(asking)}, clock.now()
    lines = [
        {
            "row": row,
            "later": row.valid_from > now,
            "may_end": bool({row.giver.slug, row.receiver.slug} & opens),
        }
        for row in agreements
        if found.stands(row)
    ]
    context = {
        "entities": [(row, [one for one in brands if one.entity_id == row.pk]) for row in found.entities()],
        "agreements": lines, "ended": [row for row in agreements if not found.stands(row)],
        "may_add": found.may_add_entities(asking), "may_brand": found.may_add_brands(asking),
        "may_open": found.may_open(asking), "every": found.entities(),
        "asked": {name: request.GET.get(name, "")[:200] for name in ASKED},
        "purposes": [(code, words.say(code, "purpose")) for code in PURPOSES],
        "categories": [("*", _("everything")), *((code, words.say(code, "category")) for code in CATEGORIES)],
    }  # fmt: skip
    return render(request, "console/group/group.html", context)


@act
def add_entity(request: HttpRequest) -> HttpResponse:
    """Declare a legal entity."""
    asking, name = require(request, *found.READERS), request.POST.get("name", "")
    row = declaring.entity(asking, _slug(request), name, registration_id=request.POST.get("registration_id", ""))
    names.forget()
    return done(request, _("%(name)s is declared.") % {"name": row.name}, to=reverse("group"))


@act
def add_brand(request: HttpRequest) -> HttpResponse:
    """Declare a brand."""
    asking, said = require(request, *found.READERS), request.POST
    row = declaring.brand(
        asking, _slug(request), said.get("name", ""), said.get("entity", ""), colour=said.get("colour", "")
    )
    names.forget()
    return done(request, _("%(name)s is declared.") % {"name": row.name}, to=reverse("group"))


@act
def agree(request: HttpRequest) -> HttpResponse:
    """Declare what an entity opens to another."""
    asking, said = require(request, *found.READERS), request.POST
    row = declaring.share(
        asking, said.get("giver", ""), said.get("receiver", ""), category=said.get("category", ""),
        purpose=said.get("purpose", ""), evidence=said.get("evidence", ""), start=_begins(said.get("start", "")),
        until=_day(said.get("until", "")),
    )  # fmt: skip
    told = _("%(giver)s opens its data to %(receiver)s.")
    return done(request, told % {"giver": row.giver.name, "receiver": row.receiver.name}, to=reverse("group"))


@act
def end(request: HttpRequest, key: Any) -> HttpResponse:
    """End an agreement now."""
    row = declaring.end(require(request, *found.READERS), str(key))
    told = _("The agreement has ended: what it opened is shut.")
    if found.still_open(row):
        told = _("The agreement has ended. Another one still opens data to the same entity for the same purpose.")
    return done(request, told, to=reverse("group"))


def _slug(request: HttpRequest) -> str:
    """Return the short name that was written, or one made of the name."""
    return request.POST.get("slug", "").strip() or slugify(request.POST.get("name", ""))[: declaring.LONGEST].strip("-")


def _begins(text: str) -> datetime | None:
    """Return the beginning of a day; now for today, which has begun."""
    day = _day(text)
    return None if day is None or day.date() == clock.now().astimezone(zone()).date() else day


def _day(text: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        return datetime.combine(datetime.fromisoformat(text).date(), time(), zone())
    except (ValueError, OverflowError):
        raise UsageError("This is not a date.", hint="Choose a day in the calendar.") from None
