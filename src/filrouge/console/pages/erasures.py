"""Erasing a person: what it will destroy, in numbers, before; what was destroyed, and what proves it, after."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from filrouge.base import clock
from filrouge.console import names, words
from filrouge.console.errors import recalled
from filrouge.console.who import require
from filrouge.store.queries import erasures as found
from filrouge.store.queries import pushes as given
from filrouge.work import access, audit, erasures


@login_required
def erase(request: HttpRequest, person_id: str) -> HttpResponse:
    """Show what would go; ask for it when told to."""
    asking = require(request, "privacy")
    page = access.person(asking, person_id, opening="erasure")
    if request.method == "POST" and request.POST.get("sure") == "yes":
        made = erasures.request(asking, page.view.id, reason=request.POST.get("reason", ""))
        messages.success(
            request, _("The erasure is under way. This page tells when it is done, and what it destroyed.")
        )
        return redirect("erasure", erasure_id=made.id)
    plan = erasures.plan(asking, page.view.id)
    lines = _lines(plan["tables"] | plan["acts"])
    return render(
        request,
        "console/people/erase.html",
        {
            "person": page.view,
            "lines": lines,
            "total": sum(count for _name, count in lines),
            "records": plan["records"],
            "staying": plan["staying"],
            "entities": [names.entity(slug) for slug in plan["entities"]],
            "unsure": request.method == "POST",
        },
        status=422 if request.method == "POST" else 200,
    )


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List the erasures of the reader's entities, those that wait first."""
    asking = require(request, "privacy")
    lines = [_told(one) for one in found.erasures(asking)]
    waiting = [line for line in lines if not line["done"]]
    return render(
        request,
        "console/erasures/index.html",
        {"waiting": waiting, "finished": [line for line in lines if line["done"]]},
    )


@login_required
def show(request: HttpRequest, erasure_id: str) -> HttpResponse:
    """Report one erasure: asked by whom, destroyed where, found again (nothing), proved by which lines."""
    one = found.erasure(str(erasure_id), require(request, "privacy"))
    report = one.report
    context = _told(one) | {
        "lines": _lines(report.get("destroyed", {})),
        "total": sum(report.get("destroyed", {}).values()),
        "report": report,
        "outside": given.of_erasure(one.id, report.get("owed", {})),
        "hashes": one.hashes,
        "proofs": one.proofs,
        "head": audit.read_head(),
        "person": one.person,
        "reason": one.reason,
    }
    return render(request, "console/erasures/erasure.html", context)


def _told(one: found.ErasureView) -> dict[str, Any]:
    late = one.finished_at is None and one.due_at < clock.now()
    return {
        "id": one.id,
        "by": one.by,
        "asked_at": one.asked_at,
        "due_at": one.due_at,
        "finished_at": one.finished_at,
        "took": one.finished_at - one.asked_at if one.finished_at else None,
        "done": one.state == "done",
        "state": words.say(one.state, "erasure"),
        "tone": "good" if one.state == "done" else "bad" if late else "info",
        "late": late,
        "problem": recalled(one.trouble),
        "entities": [names.entity(slug) for slug in one.entities],
        "records": one.report.get("records"),
    }


def _lines(counts: dict[str, int]) -> list[tuple[str, int]]:
    """Return how many rows of each kind, those of the lake and those written here under one name, the most first."""
    told: Counter[str] = Counter()
    for name, count in counts.items():
        told[_held(name)] += count
    return told.most_common()


def _held(name: str) -> str:
    kind = next((kind for kind in ("acts", "held") if name in words.WORDS[kind]), "reads")
    return words.say(name, kind)
