"""Sources and their runs: how each stands, what was rejected and why, run again, undo."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from filrouge.base import clock
from filrouge.connect.sheets import TYPES, Form
from filrouge.console import names, rules, shapes, sources
from filrouge.console.foreseen import known
from filrouge.console.pages import senders as senders_page
from filrouge.console.pages.acting import act, done
from filrouge.console.pages.exports import word
from filrouge.console.templatetags import say
from filrouge.console.who import require
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.sources.shapes import Shape
from filrouge.store.queries import drafts, group, rulings, senders
from filrouge.store.queries import sources as found
from filrouge.work import holding, jobs, schedules
from filrouge.work import rejects as taken
from filrouge.work import sources as works
from filrouge.work.newer import brought
from filrouge.work.shapes import lacks, unsaid

REJECTS = works.SHOWN  # all of them are in the file of rows to mend


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List every source by system, as of when it is known, and how its last run went; then what writes by itself."""
    asking = require(request, *found.READERS)
    lines = [sources.told(line) for line in found.lines(asking) if not senders.sender_of(line.source)]
    as_of = group.as_of()
    systems = [
        {"name": names.system(system), "as_of": as_of.get(system), "lines": list(held)}
        for system, held in groupby(lines, key=lambda line: str(line["system"]))
    ]
    return render(
        request,
        "console/sources/index.html",
        {
            "systems": systems,
            "count": len(lines),
            "may_run": asking.has("engineer"),
            "senders": [senders_page.told(one) for one in senders.senders(asking)],
            "may_add": bool(senders.brands(asking)),
            "may_bring": asking.has("engineer") and bool(drafts.brands(asking)),
        },
    )


@login_required
def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show one source: its definition in words and its runs. What a sender writes is shown on the sender's page."""
    asking = require(request, *found.READERS)
    line = found.line(name, asking)
    if sender := senders.sender_of(line.source):
        return redirect("sender", sender)
    runs = [{"run": run, "counts": sources.counts(run)} for run in found.runs(asking, source=name, limit=30)]
    return render(
        request,
        "console/sources/source.html",
        {
            "line": sources.told(line),
            "spec": line.spec,
            "mapping": [
                (column, ", ".join(cell.reads()) or cell.const or "") for column, cell in line.spec.map.items()
            ],
            "runs": runs,
            "rules": rules.told(rulings.kept(name, asking)),
            "may_run": asking.has("engineer") and found.acts(line.source, asking),
            "brought": brought(line.source),
            "may_bring": found.acts(line.source, asking, *drafts.KEEPERS),
        },
    )


@login_required
def run(request: HttpRequest, run_id: str) -> HttpResponse:
    """Show one run: its counts, what is doubtful, and every row that was not taken."""
    asking = require(request, *found.READERS)
    made = found.run(run_id, asking)
    rejects = [sources.rejected(row) for row in found.rejects(made, asking, limit=REJECTS)] if made.source else []
    read_by, chosen = found.read_by(made), made.reshaping.get("choice") or {}
    return render(
        request,
        "console/sources/run.html",
        {
            "run": made,
            "title": names.source(made.source_name) if made.source_name else _("Identities"),
            "counts": sources.counts(made),
            "matched": known(made.matched, asking),
            "resolved": sources.resolved(made),
            "findings": sources.findings(made.findings),
            "problem": sources.problem(made),
            "rejects": [row for row in rejects if not row["warning"]],
            "warnings": [row for row in rejects if row["warning"] and not row["ruled"] and not row["kept"]],
            "kept": [row for row in rejects if row["warning"] and row["kept"]],
            "ruled": [row for row in rejects if row["warning"] and row["ruled"]],
            "rulings": [rules.said(row, rulings.rules(made)) for row in rulings.of_run(made)],
            "reshaped": shapes.decided(chosen, read_by) if made.state == "committed" else [],
            "columns": shapes.read(Shape.parse(made.shape), read_by),
            "lacks": made.state == "held" and bool(made.reshaping) and (lacks(made) or unsaid(made)),
            "may_decide": made.state == "held" and _may_decide(asking, made),
            "until": made.held_at + holding.BEARABLE if made.held_at and made.state == "held" else None,
            "full": len(rejects) == REJECTS,
            "shown": REJECTS,
            "may_take": bool(rejects) and made.state != "held" and taken.may_take(asking, made),
            "brought": made.source is not None and brought(made.source),
            "newer": f"{reverse('source-new')}?source={made.source_name}",
            "undoing": sources.undoing(made),
            "may_undo": asking.has("engineer")
            and bool(sources.undoing(made))
            and made.state == "committed"
            and made.source is not None
            and found.acts(made.source, asking),
        },
    )


def _may_decide(asking: Caller, made: Any) -> bool:
    return asking.has("engineer") and made.source is not None and found.acts(made.source, asking)


@act
def let_in(request: HttpRequest, run_id: str) -> HttpResponse:
    """Let a run in that waits: the worker imports it."""
    asking = require(request, "engineer")
    because, usual = request.POST.get("because", ""), request.POST.get("usual") == "on"
    holding.ask(asking, run_id, because=because, usual=usual)
    return done(request, _("In a moment, this run is let in."), to=reverse("run", args=[run_id]))


@act
def give_up(request: HttpRequest, run_id: str) -> HttpResponse:
    """Let go of a run that waits."""
    holding.give_up(require(request, "engineer"), run_id)
    return done(request, _("The run is given up: nothing of it was kept."), to=reverse("run", args=[run_id]))


@login_required
def take_rejects(request: HttpRequest, run_id: str, form: Form) -> HttpResponseBase:
    """Hand over the rows that a run did not take whole, with why, to be mended and brought back."""
    asking = require(request, "engineer")
    french = getattr(request, "LANGUAGE_CODE", "fr") == "fr"
    stream = taken.write(asking, run_id, form=form, say=word, delimiter=";" if french else ",")
    name = f"{_('rows-to-mend')}-{clock.now().astimezone(say.zone()):%Y-%m-%d-%H%M}.{form}"
    answer = FileResponse(stream, as_attachment=True, filename=name, content_type=TYPES[form])
    answer["Cache-Control"] = "no-store"
    return answer


@act
def start(request: HttpRequest, name: str) -> HttpResponse:
    """Ask the worker to read a source again."""
    asking = require(request, "engineer")
    source = schedules.own(asking, name)
    jobs.ask("import", by=asking.by, key=f"import {name}", source=source.name)
    return done(request, _("%(source)s will be read in a moment.") % {"source": names.source(name)})


@act
def pause(request: HttpRequest, name: str) -> HttpResponse:
    """Leave a source alone until it is resumed."""
    schedules.pause(require(request, "engineer"), name)
    return done(
        request,
        _("%(source)s is paused: its schedule leaves it alone.") % {"source": names.source(name)},
        undo=reverse("source-resume", args=[name]),
    )


@act
def resume(request: HttpRequest, name: str) -> HttpResponse:
    """Let the schedule read a source again."""
    schedules.resume(require(request, "engineer"), name)
    return done(request, _("%(source)s will be read at its hours again.") % {"source": names.source(name)})


@act
def undo(request: HttpRequest, run_id: str) -> HttpResponse:
    """Take back what a run brought."""
    asking = require(request, "engineer")
    made = found.run(run_id, asking)
    if made.source is not None:
        schedules.whole(asking, made.source)
    works.undo(str(made.id), by=asking.by)
    said = _("The run is undone: what it brought is gone.")
    if schedules.settle(by=asking.by):
        said = _("The run is undone: what it brought is gone. The people it was about follow in a moment.")
    return done(request, said, to=reverse("run", args=[run_id]))
