"""What events look like, told from those that came: a summary that two halves give as the whole does.

``add`` and ``merge`` commute: a summary depends on the events alone, neither on their order nor on how they were
shared out. Everything that grows is bounded by a count that, once passed, stays passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jsonschema_rs

from filrouge.domain.events.checking import ANY, name_of, section
from filrouge.domain.events.personal import field_is_personal, looks_personal
from filrouge.domain.events.plan import PlannedEvent, PlanSpec

NAMES, FIELDS, VALUES = 300, 300, 12  # names of a kind, fields of an object, values of a field that are told apart
DEEPEST = 4  # levels of objects that are described; beyond, their type alone is
ENOUGH = 20  # events before a field that all of them hold is required, or a form that all values have is expected
OFTEN = 5  # times that a value is seen before it may be named
VARIED = 50  # values seen before they are taken for all that there are
LONGEST = 40  # characters of a value that may be named
FORMATS = ("date-time", "date", "email", "uri")
_TYPES: Mapping[type, str] = {
    bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object", type(None): "null",
}  # fmt: skip


@dataclass
class Shape:
    """What was seen at one place: how many values, of which types and forms; ``None`` where there were too many."""

    count: int = 0
    types: dict[str, int] = field(default_factory=dict)
    formats: dict[str, int] = field(default_factory=dict)
    values: dict[str, int] | None = field(default_factory=dict)
    fields: dict[str, Shape] | None = field(default_factory=dict)
    items: Shape | None = None

    def add(self, value: Any, *, named: bool = True, depth: int = 0) -> None:
        """Take in one value; ``named`` says whether its values may ever be listed."""
        said = _TYPES[type(value)]
        self.count += 1
        self.types[said] = self.types.get(said, 0) + 1
        if not named:
            self.values = None
        if isinstance(value, str):
            self._add_text(value)
        elif isinstance(value, dict) and depth < DEEPEST:
            for key in value:
                if self.fields is None:
                    break
                if looks_personal(key):  # a table by address or number: its keys are data
                    continue
                shape = self.fields.setdefault(key, Shape())
                shape.add(value[key], named=named and not field_is_personal(key), depth=depth + 1)
                if len(self.fields) > FIELDS:
                    self.fields = None
        elif isinstance(value, list) and depth < DEEPEST:
            for item in value:
                self.items = self.items or Shape()
                self.items.add(item, named=named, depth=depth + 1)

    def _add_text(self, text: str) -> None:
        for form in _formats(text):
            self.formats[form] = self.formats.get(form, 0) + 1
        if self.values is not None:
            if len(text) > LONGEST or looks_personal(text):
                self.values = None
                return
            self.values[text] = self.values.get(text, 0) + 1
            if len(self.values) > VALUES:
                self.values = None

    def merge(self, other: Shape) -> None:
        """Take in what ``other`` saw; it is not to be used afterwards."""
        self.count += other.count
        _sum(self.types, other.types)
        _sum(self.formats, other.formats)
        if self.values is None or other.values is None:
            self.values = None
        else:
            _sum(self.values, other.values)
            self.values = self.values if len(self.values) <= VALUES else None
        if self.fields is None or other.fields is None:
            self.fields = None
        else:
            for name, shape in other.fields.items():
                self.fields.setdefault(name, Shape()).merge(shape)
            self.fields = self.fields if len(self.fields) <= FIELDS else None
        if other.items is not None:
            self.items = self.items or Shape()
            self.items.merge(other.items)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema that every value seen meets."""
        types = sorted(self.types)
        if "number" in types and "integer" in types:
            types.remove("integer")
        said: dict[str, Any] = {"type": types[0] if len(types) == 1 else types}
        texts = self.types.get("string", 0)
        if texts >= ENOUGH and (form := next((one for one in FORMATS if self.formats.get(one) == texts), None)):
            said["format"] = form
        elif types == ["string"] and texts >= VARIED and self.values and min(self.values.values()) >= OFTEN:
            said["enum"] = sorted(self.values)
        if self.fields:
            said["properties"] = {name: self.fields[name].schema() for name in sorted(self.fields)}
            held = self.types["object"]
            if held >= ENOUGH and (always := sorted(n for n, shape in self.fields.items() if shape.count == held)):
                said["required"] = always
        if self.items is not None:
            said["items"] = self.items.schema()
        return said

    def shares(self) -> dict[str, float]:
        """Return in which share of the objects each field stood."""
        held = self.types.get("object", 0)
        return {name: round(shape.count / held, 4) for name, shape in sorted((self.fields or {}).items())}


