"""Senders: the sites and applications that write here, a key for each, and whether they are heard of."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from filrouge.base.errors import Conflict, FilrougeError, NotFound, Refused, UsageError
from filrouge.console import names, snippets
from filrouge.console.errors import sentence
from filrouge.console.pages.acting import act, done
from filrouge.console.streams import because
from filrouge.console.who import require
from filrouge.domain.events import KINDS
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries import moving
from filrouge.store.queries import senders as found
from filrouge.work import senders as works

VERDICTS = ("accepted", "duplicate", "quarantined")


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List every sender with its brand, its keys and when it was last heard of."""
    asking = require(request, *found.READERS)
    return render(
        request,
        "console/senders/index.html",
        {"senders": [told(one) for one in found.senders(asking)], "may_add": bool(found.brands(asking))},
    )


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Ask for the name and brand of a sender; show its key, this once, with what to copy."""
    asking = require(request, "engineer")
    name, brand, fault = "", "", ""
    if request.method == "POST":
        name, brand = request.POST.get("name", "").strip(), request.POST.get("brand", "")
        try:
            stood = any(one.name == name for one in found.senders(asking))
            return _shown(request, asking, works.make_key(asking, source=name, brand=brand), stood=stood)
        except (UsageError, Conflict, NotFound, Refused) as error:
            fault = _said(error)
    brands = found.brands(asking)
    chosen = {"name": name, "brand": brand, "fault": fault, "brands": brands}
    return render(request, "console/senders/new.html", chosen, status=422 if fault else 200)


@login_required
def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show one sender: whether it is heard of, its keys, what to copy; a form sent makes it one more key."""
    asking = require(request, *found.READERS)
    sender = found.sender(name, asking)
    if request.method == "POST":
        require(request, "engineer")
        return _shown(request, asking, works.make_key(asking, source=sender.name, brand=sender.brand))
    return render(request, "console/senders/sender.html", _page(request, asking, sender))


@login_required
def events(request: HttpRequest, name: str) -> HttpResponse:
    """Show what a sender sends as it comes, with the verdict on each event, and what was counted day by day."""
    asking = require(request, *found.READERS)
    sender = found.sender(name, asking)
    asked = {key: request.GET.get(key, "") for key in ("verdict", "kind")}
    lines = moving.lines(sender.name, verdict=asked["verdict"], kind=asked["kind"])
    return render(
        request,
        "console/senders/stream.html",
        {
            "sender": told(sender),
            "lines": because(lines),
            "opens": asking.opens_pages(),
            "chosen": asked | {"any": any(asked.values())},
            "verdicts": VERDICTS,
            "kinds": KINDS,
            "days": found.days(sender.name),
            "query": urlencode({key: value for key, value in asked.items() if value}),
        },
    )


@login_required
def heard(request: HttpRequest, name: str) -> HttpResponse:
    """Say whether the first event came; htmx asks until it did."""
    sender = found.sender(name, require(request, *found.READERS))
    if sender.heard is None:
        return HttpResponse(status=204)  # what is on the page stays, and is not read out again
    return render(request, "console/senders/heard.html", {"sender": told(sender)})


@act
def revoke(request: HttpRequest, prefix: str) -> HttpResponse:
    """Revoke a write key: whatever bears it is refused from now on."""
    key = works.revoke_key(require(request, "engineer"), prefix)
    said = _("The key %(prefix)s… is revoked: what bears it is refused from now on.") % {"prefix": prefix}
    return done(request, said, to=reverse("sender", args=[key.source]))


@act
def pause(request: HttpRequest, name: str) -> HttpResponse:
    """Pause a sender: what it sends is refused until it is resumed."""
    works.pause(require(request, "engineer"), name)
    said = _("It is paused: what it sends is refused from now on.")
    return done(request, said, to=reverse("sender", args=[name]), undo=reverse("sender-resume", args=[name]))


@act
def resume(request: HttpRequest, name: str) -> HttpResponse:
    """Resume a sender: what it sends is taken again."""
    works.resume(require(request, "engineer"), name)
    return done(request, _("What it sends is taken again."), to=reverse("sender", args=[name]))


def told(sender: found.Sender) -> dict[str, Any]:
    """Return a sender as a line."""
    return {
        "name": sender.name,
        "title": names.source(sender.name),
        "brand": sender.brand,
        "entity": sender.entity,
        "heard": sender.heard,
        "keys": sender.keys,
        "in_use": sender.in_use,
        "today": sender.today,
        "paused": sender.paused,
    }


def _shown(request: HttpRequest, asking: Caller, made: tuple[Any, str], *, stood: bool = False) -> HttpResponse:
    """Show a sender with the word of its new key; ``stood``: somebody who adds a sender is told that it was there."""
    key, word = made
    sender = found.sender(key.source, asking)
    answer = render(
        request, "console/senders/sender.html", _page(request, asking, sender, word=word) | {"stood": stood}
    )
    answer["Cache-Control"] = "no-store"  # shown once: going back does not show it again
    return answer


def _page(request: HttpRequest, asking: Caller, sender: found.Sender, *, word: str = "") -> dict[str, Any]:
    host = snippets.host(request.scheme or "https", request.get_host())
    return {
        "sender": told(sender),
        "word": word,
        "host": host,
        "elsewhere": host == snippets.ELSEWHERE,
        "snippets": snippets.all_of(host, word or snippets.KEY),
        "may_act": found.acts(sender.entity, sender.brand, asking),
    }


def _said(error: FilrougeError) -> str:
    return " ".join(part for part in sentence(error) if part)
