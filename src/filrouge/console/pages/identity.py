"""How good identity is: the figures of the last resolution, and people worth a look for whoever opens their pages."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from filrouge.base import clock
from filrouge.console import identity
from filrouge.console.who import require
from filrouge.store.queries import identity_quality as found

PAGE = 10


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show the figures; the list of people worth a look is narrowed by one kind of doubt."""
    asking = require(request, *found.ROLES)
    quality = found.latest(asking)
    if quality is None:
        return render(request, "console/identity/quality.html", {"now": None})
    code = request.GET.get("doubt", "")
    chosen = code if code in quality.doubts else ""
    page = Paginator(found.doubted(asking, code=chosen), PAGE).get_page(request.GET.get("page"))
    shown = {
        **identity.context(quality),
        "opens": asking.opens_pages(),
        "doubtful": quality.doubts["people"],
        "doubts": identity.doubts(quality, chosen),
        "chosen": chosen,
        "page": page,
        "people": identity.doubted(found.named(list(page.object_list), asking, at=clock.now())),
        "may_resolve": asking.has("engineer"),
    }
    partial = request.headers.get("HX-Target") == "doubted"
    return render(request, f"console/identity/{'doubted' if partial else 'quality'}.html", shown)
