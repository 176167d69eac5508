"""The review queue: pairs of records that may be one person, looked at one after the other, each decision undoable."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from filrouge.base.errors import Conflict
from filrouge.console import names, reviews, words
from filrouge.console.errors import sentence
from filrouge.console.pages.acting import act, done
from filrouge.console.who import caller, require
from filrouge.store.queries import reviews as found
from filrouge.work import reviews as works

PAGE = 30


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show the queue: what waits, the worthiest first, by kind, by brand, mine."""
    asking = require(request, *works.ROLES)
    asked = _asked(request)
    start = _start(request)
    rows = found.page(asking, asked, start=start, limit=PAGE + 1)
    counts = found.counts(asking)
    kinds = [("", _("All"), counts["all"])]
    kinds += [(kind, words.say(kind, "doubt").capitalize(), counts[kind]) for kind in ("ambiguous", "bridge", "sample")]
    return render(
        request,
        "console/reviews/index.html",
        {
            "lines": reviews.lines(rows[:PAGE], asking, _query(asked)),
            "asked": asked,
            "kinds": kinds,
            "counts": counts,
            "brands": [(slug, names.brand(slug).name) for slug in found.brands(asking)],
            "begin": reverse("review-next") + _query(asked),
            "before": max(start - PAGE, 0) if start else None,
            "after": start + PAGE if len(rows) > PAGE else None,
        },
    )


@login_required
def following(request: HttpRequest) -> HttpResponse:
    """Lead to the pair to look at next, or say that none waits."""
    asking = require(request, *works.ROLES)
    asked = _asked(request)
    row = works.following(asking, asked)
    if row is not None:
        return HttpResponseRedirect(reverse("review", args=[row.pk]) + _query(asked))
    context = {"last": found.last(asking), "asked": asked, "waiting": found.waiting(asking), "query": _query(asked)}
    return render(request, "console/reviews/over.html", context)


@login_required
def show(request: HttpRequest, review_id: str) -> HttpResponse:
    """Show both records of a pair side by side, what differs marked, and why the engine is not sure."""
    asking = require(request, *works.ROLES)
    asked = _asked(request)
    pair = works.look(asking, review_id)
    waits = pair.row.state in found.WAITING
    context: dict[str, Any] = reviews.pair(pair) | {
        "asked": asked,
        "query": _query(asked),
        "waits": waits,
        "last": found.last(asking, but=pair.row.pk),
        "people": found.assignable(pair.row) if waits else [],
        "left": found.queue(asking, asked).count(),
    }
    return render(request, "console/reviews/review.html", context)


@act
def decide(request: HttpRequest, review_id: str) -> HttpResponse:
    """Say that both records are one person, or two; go on with the next pair."""
    asking, asked = caller(request), _asked(request)
    try:
        row = works.decide(asking, review_id, request.POST.get("said", ""), reason=request.POST.get("reason", ""))
    except Conflict as error:
        messages.error(request, " ".join(part for part in sentence(error) if part))
        still = found.found(asking, review_id)
        waits = still is not None and still.state in found.WAITING
        return HttpResponseRedirect((reverse("review", args=[review_id]) if waits else _next()) + _query(asked))
    said = _("Said: one person.") if row.decision == "same" else _("Said: two people.")
    return done(request, said, undo=reverse("review-undo", args=[row.pk]) + _query(asked), to=_next() + _query(asked))


@act
def later(request: HttpRequest, review_id: str) -> HttpResponse:
    """Put a pair off; go on with the next one."""
    row = works.later(caller(request), review_id)
    asked = _asked(request)
    other = works.following(caller(request), asked, after=row.pk)
    to = reverse("review", args=[other.pk]) if other else reverse("reviews")
    undo = reverse("review-undo", args=[row.pk]) + _query(asked)
    return done(request, _("Put off: it comes back after the others."), undo=undo, to=to + _query(asked))


@act
def undo(request: HttpRequest, review_id: str) -> HttpResponse:
    """Take back what was said of a pair, and show it again."""
    row = works.undo(caller(request), review_id)
    to = reverse("review", args=[row.pk]) + _query(_asked(request))
    return done(request, _("Taken back: the pair waits again."), to=to)


@act
def assign(request: HttpRequest, review_id: str) -> HttpResponse:
    """Give a pair to somebody, or to nobody."""
    row = works.assign(caller(request), review_id, request.POST.get("to", ""))
    said = _("Given to %(name)s.") % {"name": row.assigned.name} if row.assigned else _("Given to nobody.")
    return done(request, said, to=reverse("review", args=[row.pk]) + _query(_asked(request)))


@login_required
def quality(request: HttpRequest) -> HttpResponse:
    """Show how good the links are, run after run, as far as people reviewed a sample, and how far reviewers agree."""
    require(request, *found.READERS)
    return render(request, "console/reviews/quality.html", reviews.quality(found.assessments()))


def _next() -> str:
    return reverse("review-next")


def _asked(request: HttpRequest) -> found.Asked:
    kind = request.GET.get("kind", "")
    return found.Asked(
        kind=kind if kind in ("ambiguous", "bridge", "sample") else "",
        brand=request.GET.get("brand", "")[:60],
        mine=bool(request.GET.get("mine")),
    )


def _query(asked: found.Asked) -> str:
    told = {name: value for name, value in (("kind", asked.kind), ("brand", asked.brand)) if value}
    told |= {"mine": "1"} if asked.mine else {}
    return f"?{urlencode(told)}" if told else ""


def _start(request: HttpRequest) -> int:
    start = request.GET.get("start", "")
    return int(start) if start.isascii() and start.isdigit() and len(start) < 7 else 0
