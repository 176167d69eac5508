"""A segment that means nothing is refused with a sentence for each fault, at its place; never counted in silence."""

from __future__ import annotations

from typing import Any

import pytest
from tests.segmented import AT, SOUTH, People, id_of

from filrouge.base.errors import DefinitionError
from filrouge.domain import segments
from filrouge.engines import open_engine

NAUGHTY = [
    "'; DROP TABLE people;--", '"', "\\", "%", "_", "${x}", "{{7*7}}", "$.a", "/a", "NULL", "\u202etest", "Ω≈ç√",
    "🐵🙈", "<script>", "\n", " ", "a\tb", "' OR 1=1 --", "田中さん",
]  # fmt: skip


def faults(*rules: Any, known: segments.Known | None = None, **group: Any) -> list[str]:
    with pytest.raises(DefinitionError) as told:
        segments.parse({"rules": list(rules), **group}, known)
    assert str(told.value)
    return list(told.value.faults)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"on": "person", "field": "shoe_size", "op": "is", "value": "42"}, "rules.0.field: There is no field “shoe_size” on person."),
        ({"on": "weather"}, "rules.0.on: No rule is on “weather”."),
        ({"on": ["events"]}, "rules.0.on: No rule is on"),
        ({"rules": []}, "rules.0.rules: This group is empty"),
        ({"on": "events", "within_days": 0}, "rules.0.within_days: Write a number of days from 1 to 36,500."),
        ({"on": "events", "within_days": 36_501}, "rules.0.within_days: Write a number of days from 1 to 36,500."),
        ({"on": "events", "within_days": 7, "since": "2026-01-01"}, "rules.0: A rule has one window"),
        ({"on": "events", "since": "2026-02-01", "until": "2026-01-01"}, "rules.0.until: The window ends before it begins."),
        ({"on": "events", "op": "at_least", "value": 0}, "rules.0.value: Everybody did this at least 0 times"),
        ({"on": "events", "value": -1}, "rules.0.value: Write a whole number"),
        ({"on": "events", "where": [{"field": "name", "op": "is"}]}, "rules.0.where.0.value: Write a text."),
        ({"on": "events", "where": [{"field": "name", "op": "is", "value": ""}]}, "rules.0.where.0.value: This text is empty"),
        ({"on": "events", "where": [{"field": "name", "op": "is", "value": "a\x00"}]}, "rules.0.where.0.value: This text holds a sign"),
        ({"on": "events", "where": [{"field": "name", "op": "is", "value": "\ud800"}]}, "rules.0.where.0.value: "),
        ({"on": "events", "where": [{"field": "name", "op": "regex", "value": "a"}]}, "rules.0.where.0.op: “regex” cannot be asked of name."),
        ({"on": "events", "where": [{"field": "properties.a'b", "op": "filled"}]}, "rules.0.where.0.field: The property"),
        ({"on": "events", "next_days": 7}, "rules.0.next_days: Only contracts have dates to come"),
        ({"on": "orders", "measure": "sum", "of": "total", "value": 10}, "rules.0.currency: Amounts of several currencies"),
        ({"on": "orders", "measure": "sum", "of": "status", "value": 10}, "rules.0.of: A sum is of a field. There are: total."),
        ({"on": "orders", "measure": "last", "op": "at_least", "value": 3}, "rules.0.op: A date is within_last"),
        ({"on": "orders", "measure": "last", "op": "before", "value": "31/01/2026"}, "rules.0.value: Write a day as 2026-01-31."),
        ({"on": "person", "field": "birth_date", "op": "within_last", "value": "x"}, "rules.0.value: Write a number of days"),
        ({"on": "person", "field": "age", "op": "at_least", "value": 200}, "rules.0.value: An age is a whole number"),
        ({"on": "person", "field": "city", "op": "one_of", "value": "Lyon"}, "rules.0.value: one_of takes a list"),
        ({"on": "sequence", "steps": [{"where": []}], "span_days": 0}, "rules.0.steps: A sequence has 2 to 5 steps."),
        ({"on": "list", "people": ["x"]}, "rules.0.people.0: “x” is no id of a person."),
        ({"on": "list", "people": []}, "rules.0.people: This list is empty"),
        ({"on": "bucket", "from": 5, "to": 4}, "rules.0.from: A share goes from 0 to 9,999"),
        ({"on": "consent", "purpose": "spam", "channel": "email"}, "rules.0.purpose: There is no purpose “spam”."),
        ({"on": "events", "surprise": 1}, "rules.0.surprise: Extra inputs are not permitted."),
        (7, "rules.0: A rule or a group is written as an object"),
    ],
)  # fmt: skip
def test_each_fault_is_a_sentence_at_its_place(rule: Any, said: str) -> None:
    assert any(fault.startswith(said) for fault in faults(rule)), faults(rule)


def test_all_faults_are_told_at_once() -> None:
    assert len(faults({"on": "events", "within_days": 0}, {"rules": [{"on": "list", "people": ["x"]}]})) == 2


