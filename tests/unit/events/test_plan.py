"""A tracking plan judges: what it sets aside and why, what it only counts, and which schemas it refuses to hold."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest

from filrouge.base.errors import DefinitionError
from filrouge.domain.events.checking import Checker
from filrouge.domain.events.inferring import infer
from filrouge.domain.events.plan import PlanSpec
from filrouge.domain.events.schemas import fault

BOUGHT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "price": {"type": "number"},
        "at": {"type": "string", "format": "date-time"},
        "colour": {"enum": ["red", "blue"]},
        "of": {"type": "object", "required": ["sku"], "additionalProperties": False, "properties": {"sku": {}}},
    },
    "required": ["price"],
}


def _checker(schema: dict[str, Any] = BOUGHT, *, mode: str = "enforce", unknown: str = "allow") -> Checker:
    event = {"kind": "track", "name": "Bought", "schema": schema}
    return Checker(PlanSpec.checked({"mode": mode, "unknown": unknown, "events": [event]}).published())


@pytest.mark.parametrize(
    ("properties", "field", "expected"),
    [
        ({}, "properties.price", "present"),
        ({"price": "12"}, "properties.price", "number"),
        ({"price": 1, "at": "yesterday"}, "properties.at", "date-time"),
        ({"price": 1, "colour": "grey"}, "properties.colour", "known_value"),
        ({"price": 1, "of": {}}, "properties.of.sku", "present"),
        ({"price": 1, "of": {"sku": 1, "x": 2}}, "properties.of", "known_fields"),
    ],
)
def test_what_is_wrong_is_told_by_its_field_and_what_was_expected(
    properties: dict[str, Any], field: str, expected: str
) -> None:
    found = _checker().check("track", "Bought", {"properties": properties})
    assert found is not None
    assert (found.code, found.values) == ("plan_violated", {"field": field, "expected": expected})
    assert field in str(found)


def test_what_is_right_passes_and_an_event_without_properties_is_judged_as_an_empty_one() -> None:
    checker = _checker()
    right = {"price": 1, "at": "2026-01-31T12:00:00Z", "colour": "red", "of": {"sku": "x"}, "more": [1]}
    assert checker.check("track", "Bought", {"properties": right}) is None
    assert checker.check("track", "Bought", {}) is not None
    assert checker.check("alias", "", {}) is None


def test_a_plan_that_watches_sets_nothing_aside_and_counts_what_it_finds() -> None:
    checker = _checker(mode="watch")
    for _ in range(3):
        assert checker.check("track", "Bought", {"properties": {"price": "12"}}) is None
    ((found, count),) = checker.noted.items()
    assert (found.field, found.expected, count) == ("properties.price", "number", 3)


def test_an_event_that_the_plan_does_not_name_is_allowed_or_set_aside_as_the_plan_says() -> None:
    assert _checker().check("track", "Sold", {}) is None
    found = _checker(unknown="quarantine").check("track", "Sold", {})
    assert found is not None
    assert found.code == "plan_unknown_event"
    rest = {"kind": "track", "name": "*", "schema": {"required": ["id"]}}
    checker = Checker(PlanSpec.checked({"mode": "enforce", "unknown": "quarantine", "events": [rest]}).published())
    assert checker.check("track", "Sold", {"properties": {"id": 1}}) is None
    assert checker.check("track", "Sold", {}) is not None


def test_what_is_told_of_somebody_has_one_entry_whatever_name_the_event_bears() -> None:
    told = {"kind": "identify", "schema": {"required": ["plan"]}}
    checker = Checker(PlanSpec.checked({"mode": "enforce", "events": [told]}).published())
    assert checker.check("identify", "Camille", {"traits": {"plan": "x"}}) is None
    assert checker.check("identify", "Camille", {"traits": {}}) is not None


def _bombs() -> dict[str, dict[str, Any]]:
    deep: dict[str, Any] = {}
    for _ in range(40):
        deep = {"items": deep}
    laughs = {f"d{at}": {"allOf": [{"$ref": f"#/$defs/d{at + 1}"}] * 10} for at in range(9)} | {"d9": {}}
    return {
        "network": {"$ref": "http://127.0.0.1:1/schema.json"},
        "file": {"properties": {"a": {"$ref": "file:///etc/passwd"}}},
        "renamed": {"$id": "http://127.0.0.1:1/a", "$ref": "#"},
        "itself": {"$ref": "#"},
        "circle": {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
        "nowhere": {"$ref": "#/$defs/a"},
        "laughs": {"$ref": "#/$defs/d0", "$defs": laughs},
        "deep": deep,
        "large": {"enum": ["x" * 70_000]},
        "pattern": {"pattern": "(a{1000}){1000}"},
        "behind": {"pattern": "(?<=a)b"},
        "type": {"type": "strin"},
        "draft": {"$schema": "http://json-schema.org/draft-04/schema#"},
    }


@pytest.mark.parametrize("name", sorted(_bombs()))
def test_a_schema_that_could_do_harm_is_a_fault_told_at_once(name: str) -> None:
    started = time.perf_counter()
    assert fault(_bombs()[name])
    assert time.perf_counter() - started < 5
    with pytest.raises(DefinitionError) as told:
        _checker(_bombs()[name])
    assert "track Bought" in told.value.faults[0]


def test_a_local_reference_is_followed_and_a_pattern_that_backtracks_elsewhere_is_linear_here() -> None:
    schema = {"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"pattern": "^(a+)+$"}}}
    assert fault(schema) == ""
    started = time.perf_counter()
    found = _checker(schema).check("track", "Bought", {"properties": {"a": "a" * 30_000 + "b"}})
    assert found is not None
    assert found.values["expected"] == "pattern"
    assert time.perf_counter() - started < 5


def test_all_faults_of_a_plan_are_told_at_once() -> None:
    twice = {"kind": "page", "name": "Home", "schema": {"type": "strin"}}
    with pytest.raises(DefinitionError) as told:
        PlanSpec.checked({"events": [twice, twice, {"kind": "page", "schema": {"$ref": "x"}}]}, what="web")
    assert len(told.value.faults) == 4


def test_a_collector_without_a_plan_does_not_load_the_judge() -> None:
    import subprocess

    code = "import sys, filrouge.collector.app; sys.exit('jsonschema_rs' in sys.modules or 'pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_event_as_deep_as_may_be_is_judged_like_any_other() -> None:
    deep: Any = 1
    for at in range(190):
        deep = [deep] if at % 2 else {"a": deep}
    wrong = _checker().check("track", "Bought", {"properties": {"price": deep}})
    assert wrong is not None
    assert wrong.values["field"] == "properties.price"
    assert (
        _checker({}).check("track", "Bought", {"properties": {"deep": deep, "large": 10**40, "small": -1e300}}) is None
    )
    assert infer([("track", {"event": "Bought", "properties": {"deep": deep}})]).plan().events


def test_of_many_faults_one_is_told_and_what_is_missing_comes_first() -> None:
    schema = {"required": ["x"], "properties": {f"f{at}": {"type": "number"} for at in range(200)}}
    checker = _checker(schema)
    held = {f"f{at}": "no" for at in range(200)}
    for properties in (held, dict(reversed(held.items()))):
        found = checker.check("track", "Bought", {"properties": properties})
        assert found is not None
        assert found.values == {"field": "properties.x", "expected": "present"}
    found = checker.check("track", "Bought", {"properties": held | {"x": 1}})
    assert found is not None
    assert found.values["expected"] == "number"
    assert checker.noted.total() == 3
