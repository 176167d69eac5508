"""Companies: found by name or number, with their people, sales to come and what is to do."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from filrouge.base import clock
from filrouge.base.errors import NotFound
from filrouge.console.who import require
from filrouge.store.queries import companies as found

READERS = ("advisor", "sales", "finance", "privacy", "marketer", "engineer")


@login_required
def index(request: HttpRequest) -> HttpResponse:
    asking = require(request, *READERS)
    asked = request.GET.get("q", "").strip()[:200]
    return render(
        request, "console/companies/index.html", {"asked": asked, "companies": found.search(asked, asking, limit=50)}
    )


@login_required
def show(request: HttpRequest, key: str) -> HttpResponse:
    asking = require(request, *READERS)
    page = found.page(key, asking, at=clock.now())
    if page is None:
        raise NotFound("No company is here.", hint="Look it up by name or number.")
    seen: dict[tuple[str, str], dict[str, object]] = {}
    for row in page.people:
        person = seen.setdefault(
            (row["person"], row["name"]), {"name": row["name"], "email": row["email"], "roles": []}
        )
        person["address"] = reverse("person", args=[row["person"]])
        roles = person["roles"]
        if isinstance(roles, list) and row.get("role") and row["role"] not in roles:
            roles.append(row["role"])
    return render(
        request,
        "console/companies/company.html",
        {"page": page, "facts": page.facts, "people": list(seen.values()), "now": clock.now()},
    )
