"""People at a glance: who they are in a list, as the caller may see it, what was corrected here put first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from filrouge.domain.privacy.caller import Caller
from filrouge.domain.profiles import PersonView, view
from filrouge.store.live import Live
from filrouge.store.models import Correction
from filrouge.store.queries import group

PARTS = ("id", "records", "values", "roles")


def glances(live: Live, people: Sequence[int], caller: Caller, *, at: datetime) -> dict[int, PersonView]:
    """Return those of ``people`` (numbers) whom the caller may see, without their documents and their thread."""
    documents = live.documents(people)
    systems = {**group.systems(), "filrouge": "filrouge"}
    corrected = _corrected(live, [document["id"] for document in documents.values()])
    seen = {}
    for person, document in documents.items():
        short = {part: document[part] for part in PARTS}
        short["values"] = overlay(short["values"], corrected.get(document["id"], ()))
        if (shown := view(short, (), caller.perimeter, systems=systems, at=at)) is not None:
            seen[person] = shown
    return seen


def overlay(values: list[dict[str, Any]], corrections: Iterable[Correction]) -> list[dict[str, Any]]:
    """Return candidate values with what people corrected put first, the latest before the others."""
    said = [
        {
            "attribute": row.attribute, "value": row.value, "source": "filrouge", "entity": row.entity,
            "brand": row.brand, "record_key": 0, "at": row.created_at, "rank": -at, "reason": "corrected",
        }
        for at, row in enumerate(sorted((c for c in corrections if c.undone_at is None), key=lambda c: c.created_at))
    ]  # fmt: skip
    return [*said, *values]


def _corrected(live: Live, people: Sequence[str]) -> Mapping[str, list[Correction]]:
    """Return the corrections in force of each of ``people``, those made under an id that led to theirs included."""
    if not people:
        return {}
    marks = ", ".join(["%s"] * len(people))
    led = dict(live.rows(f"SELECT old, new FROM redirects WHERE new IN ({marks})", people))
    found: dict[str, list[Correction]] = {}
    for row in Correction.objects.filter(person__in=[*people, *led], undone_at=None):
        found.setdefault(led.get(row.person, row.person), []).append(row)
    return found
