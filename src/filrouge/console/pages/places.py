"""Sources brought from where they stand: each kind of place has a form, is asked, and shows its first rows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from filrouge.base.errors import DefinitionError, FilrougeError, Refused, UsageError
from filrouge.console import places, slips
from filrouge.console.errors import recalled, sentence
from filrouge.console.pages.acting import act, done
from filrouge.console.who import require
from filrouge.domain.sources import presets
from filrouge.store.queries import drafts as found
from filrouge.work import draft_files, secrets
from filrouge.work import drafts as works
from filrouge.work import places as acts


@login_required
@slips.once
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """Take what is said of a place, ask it, and show what it holds."""
    asking = require(request, *found.KEEPERS)
    if kind not in acts.KINDS:
        raise Http404
    about = places.about(request.POST if request.method == "POST" else {})
    faults: list[str] = []
    if request.method == "POST":
        try:
            label, data = places.told(kind, about)
            key = acts.Key(about["secret"], request.POST.get("value", "").strip())
            draft = acts.bring(asking, data, brand=about["brand"], label=label, key=key)
        except DefinitionError as error:
            faults = [places.fault(one) for one in error.faults]
        except Refused:
            raise
        except FilrougeError as error:
            faults = [" ".join(part for part in sentence(error) if part)]
            about["host_key"] = about["host_key"] or places.shown_key(error)
        else:
            return done(request, _("It answers: here is what it holds."), to=reverse("draft-first", args=[draft.pk]))
    context = _asked(asking) | {
        "kind": kind, "about": about, "faults": faults, "choices": places.choices(), "drops": places.drops(),
        "words": places.words_of(kind),
    }  # fmt: skip
    return render(request, "console/places/place.html", context, status=422 if faults else 200)


@login_required
def systems(request: HttpRequest) -> HttpResponse:
    """List the usual systems."""
    require(request, *found.KEEPERS)
    listed = [presets.preset(name) for name in presets.names()]
    lines = [
        {"preset": one, "about": _said(one.about), "parts": [_said(part.title) for part in one.parts.values()]}
        for one in sorted(listed, key=lambda one: one.title.lower())
    ]
    return render(request, "console/places/systems.html", {"lines": lines})


@login_required
@slips.once
def system(request: HttpRequest, name: str) -> HttpResponse:
    """Ask what a usual system needs, look at each of its parts, and have them tried."""
    asking = require(request, *found.KEEPERS)
    if name not in presets.names():
        raise Http404
    one = presets.preset(name)
    said = request.POST
    faults: list[str] = []
    wanted = said.getlist("part") if request.method == "POST" else list(one.parts)
    if request.method == "POST":
        try:
            made = acts.bring_system(
                asking, name, {ask.name: said.get(f"a:{ask.name}", "") for ask in one.asks if not ask.secret},
                brand=said.get("brand", ""), parts=places.some(wanted), private=said.get("allow_private") == "yes",
                key=acts.Key(said.get("secret", ""), said.get("value", "").strip()),
            )  # fmt: skip
        except DefinitionError as error:
            faults = [places.answer_fault(one, fault) for fault in error.faults]
        except Refused:
            raise
        except FilrougeError as error:
            faults = [" ".join(part for part in sentence(error) if part)]
        else:
            told = _("It answers; each part is being tried.")
            return done(request, told, to=reverse("system-parts", args=[made[0].spec["system"]]))
    context = _asked(asking) | {
        "one": one, "told": _said(one.about), "limits": _said(one.limits), "faults": faults,
        "about": places.about(said),
        "asks": [
            {
                "ask": ask, "title": _said(ask.title), "help": _said(ask.help),
                "value": said.get(f"a:{ask.name}", ask.default),
            }
            for ask in one.asks
        ],
        "parts": [
            {"name": key, "title": _said(part.title), "chosen": key in wanted} for key, part in one.parts.items()
        ],
    }  # fmt: skip
    return render(request, "console/places/system.html", context, status=422 if faults else 200)


@login_required
def parts(request: HttpRequest, name: str) -> HttpResponse:
    """Show the parts of a system that are being prepared: their first rows, what importing each would do."""
    asking = require(request, *found.KEEPERS)
    listed = [draft for draft in found.drafts(asking) if draft.spec.get("system") == name and acts.first(draft)]
    clear = {draft.pk: found.shown(draft, asking) for draft in listed}
    lines = [_part(draft, shown=clear[draft.pk]) for draft in reversed(listed)]
    if not lines:
        return redirect("sources")
    ready = [line for line in lines if line["tried"] and line["importable"]]
    moving = any(line["moving"] for line in lines)
    context = {"lines": lines, "name": name, "ready": len(ready), "moving": moving, "masked": not all(clear.values())}
    return render(request, "console/places/parts.html", context)


@act
def import_parts(request: HttpRequest, name: str) -> HttpResponse:
    """Import every part of a system that was tried and brings something."""
    asking = require(request, *found.KEEPERS)
    begun = 0
    for draft in found.drafts(asking):
        if draft.spec.get("system") == name and draft.state == "open" and draft_files.tried(draft) and _brings(draft):
            works.go(asking, str(draft.pk))
            begun += 1
    if not begun:
        raise UsageError("There is nothing to import.", hint="Wait until the parts were tried.")
    return done(request, _("The import begins; this page follows it."), to=reverse("system-parts", args=[name]))


@login_required
def first(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show what a place answered: how many rows, and the first ones."""
    asking = require(request, *found.KEEPERS)
    draft = found.draft(str(key), asking)
    shown = found.shown(draft, asking)
    looked = acts.first(draft)
    if looked is None:
        return redirect("draft", key=key)
    context = {
        "draft": draft,
        "rows": looked.rows,
        "masked": not shown,
        "brands": found.brands_of(draft),
    } | places.table(looked, shown=shown)
    return render(request, "console/places/first.html", context)


def _part(draft: Any, *, shown: bool) -> dict[str, Any]:
    looked, job = acts.first(draft), found.job(draft)
    moving = job is not None and job.state in ("waiting", "running")
    failed = job is not None and job.state == "failed" and not draft_files.tried(draft)
    return {
        "draft": draft, "title": places.title(draft.spec), "moving": moving, "tried": draft_files.tried(draft),
        "counts": draft.tried, "importable": _brings(draft),
        "trouble": recalled(draft.trouble or (job.trouble if failed and job else {})),
        **(places.table(looked, shown=shown) if looked else {}),
    }  # fmt: skip


def _brings(draft: Any) -> int:
    return int(draft.tried.get("new", 0) + draft.tried.get("changed", 0))


def _asked(asking: Any) -> dict[str, Any]:
    brands = found.brands(asking)
    if not brands:
        raise Refused("There is no brand that you bring files for.", hint="Ask an administrator for one.")
    return {"brands": brands, "secrets": secrets.openable(asking), "may_within": acts.may_reach_within(asking)}


def _said(words: dict[str, str]) -> str:
    return words.get((get_language() or "en")[:2]) or words.get("en", "")