def test_what_this_installation_does_not_have_is_named() -> None:
    known = segments.Known(brands=frozenset({"red"}), scores=frozenset(), segments={"b": frozenset()}, scoped=False)
    assert faults({"on": "brands", "brands": ["blue"]}, known=known) == [
        "rules.0.brands.0: There is no brand “blue”. There are: red."
    ]
    assert faults({"on": "score", "score": "engagement", "op": "above", "value": 3}, known=known) == [
        "rules.0.score: There is no score here yet."
    ]
    assert faults({"on": "segment", "segment": "c"}, known=known) == [
        "rules.0.segment: There is no segment “c”. There are: b."
    ]
    assert faults({"on": "consent", "purpose": "marketing", "channel": "email"}, known=known)[0].startswith(
        "rules.0: A consent is asked for an entity and a brand"
    )


def test_a_segment_that_rests_on_itself_is_refused_with_the_way_round() -> None:
    named = {"a": frozenset({"b"}), "b": frozenset({"c"}), "c": frozenset()}
    said = faults({"on": "segment", "segment": "a"}, known=segments.Known(segments=named, name="c"))
    assert said == ["rules.0.segment: A segment cannot rest on itself: c → a → b → c."]
    assert faults({"on": "segment", "segment": "c"}, known=segments.Known(segments=named, name="c"))


def test_a_tree_too_wide_or_too_deep_is_refused_without_being_walked() -> None:
    deep: dict[str, Any] = {"on": "orders"}
    for _ in range(20_000):
        deep = {"rules": [deep]}
    assert "10 deep at most" in faults(deep)[0]
    assert "500 rules at most" in faults(*[{"on": "orders"}] * 501)[0]


def test_what_a_window_cannot_reach_is_said() -> None:
    spec = segments.parse({"rules": [{"on": "events", "within_days": 10_000}]})
    (remark,) = segments.remarks(spec)
    assert (remark.code, remark.place, remark.params["kept"]) == ("beyond_retention", "rules.0.within_days", 750)


def test_five_hundred_rules_are_counted() -> None:
    world = People()
    world.person(1, events=[{"name": "e7", "at": AT}])
    rules = [{"on": "events", "where": [{"field": "name", "op": "is", "value": f"e{n}"}]} for n in range(500)]
    engine = open_engine()
    try:
        laid = world.laid(engine)
        for how, expected in (("or", 1), ("and", 0)):
            spec = segments.parse({"combinator": how, "rules": rules})
            assert segments.compile(spec, laid, engine, segments.Asked(AT)).count().execute() == expected
    finally:
        engine.close()


def test_what_is_said_five_hundred_times_is_asked_once() -> None:
    world = People()
    world.person(1)
    world.person(2, SOUTH)
    engine = open_engine()
    try:
        spec = segments.parse({"rules": [{"on": "brands", "brands": ["red"]}] * 500})
        found = segments.compile(spec, world.laid(engine), engine, segments.Asked(AT))
        assert found.execute()["person"].tolist() == [id_of(1)]
    finally:
        engine.close()


def test_whatever_is_typed_is_looked_for_as_it_is_typed() -> None:
    world = People()
    for number, text in enumerate(NAUGHTY, start=1):
        world.person(number, golden_values=[{"attribute": "country", "value": text, "rank": 1}],
                     events=[{"name": text, "at": AT, "properties": '{"x": 1}'}])  # fmt: skip
    engine = open_engine()
    try:
        laid = world.laid(engine)
        for number, text in enumerate(NAUGHTY, start=1):
            for rule in (
                {"on": "person", "field": "country", "op": "is", "value": text},
                {"on": "events", "where": [{"field": "name", "op": "is", "value": text}]},
                {"on": "events", "where": [{"field": "name", "op": "one_of", "value": [text]}]},
            ):
                spec = segments.parse({"rules": [rule]})
                found = (
                    segments.compile(spec, laid, engine, segments.Asked(AT)).to_pyarrow().column("person").to_pylist()
                )
                assert found == [id_of(number)]
            try:
                spec = segments.parse(
                    {"rules": [{"on": "events", "where": [{"field": f"properties.{text}", "op": "filled"}]}]}
                )
            except DefinitionError:
                continue
            assert segments.compile(spec, laid, engine, segments.Asked(AT)).count().execute() == 0
    finally:
        engine.close()


def test_what_is_written_down_reads_back_the_same() -> None:
    said = {"combinator": "or", "not": True, "rules": [
        {"on": "bucket", "from": 0, "to": 99}, {"on": "events", "since": "2026-01-01", "where": [{"field": "name", "op": "one_of", "value": ["a"]}]},
        {"rules": [{"on": "consent", "purpose": "marketing", "channel": "email", "allowed": False}]},
    ]}  # fmt: skip
    spec = segments.parse(said)
    assert spec.dump() == said
    assert segments.parse(spec.dump()) == spec
