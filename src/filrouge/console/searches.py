"""A search for people as its address says it: words and filters, its saved views, what can be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p

from filrouge.base.text import fold
from filrouge.console import names
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.profiles.filters import Filters
from filrouge.store.queries import accounts, group

PAGE = "people"


def asked(given: Mapping[str, str]) -> tuple[str, Filters]:
    """Return the words and filters of a search. Raises UsageError when a filter has a value that it cannot have."""
    return given.get("q", "").strip()[:200], Filters.of(given)


def query(text: str, filters: Filters) -> str:
    """Return a search as the parameters of an address, always in the same order."""
    return urlencode({**({"q": text} if text else {}), **filters.plain()})


def views(asking: Caller, *, current: str = "", like: str = "") -> list[dict[str, Any]]:
    """Return the caller's saved views of people, those whose name holds ``like``."""
    return [
        {
            "id": row.id,
            "name": row.name,
            "query": row.query,
            "address": f"{reverse('people')}?{row.query}",
            "current": row.query == current,
        }
        for row in accounts.views(asking, PAGE)
        if fold(like) in fold(row.name)
    ]


def choices(asking: Caller) -> dict[str, Any]:
    """Return what the filters offer."""
    sees = asking.perimeter
    entities = [row.slug for row in group.entities()]
    brands = [row for row in group.brands() if any(sees.sees(entity, row.slug) for entity in entities)]
    systems = [
        (slug, _("created here") if slug == "filrouge" else names.system(slug)) for slug in group.person_systems(asking)
    ]
    return {
        "brands": [(row.slug, row.name) for row in brands],
        "systems": sorted(systems, key=lambda system: fold(system[1])),
        "subscriptions": [("running", _p("subscription", "running")), ("ended", _p("subscription", "ended"))],
    }


def said(text: str, filters: Filters) -> list[str]:
    """Return a search in words, a part each."""
    parts = [_("“%(text)s”") % {"text": text}] if text else []
    if filters.brand:
        parts.append(names.brand(filters.brand).name)
    if filters.place:
        parts.append(filters.place)
    if filters.system:
        parts.append(_("created here") if filters.system == "filrouge" else names.system(filters.system))
    if filters.subscription:
        parts.append(_("subscription running") if filters.subscription == "running" else _("subscription ended"))
    if filters.complaint:
        parts.append(_("complaint open"))
    return parts
