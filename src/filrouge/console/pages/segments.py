"""Segments: listed, written line by line while their number is counted, built, and asked why this person is in."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from filrouge.base import clock
from filrouge.base.errors import Conflict, DefinitionError, FilrougeError, Refused, UsageError
from filrouge.console import building, controls, pushes, segments, slips, words
from filrouge.console.errors import sentence
from filrouge.console.pages.acting import act, done
from filrouge.console.who import require
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries import people
from filrouge.store.queries import pushes as given
from filrouge.store.queries import segment_choices as choices
from filrouge.store.queries import segments as found
from filrouge.work import segments as works

ADDED = tuple(kind for kind in building.KINDS)


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List the segments that the reader may know of."""
    asking = require(request, *found.READERS)
    rows = found.segments(asking)
    return render(request, "console/segments/index.html", {"rows": rows, "may_write": asking.has(*found.WRITERS)})


@login_required
@slips.once
def new(request: HttpRequest) -> HttpResponse:
    """Write a segment from an empty page."""
    return _build(request, require(request, *found.WRITERS), None)


@login_required
@slips.once
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change a segment: its next version."""
    asking = require(request, *found.WRITERS)
    return _build(request, asking, found.segment(name, asking, *found.WRITERS))


@login_required
def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show a segment: how many, how it grew, what it says, who is in it."""
    asking = require(request, *found.READERS)
    row = found.segment(name, asking)
    days = found.growth(row)
    draft = building.drafted(row.spec)
    context: dict[str, Any] = {
        "row": row,
        "draft": draft,
        "sentences": segments.sentences(draft, _known(asking, row)),
        "curve": segments.curve(days),
        "days": days[::-1][:14],
        "versions": found.versions(row),
        "dependants": found.dependants(name),
        "pushes": _given(asking, name),
        "others": [one for one in found.segments(asking) if one.name != name],
        "may_write": asking.has(*found.WRITERS) and found.reads(asking, row.entity, row.brand, *found.WRITERS),
        "opens": asking.opens_pages(),
    }
    if (other := request.GET.get("with", "")) and any(one.name == other for one in context["others"]):
        context |= {"with": other, "overlap": works.overlap(asking, name, other)}
    return render(request, "console/segments/segment.html", context)


@login_required
def told(request: HttpRequest, name: str) -> HttpResponse:
    """Count a segment that is kept: how many now, ten of them, who is left out; asked for by its page."""
    asking = require(request, *found.READERS)
    return _counted(request, name, lambda: works.count(asking, name))


@login_required
def why(request: HttpRequest, name: str, person: str) -> HttpResponse:
    """Say why somebody is in a segment or out of it, rule by rule, and since when."""
    asking = require(request, *found.READERS)
    row = found.segment(name, asking)
    answer = works.why(asking, name, person)
    lines = segments.reasons(answer.told, _known(asking, row))
    seen = people.named(answer.person, asking, at=clock.now())
    context = {"row": row, "answer": answer, "lines": lines, "person": answer.person, "name": seen.name if seen else ""}
    return render(request, "console/segments/why.html", context)


@act
def build(request: HttpRequest, name: str) -> HttpResponse:
    """Have the worker build a segment now."""
    works.ask(require(request, *found.WRITERS), name)
    return done(request, _("The segment is being built."), to=reverse("segment", args=[name]))


