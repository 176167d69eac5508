"""The judge that is made of a tracking plan: the collector, the live worker and corrections all judge by this one.

Whoever sends is told at the door what the live worker will do. Neither Django nor the plan's own definition is loaded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import jsonschema_rs
import msgspec

from filrouge.domain.events.said import Said
from filrouge.domain.events.schemas import judge
from filrouge.domain.events.verdicts import Reason

NAMED = frozenset({"track", "page", "screen"})  # kinds of which there are several, by name
ANY = "*"  # every name of a kind that the plan does not name by itself
SECTION: Mapping[str, str] = {
    "track": "properties", "page": "properties", "screen": "properties", "identify": "traits", "group": "traits",
}  # fmt: skip
NOTED = 1_000  # violations told apart by one judge before it is emptied
_WORD = 60  # characters of what was expected
_FIELD = 200
_said = msgspec.json.Decoder(Said)


class PublishedPlan(msgspec.Struct, frozen=True, omit_defaults=True):
    """What of a plan events are judged by: kind, name and schema of each event, and what becomes of the others."""

    events: tuple[tuple[str, str, dict[str, Any]], ...] = ()
    enforced: bool = False
    unknown: str = "allow"


class Violation(NamedTuple):
    """What a plan found: in which event, why, where, and what it expected there."""

    kind: str
    name: str
    code: str
    field: str
    expected: str


class Checker:
    """A plan that judges: an event in microseconds. It counts what it finds until somebody takes the counts."""

    def __init__(self, plan: PublishedPlan, *, source: str = "", version: int = 0) -> None:
        self.source, self.version = source, version
        self.empty, self.enforced = not plan.events, plan.enforced
        self.noted: Counter[Violation] = Counter()
        self._unknown = plan.unknown == "quarantine"
        self._schemas = {(kind, name): schema for kind, name, schema in plan.events}
        self._judges: dict[tuple[str, str], jsonschema_rs.Draft202012Validator] = {}

    def check(self, kind: str, name: str, event: Mapping[str, Any]) -> Reason | None:
        """Return why an event is to be set aside; nothing when it is right, or when the plan only watches.

        What is wrong is counted in ``noted`` either way.
        """
        held = section(kind, event)
        return self._noting(None if held is None else self._violation(kind, name, held))

    def check_sent(self, kind: str, body: bytes) -> Reason | None:
        """Judge, like ``check``, an event as it was sent, which was found right before its plan was asked."""
        return self._noting(self._of(kind, _said.decode(body)))

    def foreseen(self, kind: str, said: Said) -> Reason | None:
        """Return what ``check`` will say of an event; nothing is counted."""
        found = self._of(kind, said) if self.enforced else None
        return None if found is None else _reason(found)

    def _noting(self, found: Violation | None) -> Reason | None:
        if found is None:
            return None
        if found in self.noted or len(self.noted) < NOTED:
            self.noted[found] += 1
        return _reason(found) if self.enforced else None

    def _of(self, kind: str, said: Said) -> Violation | None:
        part = SECTION.get(kind)
        if part is None:
            return None
        held = (said.traits if part == "traits" else said.properties) or {}
        name: Any = ""
        if kind == "track":
            name = said.event
        elif kind in NAMED:
            name = said.name or held.get("name")
        return self._violation(kind, _name(name), held)

    def _violation(self, kind: str, name: str, held: Mapping[str, Any]) -> Violation | None:
        """Return what the plan finds wrong with what an event holds, nothing when it is right."""
        if self.empty:
            return None
        key = (kind, name if kind in NAMED else "")
        if key not in self._schemas:
            key = (kind, ANY)
            if key not in self._schemas:
                return Violation(kind, ANY, "plan_unknown_event", "", "") if self._unknown else None
        of = self._judges.get(key)
        if of is None:  # a plan may name thousands of events, of which a sender sends a few
            of = self._judges[key] = judge(self._schemas[key])
        if of.is_valid(held):
            return None
        try:
            of.validate(held)  # the first fault alone: an event may hold thousands
        except jsonschema_rs.ValidationError as wrong:
            return Violation(*key, "plan_violated", *_told(wrong, SECTION[kind]))
        return None


def section(kind: str, event: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the part of an event that a plan speaks of, None when it speaks of none."""
    if kind not in SECTION:
        return None
    held = event.get(SECTION[kind])
    return held if isinstance(held, Mapping) else {}


def name_of(kind: str, event: Mapping[str, Any]) -> str:
    """Return the name of an event, as a plan calls it."""
    if kind == "track":
        return _name(event.get("event"))
    if kind in NAMED:
        return _name(event.get("name") or (section(kind, event) or {}).get("name"))
    return ""


def _name(said: Any) -> str:
    return said[:300] if isinstance(said, str) else ""


def _reason(found: Violation) -> Reason:
    if found.code == "plan_unknown_event":
        return Reason(found.code, {"kind": found.kind})
    return Reason(found.code, {"field": found.field, "expected": found.expected})


def _told(error: jsonschema_rs.ValidationError, part: str) -> tuple[str, str]:
    """Return where a schema is not met, and what it expects there in a short word."""
    kind, said = error.kind.name, error.kind.as_dict()
    where = [part, *(str(step) for step in error.instance_path)]
    expected = kind
    if kind == "type":
        expected = " | ".join(said["types"])
    elif kind == "required":
        where, expected = [*where, str(said["property"])], "present"
    elif kind == "format":
        expected = str(said["format"])
    elif kind in ("additionalProperties", "unevaluatedProperties"):
        expected = "known_fields"
    elif kind in ("enum", "const"):
        expected = "known_value"
    return ".".join(where)[:_FIELD], expected[:_WORD]
