"""Corrections of an event: what each does, what it leaves alone, and that odd events never stop the others."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from filrouge.base import ids
from filrouge.domain.events.checking import Checker, PublishedPlan
from filrouge.domain.events.edits import Edit, corrected, judged

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def _after(event: Any, *edits: Edit) -> Any:
    return json.loads(corrected(json.dumps(event), edits))


@pytest.mark.parametrize(
    ("to", "before", "after"),
    [
        ("number", "12,50", 12.5), ("number", "1 234,5", 1234.5), ("number", "-7", -7), ("number", "1e3", 1000.0),
        ("number", "free", "free"), ("number", "1,2,3", "1,2,3"), ("number", "nan", "nan"), ("number", None, None),
        ("number", True, 1), ("integer", "3.0", 3), ("integer", 2.5, 2.5), ("string", 3, "3"), ("string", True, "true"),
        ("string", {"a": 1}, {"a": 1}), ("boolean", "oui", True), ("boolean", 0, False), ("boolean", "maybe", "maybe"),
        ("number", "1" * 400, "1" * 400),
    ],
)  # fmt: skip
def test_a_value_is_converted_or_left_as_it_was(to: str, before: Any, after: Any) -> None:
    said = _after({"properties": {"x": before}}, Edit("convert", "properties.x", to=to))["properties"]["x"]
    assert said == after
    assert type(said) is type(after)


def test_fields_are_set_renamed_and_removed_in_order() -> None:
    edits = [Edit("rename", "props.a", to="properties.b"), Edit("set", "properties.c.d", 1), Edit("remove", "x")]
    assert _after({"props": {"a": 1}, "x": 2}, *edits) == {"props": {}, "properties": {"b": 1, "c": {"d": 1}}}
    assert _after({"a.b": {"c": 1}}, Edit("rename", "/a.b/c", to="/a.b/d")) == {"a.b": {"d": 1}}
    assert _after(
        {"a": 1}, Edit("remove", "b.c"), Edit("rename", "a.b", to="c"), Edit("convert", "z", to="number")
    ) == {"a": 1}


_json = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(max_size=6),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
_raw = some.text(max_size=40) | _json.map(lambda value: json.dumps(value, allow_nan=True))
_edits = some.lists(
    some.sampled_from(
        [
            Edit("letters"), Edit("set", "event", "x"), Edit("set", "a.b", None), Edit("remove", "properties"),
            Edit("rename", "a", to="b.c"), Edit("convert", "event", to="string"),
        ]
    ),
    max_size=4,
)  # fmt: skip


@given(_raw, _edits, some.sampled_from(["", "track", "identify", "nonsense"]))
@settings(deadline=None)
def test_whatever_was_sent_is_judged_and_never_stops_the_others(raw: str, edits: list[Edit], kind: str) -> None:
    key = ids.record_key("web", "m")
    one, reason = judged(
        corrected(raw, edits), kind=kind, received=NOW, message_id="m", key=key, checker=Checker(PublishedPlan()),
        key_of=lambda message_id: ids.record_key("web", message_id),
    )  # fmt: skip
    assert reason is not None or ids.record_key("web", one.message_id) == key
    assert reason is None or str(reason)
