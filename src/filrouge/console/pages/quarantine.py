"""Events of a sender that were set aside: grouped by why, corrected together or one by one, replayed or discarded."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filrouge.base.errors import Conflict, UsageError
from filrouge.console import names, quarantine, slips, words
from filrouge.console.errors import sentence
from filrouge.console.pages.acting import act, done
from filrouge.console.templatetags.say import number
from filrouge.console.who import require
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries import claims, moving
from filrouge.store.queries import plans as senders
from filrouge.store.queries import quarantine as found
from filrouge.store.queries.quarantine import Chosen
from filrouge.work import quarantine as works

PAGE = 20


@login_required
def index(request: HttpRequest, name: str) -> HttpResponse:
    """List what is set aside of a sender, by why and by event; a day narrows it."""
    asking, source = _asked(request, name)
    days = found.days(source, asking)
    day = request.GET.get("day", "")
    day = day if day in dict(days) else ""
    groups = found.groups(source, asking, Chosen(day=day))
    lines = [
        quarantine.line(group) | {"address": _address(name, group.code, group.kind, group.name, group.field, day)}
        for group in groups
    ]
    total = dict(days)[day] if day else sum(count for _day, count in days)
    context = _sender(source) | {"lines": lines, "days": days, "day": day, "total": total}
    context["lately"] = moving.lately_aside(name)
    context["moving"] = len(claims.under_way(name))
    return render(request, "console/quarantine/index.html", context | {"full": len(groups) == found.GROUPS})


@login_required
@slips.once
def group(request: HttpRequest, name: str) -> HttpResponse:
    """Show one group: an example, the form that corrects it, what a correction would do; carry it out when asked."""
    asking, source = _asked(request, name)
    chosen = _chosen(request)
    groups = found.groups(source, asking, chosen) if chosen != Chosen() else []
    if not groups:
        return HttpResponseRedirect(reverse("quarantine", args=[name]))
    shown = groups[0]
    lines, tried, fault, status = quarantine.suggested(shown), None, "", 200
    if request.method == "POST":
        lines = quarantine.written(request.POST)
        try:
            edits = quarantine.edits(lines)
            if request.POST.get("do") == "replay":
                return _replayed(request, asking, name, works.correct(asking, name, chosen, edits))
            tried = works.correct(asking, name, chosen, edits, dry_run=True)
        except (UsageError, Conflict) as error:
            fault, status = " ".join(part for part in sentence(error) if part), 409 if error.status == 409 else 422
    start = max(0, _number(request.GET.get("after")))
    rows = found.rows(source, asking, chosen, after=start, most=PAGE + 1, words=False)
    held = claims.of(name, [row.key for row in rows], moving=True)
    context = _sender(source) | {
        "group": quarantine.line(shown),
        "example": quarantine.shown(asking, shown.example),
        "veiled": not quarantine.sees(asking, shown.example),
        "kept": bool(shown.example.raw),
        "first": lines[0],
        "others": lines[1:],
        "more_changes": any(line["change"] for line in lines[1:]),
        "changes": list(words.WORDS["change"].items()),
        "fault": fault,
        "outcome": quarantine.outcome(tried, asking) if tried else None,
        "rows": [(row, quarantine.in_hand(held.get(row.key), asking)) for row in rows[:PAGE]],
        "next": rows[PAGE - 1].key if len(rows) > PAGE else None,
        "may_act": asking.has("engineer") and asking.perimeter.acts(source.entity, source.brand, "engineer"),
        "query": request.GET.urlencode(),
    }
    return render(request, "console/quarantine/group.html", context, status=status)


@login_required
@slips.once
def event(request: HttpRequest, name: str, key: int) -> HttpResponse:
    """Open one event in clear, which leaves a line; take it corrected by hand."""
    asking = require(request, "engineer")
    fault, reason, text, status = "", "", None, 200
    if request.method == "POST":
        text = request.POST.get("event", "")
        try:
            made = works.correct_one(asking, name, key, text)
            if made.passing:
                return _replayed(request, asking, name, made)
            told = next(iter(made.reasons.values()))
            reason, status = quarantine.why(told.code, told.values), 422
        except UsageError as error:
            fault, status = " ".join(part for part in sentence(error) if part), 422
        except Conflict:  # the page says who has it in hand, or that it is over
            status = 409
    aside = works.opened(asking, name, key)
    context = _sender(senders.sender(name, asking)) | {
        "aside": aside,
        "why": quarantine.titled(aside.code, aside.values),
        "text": quarantine.opened(aside.raw) if text is None else text,
        "fault": fault,
        "reason": reason,
        "theirs": quarantine.in_hand(claims.of(name, [key], moving=True).get(key), asking),
    }
    answer = render(request, "console/quarantine/event.html", context, status=status)
    answer["Cache-Control"] = "no-store"
    return answer


@act
def discard(request: HttpRequest, name: str) -> HttpResponse:
    """Let go of a group, or of one event."""
    asking = require(request, "engineer")
    one = request.POST.get("key")  # whatever it says, one event is meant, and never the rest
    made = works.discard(asking, name, _chosen(request) if one is None else Chosen(keys=(_number(one),)))
    said = ngettext("%(count)s event is discarded.", "%(count)s events are discarded.", made.count)
    told = (said % {"count": number(made.count)}, quarantine.theirs(made.theirs, asking))
    return done(request, " ".join(part for part in told if part), to=reverse("quarantine", args=[name]))


def _replayed(request: HttpRequest, asking: Caller, name: str, made: works.Outcome) -> HttpResponse:
    said = ngettext(
        "%(count)s event goes on: it is where it belongs within seconds, and off this list within a minute.",
        "%(count)s events go on: they are where they belong within seconds, and off this list within a minute.",
        made.passing,
    ) % {"count": number(made.passing)}
    if left := made.tried - made.passing:
        said += " " + ngettext("%(count)s still fails and stays.", "%(count)s still fail and stay.", left) % {
            "count": number(left)
        }
    if made.theirs:
        said += " " + quarantine.theirs(made.theirs, asking)
    if made.more:
        said += " " + _("There are more: correct them again.")
    return done(request, said, to=reverse("quarantine", args=[name]))


def _asked(request: HttpRequest, name: str) -> tuple[Caller, Any]:
    asking = require(request, *found.READERS)
    return asking, senders.sender(name, asking, *found.READERS)


def _sender(source: Any) -> dict[str, Any]:
    return {"sender": source.name, "title": names.source(source.name), "brand_of": source.brand}


def _chosen(request: HttpRequest) -> Chosen:
    asked = request.GET
    parts = (asked.get("code"), asked.get("kind"), asked.get("name"), asked.get("field"))
    return Chosen(*parts, day=asked.get("day", ""))


def _address(sender: str, code: str, kind: str, name: str, field: str, day: str) -> str:
    said = {"code": code, "kind": kind, "name": name, "field": field} | ({"day": day} if day else {})
    return f"{reverse('quarantine-group', args=[sender])}?{urlencode(said)}"


def _number(text: str | None) -> int:
    """Return the key of an event, of 60 bits; 0 where none is written."""
    key = int(text) if text and text.isascii() and text.isdigit() and len(text) < 20 else 0
    return key if key < 1 << 60 else 0
