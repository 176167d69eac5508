"""Acquisitions: each with its clock, and one in full: checklist, systems, consents, who was known already."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from filrouge.base import clock
from filrouge.base.errors import Conflict, NotFound, Refused, UsageError
from filrouge.console import acquisitions as told
from filrouge.console import names, slips, words
from filrouge.console.errors import sentence
from filrouge.console.pages.acting import act, done
from filrouge.console.templatetags import say as shown
from filrouge.console.who import require
from filrouge.domain.acquisitions import NATURES
from filrouge.domain.kpis import INTEGRATE_WITHIN
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries import acquisitions as found
from filrouge.work import acquisitions as works

FIELDS = ("name", "nature", "parent", "entity", "brands", "systems", "started_on", "target_on", "owner")


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List the acquisitions, with the time to integrate."""
    asking, now = require(request, *found.READERS), clock.now()
    rows, today = found.acquisitions(asking), _today()
    lines = [told.line(found.checklist(row, at=now), today=today) for row in rows]
    context = {
        "lines": lines, "figure": found.figure(rows, today=today), "wanted": INTEGRATE_WITHIN,
        "may_start": asking.has(*found.KEEPERS) and bool(found.buyers(asking)),
    }  # fmt: skip
    return render(request, "console/acquisitions/index.html", context)


@login_required
def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show one acquisition: every step, and what the installation says."""
    asking, now = require(request, *found.READERS), clock.now()
    row = found.acquisition(name, asking)
    whole, today = found.checklist(row, at=now), _today()
    overlap = found.overlap(row, asking)
    said = found.consents(row, asking)
    states = sorted({state for _channel, held in said or () for state in held}, key=_rank)
    context = {
        "row": row, "line": told.line(whole, today=today), "steps": told.steps(whole, asking, today=today),
        "systems": told.systems(whole.facts, asking), "agreements": told.agreed(whole.facts, row.entity),
        "asked": told.asked(row) if said is not None else [], "leaks": whole.facts.leaks,
        "consents": [(channel, [held.get(state, 0) for state in states]) for channel, held in said or ()],
        "states": states, "closed": said is None,
        "overlap": told.overlap(overlap), "unseen": _unseen(row, overlap),
        "open": [one for one in whole.lines if one.state not in ("done", "without")],
        "live_open": [words.say(code, "acquisition_step") for code in row.live_open],
        "may_keep": found.acts(asking, row, *found.KEEPERS) and asking.has(*found.KEEPERS),
        "owners": [(str(one.pk), one.name) for one in found.owners()],
        "share": row.nature == "share",
    }  # fmt: skip
    return render(request, "console/acquisitions/acquisition.html", context)


@login_required
def overlap(request: HttpRequest, name: str) -> HttpResponse:
    """Show who was known already, brand by brand, and by what."""
    asking = require(request, *found.READERS)
    row = found.acquisition(name, asking)
    lines = found.overlap(row, asking)
    context = {
        "row": row, "overlap": told.overlap(lines), "people": found.people_of(row, asking),
        "unseen": _unseen(row, lines),
    }  # fmt: skip
    return render(request, "console/acquisitions/overlap.html", context)


@login_required
def as_csv(request: HttpRequest, name: str) -> HttpResponse:
    """Hand over who was known already, in sums, as a table."""
    asking = require(request, *found.READERS)
    row = found.acquisition(name, asking)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="overlap-{row.slug}-{_today():%Y-%m-%d}.csv"'
    answer["Cache-Control"] = "no-store"
    answer.write("\N{BYTE ORDER MARK}")
    writer = csv.writer(answer, delimiter=";")
    writer.writerow([_("Brand bought"), _("Other brand"), _("Kind"), _("By"), _("People")])
    for line in told.overlap(found.overlap(row, asking)):
        pair = [names.brand(line["brand"]).name, names.brand(line["other"]).name]
        writer.writerow([*pair, _("known to both"), "", line["people"]])
        writer.writerows([*pair, _("joined by"), kind, count] for kind, count in line["evidence"])
        if line["through"]:
            writer.writerow([*pair, _("joined by"), _("a record of a third brand"), line["through"]])
        writer.writerows([*pair, _("decided by"), code, count] for code, count in line["decided"])
        writer.writerow([*pair, _("doubtful pairs that wait"), "", line["reviews"]])
    return answer


@login_required
@slips.once
def new(request: HttpRequest) -> HttpResponse:
    """Start an acquisition from an empty form."""
    return _form(request, require(request, *found.KEEPERS), None)


@login_required
@slips.once
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change an acquisition."""
    asking = require(request, *found.KEEPERS)
    return _form(request, asking, found.acquisition(name, asking))