@act
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Delete a segment; what rests on it is told, and then nothing is deleted."""
    works.remove(require(request, *found.WRITERS), name)
    return done(request, _("The segment is deleted."), to=reverse("segments"))


def _given(asking: Caller, name: str) -> list[dict[str, Any]]:
    rows = given.pushes(asking, segment=name)
    last = given.last_runs(rows)
    return [pushes.line(row, last.get(row.name)) for row in rows]


# --- the builder ------------------------------------------------------------------------------------------------------


def _build(request: HttpRequest, asking: Caller, row: Any) -> HttpResponse:
    said = request.POST if request.method == "POST" else None
    do = said.get("do", "") if said is not None else ""
    if said is None:
        draft = building.drafted(row.spec) if row is not None else building.read({})
    else:
        draft = building.read(said)
        what, _colon, place = do.partition(":")
        if what in ("add", "group"):
            do = f"add:{place}:{'group' if what == 'group' else said.get(f'add-{place}', '')}"
        building.change(draft, do)
    about = _about(said, row, asking)
    whole: list[str] = []
    counted = None
    if do == "save" or (do == "count" and draft.lines):
        try:
            if do == "save":
                return _kept(request, asking, row, draft, about)
            counted = works.count(asking, building.rules(draft), _scope(about))
        except DefinitionError as error:
            whole = building.blame(draft, error.faults_said(_))
        except (UsageError, Refused, Conflict) as error:
            whole = [_said(error)]
    if do == "count" and request.headers.get("HX-Request"):
        faults = [*whole, *segments.unfinished(draft)]
        context: dict[str, Any] = {
            "counted": counted,
            "left_out": segments.left_out(counted),
            "faults": faults,
            "empty": not draft.lines,
        }
        return render(request, "console/segments/counted.html", context)
    known = _known(asking, row)
    context = {
        "row": row,
        "draft": draft,
        "lines": segments.shown(draft, known),
        "about": about,
        "entities": choices.entities(asking),
        "brands": choices.brands(asking, about["entity"]),
        "purposes": [(code, words.say(code, "purpose")) for code in segments.PURPOSES],
        "channels": [(code, words.say(code, "channel")) for code in segments.CHANNELS],
        "kinds": [(code, words.say(code, "segment_on")) for code in ADDED],
        "combined": [(code, words.say(code, "segment_combined")) for code in ("all", "any", "none")],
        "events": known.events,
        "whole": whole,
        "counted": counted,
        "left_out": segments.left_out(counted),
        "empty": not draft.lines,
    }
    faulty = bool(whole) or any(line.fault for line in draft.walk())
    return render(request, "console/segments/build.html", context, status=422 if faulty and do == "save" else 200)


def _kept(request: HttpRequest, asking: Caller, row: Any, draft: building.Line, about: dict[str, str]) -> HttpResponse:
    title = " ".join(about["title"].split())
    if not title:
        raise UsageError("A segment needs a title.", hint="Say in a few words who is in it.")
    name = row.name if row is not None else choices.free(slugify(title)[:50].strip("-") or "segment")
    made = works.keep(
        asking, name, spec=building.rules(draft), title=title, description=about["description"], entity=about["entity"],
        brand=about["brand"], purpose=about["purpose"], channel=about["channel"], kind=about["kind"],
    )  # fmt: skip
    if not (made.kind == "frozen" and made.built_at is not None):
        with suppress(Conflict):  # it waits to be built already
            works.ask(asking, made.name)
    said = _("The segment is kept, and is being built.")
    return done(request, said, to=reverse("segment", args=[made.name]))


def _counted(request: HttpRequest, name: str, count: Any) -> HttpResponse:
    try:
        counted, faults = count(), []
    except DefinitionError as error:
        counted, faults = None, [fault.partition(": ")[2] for fault in error.faults_said(_)]
    context = {"counted": counted, "left_out": segments.left_out(counted), "faults": faults, "kept": True, "name": name}
    return render(request, "console/segments/counted.html", context)


def _about(said: Any, row: Any, asking: Caller) -> dict[str, str]:
    fields = ("title", "description", "entity", "brand", "purpose", "channel", "kind")
    if said is not None:
        about = {name: str(said.get(name, "")) for name in fields}
    elif row is not None:
        about = {name: str(getattr(row, name)) for name in fields}
    else:
        about = dict.fromkeys(fields, "") | {"channel": "email"}
    entities = [slug for slug, _name in choices.entities(asking)]
    about["entity"] = about["entity"] or (entities[0] if entities else "")
    known = [slug for slug, _name in choices.brands(asking, about["entity"])]
    about["brand"] = about["brand"] if about["brand"] in known else ""
    return about | {"purpose": about["purpose"] or "marketing", "kind": about["kind"] or "dynamic"}


def _scope(about: dict[str, str]) -> works.Scope:
    return works.Scope(about["entity"], about["brand"], about["purpose"], about["channel"])


def _known(asking: Caller, row: Any) -> controls.Known:
    others = [one for one in found.segments(asking) if row is None or one.name != row.name]
    return controls.Known(
        brands=choices.every_brand(),
        scores=[(name, segments.score_name(name)) for name in works.scores()],
        segments=[(one.name, one.title) for one in others],
        events=choices.event_names(asking),
    )


def _said(error: FilrougeError) -> str:
    return " ".join(part for part in sentence(error) if part)
