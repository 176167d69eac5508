"""A plan inferred from events: the same whatever their order, met by every one of them, and holding nobody's values."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from filrouge.domain.events import inferring
from filrouge.domain.events.checking import ANY, Checker, name_of
from filrouge.domain.events.inferring import Summary, infer
from filrouge.domain.events.plan import PlanSpec

_texts = some.text(max_size=8) | some.sampled_from(
    ["2026-01-31T12:00:00Z", "2026-01-31", "a@b.example", "https://a.example/x", "red", "blue", ""]
)
_plain = some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False, allow_infinity=False) | _texts
_values = some.recursive(
    _plain, lambda inner: some.lists(inner, max_size=3) | some.dictionaries(_texts, inner, max_size=3), max_leaves=12
)
_events = some.tuples(
    some.sampled_from(["track", "page", "screen", "identify", "group", "alias"]),
    some.fixed_dictionaries(
        {"event": some.sampled_from(["Seen", "Bought"]), "name": some.sampled_from(["", "Home"])},
        optional={
            "properties": some.dictionaries(some.sampled_from(["price", "at", "list"]) | _texts, _values, max_size=4),
            "traits": some.none() | some.dictionaries(_texts, _values, max_size=3),
        },
    ),
)
_lots = some.lists(_events, max_size=40)


@given(_lots, _lots, some.randoms())
@settings(deadline=None)
def test_two_halves_give_what_the_whole_gives_in_any_order(one: Any, other: Any, dice: Any) -> None:
    whole = infer(one + other)
    halves = infer(one)
    halves.merge(infer(other))
    assert halves == whole
    shuffled = [*one, *other]
    dice.shuffle(shuffled)
    assert infer(shuffled).plan() == whole.plan()


@given(_lots)
@settings(deadline=None)
def test_bounds_that_are_passed_stay_passed_however_the_events_are_shared_out(lot: Any) -> None:
    before = inferring.NAMES, inferring.FIELDS, inferring.VALUES
    inferring.NAMES, inferring.FIELDS, inferring.VALUES = 1, 2, 1
    try:
        parts = Summary()
        for event in reversed(lot):
            parts.merge(infer([event]))
        assert parts == infer(lot)
    finally:
        inferring.NAMES, inferring.FIELDS, inferring.VALUES = before


@given(some.lists(_events, min_size=1, max_size=6), some.integers(1, 60))
@settings(deadline=None)
def test_every_event_that_a_plan_was_inferred_from_meets_it(lot: Any, times: int) -> None:
    plan = PlanSpec.checked(json.loads(json.dumps(infer(lot * times).plan().dump())))
    checker = Checker(plan.model_copy(update={"mode": "enforce"}).published())
    for kind, event in lot:
        assert checker.check(kind, name_of(kind, event), event) is None


def _bought(**properties: Any) -> tuple[str, dict[str, Any]]:
    return "track", {"event": "Bought", "properties": properties}


def _only(lot: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    (event,) = infer(lot).plan().events
    return event.schema_


def test_a_field_that_all_events_hold_is_required_once_there_are_enough_of_them() -> None:
    lot = [_bought(price=1.5, gift=True) for _ in range(inferring.ENOUGH)]
    assert _only(lot)["required"] == ["gift", "price"]
    assert "required" not in _only(lot[:-1])
    assert _only([*lot, _bought(price=2)])["required"] == ["price"]


def test_types_formats_and_nested_fields_are_told() -> None:
    lot = [_bought(price=1, at="2026-01-31T12:00:00Z", of={"sku": "x"}, list=[{"n": 1}]) for _ in range(30)]
    lot.append(_bought(price=2.5, at="2026-02-01T12:00:00+02:00", of=None, list=[]))
    fields = _only(lot)["properties"]
    assert fields["price"] == {"type": "number"}
    assert fields["at"] == {"type": "string", "format": "date-time"}
    assert fields["of"]["type"] == ["null", "object"]
    assert fields["of"]["properties"] == {"sku": {"type": "string"}}
    assert fields["list"]["items"]["properties"] == {"n": {"type": "integer"}}
    assert "format" not in _only([*lot, _bought(at="yesterday")])["properties"]["at"]


def test_few_values_of_many_events_are_named_unless_one_is_rare() -> None:
    lot = [_bought(colour="red" if at % 2 else "blue") for at in range(60)]
    assert _only(lot)["properties"]["colour"]["enum"] == ["blue", "red"]
    rare = [*lot, *(_bought(colour="green") for _ in range(inferring.OFTEN - 1))]
    assert "enum" not in _only(rare)["properties"]["colour"]


@pytest.mark.parametrize(
    "field", ["email", "billingEmail", "first_name", "Nom", "phone_number", "user_id", "deliveryAddress", "IP"]
)
def test_no_value_of_a_field_that_is_somebody_s_is_ever_named(field: str) -> None:
    lot = [_bought(**{field: "always the same"}) for _ in range(100)]
    assert "enum" not in _only(lot)["properties"][field]
    inside = [_bought(**{field: {"kind": "always the same"}}) for _ in range(100)]
    assert "always the same" not in json.dumps(_only(inside))


@pytest.mark.parametrize("value", ["c.martin@example.org", "+33 6 39 98 12 34", "0639981234", "3f2a9c4410d7"])
def test_no_value_that_looks_like_somebody_s_is_ever_named(value: str) -> None:
    assert value not in json.dumps(_only([_bought(colour=value) for _ in range(100)]))
    assert value not in json.dumps(_only([_bought(scores={value: 1}) for _ in range(100)]))
    assert value not in json.dumps(infer([("track", {"event": value})] * 100).plan().dump())


def test_traits_never_name_a_value() -> None:
    plan = infer([("identify", {"traits": {"mood": "calm"}})] * 100).plan()
    assert plan.events[0].schema_["properties"]["mood"] == {"type": "string"}


def test_a_kind_with_too_many_names_is_planned_as_a_whole() -> None:
    plan = infer([("page", {"name": f"Article {at}", "properties": {}}) for at in range(inferring.NAMES + 1)]).plan()
    assert [(event.kind, event.name, event.seen) for event in plan.events] == [("page", ANY, inferring.NAMES + 1)]
