"""How one source is watched: when it is read, what a good run looks like, whose it is, and its rules."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from filrouge.base.errors import Conflict, UsageError
from filrouge.console import names, rules, slips, watching
from filrouge.console.errors import sentence
from filrouge.console.pages.acting import act, done
from filrouge.console.who import require
from filrouge.store.queries import rulings
from filrouge.store.queries import sources as found
from filrouge.work import schedules
from filrouge.work import watching as works
from filrouge.work.newer import brought


@login_required
@slips.once
def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show how a source is watched, and keep what is said of it."""
    asking = require(request, "engineer")
    line = found.line(name, asking)
    schedules.whole(asking, line.source)
    to = reverse("source-watch", args=[name])
    faults: list[str] = []
    told: dict[str, Any] = watching.shown(line.spec)
    check = request.GET.get("check", "")
    if request.method == "POST":
        check = request.POST.get("check", "")
        try:
            if check:
                rule = watching.rule_sent(request.POST, request.POST.getlist("columns"), line.spec)
                works.add_rule(asking, name, rule, of=request.POST.get("of", ""))
                return done(request, _("The rule is kept: the next run is judged by it."), to=to)
            works.watch(asking, name, watching.sent(request.POST.dict()), of=request.POST.get("of", ""))
            return done(request, _("Kept."), to=reverse("source", args=[name]))
        except (UsageError, Conflict) as error:
            faults = [" ".join(part for part in sentence(error) if part)]
            told |= {key: request.POST[key] for key in told if key in request.POST}
    context = {
        "line": {"name": name, "title": names.source(name)}, "of": works.state(line.source), "told": told,
        "faults": faults, "brought": brought(line.source), "owners": found.owners(),
        "rules": rules.told(rulings.kept(name, asking)), "checks": watching.checks(),
        "form": watching.rule_form(check, line.spec), "sent": request.POST,
        "others": [(one.name, names.source(one.name)) for one in found.referable(line.source, asking)],
    }  # fmt: skip
    return render(request, "console/sources/watch.html", context, status=422 if faults else 200)


@act
def remove_rule(request: HttpRequest, name: str) -> HttpResponse:
    """Remove a rule."""
    asking = require(request, "engineer")
    works.remove_rule(asking, name, request.POST.get("rule", ""), of=request.POST.get("of", ""))
    return done(
        request, _("The rule is gone; what it said of past runs stays."), to=reverse("source-watch", args=[name])
    )