@act
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Remove an acquisition."""
    works.remove(require(request, *found.KEEPERS), name)
    return done(request, _("The acquisition is removed."), to=reverse("acquisitions"))


@act
def measure(request: HttpRequest, name: str) -> HttpResponse:
    """Count an acquisition anew."""
    works.measure(require(request, *found.READERS), name)
    return done(request, _("Counted."))


@act
def say(request: HttpRequest, name: str, code: str) -> HttpResponse:
    """Say that a step is done, or does not apply; empty, take it back."""
    asking, state = require(request, *found.READERS), request.POST.get("state", "")
    works.say(asking, name, code, state, note=request.POST.get("note", ""))
    undo = "" if state == "" else reverse("acquisition-step", args=[name, code])
    told_so = _("Said.") if state else _("Taken back: the step is open again.")
    return done(request, told_so, undo=undo, to=reverse("acquisition", args=[name]) + f"#{code}")


@act
def entrust(request: HttpRequest, name: str, code: str) -> HttpResponse:
    """Say who has a step in hand, and until when."""
    asking = require(request, *found.READERS)
    works.entrust(asking, name, code, owner=request.POST.get("owner", ""), due_on=_day(request.POST.get("due", "")))
    return done(request, _("Kept."), to=reverse("acquisition", args=[name]) + f"#{code}")


@act
def go_live(request: HttpRequest, name: str) -> HttpResponse:
    """Say that it is live."""
    row = works.go_live(require(request, *found.READERS), name, reason=request.POST.get("reason", ""))
    undo = reverse("acquisition-back", args=[name])
    return done(request, _("%(name)s is live: its clock stops.") % {"name": row.name}, undo=undo)


@act
def take_back(request: HttpRequest, name: str) -> HttpResponse:
    """Take back that it is live."""
    row = works.take_back(require(request, *found.READERS), name)
    return done(request, _("%(name)s is no longer live: its clock runs again.") % {"name": row.name})


def _form(request: HttpRequest, asking: Caller, row: Any) -> HttpResponse:
    about = _said(request) if request.method == "POST" else _about(row)
    faults: list[str] = []
    if request.method == "POST":
        try:
            return _kept(request, asking, row, about)
        except (UsageError, Refused, Conflict, NotFound) as error:
            faults = [" ".join(part for part in sentence(error) if part)]
    context = {
        "row": row, "about": about, "faults": faults,
        "buyers": [(one.slug, one.name) for one in found.buyers(asking)],
        "natures": [(code, words.say(code, "nature")) for code in NATURES],
        "owners": [(str(one.pk), one.name) for one in found.owners()],
        **_choices(about),
    }  # fmt: skip
    return render(request, "console/acquisitions/form.html", context, status=422 if faults else 200)


def _said(request: HttpRequest) -> dict[str, str]:
    """Return what the form says: an entity or brands that are not here yet are written, the others chosen."""
    said = {name: request.POST.get(name, "") for name in FIELDS}
    said["entity"] = request.POST.get("entity_new", "").strip() or said["entity"]
    said["brands"] = ", ".join([*request.POST.getlist("brand"), *filter(None, [said["brands"].strip()])])
    return said


def _choices(about: dict[str, str]) -> dict[str, Any]:
    """Return the entities and brands that are known here, and what the form says of others."""
    known, said = found.known(), about["brands"].replace(",", " ").split()
    entities, here = {row.slug for row, _brands in known}, {one.slug for _row, held in known for one in held}
    return {
        "entities": [(row.slug, row.name) for row, _brands in known],
        "entity_new": "" if about["entity"] in entities else about["entity"],
        "brands": [(row.name, [(one.slug, one.name, one.slug in said) for one in held]) for row, held in known if held],
        "brands_new": ", ".join(slug for slug in said if slug not in here),
    }


def _about(row: Any) -> dict[str, str]:
    if row is None:
        today = _today()
        return dict.fromkeys(FIELDS, "") | {
            "nature": "share", "started_on": told.day(today),
            "target_on": told.day(today + timedelta(days=INTEGRATE_WITHIN)),
        }  # fmt: skip
    return {
        "name": row.name, "nature": row.nature, "parent": row.parent, "entity": row.entity,
        "brands": ", ".join(row.brands),
        "systems": "\n".join(f"{one['name']}: {one['title']}" for one in row.systems),
        "started_on": told.day(row.started_on), "target_on": told.day(row.target_on), "owner": str(row.owner_id or ""),
    }  # fmt: skip


def _kept(request: HttpRequest, asking: Caller, row: Any, about: dict[str, str]) -> HttpResponse:
    started, target = _day(about["started_on"]), _day(about["target_on"])
    if started is None or target is None:
        raise UsageError("Say when it started and when it should be live.", hint="Choose two days in the calendar.")
    said: dict[str, Any] = {
        "name": about["name"], "nature": about["nature"], "parent": about["parent"], "entity": about["entity"].strip(),
        "brands": about["brands"].replace(",", " ").split(), "systems": _systems(about["systems"]),
        "started_on": started, "target_on": target, "owner": about["owner"],
    }  # fmt: skip
    if row is None:
        row = works.start(asking, slugify(about["name"])[:50].strip("-_") or "acquisition", **said)
        return done(request, _("The checklist is kept."), to=reverse("acquisition", args=[row.slug]))
    works.change(asking, row.slug, **said)
    return done(request, _("The change is kept."), to=reverse("acquisition", args=[row.slug]))


def _systems(text: str) -> list[dict[str, str]]:
    """Return the systems written one a line, as ``crm: The CRM`` or a title alone."""
    found_here = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, colon, title = line.partition(":")
        found_here.append({"name": slugify(name).replace("-", "_"), "title": title.strip() if colon else line})
    return found_here


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UsageError("This is not a date.", hint="Choose a day in the calendar.") from None


def _unseen(row: Any, lines: list[dict[str, Any]]) -> int:
    """Return how many pairs of brands share people and are not open to the reader."""
    return len(row.figures.get("overlap", ())) - sum(bool(one["people"]) for one in lines)


def _today() -> date:
    return clock.now().astimezone(shown.zone()).date()


def _rank(state: str) -> int:
    order = ("granted", "denied", "withdrawn", "objected", "restricted")
    return order.index(state) if state in order else len(order)
