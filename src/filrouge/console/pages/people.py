"""People: search, one person's page, why their records are one, and what can be written about them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from filrouge.console import advice, documents, moments, people
from filrouge.domain.profiles import PersonView

SHOWN = 200  # moments kept at hand per person


def context(request: HttpRequest, person: PersonView) -> dict[str, Any]:
    """Return what the person page shows, as asked by its filters and its tab."""
    asked = {name: request.GET.get(name, "") for name in ("kind", "brand", "channel")}
    tab = request.GET.get("tab", "")
    told = advice.told(person.alerts)
    found: dict[str, Any] = {
        "person": person,
        "records_said": people.records_said(person),
        "alerts": told,
        "advice": [alert.advice for alert in told],
        "consents": people.consents(person),
        "facts": people.facts(person),
        "running": people.running(person),
        "tabs": people.tabs(person),
        "tab": tab if tab in documents.TABLES else "",
    }
    if found["tab"]:
        return found | documents.table(person, found["tab"])
    return found | {
        "days": moments.days(
            moments.chosen(person.moments, group=asked["kind"], brand=asked["brand"], channel=asked["channel"])
        ),
        "groups": [(key, label) for key, (label, _kinds) in moments.GROUPS.items()],
        "channels": sorted({moment.channel for moment in person.moments if moment.channel}),
        "chosen": asked | {"any": any(asked.values())},
        "shortened": SHOWN if len(person.moments) >= SHOWN else 0,
    }
