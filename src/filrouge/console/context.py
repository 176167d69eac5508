"""What every page knows: who reads, in which language and light, and where they may go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from filrouge.base.text import fold
from filrouge.console import searches, words
from filrouge.console.reader import LANGUAGES, theme_of
from filrouge.console.who import caller, roles_of
from filrouge.domain.privacy.perimeter import PAGE_ROLES

EVERYONE = frozenset[str]()
WIDE = 6  # places beside one another; a role that has more finds them under "more"


@dataclass(frozen=True)
class Place:
    """A place of the console: its address, its name, and the roles that find it in their navigation (empty: all)."""

    view: str
    name: str | Promise
    icon: str
    roles: frozenset[str] = EVERYONE


PLACES = (
    Place("home", _("Home"), "home"),
    Place("people", _("People"), "people", PAGE_ROLES),
    Place("segments", _("Segments"), "people", frozenset({"marketer", "analyst", "sales", "privacy"})),
    Place("pushes", _("Pushes"), "out", frozenset({"marketer", "analyst", "sales", "privacy"})),
    Place("followups", _("Follow-ups"), "followup", frozenset({"advisor", "sales"})),
    Place("reviews", _("To review"), "merge", frozenset({"advisor", "privacy"})),
    Place("companies", _("Companies"), "building", frozenset({"advisor", "sales", "finance"})),
    Place("sources", _("Sources"), "source", frozenset({"engineer", "analyst", "privacy"})),
    Place("acquisitions", _("Acquisitions"), "building", frozenset({"engineer", "executive", "privacy"})),
    Place("destinations", _("Destinations"), "out", frozenset({"engineer"})),
    Place("plans", _("Tracking plans"), "source", frozenset({"engineer", "analyst", "marketer"})),
    Place("identity", _("Identity"), "identity", frozenset({"engineer", "analyst", "privacy", "executive"})),
    Place("scores", _("Scores"), "baseline", frozenset({"analyst", "engineer", "privacy", "executive"})),
    Place("baselines", _("Baselines"), "baseline", frozenset({"executive", "analyst", "sales", "finance"})),
    Place("erasures", _("Erasures"), "lock", frozenset({"privacy"})),
    Place("questions", _("Questions to callers"), "key", frozenset({"privacy"})),
    Place("audit", _("Audit"), "audit", frozenset({"privacy"})),
    Place("register", _("Register"), "audit", frozenset({"privacy"})),
    Place("group", _("The group"), "building", frozenset({"engineer", "privacy"})),
    Place("users", _("Accounts"), "key", frozenset({"administrator"})),
)


# Pages that belong to a place though they are named otherwise.
_VIEWS = {
    "people": {
        "search", "person", "person-records", "person-split", "person-merge", "person-merge-with", "correct",
        "by-phone", "erase", "person-new", "person-segments",
        "people-export", "person-why", "person-household", "person-roles",
    },
    "segments": {"segment", "segment-new", "segment-edit", "segment-why"},
    "pushes": {"push", "push-new", "push-edit", "push-at"},
    "destinations": {"destination", "destination-new", "destination-edit"},
    "followups": {"followup-rules", "followup-rule", "followup-rule-new"},
    "companies": {"company"},
    "scores": {"score-model"},
    "reviews": {"review", "review-next", "review-quality"},
    "sources": {
        "source", "run", "run-shape", "senders", "sender", "sender-new", "sender-events", "quarantine",
        "quarantine-group", "quarantine-event",
    },
    "acquisitions": {"acquisition", "acquisition-new", "acquisition-edit", "acquisition-overlap"},
    "plans": {"plan"},
    "erasures": {"erasure"},
}  # fmt: skip


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return what base.html needs."""
    theme = theme_of(request)
    near, further = split(places(request))
    language = getattr(request, "LANGUAGE_CODE", "fr")
    return {
        "places": near,
        "more_places": further,
        "reached": {place["view"] for place in (*near, *further)},
        "every_place": [*near, *further],
        "views_kept": searches.views(caller(request)) if may_search(request) else [],
        "searches_people": may_search(request),
        "roles_said": words.together("role", sorted(roles_of(request))) if getattr(request, "user", None) else "",
        "theme": theme,
        "next_theme": {"auto": "dark", "dark": "light", "light": "dark"}[theme],
        "language": language,
        "other_language": next(code for code in LANGUAGES if code != language),
    }


def may_search(request: HttpRequest) -> bool:
    """Tell whether the reader searches for people."""
    user = getattr(request, "user", None)
    return bool(user and user.is_authenticated and caller(request).opens_pages())


def places(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the places that the reader's roles open, the current one marked."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return []
    held = roles_of(request)
    here = (request.resolver_match.view_name if request.resolver_match else "") or ""
    found = []
    for place in PLACES:
        if place.roles and "administrator" not in held and not place.roles & held:
            continue
        try:
            address = reverse(place.view)
        except NoReverseMatch:
            continue
        current = here == place.view or here in _VIEWS.get(place.view, ())
        found.append(
            {"view": place.view, "address": address, "name": place.name, "icon": place.icon, "current": current}
        )
    return found


def places_like(request: HttpRequest, text: str) -> list[dict[str, Any]]:
    """Return the places of the reader whose name holds ``text``."""
    wanted = fold(text)
    return [place for place in places(request) if wanted in fold(str(place["name"]))]


def split(found: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the places that stand in the navigation and those under "more"; the current one always stands in it."""
    if len(found) <= WIDE + 1:
        return found, []
    near, further = found[:WIDE], found[WIDE:]
    here = next((place for place in further if place["current"]), None)
    if here is not None:
        further = [near[-1], *(place for place in further if place is not here)]
        near = [*near[:-1], here]
    return near, further
