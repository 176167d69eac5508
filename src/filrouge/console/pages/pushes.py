"""Pushes: a segment given to another tool, how each run went, and what became of each row."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from filrouge.base.errors import Conflict, DefinitionError, Refused, UsageError
from filrouge.console import pushes, segments, slips, words
from filrouge.console.errors import sentence
from filrouge.console.pages.acting import act, done
from filrouge.console.who import require
from filrouge.domain import pushes as domain
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries import pushes as found
from filrouge.store.queries import segments as of_segments
from filrouge.work import pushes as works

PAGE = 50


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List the pushes, each with its last run."""
    asking = require(request, *found.READERS)
    rows = found.pushes(asking)
    last = found.last_runs(rows)
    context = {
        "lines": [pushes.line(row, last.get(row.name)) for row in rows],
        "may_write": asking.has(*found.WRITERS),
        "able": bool(found.destinations(asking)),
    }
    return render(request, "console/pushes/index.html", context)


@login_required
@slips.once
def new(request: HttpRequest, name: str) -> HttpResponse:
    """Have a segment given to a destination."""
    asking = require(request, *found.WRITERS)
    return _form(request, asking, of_segments.segment(name, asking, *found.WRITERS), None)


@login_required
@slips.once
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change a push."""
    asking = require(request, *found.WRITERS)
    row = found.push(name, asking, *found.WRITERS)
    return _form(request, asking, row.segment, row)


@login_required
def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show a push: what it gives, when, and how its runs went."""
    asking = require(request, *found.READERS)
    row = found.push(name, asking)
    runs = [pushes.told(run) for run in found.runs(row)]
    last = runs[0]["run"] if runs else None
    context = {
        "row": row,
        "runs": runs,
        "timing": pushes.timing(row.timing),
        "columns": words.together("push_column", row.columns),
        "owed": found.owed(row),
        "running": last is not None and last.state == "running",
        "may_retry": last is not None and bool(last.failed) and row.enabled,
        "may_write": asking.has(*found.WRITERS) and found.reads(asking, row.entity, row.brand, *found.WRITERS),
    }
    return render(request, "console/pushes/push.html", context)


@login_required
def run(request: HttpRequest, name: str, run_id: str) -> HttpResponse:
    """Show one run: its figures, and what became of each person, outcome by outcome."""
    asking = require(request, *found.READERS)
    row = found.push(name, asking)
    one = found.run(row, str(run_id))
    told = pushes.told(one)
    outcome, after = request.GET.get("outcome", ""), request.GET.get("after", "")
    if outcome not in ("sent", "removed", "withheld", "failed"):
        outcome = "failed" if one.failed else ""
        outcome = "" if "outcome" in request.GET else outcome
    rows, more = [], ""
    if asking.opens_pages() and one.state != "running":
        listed, more = works.rows(asking, name, str(one.id), outcome=outcome, after=after, limit=PAGE)
        rows = [pushes.delivered(each) for each in listed]
    context = {
        "row": row, "told": told, "run": one, "rows": rows, "more": more, "outcome": outcome, "after": after,
        "outcomes": [(code, words.say(code, "push_outcome")) for code in ("sent", "removed", "withheld", "failed")],
        "opens": asking.opens_pages(),
        "may_retry": bool(one.failed) and row.enabled and asking.has(*found.WRITERS)
        and found.reads(asking, row.entity, row.brand, *found.WRITERS),
    }  # fmt: skip
    return render(request, "console/pushes/run.html", context)


@act
def start(request: HttpRequest, name: str) -> HttpResponse:
    """Have the worker run a push, whole or of what failed."""
    only = "failed" if request.POST.get("only") == "failed" else ""
    works.ask(require(request, *found.WRITERS), name, only=only)
    return done(request, _("The push will run in a moment."), to=reverse("push", args=[name]))


@act
def pause(request: HttpRequest, name: str) -> HttpResponse:
    """Let nothing more go by itself."""
    works.pause(require(request, *found.WRITERS), name)
    return done(
        request, _("The push is paused: nothing more goes by itself."), undo=reverse("push-resume", args=[name])
    )


@act
def resume(request: HttpRequest, name: str) -> HttpResponse:
    """Let a push go on by itself."""
    works.resume(require(request, *found.WRITERS), name)
    return done(request, _("The push goes on."))


