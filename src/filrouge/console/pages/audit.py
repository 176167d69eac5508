"""The audit: who did what, when; and whether the chain holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from filrouge.base.text import whole
from filrouge.console import names, words
from filrouge.console.pages.acting import act
from filrouge.console.templatetags import say
from filrouge.console.who import require
from filrouge.store.queries import audits as found
from filrouge.work import access
from filrouge.work import audit as works

SIZE = 50


@login_required
def index(request: HttpRequest) -> HttpResponse:
    asking = require(request, "privacy")
    asked = {name: request.GET.get(name, "").strip()[:100] for name in ("by", "action", "person")}
    before = whole(request.GET.get("before", ""))
    if asked["person"] and not access.knows(asking, asked["person"]):
        asked["person"] = "0"  # nobody whom the officer may see: no line is theirs to read
    by = (asked["by"], *names.authors(asked["by"])) if asked["by"] else ()
    rows = found.lines(by=by, action=asked["action"], person=asked["person"], before=before, limit=SIZE + 1)
    return render(
        request,
        "console/audit/audit.html",
        {
            "rows": [{"row": row, "details": _details(row.details)} for row in rows[:SIZE]],
            "older": rows[SIZE - 1].seq if len(rows) > SIZE else None,
            "asked": asked,
            "filtered": any(asked.values()),
            "actions": sorted(
                ((code, words.say(code, "action")) for code in found.actions()), key=lambda pair: pair[1]
            ),
            "head": works.read_head(),
        },
    )


@act
def verify(request: HttpRequest) -> HttpResponse:
    """Read the whole chain again and tell what was found."""
    require(request, "privacy")
    report = works.verify()
    if report["faults"]:
        first = report["faults"][0]
        told = _("The chain is broken at line %(seq)s: %(fault)s.")
        messages.error(request, told % {"seq": say.number(first["seq"]), "fault": words.say(first["code"], "chain")})
    else:
        told = _("%(lines)s lines read again: none changed, removed or moved.")
        messages.success(request, told % {"lines": say.number(report["lines"])})
    return redirect("audit")


def _details(details: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what an act says of itself, flat: figures of a run one by one, those that are nothing left out."""
    told: list[tuple[str, str]] = []
    for key, value in details.items():
        if isinstance(value, dict):
            told += [(_called(str(name)), _value(str(name), inner)) for name, inner in value.items() if inner]
        elif value not in (None, "", [], 0):
            told.append((_called(key), _value(key, value)))
    return told


def _called(key: str) -> str:
    kind = next((kind for kind in ("detail", "held", "acts") if key in words.WORDS[kind]), "")
    return words.say(key, kind) if kind else key.replace("_", " ")


def _value(key: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_value(key, one) for one in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return say.number(value)
    if key in _NAMED:
        return str(_NAMED[key](str(value)))
    kind = _SAID.get(key, "")
    if key == "state":
        kind = next((kind for kind in _STATES if value in words.WORDS[kind]), "")
    return words.say(str(value), kind) if kind and value in words.WORDS[kind] else str(value)


_SAID = {
    "purpose": "purpose", "role": "role", "channel": "channel", "door": "door", "attribute": "attribute",
    "by_way_of": "way", "form": "format", "page": "audited_page",
}  # fmt: skip
_STATES = ("consent", "promise", "state")  # whose states an act may name
_NAMED: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(("entity", "entities", "giver", "receiver"), names.entity),
    **dict.fromkeys(("brand", "brands"), lambda slug: names.brand(slug).name),
    "source": names.source,
    "to": names.account,
}
