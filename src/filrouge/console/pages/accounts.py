"""Accounts and keys: who may come in, with which role, for which entities and brands."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from filrouge.base.errors import Conflict, UsageError
from filrouge.console import words
from filrouge.console.errors import sentence
from filrouge.console.pages.acting import act, done
from filrouge.console.who import require
from filrouge.store.queries import accounts, group
from filrouge.work import access, groups, lengths


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List accounts and keys; make one of either, whose secret is shown once."""
    asking = require(request, "administrator")
    access.administer(asking)
    shown: dict[str, Any] = {"fault": "", "word": "", "word_for": ""}
    if request.method == "POST":
        try:
            shown |= _make(request, asking)
        except (UsageError, Conflict) as error:
            shown["fault"] = " ".join(part for part in sentence(error) if part)
    return render(
        request,
        "console/users/users.html",
        shown
        | {
            "users": accounts.users(),
            "keys": accounts.keys(),
            "roles": list(words.WORDS["role"].items()),
            "entities": group.entities(),
            "brands": group.brands(),
            "scopes": groups.SCOPES,
            "me": asking.user_id,
        },
        status=422 if shown["fault"] else 200,
    )


def _make(request: HttpRequest, asking: Any) -> dict[str, str]:
    chosen = request.POST
    entities, brands = chosen.getlist("entities"), chosen.getlist("brands")
    if chosen.get("what") == "key":
        key, word = groups.make_key(
            asking,
            lengths.fits(chosen.get("name", "").strip(), lengths.OWNER) or _("unnamed"),
            role=chosen.get("role", ""),
            scopes=chosen.getlist("scopes"),
            entities=entities,
            brands=brands,
        )
        return {"word": word, "word_for": key.name}
    email, name = lengths.account(chosen.get("email", ""), chosen.get("name", ""))
    user, word = groups.add_user(
        email,
        name,
        role=chosen.get("role", ""),
        by=asking.by,
        entities=entities,
        brands=brands,
    )
    return {"word": word, "word_for": user.email}


@act
def set_active(request: HttpRequest, user_id: str) -> HttpResponse:
    asking = require(request, "administrator")
    access.administer(asking)
    active = request.POST.get("active") == "1"
    if not active and str(user_id) == asking.user_id:
        raise UsageError("You cannot close your own account.", hint="Ask another administrator.")
    user = groups.set_active(str(user_id), active, by=asking.by)
    told = _("The account of %(name)s is open again.") if active else _("The account of %(name)s is closed.")
    return done(request, told % {"name": user.name}, to=reverse("users"))


@act
def grant(request: HttpRequest, user_id: str) -> HttpResponse:
    """Give an account one more role."""
    asking, said = require(request, "administrator"), request.POST
    access.administer(asking)
    groups.grant(
        str(user_id), said.get("role", ""), by=asking.by, entities=said.getlist("entities"),
        brands=said.getlist("brands"),
    )  # fmt: skip
    return done(request, _("The role is given."), to=reverse("users"))


@act
def revoke(request: HttpRequest, user_id: str, grant_id: str) -> HttpResponse:
    """Take a role away from an account."""
    asking = require(request, "administrator")
    access.administer(asking)
    if str(user_id) == asking.user_id:
        raise UsageError("You cannot take away your own roles.", hint="Ask another administrator.")
    groups.revoke(str(user_id), str(grant_id), by=asking.by)
    return done(request, _("The role is taken away."), to=reverse("users"))


@act
def revoke_key(request: HttpRequest, prefix: str) -> HttpResponse:
    groups.revoke_key(require(request, "administrator"), prefix)
    return done(request, _("The key no longer opens anything."), to=reverse("users"))
