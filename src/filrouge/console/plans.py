"""Tracking plans in words: each event with its fields, what was found against them, the versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from filrouge.console import quarantine, words
from filrouge.domain.events.checking import ANY, Violation
from filrouge.domain.events.plan import PlannedEvent, PlanSpec

FIELDS = 200  # of one event, on the page


def events(spec: PlanSpec) -> list[dict[str, Any]]:
    """Return the events of a plan as they are shown, the most frequent first."""
    ordered = sorted(spec.events, key=lambda event: (-event.seen, event.kind, event.name))
    return [
        {"kind": event.kind, "name": named(event.kind, event.name), "seen": event.seen, "fields": _fields(event)}
        for event in ordered
    ]


def named(kind: str, name: str) -> str:
    """Say the name of a planned event."""
    return _("any other") if name == ANY else name


def found(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Return what a version found, in words."""
    return [_finding(row, row.count) | {"last_at": row.last_at} for row in rows]


def tried(wrong: Mapping[Violation, int]) -> list[dict[str, Any]]:
    """Return what a trial found, in words, the most frequent first."""
    return [_finding(one, count) for one, count in sorted(wrong.items(), key=lambda pair: -pair[1])[:20]]


def _finding(one: Any, count: int) -> dict[str, Any]:
    values = {"field": one.field, "expected": one.expected}
    return {
        "kind": one.kind,
        "name": named(one.kind, one.name),
        "why": quarantine.why(one.code, values),
        "count": count,
    }


def _fields(event: PlannedEvent) -> list[dict[str, Any]]:
    lines = list(_lines(event.schema_, "", event.shares))
    return lines[:FIELDS]


def _lines(schema: Mapping[str, Any], path: str, shares: Mapping[str, float]) -> Iterable[dict[str, Any]]:
    fields = schema.get("properties")
    required = schema.get("required") or []
    for name, held in (fields if isinstance(fields, Mapping) else {}).items():
        said = held if isinstance(held, Mapping) else {}
        where = f"{path}.{name}" if path else name
        yield {
            "path": where,
            "type": _type(said),
            "values": ", ".join(str(value) for value in said.get("enum", ())[:12]),
            "required": name in required,
            "share": None if path else shares.get(name),
        }
        yield from _lines(said, where, {})
        items = said.get("items")
        if isinstance(items, Mapping):
            yield from _lines(items, f"{where}[]", {})


def _type(schema: Mapping[str, Any]) -> str:
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if schema.get("format") and types == ["string"]:
        return words.say(str(schema["format"]), "expected")
    return quarantine.expected(" | ".join(str(one) for one in types))
