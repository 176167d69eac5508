"""A run whose source changed its shape: what changed, the mapping proposed, tried on what waits, accepted."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from filrouge.base.errors import Conflict
from filrouge.console import names, shapes, sources
from filrouge.console.errors import recalled
from filrouge.console.pages.acting import act, done
from filrouge.console.who import require
from filrouge.store.queries import sources as found
from filrouge.work import reshaping, shape_told


@login_required
def show(request: HttpRequest, run_id: str) -> HttpResponse:
    """Show what changed since the last good run, and the mapping that is proposed or was chosen."""
    asking = require(request, "engineer")
    to = reverse("run", args=[run_id])
    try:
        one = reshaping.of(asking, run_id)
    except Conflict:  # it was decided of meanwhile
        # the page that follows the dry run asks for a part of itself: it is led to the run whole
        return HttpResponse(headers={"HX-Redirect": to}) if "HX-Request" in request.headers else redirect(to)
    if one.run.decided_by:
        return HttpResponse(headers={"HX-Redirect": to}) if "HX-Request" in request.headers else redirect(to)
    job = found.reshaping_job(one.run)
    moving = job is not None and job.state in ("waiting", "running")
    failed = job is not None and job.state == "failed" and not one.tried
    shown = shape_told.in_clear(asking, one)
    context = {
        "run": one.run, "title": names.source(one.source.name), "since": one.since,
        "findings": sources.findings(one.run.findings), "columns": shapes.columns(one), "dates": shapes.dates(one),
        "values": shapes.values(one, shown=shown), "both": shapes.both(one.last, one.now), "masked": not shown,
        "moving": moving, "job": job, "tried": one.tried, "counts": sources.labelled(one.tried),
        "trouble": recalled(one.trouble or (job.trouble if failed and job else {})),
        "nothing": not one.changes.waits,
    }  # fmt: skip
    return render(request, "console/sources/shape.html", context)


@act
def choose(request: HttpRequest, run_id: str) -> HttpResponse:
    """Keep what is chosen, and have it tried."""
    asking = require(request, "engineer")
    reshaping.choose(asking, run_id, shapes.read_from(request.POST, reshaping.of(asking, run_id)))
    return redirect("run-shape", run_id)


@act
def accept(request: HttpRequest, run_id: str) -> HttpResponse:
    """Keep the definition so, and import the run."""
    asking = require(request, "engineer")
    reshaping.accept(asking, run_id)
    return done(request, _("The source is read so from now on; in a moment, this run is let in."),
                to=reverse("run", args=[run_id]))  # fmt: skip
