"""Rules that make follow-ups: listed, written, tried before they are kept, switched off."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from filrouge.base import clock
from filrouge.base.errors import DefinitionError, Refused, UsageError
from filrouge.console import followup_rules as said
from filrouge.console import names, segments, slips, words
from filrouge.console.errors import recalled, sentence
from filrouge.console.pages.acting import act, done
from filrouge.console.who import require
from filrouge.domain.followups.rules import WHEN
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries import followup_rules as found
from filrouge.store.queries import people
from filrouge.store.queries import segments as grouped
from filrouge.work import followup_rules as works
from filrouge.work import segments as built


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List the rules that the reader may know of."""
    asking = require(request, *found.READERS)
    titles = _titles(asking)
    lines = [
        {
            "row": row,
            "when": said.sentence(row.spec, titles),
            "whose": said.whose(row.spec),
            "open": found.open_of(row.name),
            "trouble": recalled(row.trouble) if row.trouble else "",
            "may": found.reads(asking, row, *found.RULERS),
        }
        for row in found.rules(asking)
    ]
    context = {"lines": lines, "may_write": asking.has(*found.RULERS), "whens": _whens()}
    return render(request, "console/followups/rules.html", context)


@login_required
@slips.once
def write(request: HttpRequest, name: str = "") -> HttpResponse:
    """Write a rule, or change one: try what it would make, then keep it."""
    asking = require(request, *found.RULERS)
    row = found.rule(asking, name, *found.RULERS) if name else None
    when = str(row.spec["when"]) if row else request.GET.get("when", "")
    when = when if when in WHEN else WHEN[0]
    typed: dict[str, Any] = {**said.DEFAULTS, **({name: str(value) for name, value in row.spec.items()} if row else {})}
    typed |= {"title": row.title, "place": f"{row.entity} {row.brand}".strip()} if row else {"title": "", "place": ""}
    faults: list[str] = []
    tried = None
    if request.method == "POST":
        typed = {key: str(value) for key, value in request.POST.items()}
        entity, _space, brand = typed.get("place", "").partition(" ")
        spec = said.typed(typed, when)
        try:
            if typed.get("do") == "try":
                tried = works.attempt(asking, spec, entity=entity, brand=brand, name=name)
            else:
                kept = works.keep(asking, spec, title=typed.get("title", ""), entity=entity, brand=brand, name=name)
                told = _("The rule is kept; it is worked every hour.")
                return done(request, told, to=reverse("followup-rules") + f"#{kept.name}")
        except DefinitionError as error:
            faults = [fault.partition(": ")[2] or fault for fault in error.faults_said(_)]
        except (UsageError, Refused) as error:
            faults = [" ".join(part for part in sentence(error) if part)]
    context = {
        "row": row,
        "when": when,
        "when_said": words.say(when, "rule_when"),
        "whens": _whens(),
        "typed": typed,
        "faults": faults,
        "on_behalf": [(f"{entity} {brand}".strip(), _place(entity, brand)) for entity, brand in found.places(asking)],
        "segments": sorted(_titles(asking).items(), key=lambda pair: pair[1]) if when == "segment" else [],
        "scores": [(one, segments.score_name(one)) for one in built.scores()] if when == "score" else [],
        "kinds": [(code, words.say(code, "followup")) for code in ("call", "email", "visit", "task")],
        "purposes": [(code, words.say(code, "purpose")) for code in ("service", "contract", "marketing")],
        "tried": tried,
        "held": said.held(tried.held) if tried else [],
        "sample": _sample(tried, asking),
    }
    return render(request, "console/followups/rule.html", context, status=422 if faults else 200)


@act
def switch(request: HttpRequest, name: str) -> HttpResponse:
    on = request.POST.get("on", "") == "1"
    works.switch(require(request, *found.RULERS), name, on=on)
    return done(request, _("The rule is on.") if on else _("The rule is off: it makes nothing more."))


@act
def remove(request: HttpRequest, name: str) -> HttpResponse:
    works.remove(require(request, *found.RULERS), name)
    return done(request, _("The rule is deleted; what it made stays."), to=reverse("followup-rules"))


def _whens() -> list[tuple[str, str]]:
    return [(code, words.say(code, "rule_when")) for code in WHEN]


def _titles(asking: Caller) -> dict[str, str]:
    return {row.name: row.title for row in grouped.segments(asking)}


def _place(entity: str, brand: str) -> str:
    return f"{names.entity(entity)}, {names.brand(brand).name}" if brand else names.entity(entity)


def _sample(tried: works.Tried | None, asking: Caller) -> list[dict[str, Any]]:
    """Return some of those whom a rule would be for, as far as the reader opens their pages."""
    if tried is None or not asking.opens_pages():
        return []
    lines = []
    for one in tried.due[:10]:
        seen = people.named(one.person, asking, at=clock.now())
        if seen is not None:
            lines.append({"id": one.person, "name": seen.name, "amount": one.amount, "currency": one.currency})
    return lines
