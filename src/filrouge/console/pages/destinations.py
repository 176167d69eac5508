"""Destinations: the tools to which people may be given, kept and checked by engineers."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from filrouge.base.errors import Conflict, DefinitionError, DestinationError, NotFound, Refused, UsageError
from filrouge.console import pushes, slips, words
from filrouge.console.errors import sentence
from filrouge.console.pages.acting import act, done
from filrouge.console.who import require
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.pushes import KINDS
from filrouge.store.queries import pushes as found
from filrouge.work import pushes as works
from filrouge.work import secrets

FIELDS = ("kind", "place", "form", "delimiter", "auth", "header", "user", "secret", "host_key", "lot", "answers")
_CHOICES = {"form": ("csv", "xlsx"), "auth": ("bearer", "header", "basic"), "answers": ("lot", "rows"), "kind": KINDS}
_OF = {
    "folder": ("form", "delimiter"),
    "sftp": ("form", "delimiter", "user", "secret", "host_key"),
    "rest": ("auth", "header", "user", "secret", "lot", "answers"),
}


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List the destinations, with what the last check of each found."""
    asking = require(request, *found.READERS, *found.KEEPERS)
    rows = found.destinations(asking)
    lines = [
        pushes.place(row) | {"pushes": len(found.pushes(asking, destination=row.name)), "mine": _mine(asking, row)}
        for row in rows
    ]
    context = {"lines": lines, "may_keep": asking.has(*found.KEEPERS), "sees_pushes": asking.has(*found.READERS)}
    return render(request, "console/destinations/index.html", context)


@login_required
def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show a destination: where it is, what its last check found, which pushes it takes."""
    asking = require(request, *found.READERS, *found.KEEPERS)
    row = found.destination(name, asking)
    rows = found.pushes(asking, destination=name)
    last = found.last_runs(rows)
    context = {
        "told": pushes.place(row), "row": row, "spec": found.spec_of(row),
        "lines": [pushes.line(one, last.get(one.name)) for one in rows],
        "may_keep": _mine(asking, row),
        "may_check": _mine(asking, row) or found.reads(asking, row.entity, row.brand, *found.WRITERS),
    }  # fmt: skip
    return render(request, "console/destinations/destination.html", context)


@login_required
@slips.once
def new(request: HttpRequest) -> HttpResponse:
    """Keep a destination from an empty form."""
    return _form(request, require(request, *found.KEEPERS), None)


@login_required
@slips.once
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change a destination."""
    asking = require(request, *found.KEEPERS)
    return _form(request, asking, found.destination(name, asking, *found.KEEPERS))


@act
def check(request: HttpRequest, name: str) -> HttpResponse:
    """Try a destination without giving it anybody; its page tells what was found."""
    row = works.check(require(request, *found.KEEPERS, *found.WRITERS), name)
    to = reverse("destination", args=[name])
    if row.trouble:
        return done(request, _("It does not take what it is given: its page says why."), to=to)
    return done(request, _("It takes what it is given."), to=to)


@act
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Remove a destination; refused while pushes rest on it."""
    works.remove_destination(require(request, *found.KEEPERS), name)
    return done(request, _("The destination is removed."), to=reverse("destinations"))


def _mine(asking: Caller, row: Any) -> bool:
    return found.reads(asking, row.entity, row.brand, *found.KEEPERS)


def _form(request: HttpRequest, asking: Caller, row: Any) -> HttpResponse:
    said = request.POST if request.method == "POST" else None
    about = _about(said, row)
    faults: list[str] = []
    if said is not None:
        try:
            return _kept(request, asking, row, about)
        except DefinitionError as error:
            faults = [_fault(one) for one in error.faults]
        except (UsageError, Refused, Conflict, NotFound, DestinationError) as error:
            faults = [" ".join(part for part in sentence(error) if part)]
    context: dict[str, Any] = {
        "row": row, "about": about, "faults": faults,
        "entities": found.kept_entities(asking), "brands": found.kept_brands(asking),
        "secrets": secrets.openable(asking),
        "choices": {
            name: [(code, words.say(code, f"destination_{name}")) for code in codes] for name, codes in _CHOICES.items()
        },
        "delimiters": [(code, words.say(code, "delimiter")) for code in (";", ",", "\t")],
    }  # fmt: skip
    return render(request, "console/destinations/form.html", context, status=422 if faults else 200)


def _about(said: Any, row: Any) -> dict[str, Any]:
    if said is not None:
        about: dict[str, Any] = {name: str(said.get(name, "")) for name in ("title", "entity", "brand", *FIELDS)}
        return about | {"allow_private": said.get("allow_private") == "yes"}
    if row is not None:
        spec = found.spec_of(row)
        kept = {name: str(getattr(spec, name) or "") for name in FIELDS}
        return kept | {
            "title": row.title,
            "entity": row.entity,
            "brand": row.brand,
            "allow_private": spec.allow_private,
        }
    return dict.fromkeys(("title", "entity", "brand", *FIELDS), "") | {
        "kind": "folder", "form": "csv", "delimiter": ";", "auth": "bearer", "answers": "lot", "lot": "500",
        "allow_private": False,
    }  # fmt: skip


def _kept(request: HttpRequest, asking: Caller, row: Any, about: dict[str, Any]) -> HttpResponse:
    title = " ".join(about["title"].split())
    if not title:
        raise UsageError("A destination needs a title.", hint="Say in a few words which tool it is.")
    kind = about["kind"]
    spec = {"kind": kind, "place": about["place"].strip()}
    spec |= {name: about[name] for name in _OF.get(kind, ()) if about[name]}
    if kind != "folder" and about["allow_private"]:
        spec["allow_private"] = True
    name = row.name if row is not None else found.free(slugify(title)[:50].strip("-") or "destination", place=True)
    made = works.keep_destination(asking, name, spec=spec, entity=about["entity"], brand=about["brand"], title=title)
    works.check(asking, made.name)
    return done(request, _("The destination is kept."), to=reverse("destination", args=[made.name]))


def _fault(fault: str) -> str:
    where, _colon, what = fault.partition(":")
    told = {
        "place": _("Write a folder, or an address as https://host/path, without a password in it."),
        "header": _("Say the name of the header that bears the secret: letters, digits and hyphens."),
        "user": _("Say whose password the secret is."),
        "lot": _("A lot has from 1 to 10,000 rows."),
        "kind": _("Choose what kind of destination it is."),
    }
    whole = what.strip() if where == "(whole)" else fault
    for name, said in told.items():
        if where == name or f"{name}:" in whole:
            return said
    return fault
