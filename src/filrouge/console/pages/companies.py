"""Companies: found by name or number, with their people, sales to come and what is to do."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from filrouge.base import clock
from filrouge.base.errors import NotFound
from filrouge.base.text import whole
from filrouge.console import words
from filrouge.console.templatetags import say
from filrouge.console.who import require
from filrouge.store.queries import companies as found

PAGE = 50
READERS = ("advisor", "sales", "finance", "privacy", "marketer", "engineer")


@login_required
def index(request: HttpRequest) -> HttpResponse:
    asking = require(request, *READERS)
    asked = request.GET.get("q", "").strip()[:200]
    told = found.find(asked, asking, limit=PAGE, after=str(whole(request.GET.get("after", "")) or ""))
    return render(request, "console/companies/index.html", {"asked": asked, "told": told})


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
        {"page": page, "facts": _facts(page), "people": list(seen.values()), "now": clock.now()},
    )


def _facts(page: found.CompanyPage) -> list[dict[str, object]]:
    """Return the facts worth a line, each with what it is called and how it is written."""
    lines: list[dict[str, object]] = []
    for name in ("registration_id", "sector", "size", "address_line", "city", "phone", "domain"):
        fact = page.facts.get(name)
        if fact is None:
            continue
        shown = say.phone(fact.value) if name == "phone" else fact.value
        if name == "city" and "postcode" in page.facts:
            shown = f"{page.facts['postcode'].value} {shown}"
        lines.append({"label": words.say(name, "company_fact"), "shown": shown, "fact": fact})
    return lines