@act
def empty(request: HttpRequest, name: str) -> HttpResponse:
    """Pause a push and have everybody whom it gave taken back."""
    works.empty(require(request, *found.WRITERS), name)
    return done(request, _("The push is paused, and everybody whom it gave is being taken back."))


@act
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Remove a push; refused while its destination holds people, unless they are left there."""
    works.remove(require(request, *found.WRITERS), name, leave=request.POST.get("leave") == "yes")
    return done(request, _("The push is removed."), to=reverse("pushes"))


# --- the form ---------------------------------------------------------------------------------------------------------


def _form(request: HttpRequest, asking: Caller, segment: Any, row: Any) -> HttpResponse:
    places = [one for one in found.destinations(asking) if found.takes(one, segment.entity, segment.brand)]
    said = request.POST if request.method == "POST" else None
    about = _about(said, segment, row, places)
    faults: list[str] = []
    if said is not None:
        try:
            return _kept(request, asking, segment, row, about)
        except DefinitionError as error:
            faults = [_fault(one) for one in error.faults]
        except (UsageError, Refused, Conflict) as error:
            faults = [" ".join(part for part in sentence(error) if part)]
    able = domain.choosable(about["channel"])
    context = {
        "segment": segment, "row": row, "takers": [pushes.place(one) for one in places], "about": about,
        "faults": faults,
        "columns": [(code, words.say(code, "push_column"), code in about["columns"], code in able)
                    for code in domain.COLUMNS],
        "keys": [(code, words.say(code, "push_key")) for code in domain.KEYS],
        "gives": [(code, words.say(code, "push_gives")) for code in ("whole", "changes")],
        "purposes": [(code, words.say(code, "purpose")) for code in segments.PURPOSES],
        "channels": [(code, words.say(code, "channel")) for code in segments.CHANNELS],
        "timings": [(code, pushes.timing(code)) for code in dict.fromkeys((*pushes.TIMINGS, about["timing"]))],
    }  # fmt: skip
    return render(request, "console/pushes/form.html", context, status=422 if faults else 200)


def _about(said: Any, segment: Any, row: Any, places: list[Any]) -> dict[str, Any]:
    fields = ("title", "destination", "purpose", "channel", "key", "gives", "timing")
    if said is not None:
        return {name: str(said.get(name, "")) for name in fields} | {"columns": said.getlist("columns")}
    if row is not None:
        return {name: str(getattr(row, name)) for name in fields} | {
            "destination": row.destination.name, "columns": row.columns,
        }  # fmt: skip
    channel = segment.channel or "email"
    chosen = [
        "id",
        "given_name",
        "family_name",
        *(one for one in ("email", "phone") if one in domain.choosable(channel)),
    ]
    return {
        "title": segment.title, "destination": places[0].name if places else "", "purpose": segment.purpose,
        "channel": channel, "key": "id", "gives": "", "timing": "change", "columns": chosen,
    }  # fmt: skip


def _kept(request: HttpRequest, asking: Caller, segment: Any, row: Any, about: dict[str, Any]) -> HttpResponse:
    title = " ".join(about["title"].split())
    if not title:
        raise UsageError("A push needs a title.", hint="Say in a few words what it gives, and where.")
    base = slugify(title)[:50].strip("-") or "push"
    name = row.name if row is not None else found.free(base)
    made = works.keep(
        asking, name, segment=segment.name, destination=about["destination"], title=title, columns=about["columns"],
        purpose=about["purpose"], channel=about["channel"], key=about["key"], gives=about["gives"],
        timing=about["timing"],
    )  # fmt: skip
    if made.timing and made.enabled:
        with suppress(Conflict):  # it waits already
            works.ask(asking, made.name)
    said = _("The push is kept, and runs in a moment.") if made.timing else _("The push is kept.")
    return done(request, said, to=reverse("push", args=[made.name]))


def _fault(fault: str) -> str:
    """Say a fault of a push in words: what is wrong is known by where it stands."""
    where = fault.partition(":")[0]
    told = {
        "columns": _("One of the columns does not leave by this channel: choose others."),
        "key": _("That by which the destination knows people has to be among the columns."),
        "purpose": _("Choose a purpose."),
        "channel": _("Choose a channel."),
        "gives": _("Only a file can be a whole list: choose what changed."),
        "timing": _("This is no schedule."),
    }
    return told.get(where, fault)
