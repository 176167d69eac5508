"""Erasing a person: what it will destroy, in numbers, before; what was destroyed, in the audit, after."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from filrouge.console import words
from filrouge.console.who import require
from filrouge.work import access, erasures


@login_required
def erase(request: HttpRequest, person_id: str) -> HttpResponse:
    """Show what would go; ask for it when told to."""
    asking = require(request, "privacy")
    page = access.person(asking, person_id, opening="erasure")
    if request.method == "POST" and request.POST.get("sure") == "yes":
        erasures.request(asking, page.view.id, reason=request.POST.get("reason", ""))
        messages.success(
            request, _("The erasure is under way: the audit tells when it is done, and what it destroyed.")
        )
        return redirect("people")
    plan = erasures.plan(asking, page.view.id)
    lines = [(_held(name), count) for name, count in plan["tables"].items()]
    lines += [(words.say(name, "acts"), count) for name, count in plan["acts"].items()]
    return render(
        request,
        "console/people/erase.html",
        {
            "person": page.view,
            "lines": sorted(lines, key=lambda line: -line[1]),
            "total": sum(count for _name, count in lines),
            "records": plan["records"],
            "unsure": request.method == "POST",
        },
        status=422 if request.method == "POST" else 200,
    )


def _held(table: str) -> str:
    return words.say(table, "held") if table in words.WORDS["held"] else words.say(table, "reads")
