"""What callers are asked, entity by entity: set by whoever looks after privacy."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from filrouge.base.text import whole
from filrouge.console import names, words
from filrouge.console.pages.acting import act, done
from filrouge.console.who import caller, require
from filrouge.domain.followups.verification import QUESTIONS
from filrouge.store.queries import group, verifications
from filrouge.work import verification

PLACES = len(QUESTIONS)


@login_required
def index(request: HttpRequest) -> HttpResponse:
    asking = require(request, "privacy")
    mine = [row.slug for row in group.entities()]
    held = asking.perimeter.holds("privacy")
    lines = []
    for slug in mine:
        if not asking.perimeter.everything and slug not in held:
            continue
        agreed = verifications.agreed(slug)
        asked = [*agreed.questions, *(code for code in QUESTIONS if code not in agreed.questions)]
        lines.append(
            {
                "entity": slug,
                "agreed": agreed,
                "questions": [(code, words.say(code, "question"), code in agreed.questions) for code in asked],
            }
        )
    return render(request, "console/questions/questions.html", {"lines": lines})


@act
def agree(request: HttpRequest, entity: str) -> HttpResponse:
    numbers = {name: whole(request.POST.get(name, "")) or 0 for name in ("needed", "tries", "minutes")}
    verification.agree(caller(request), entity, request.POST.getlist("questions"), **numbers)
    return done(request, _("What callers of %(entity)s are asked is set.") % {"entity": names.entity(entity)})
