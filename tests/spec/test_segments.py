"""Segments on each engine: the same people, and what a rule says of whoever has no value."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.segmented import AT, NORTH, SOUTH, People, id_of

from filrouge.domain import segments
from filrouge.engines import Engine


def ago(days: float) -> Any:
    return AT - timedelta(days=days)


def world() -> People:
    made = People()
    made.person(
        1, {**NORTH, "created_at": ago(400)}, {**SOUTH, "created_at": ago(10)},
        golden_values=[
            {"attribute": "address", "value": '{"city":"Évreux","postcode":"27000"}', "rank": 1},
            {"attribute": "birth_date", "value": "1990-11-28", "rank": 1},
            {"attribute": "email", "value": "ada@example.org", "rank": 1},
        ],
        events=[{"name": "Article Read", "topic": "Sport", "at": ago(2), "properties": '{"paid": true, "n": 3}'},
                {"name": "Article Read", "topic": "Voile", "at": ago(20), "of": 1},
                {"name": "Signed Up", "at": ago(1)}],
        orders=[{"ordered_at": ago(3), "total": 20.5, "currency": "EUR"}, {"ordered_at": ago(40), "total": 30, "currency": "EUR", "of": 1}],
        contracts=[{"record_key": 1, "started_at": ago(300), "renews_at": ago(-12), "offer": "Plus", "reader_key": 11}],
        contacts=[{"at": ago(5), "channel": "email"}], consents=[{"at": ago(9), "purpose": "marketing", "channel": "email", "state": "granted"}],
    )  # fmt: skip
    made.person(2, golden_values=[{"attribute": "address", "value": '{"city":"LYON"}', "rank": 1},
                                  {"attribute": "email", "value": "bo@example.com", "rank": 1}],
                events=[{"name": "Signed Up", "at": ago(50)}, {"name": "Article Read", "at": ago(49)}, {"name": "Signed Up", "at": ago(47.99)}],
                consents=[{"at": ago(9), "purpose": "marketing", "channel": "*", "state": "objected"}])  # fmt: skip
    made.person(3, SOUTH)
    return made


CASES: list[tuple[str, dict[str, Any], set[int]]] = [
    ("a city whatever its accents", {"on": "person", "field": "city", "op": "is", "value": "evreux"}, {1}),
    ("not a city, nor any at all", {"on": "person", "field": "city", "op": "is_not", "value": "Lyon"}, {1, 3}),
    ("no known city", {"on": "person", "field": "city", "op": "empty"}, {3}),
    ("a birthday to come", {"on": "person", "field": "birth_date", "op": "anniversary", "value": 7}, {1}),
    ("of age", {"on": "person", "field": "age", "op": "at_least", "value": 35}, {1}),
    ("known of late", {"on": "person", "field": "known_since", "op": "longer_ago", "value": 365}, {1}),
    ("read twice", {"on": "events", "where": [{"field": "name", "op": "is", "value": "Article Read"}], "value": 2}, {1}),
    ("read within a week", {"on": "events", "where": [{"field": "name", "op": "is", "value": "Article Read"}], "within_days": 7}, {1}),
    ("never read", {"on": "events", "where": [{"field": "name", "op": "is", "value": "Article Read"}], "op": "exactly", "value": 0}, {3}),
    ("read at most once", {"on": "events", "where": [{"field": "name", "op": "is", "value": "Article Read"}], "op": "at_most", "value": 1}, {2, 3}),
    ("two topics", {"on": "events", "measure": "distinct", "of": "topic", "value": 2}, {1}),
    ("a property that is a number", {"on": "events", "where": [{"field": "properties.n", "op": "above", "value": 2}]}, {1}),
    ("a property that is a yes", {"on": "events", "where": [{"field": "properties.paid", "op": "is", "value": "true"}]}, {1}),
    ("spent", {"on": "orders", "measure": "sum", "of": "total", "value": 50.5, "currency": "EUR"}, {1}),
    ("spent of late", {"on": "orders", "measure": "sum", "of": "total", "value": 50.5, "currency": "EUR", "within_days": 30}, set()),
    ("last order", {"on": "orders", "measure": "last", "op": "within_last", "value": 7}, {1}),
    ("a running contract, once though payer and reader are one", {"on": "contracts", "op": "exactly", "where": [{"field": "running", "op": "is", "value": True}]}, {1}),
    ("a renewal to come", {"on": "contracts", "dated_by": "renews_at", "next_days": 30}, {1}),
    ("not contacted", {"on": "contacts", "within_days": 14, "op": "exactly", "value": 0}, {2, 3}),
    ("signed up, then read", {"on": "sequence", "span_days": 7, "steps": [{"where": [{"field": "name", "op": "is", "value": name}]} for name in ("Signed Up", "Article Read")]}, {2}),
    ("signed up, then read, a moment too late", {"on": "sequence", "span_days": 1, "steps": [{"where": [{"field": "name", "op": "is", "value": name}]} for name in ("Article Read", "Signed Up")]}, {1}),
    ("at both brands", {"on": "brands", "op": "all", "brands": ["red", "blue"]}, {1}),
    ("may be written to", {"on": "consent", "purpose": "marketing", "channel": "email"}, {1}),
    ("objected", {"on": "consent", "purpose": "marketing", "channel": "email", "allowed": False, "reasons": ["objected"]}, {2}),
    ("named", {"on": "list", "people": [id_of(2), id_of(9)]}, {2}),
    ("a share of everybody", {"on": "bucket", "from": 0, "to": 9_999}, {1, 2, 3}),
    ("neither", {"not": True, "combinator": "or", "rules": [{"on": "orders"}, {"on": "brands", "brands": ["blue"]}]}, {2}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_on_each_engine(engine: Engine, rule: dict[str, Any], expected: set[int]) -> None:
    people = world()
    laid = people.laid(engine)
    spec = segments.parse({"rules": [rule]})
    found = segments.compile(spec, laid, engine, segments.Asked(AT, "north", "red"))
    rows = segments.named(found, laid).to_pyarrow().column("id").to_pylist()
    assert sorted(rows) == sorted(id_of(number) for number in expected)
    told = {
        facts.id for facts in people.facts() if segments.tell(spec, facts, at=AT, entity="north", brand="red").holds
    }
    assert told == set(rows)
