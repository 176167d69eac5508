"""Tracking plans: of every sender whose brand the reader knows, and one in full: events, findings, versions, mode."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from filrouge.base.errors import UsageError
from filrouge.console import names, plans
from filrouge.console.pages.acting import act, done
from filrouge.console.who import require
from filrouge.store.queries import plans as found
from filrouge.store.queries import quarantine
from filrouge.work import plans as works


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List the senders, each with its plan and how much of what it sent is set aside."""
    asking = require(request, *found.READERS)
    counts = asking.has(*quarantine.READERS)
    aside = quarantine.totals(asking) if counts else {}
    lines = [
        {
            "name": source.name,
            "title": names.source(source.name),
            "brand": source.brand,
            "kept": found.in_force(source.name),
            "aside": aside.get(source.name, 0),
        }
        for source in found.senders(asking)
    ]
    return render(request, "console/plans/index.html", {"lines": lines, "counts": counts})


@login_required
def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show the plan of a sender; ``try`` tells what it would find in recent events."""
    asking = require(request, *found.READERS)
    source = found.sender(name, asking)
    kept = found.in_force(name)
    trial = works.trial(name, kept.spec) if kept and "try" in request.GET else None
    context = {
        "sender": name,
        "title": names.source(name),
        "brand_of": source.brand,
        "kept": kept,
        "events": plans.events(kept.spec) if kept else [],
        "found": plans.found(found.findings(name, kept.row.version)) if kept else [],
        "trial": trial and {"tried": trial.tried, "wrong": plans.tried(trial.wrong), "count": trial.wrong.total()},
        "versions": found.versions(name),
        "may_act": asking.has("engineer") and asking.perimeter.acts(source.entity, source.brand, "engineer"),
        "sees_aside": asking.has(*quarantine.READERS),
    }
    return render(request, "console/plans/plan.html", context)


@act
def infer(request: HttpRequest, name: str) -> HttpResponse:
    """Keep the plan that recent events meet."""
    row = works.infer(require(request, "engineer"), name)
    return done(request, _("Version %(version)s is in force.") % {"version": row.version})


@act
def mode(request: HttpRequest, name: str) -> HttpResponse:
    """Have the plan watch, or be enforced."""
    wanted, unknown = request.POST.get("mode", ""), request.POST.get("unknown", "")
    if wanted not in ("watch", "enforce") or unknown not in ("", "allow", "quarantine"):
        raise UsageError("A plan watches or is enforced.", hint="Choose one of the two.")
    row = works.set_mode(
        require(request, "engineer"), name, "enforce" if wanted == "enforce" else "watch", unknown=unknown
    )
    if row.mode == "enforce":
        return done(request, _("The plan is enforced: what does not meet it is set aside from now on."))
    return done(request, _("The plan watches: nothing is set aside for it from now on."))


@act
def back(request: HttpRequest, name: str) -> HttpResponse:
    """Put an earlier version in force again."""
    said = request.POST.get("version", "")
    if not (said.isascii() and said.isdigit() and len(said) < 9):
        raise UsageError("This is no version.", hint="Choose one of the list.")
    row = works.roll_back(require(request, "engineer"), name, int(said))
    return done(request, _("Version %(version)s is in force.") % {"version": row.version})
