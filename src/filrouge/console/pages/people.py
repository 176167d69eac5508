"""People: search, one person's page, why their records are one, and the page that opens when the phone rings."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from filrouge.base import clock
from filrouge.base.errors import UsageError
from filrouge.base.text import whole
from filrouge.console import (
    actions,
    acts,
    advice,
    calls,
    documents,
    layers,
    lines,
    moments,
    names,
    people,
    scores,
    searches,
    verdicts,
)
from filrouge.console.context import places_like
from filrouge.console.errors import recalled, sentence
from filrouge.console.pages import newcomers
from filrouge.console.templatetags import say
from filrouge.console.who import caller, opens_pages
from filrouge.domain.identity.keys import phone_key
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries import moments as threads
from filrouge.store.queries import moving
from filrouge.store.queries import people as found
from filrouge.store.queries import search as finding
from filrouge.work import access, lookups, scores_at_hand
from filrouge.work import actions as ranked
from filrouge.work import segments as segmented

PAGE = 30
DAYS = 40  # days of the thread shown at first
OLDER = 100  # moments shown at each further step


@login_required
def anything(request: HttpRequest) -> HttpResponse:
    """Answer the search of every page: people for those who open their pages, places of the console for all."""
    asking, typed = caller(request), request.GET.get("q", "").strip()[:200]
    partial = "HX-Request" in request.headers
    if asking.opens_pages() and not partial:
        return search(request)
    context: dict[str, Any] = {"typed": typed, "found_places": places_like(request, typed)}
    if not partial:
        if typed and len(context["found_places"]) == 1:
            return redirect(context["found_places"][0]["address"])
        return render(request, "console/places.html", context)
    if asking.opens_pages():
        hits = found.search(typed, asking, limit=8, at=clock.now())
        context |= {"found_people": lines.of(hits), "found_views": searches.views(asking, like=typed)}
    return render(request, "console/parts/palette.html", context)


@login_required
def search(request: HttpRequest) -> HttpResponse:
    """Find people by name, e-mail, phone or any number, and by filters."""
    asking = opens_pages(request)
    told, fault = finding.Found(), ""
    text, filters = searches.asked(request.GET.dict())
    try:
        told = finding.find(
            text, filters, asking, limit=PAGE, after=str(whole(request.GET.get("after", "")) or ""), at=clock.now()
        )
    except UsageError as error:
        fault = " ".join(part for part in sentence(error) if part)
    only = told.hits[0] if len(told.hits) == 1 and not filters.any else None
    if only is not None and only.matched != "name" and only.score == 1:
        return redirect("person", person_id=only.id)
    query = searches.query(text, filters)
    views, choices = searches.views(asking, current=query), searches.choices(asking)
    return render(
        request,
        "console/people/search.html",
        {
            "asked": text,
            "filters": filters,
            "fault": fault,
            "hits": lines.of(told.hits, place=filters.place),
            "told": told,
            "query": query,
            "hidden": [(name, value) for name, value in {"q": text, **filters.plain()}.items() if value],
            "key": [slug for slug, _name in choices["brands"] if any(slug in hit.brands for hit in told.hits)],
            "views": views,
            "view": next((view for view in views if view["current"]), None),
            "may_create": asking.has("advisor", "sales"),
            **choices,
        },
        status=422 if fault else 200,
    )


@login_required
def show(request: HttpRequest, person_id: str) -> HttpResponse:
    """Show one person as the reader may see them."""
    asking = caller(request)
    mark = moving.mark(moving.Watched(person_id)) if access.is_id(person_id) else ""
    page = access.person(asking, person_id)
    if page.redirected_from:
        return redirect("person", person_id=page.view.id)
    if "HX-Request" in request.headers and request.GET.get("after"):
        return render(request, "console/people/thread.html", {"added": True} | thread(request, page, asking))
    return render(
        request, "console/people/person.html", context(request, page, asking) | {"mark": mark} | asked(page, asking)
    )


@login_required
def looked_up(request: HttpRequest, person_id: str) -> HttpResponse:
    """Say whether the systems asked when the page was opened have answered; htmx asks until they have."""
    asking = caller(request)
    page = access.person(asking, person_id)
    return render(request, "console/people/asked.html", {"person": page.view} | asked(page, asking))


def asked(page: found.Page, asking: Caller) -> dict[str, Any]:
    """Have the systems asked that can be, and return what the page says of it."""
    told = lookups.ask(asking, page)
    named = [names.system(system, source) for system, source in told.systems]
    return {"asked": told, "asked_of": named, "asked_trouble": recalled(told.trouble) if told.trouble else ""}


@login_required
def inside(request: HttpRequest, person_id: str) -> HttpResponse:
    """Show the segments that a person is in; asked for once their page stands, it never holds it up."""
    asking = caller(request)
    page = access.person(asking, person_id)
    context = {"person": page.view, "inside": segmented.of_person(asking, page.view.id)}
    partial = "HX-Request" in request.headers
    return render(request, f"console/people/{'inside_part' if partial else 'inside'}.html", context)


@login_required
def by_phone(request: HttpRequest, e164: str) -> HttpResponse:
    """Open whoever calls: the person, a choice when several share the number, a form when nobody has it."""
    asking = opens_pages(request)
    if not phone_key(e164):  # a hidden number comes as a word
        return render(request, "console/people/calling.html", {"number": ""})
    hits = found.by_phone(e164, asking, at=clock.now())
    if len(hits) == 1:
        return redirect("person", person_id=hits[0].id)
    may_create = asking.has("advisor", "sales")
    if not hits and may_create:
        typed = dict.fromkeys(newcomers.FIELDS, "") | {"phone": say.phone(e164)}
        return render(request, "console/people/new.html", {"calling": say.phone(e164)} | newcomers.form(asking, typed))
    return render(
        request,
        "console/people/calling.html",
        {"number": say.phone(e164), "hits": lines.of(hits), "may_create": may_create},
    )


def context(request: HttpRequest, page: found.Page, asking: Caller) -> dict[str, Any]:
    """Return what the person page shows, as asked by its filters and its tab."""
    person = page.view
    tab = request.GET.get("tab", "")
    now = clock.now()
    at_hand = scores_at_hand.shown(asking, person.id)
    ranking = ranked.told(asking, page, scores=at_hand, at=now)
    may_write = asking.has("advisor", "sales")
    may_correct = may_write or asking.has("privacy")
    shown: dict[str, Any] = {
        "person": person,
        "woman": people.woman(person),
        "records_said": people.records_said(person),
        "records_url": reverse("person-records", args=[person.id]),
        "settling": verdicts.settling([record.key for record in person.records]),
        "alerts": advice.told(person.alerts),
        "to_say": actions.lines(ranking, person.id, asking),
        "unsaid": actions.unsaid(ranking),
        "scores": scores.lines(person.id, asking, told=at_hand),
        "permissions": people.permissions(page, now),
        "systems": people.systems(page),
        "erase_url": reverse("erase", args=[person.id]) if asking.has("privacy") else "",
        "facts": people.facts(person),
        "roles": people.roles(person),
        "running": people.running(person),
        "household": layers.members(page.household),
        "acts": acts.due(page, asking),
        "forbidding": acts.forbidding(page),
        "notes": acts.notes(page, asking),
        "may_write": may_write,
        "call": calls.now(page, asking, direction=request.GET.get("call", ""), at=now) if may_write else {},
        "entities": people.entities(person, asking),
        "correct_base": f"{reverse('person', args=[person.id])}/correct/" if may_correct else "",
        "tabs": people.tabs(person),
        "tab": tab if tab in documents.TABLES else "",
    }
    if shown["tab"]:
        return shown | documents.table(person, shown["tab"])
    return shown | thread(request, page, asking)


def thread(request: HttpRequest, page: found.Page, asking: Caller) -> dict[str, Any]:
    """Return the timeline, narrowed by the filters asked for: its latest days, or what follows a place in it."""
    person, after = page.view, request.GET.get("after", "")
    asked = {name: request.GET.get(name, "") for name in ("kind", "brand", "channel")}
    keep = moments.keeps(group=asked["kind"], brand=asked["brand"], channel=asked["channel"])
    if after:
        told = threads.stretch(page, asking.perimeter, after=after, limit=OLDER, keep=keep)
    else:
        told = threads.first(page, keep=keep, day=moments.local_day, most=DAYS)
    return {
        "days": moments.days(told.moments),
        "after": after,
        "older": told.next,
        "groups": [(key, label) for key, (label, _kinds) in moments.GROUPS.items()],
        "channels": sorted({moment.channel for moment in person.moments if moment.channel}),
        "chosen": asked | {"any": any(asked.values())},
    }
