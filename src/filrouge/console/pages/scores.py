"""Models of scores: listed with how good each is, their report cards, one put in use or rolled back by a person."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from filrouge.console import cards
from filrouge.console.pages.acting import act, done
from filrouge.console.who import require
from filrouge.store.queries import scores as found
from filrouge.work import own_scores, score_models


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List the models of the reader's entities, each with what its last trial found."""
    asking = require(request, *found.READERS)
    rows = cards.listed(found.models(asking))
    return render(request, "console/scores/index.html", {"rows": rows})


@login_required
def card(request: HttpRequest, entity: str, name: str) -> HttpResponse:
    """Show the report card of a model: of the version asked for, else of the one in use or the newest."""
    asking = require(request, *found.READERS)
    versions = found.versions(asking, entity, name)
    asked = request.GET.get("version", "")
    model = next((one for one in versions if one.version == asked), versions[0])
    context = {
        "model": model,
        "card": model.card,
        "called": cards.called(name),
        "refused": cards.refused(model),
        "own": cards.published(model),
        "compared": cards.compared(model.card),
        "drawing": cards.drawing(model.card),
        "steadiness": cards.steadiness(model.card),
        "moved": cards.moved(model.card),
        "fairness": cards.fairness(model.card),
        "versions": versions,
        "newer": found.newer(versions) if model == versions[0] else None,
        "former": found.former(versions),
        "may_decide": score_models.may_decide(asking, entity),
    }
    return render(request, "console/scores/card.html", context)


@act
def promote(request: HttpRequest, entity: str, name: str) -> HttpResponse:
    """Use a version from the next run on."""
    asking = require(request, *score_models.ROLES)
    row = score_models.promote(asking, entity, name, request.POST.get("version", "")[:20])
    said = _("Version %(version)s is in use from the next run on.") % {"version": row.version}
    return done(request, said, to=reverse("score-model", args=[entity, name]))


@act
def roll_back(request: HttpRequest, entity: str, name: str) -> HttpResponse:
    """Use again the version that was in use before."""
    row = score_models.roll_back(require(request, *score_models.ROLES), entity, name)
    said = _("Version %(version)s is in use again, from the next run on.") % {"version": row.version}
    return done(request, said, to=reverse("score-model", args=[entity, name]))


@act
def retire(request: HttpRequest, entity: str, name: str) -> HttpResponse:
    """Use a published score no more."""
    own_scores.retire(require(request, *score_models.ROLES), entity, name)
    return done(request, _("The score is used no more."), to=reverse("score-model", args=[entity, name]))
