"""Follow-ups: mine, due, overdue; they stay here when their system is down."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from filrouge.base import clock
from filrouge.base.text import whole
from filrouge.console import names, tasks
from filrouge.console.who import require
from filrouge.store.queries import followups as found

SIZE = 50
FURTHEST = 1_000_000  # pages; no list is longer


@login_required
def followups(request: HttpRequest) -> HttpResponse:
    asking = require(request, "advisor", "sales")
    now = clock.now()
    counts = found.counts(asking, at=now)
    which = request.GET.get("list", "") or ("mine" if counts["mine"] else "due")
    which = which if which in (*found.LISTS, "promises") else "due"
    order = "amount" if request.GET.get("order") == "amount" else "due"
    owners = found.owners(asking)
    owner = request.GET.get("owner", "")
    owner = owner if owner in {name for name, _count in owners} else ""
    number = whole(request.GET.get("page", ""), most=FURTHEST) or 1
    if which == "promises":
        rows, total = found.promises(asking, at=now, limit=200)
    else:
        rows, total = found.followups(
            asking, which=which, at=now, start=(number - 1) * SIZE, limit=SIZE, order=order, owner=owner
        )
    tabs = [
        ("mine", _("Mine"), counts["mine"]),
        ("due", _("Due today"), counts["due"]),
        ("overdue", _("Overdue"), counts["overdue"]),
        ("unowned", _("Nobody’s"), counts["unowned"]),
        ("all", _("All"), counts["all"]),
        ("promises", _("Promises"), None),
        ("done", pgettext("list", "Done"), None),
    ]
    return render(
        request,
        "console/followups/followups.html",
        {
            "lines": tasks.lines(rows, asking),
            "which": which,
            "tabs": tabs,
            "total": total,
            "order": order,
            "owner": owner,
            "owners": [(name, names.author(name), count) for name, count in owners],
            "page": Page(rows, number, Paginator(range(total), SIZE)),
        },
    )
