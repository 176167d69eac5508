"""People found, as the lines of a list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from filrouge.console.names import brand as brand_mark
from filrouge.console.templatetags import say
from filrouge.domain.profiles.filters import city_key
from filrouge.store.queries.people import Hit


def of(hits: Iterable[Hit], *, place: str = "") -> list[dict[str, Any]]:
    """Return people found as lines: name, where to find them, what tells them apart.

    A line says when the city shown is not the one asked for: the person is known at another address there.
    """
    city = "" if any(letter.isdigit() for letter in place) else city_key(place)
    return [
        {
            "id": hit.id,
            "name": hit.name or hit.email or say.phone(hit.phone),
            "address": reverse("person", args=[hit.id]),
            "brands": hit.brands,
            "brand_names": [brand_mark(slug).name for slug in hit.brands],
            "city": hit.city,
            "email": hit.email,
            "phone": say.phone(hit.phone) if hit.phone else "",
            "company": hit.company,
            "elsewhere": bool(city) and city_key(hit.city) != city,
            "near": hit.score < 0.9,
            "detail": " · ".join(part for part in (hit.city, hit.company) if part),
        }
        for hit in hits
    ]
