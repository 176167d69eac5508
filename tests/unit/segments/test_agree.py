"""One segment, two ways to ask it: everybody at once, and each person in turn; they agree, whatever the history."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.segmented import AT, NORTH, SOUTH, People, id_of

from filrouge.domain import segments
from filrouge.domain.followups import BARS
from filrouge.engines import Engine, open_engine

TEXTS = ["Lyon", "LYON", "lyon sud", "Évreux", "", "a'b", "%_", "$['x']", "NULL", "‮x", "İ", "ß", "a.b\\d", "x\nLyon", "[Ly]",
         "𝛼.*", "{a", "]^-"]  # fmt: skip
ASKED = [text for text in TEXTS if text]
CODES = ["a", "a", "b", "o'x"]
DAYS = [1, 7, 30, 365]
INSTANTS = [timedelta(0), timedelta(days=1), timedelta(days=7), timedelta(days=29, hours=23), timedelta(days=30),
            timedelta(days=31), timedelta(days=400), -timedelta(days=3), -timedelta(days=30), timedelta(microseconds=1)]  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = open_engine()
    yield made
    made.close()


# --- random histories -------------------------------------------------------------------------------------------------

moments = st.none() | st.builds(lambda ago, more: AT - ago - more, st.sampled_from(INSTANTS), st.sampled_from(INSTANTS))
origins = st.sampled_from([NORTH, SOUTH])


def row(**columns: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda origin, of, told: {**origin, "of": of, **told}, origins, st.integers(0, 1),
                     st.fixed_dictionaries(columns))  # fmt: skip


texts = st.none() | st.sampled_from(TEXTS)
codes = st.none() | st.sampled_from(CODES)
properties = st.none() | st.sampled_from([
    "not json", "[1]", *(json.dumps(one) for one in (
        {"x": "Lyon"}, {"x": 3}, {"x": 2.5}, {"x": True}, {"x": {"y": "deep"}}, {"x": "12"}, {"x": "[1]"}, {"x": None}, {},
        {"x": "x\nLyon"}, {"x": "a.b\\d"}, {"x": "{a"}, {"x": ""}, {"x": "é[Ly]"}, {"x": "12.5000000001"},
    ))])  # fmt: skip
events = row(at=moments, name=codes, type=st.sampled_from(["track", "page"]), topic=texts, properties=properties)
orders = row(ordered_at=moments, total=st.none() | st.sampled_from([0, 10, 19.99, -5]),
             currency=st.sampled_from(["EUR", "USD"]), sales_channel=codes)  # fmt: skip
lines = row(ordered_at=moments, offer=texts, quantity=st.none() | st.integers(-1, 3), sku=codes)
contacts = row(at=moments, channel=st.sampled_from(["email", "phone"]), kind=codes, outcome=codes)
consents = row(at=moments, purpose=st.sampled_from(["marketing", "*"]), channel=st.sampled_from(["email", "phone", "*"]),
               state=st.sampled_from(["granted", "denied", "withdrawn", "objected", "restricted", "released"]))  # fmt: skip
golden = row(attribute=st.sampled_from(["email", "country"]), value=st.sampled_from(TEXTS), at=moments)
places = row(attribute=st.just("address"),
             value=st.sampled_from(['{"city":"Lyon","postcode":null}', '{"city":"LYON"}', '{"city":1}', "x"]), at=moments)  # fmt: skip
births = row(attribute=st.just("birth_date"), at=moments,
             value=st.sampled_from(["1990-11-26", "2000-02-29", "1990-11-27", "2026-11-20", "x", "26/11/1990"]))  # fmt: skip
scores = row(score=st.sampled_from(["engagement", "churn_30"]), value=st.floats(0, 100), band=st.sampled_from(["low", "high"]),
             trend=st.none() | st.floats(-5, 5), stale_since=moments)  # fmt: skip
records = st.lists(
    st.builds(lambda origin, more: {**origin, **more}, origins, st.fixed_dictionaries(
        {"created_at": moments, "deceased": st.none() | st.booleans(), "gone": st.sampled_from([False, False, True])})),
    min_size=1, max_size=2,
)  # fmt: skip


@st.composite
def worlds(draw: st.DrawFn) -> People:
    world = People()
    for number in range(1, draw(st.integers(1, 4)) + 1):
        mine = draw(records)
        values = draw(st.lists(golden | places | births, max_size=4))
        kinds = [value["attribute"] for value in values]
        ranked = [{**value, "rank": kinds[:at].count(kinds[at]) + 1} for at, value in enumerate(values)]
        contracts = draw(st.lists(row(
            started_at=moments, renews_at=moments, ended_at=moments, offer=texts, reader=st.none() | st.integers(0, 1),
        ), max_size=2))  # fmt: skip
        few = lambda one: draw(st.lists(one, max_size=4))  # noqa: E731
        facts: dict[str, Any] = {
            "events": few(events), "orders": few(orders), "order_lines": few(lines), "contacts": few(contacts),
            "consents": few(consents), "scores": few(scores), "golden_values": ranked, "consent_acts": few(consents),
            "held": [{"due_at": at, "until": at, "forbids": draw(st.sampled_from(BARS))}
                     for at in draw(st.lists(moments, max_size=2)) if at],
            "contracts": [
                {**one, "record_key": number * 1000 + at,
                 "reader_key": None if one["reader"] is None else number * 10 + one["reader"]}
                for at, one in enumerate(contracts)
            ],
        }  # fmt: skip
        for rows in facts.values():
            for one in rows:
                one["of"] = min(one.get("of", 0), len(mine) - 1)
        world.person(number, *mine, **facts)
    return world


# --- random segments --------------------------------------------------------------------------------------------------


def asked(on: str, name: str) -> st.SearchStrategy[dict[str, Any]]:
    found = segments.fields.field(on, name)
    assert found is not None

    def value(op: str) -> st.SearchStrategy[Any]:
        if op in ("empty", "filled"):
            return st.none()
        if op == "anniversary":
            return st.sampled_from([0, 1, 40, 365])
        if op in segments.fields.OF_DAYS:
            return st.sampled_from(DAYS)
        if name == "age":
            return st.sampled_from([0, 26, 36, 150])
        if found.type in ("day", "moment"):
            return st.sampled_from(["2026-11-26", "2026-11-20", "1990-11-26"])
        if found.type == "yes_no":
            return st.booleans()
        if found.type in ("number", "money") or op in ("at_least", "at_most", "above", "below"):
            return st.sampled_from([0, 1, 2.5, 19.99, 50])
        one = st.sampled_from([*ASKED, *CODES, "3", "true", "2.5"])
        return st.lists(one, min_size=1, max_size=3) if op in ("one_of", "none_of") else one

    return st.sampled_from(found.operators).flatmap(
        lambda op: value(op).map(lambda said: {"field": name, "op": op} | ({} if said is None else {"value": said}))
    )


def where(on: str, *names: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(st.sampled_from(names).flatmap(lambda name: asked(on, name)), max_size=2)


windows = st.just({}) | st.sampled_from(DAYS).map(lambda n: {"within_days": n}) | st.sampled_from([
    {"since": "2026-11-20"}, {"until": "2026-11-20"}, {"since": "2026-10-27", "until": "2026-11-26"},
])  # fmt: skip
dated = st.sampled_from([("within_last", 7), ("longer_ago", 30), ("before", "2026-11-20"), ("after", "2026-11-20")])
sizes = st.sampled_from(
    [("at_least", 1), ("at_least", 2), ("at_most", 0), ("at_most", 2), ("exactly", 0), ("exactly", 1)]
)


def happened(on: str, filters: st.SearchStrategy[Any], distinct: str, total: str = "") -> st.SearchStrategy[Any]:
    def measured(pair: tuple[str, Any], **more: Any) -> dict[str, Any]:
        return {"op": pair[0], "value": pair[1], **more}

    kinds = [
        sizes.map(measured), sizes.map(lambda pair: measured(pair, measure="distinct", of=distinct)),
        dated.map(lambda pair: measured(pair, measure="first")), dated.map(lambda pair: measured(pair, measure="last")),
    ]  # fmt: skip
    if total:
        amounts = st.tuples(st.sampled_from(["at_least", "at_most", "exactly"]), st.sampled_from([0, 10, -5, 30]))
        kinds.append(amounts.map(lambda pair: measured(pair, measure="sum", of=total)))
    return st.builds(lambda f, w, m: {"on": on, "where": f, **w, **m}, filters, windows, st.one_of(kinds))


def priced(rule: dict[str, Any]) -> dict[str, Any]:
    money = rule.get("of") == "total" or any(one["field"] == "total" for one in rule["where"])
    return {**rule, "currency": "EUR"} if money else rule


rules = st.one_of(
    st.sampled_from(["email", "country", "city", "birth_date", "age", "known_since", "deceased"])
    .flatmap(lambda name: asked("person", name)).flatmap(lambda one: st.booleans().map(
        lambda every: {"on": "person", **one} | ({"any": every} if one["field"] in ("email", "city") else {}))),
    happened("events", where("events", "name", "topic", "properties.x", "properties.x.y", "brand"), "topic"),
    happened("orders", where("orders", "total", "sales_channel"), "sales_channel", "total").map(priced),
    happened("order_lines", where("order_lines", "offer", "quantity"), "offer", "quantity"),
    happened("contacts", where("contacts", "channel", "outcome"), "channel"),
    happened("contracts", where("contracts", "running", "offer", "renews_at"), "offer"),
    st.sampled_from(DAYS).map(lambda n: {"on": "contracts", "dated_by": "renews_at", "next_days": n}),
    st.builds(lambda a, b, span, window, op: {"on": "sequence", "steps": [{"where": [one]} for one in (a, *b)], **window,
                                              "span_days": span, "op": op},
              asked("events", "name"), st.lists(asked("events", "name"), min_size=1, max_size=2), st.sampled_from(DAYS),
              windows, st.sampled_from(["did", "did_not"])),
    st.builds(lambda op, brands: {"on": "brands", "op": op, "brands": brands}, st.sampled_from(["any", "all", "none"]),
              st.lists(st.sampled_from(["red", "blue"]), min_size=1, max_size=2)),
    st.builds(lambda purpose, channel, allowed: {"on": "consent", "purpose": purpose, "channel": channel, "allowed": allowed},
              st.sampled_from(["marketing", "profiling"]), st.sampled_from(["email", "phone"]), st.booleans()),
    st.sampled_from(["value", "band", "trend", "stale"]).flatmap(lambda name: asked("score", name)).map(
        lambda one: {"on": "score", "score": "engagement", "brand": "red", **one}),
    st.builds(lambda op, who: {"on": "list", "op": op, "people": [id_of(n) for n in who]}, st.sampled_from(["in", "not_in"]),
              st.lists(st.integers(1, 4), min_size=1)),
    st.builds(lambda low, salt: {"on": "bucket", "from": low, "to": 9_999, "salt": salt}, st.integers(0, 9_999),
              st.sampled_from(["", "it's"])),
    st.builds(lambda op: {"on": "segment", "segment": "other", "op": op}, st.sampled_from(["in", "not_in"])),
)  # fmt: skip
specs = st.recursive(
    rules,
    lambda inner: st.builds(
        lambda how, contrary, held: {"combinator": how, "not": contrary, "rules": held},
        st.sampled_from(["and", "or"]), st.booleans(), st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=5,
).map(lambda node: node if "rules" in node else {"rules": [node]})  # fmt: skip
OTHER = segments.parse({"combinator": "or", "rules": [{"on": "events", "within_days": 30}, {"on": "orders"}]})
PAIRS = [
    None,
    {name: [("north", "*")] for name in ("identity", "behaviour", "transaction")},
    {name: [("north", "red")] for name in ("identity", "behaviour", "transaction", "contract", "contact")},
]


def many(
    engine: Engine, laid: segments.Laid, spec: segments.Spec, at: datetime, shared: segments.Shared | None = None
) -> set[str]:
    other = segments.compile(OTHER, laid, engine, segments.Asked(at, "north", "red", {}))
    asked = segments.Asked(at, "north", "red", {"other": other}, shared=shared or segments.Shared())
    found = segments.compile(spec, laid, engine, asked)
    listed = found.to_pyarrow().column("person").to_pylist()
    assert len(listed) == len(set(listed))
    return set(listed)


def tell(spec: segments.Spec, facts: segments.Facts, at: datetime) -> segments.Told:
    return segments.tell(spec, facts, at=at, entity="north", brand="red", segments={"other": OTHER})


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(world=worlds(), many_said=st.lists(specs, min_size=4, max_size=6), shift=st.sampled_from(INSTANTS),
       pairs=st.sampled_from(PAIRS))  # fmt: skip
def test_everybody_at_once_and_each_in_turn_agree(
    engine: Engine, world: People, many_said: list[dict[str, Any]], shift: timedelta, pairs: Any
) -> None:
    at, laid = AT + shift, world.laid(engine, pairs=pairs)
    facts = world.facts(pairs=pairs)
    for said in many_said:
        spec = segments.parse(said)
        told = {one.id for one in facts if tell(spec, one, at).holds}
        assert many(engine, laid, spec, at) == told, said


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(world=worlds(), many_said=st.lists(specs, min_size=3, max_size=5), pairs=st.sampled_from(PAIRS))
def test_what_segments_ask_alike_is_answered_as_if_each_asked_alone(
    engine: Engine, world: People, many_said: list[dict[str, Any]], pairs: Any
) -> None:
    laid = world.laid(engine, pairs=pairs)
    asked = [segments.parse(said) for said in many_said]

    def keep(table: Any) -> Any:
        return engine.load("kept", table.to_pyarrow())

    shared = segments.share([*asked, *asked], laid, engine, segments.Asked(AT, "north", "red"), keep)
    for spec in asked:
        assert many(engine, laid, spec, AT, shared) == many(engine, laid, spec, AT), spec.dump()


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds(), many_said=st.lists(specs, min_size=4, max_size=6), shift=st.sampled_from(INSTANTS),
       part=st.floats(0, 1))  # fmt: skip
def test_until_the_moment_that_is_told_the_answer_stays(
    world: People, many_said: list[dict[str, Any]], shift: timedelta, part: float
) -> None:
    at, facts = AT + shift, world.facts()
    for said in many_said:
        spec = segments.parse(said)
        for one in facts:
            told = tell(spec, one, at)
            last = (told.changes_at or at + timedelta(days=800)) - timedelta(microseconds=1)
            for later in (at + (last - at) * part, last):
                if later > at:
                    assert tell(spec, one, later).holds is told.holds, said
