"""Who is who, decided by people: records split off, two people made one, each said in numbers before, undone after."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from filrouge.base import clock
from filrouge.base.errors import Conflict, UsageError
from filrouge.console import because, people, verdicts
from filrouge.console import lines as lines_of
from filrouge.console.errors import sentence
from filrouge.console.pages.acting import act, done
from filrouge.console.who import caller, require
from filrouge.store.queries import identity
from filrouge.store.queries import people as found
from filrouge.store.queries import verdicts as decided
from filrouge.work import access
from filrouge.work import verdicts as works

PAGE = 20


@login_required
def records(request: HttpRequest, person_id: str) -> HttpResponse:
    """Show every record behind a person, why they are one, what people decided of it, and the life of the id."""
    asking = caller(request)
    page = access.person(asking, person_id, opening="records")
    keys = [record.key for record in page.view.records]
    may = asking.has(*works.ROLES)
    lines = people.evidence(page.view)
    for line in lines:
        line["mine"] = may and decided.acts(asking, line["record"].entity, line["record"].brand)
    mine = sum(line["mine"] for line in lines)
    return render(
        request,
        "console/people/records.html",
        {
            "person": page.view,
            "records": lines,
            "decisions": verdicts.told(decided.about(keys, asking)),
            "settling": verdicts.settling(keys),
            "chapters": verdicts.chapters(identity.history(page.view.id, asking), page.view, asking),
            "may_split": mine > 0 and len(lines) > 1,
            "may_merge": mine > 0,
        },
    )


@login_required
def why(request: HttpRequest, person_id: str) -> HttpResponse:
    """Tell, pair by pair, why the records of a person are one person."""
    page = access.person(caller(request), person_id, opening="records")
    return render(request, "console/people/because.html", {"person": page.view} | because.told(page.view))


@login_required
def split(request: HttpRequest, person_id: str) -> HttpResponse:
    """Say in numbers what a split would do; do it when told to."""
    asking = require(request, *works.ROLES)
    chosen = (request.POST if request.method == "POST" else request.GET).getlist("records")
    back = reverse("person-records", args=[person_id])
    fault = ""
    plan: works.SplitPlan | None = None
    try:
        plan = works.plan_split(asking, person_id, chosen)
        if request.method == "POST":
            gesture = works.split(asking, person_id, chosen, reason=request.POST.get("reason", ""))
            return done(request, _("Separated."), undo=reverse("verdict-undo", args=[gesture]), to=back)
    except (UsageError, Conflict) as error:
        fault = " ".join(part for part in sentence(error) if part)
    person = plan.person if plan else access.person(asking, person_id, opening="records").view
    context = {"person": person, "plan": plan, "chosen": chosen, "fault": fault, "back": back}
    return render(request, "console/people/split.html", context, status=422 if fault else 200)


@login_required
def search(request: HttpRequest, person_id: str) -> HttpResponse:
    """Look for somebody who may be the same person."""
    asking = require(request, *works.ROLES)
    person = access.person(asking, person_id, opening="records").view
    asked = request.GET.get("q", "").strip()[:200]
    hits = found.search(asked, asking, limit=PAGE + 1, at=clock.now()) if asked else []
    lines = [line for line in lines_of.of(hits) if line["id"] != person.id][:PAGE]
    for line in lines:
        line["address"] = reverse("person-merge-with", args=[person.id, line["id"]])
    partial = request.headers.get("HX-Target") == "merge-found"
    template = "console/people/merge.html#found" if partial else "console/people/merge.html"
    return render(request, template, {"person": person, "asked": asked, "hits": lines})


@login_required
def merge(request: HttpRequest, person_id: str, other_id: str) -> HttpResponse:
    """Show two people side by side; make them one when told to."""
    asking = require(request, *works.ROLES)
    fault = ""
    try:
        plan = works.plan_merge(asking, person_id, other_id)
    except UsageError as error:
        return done(request, str(sentence(error)[0]), to=reverse("person-records", args=[person_id]))
    if request.method == "POST":
        try:
            gesture = works.merge(asking, person_id, other_id, reason=request.POST.get("reason", ""))
        except (UsageError, Conflict) as error:
            fault = " ".join(part for part in sentence(error) if part)
        else:
            undo = reverse("verdict-undo", args=[gesture])
            return done(request, _("Made one person."), undo=undo, to=reverse("person-records", args=[person_id]))
    context: dict[str, Any] = {
        "person": plan.left,
        "other": plan.right,
        "lines": verdicts.side_by_side(plan.left, plan.right),
        "total": len(plan.left.records) + len(plan.right.records),
        "fault": fault,
    }
    return render(request, "console/people/side_by_side.html", context, status=422 if fault else 200)


@act
def undo(request: HttpRequest, gesture: str) -> HttpResponse:
    """Take a decision back: who is who is settled again without it."""
    works.undo(caller(request), str(gesture))
    return done(request, _("The decision is taken back: it is being settled again."))


@login_required
def settling(request: HttpRequest, person_id: str) -> HttpResponse:
    """Say how far the settling is; htmx asks until it is over, then loads the page anew."""
    page = access.person(caller(request), person_id, opening="records")
    waiting = verdicts.settling([record.key for record in page.view.records])
    if waiting is None:
        answer = HttpResponse(status=204)
        answer["HX-Refresh"] = "true"
        return answer
    return render(request, "console/people/settling.html", {"person": page.view, "settling": waiting})