@dataclass
class Summary:
    """What was seen of each kind of event, by its name; of a kind that has too many names, of all together."""

    kinds: dict[str, dict[str, Shape] | Shape] = field(default_factory=dict)

    def add(self, kind: str, event: Mapping[str, Any]) -> None:
        """Take in one event of a ``kind``; a kind that a plan does not speak of is left out."""
        if (told := section(kind, event)) is None:
            return
        self._take(kind, {name_of(kind, event): _seen(kind, told)})

    def merge(self, other: Summary) -> None:
        """Take in what ``other`` saw; it is not to be used afterwards."""
        for kind, names in other.kinds.items():
            self._take(kind, names)

    def _take(self, kind: str, names: dict[str, Shape] | Shape) -> None:
        mine = self.kinds.setdefault(kind, {})
        if isinstance(mine, Shape) or isinstance(names, Shape):
            whole = mine if isinstance(mine, Shape) else _together(mine)
            whole.merge(names if isinstance(names, Shape) else _together(names))
            self.kinds[kind] = whole
            return
        for name, shape in names.items():
            mine.setdefault(name, Shape()).merge(shape)
        if len(mine) > NAMES:
            self.kinds[kind] = _together(mine)

    def plan(self) -> PlanSpec:
        """Return the plan that every event seen meets: it watches, and allows what it does not name."""
        events = []
        for kind, names in sorted(self.kinds.items()):
            held = {ANY: names} if isinstance(names, Shape) else names
            events += [
                PlannedEvent.parse(_planned(kind, name, shape))
                for name, shape in sorted(held.items())
                if not looks_personal(name)
            ]
        return PlanSpec(events=tuple(events))


def infer(events: Iterable[tuple[str, Mapping[str, Any]]]) -> Summary:
    """Return the summary of ``events``: their kind, and what was sent."""
    summary = Summary()
    for kind, event in events:
        summary.add(kind, event)
    return summary


def _seen(kind: str, told: Mapping[str, Any]) -> Shape:
    shape = Shape()
    shape.add(dict(told), named=kind not in ("identify", "group"))  # traits are somebody's
    return shape


def _planned(kind: str, name: str, shape: Shape) -> dict[str, Any]:
    said = {"kind": kind, "name": name, "schema": shape.schema(), "seen": shape.count}
    return said | {"shares": shape.shares()}


def _together(names: dict[str, Shape]) -> Shape:
    whole = Shape()
    for shape in names.values():
        whole.merge(shape)
    return whole


def _sum(mine: dict[str, int], others: dict[str, int]) -> None:
    for key, count in others.items():
        mine[key] = mine.get(key, 0) + count


@lru_cache(maxsize=1)
def _forms() -> dict[str, jsonschema_rs.Draft202012Validator]:
    """Return what judges each form: the very judge of the plan, so that what is inferred holds."""
    return {
        form: jsonschema_rs.Draft202012Validator({"format": form}, validate_formats=True, offline=True)
        for form in FORMATS
    }


def _formats(text: str) -> list[str]:
    if not (6 <= len(text) <= 2_000) or not ("@" in text or ":" in text or "-" in text):
        return []
    return [form for form, judge in _forms().items() if judge.is_valid(text)]
