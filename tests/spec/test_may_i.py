"""The one question: its rules, and the same answers for one person and for many, on every engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filrouge.domain.privacy.may_i import held_by, may_i
from filrouge.domain.privacy.may_i_many import may_i_many
from filrouge.domain.privacy.perimeter import CHANNELS, PURPOSES
from filrouge.engines import Engine, open_engine

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SCHEMA = pa.schema(
    [("person", pa.string()), ("entity", pa.string()), ("brand", pa.string()), ("purpose", pa.string()), ("channel", pa.string()),
     ("state", pa.string()), ("at", pa.timestamp("us", tz="UTC"))]
)  # fmt: skip


def event(
    state: str,
    *,
    days: int = 10,
    purpose: str = "marketing",
    channel: str = "email",
    entity: str = "north",
    brand: str = "red",
) -> dict[str, Any]:
    return {
        "entity": entity,
        "brand": brand,
        "purpose": purpose,
        "channel": channel,
        "state": state,
        "at": AT - timedelta(days=days),
        "evidence": "e",
    }


def ask(
    *events: dict[str, Any],
    purpose: str = "marketing",
    channel: str = "email",
    entity: str = "north",
    brand: str = "red",
    **more: Any,
) -> tuple[bool, str]:
    said = may_i(events, entity=entity, brand=brand, purpose=purpose, channel=channel, at=AT, **more)
    return said.allow, said.reason


def test_without_a_record_the_dated_rules_hold() -> None:
    assert ask() == (False, "no_consent")
    assert ask(customer=True) == (True, "existing_customer")
    assert ask(channel="post") == (True, "default_allow")
    assert ask(purpose="service", channel="phone") == (True, "default_allow")
    assert ask(purpose="profiling", channel="none") == (True, "default_allow")
    assert ask(purpose="audience", channel="ads") == (False, "no_consent")
    assert ask(channel="phone") == (False, "no_consent")
    assert ask(channel="phone", customer=True) == (False, "no_consent"), "an order is no running contract"
    assert ask(channel="phone", customer=True, subscriber=True) == (True, "running_contract")
    before = may_i(
        (), entity="north", brand="red", purpose="marketing", channel="phone", at=datetime(2026, 8, 10, tzinfo=UTC)
    )
    assert before.allow, "until 10 August 2026 the phone was free until objection"


def test_a_consent_opens_its_channel_and_its_brand_only() -> None:
    granted = event("granted")
    assert ask(granted) == (True, "consented")
    assert ask(granted, channel="sms") == (False, "no_consent")
    assert ask(granted, brand="blue") == (False, "no_consent")


def test_consent_given_to_one_entity_does_not_open_another() -> None:
    assert ask(event("granted"), entity="south") == (False, "no_consent")


def test_the_last_word_counts_and_of_two_at_once_the_stricter() -> None:
    assert ask(event("granted", days=20), event("withdrawn", days=10)) == (False, "withdrawn")
    assert ask(event("withdrawn", days=20), event("granted", days=10)) == (True, "consented")
    assert ask(event("granted"), event("denied")) == (False, "denied")
    assert ask(event("denied"), event("granted")) == (False, "denied")


def test_an_objection_is_of_the_whole_entity_and_beats_an_earlier_grant() -> None:
    objected = event("objected", channel="*", brand="blue", days=5)
    assert ask(event("granted"), objected) == (False, "objected")
    assert ask(event("granted", channel="phone"), event("objected", channel="phone", days=1), channel="phone") == (
        False,
        "objected",
    )
    assert ask(objected, event("granted", days=1)) == (True, "consented"), (
        "a later explicit grant lifts it for its channel"
    )
    assert ask(objected, event("granted", days=1), channel="post") == (False, "objected")


def test_a_restriction_stops_everything_but_serving_the_person() -> None:
    restricted = event("restricted", purpose="*", channel="*", days=1)
    assert ask(event("granted"), restricted) == (False, "restricted")
    assert ask(restricted, purpose="profiling", channel="none") == (False, "restricted")
    assert ask(restricted, purpose="service") == (True, "default_allow")
    assert ask(event("granted"), restricted, event("released", purpose="*", channel="*", days=0)) == (True, "consented")


def test_an_overdue_promise_holds_marketing_back() -> None:
    held = ("promise 1", AT - timedelta(days=1))
    assert ask(event("granted"), held=held) == (False, "promise_overdue")
    assert ask(purpose="service", held=held) == (True, "default_allow")


def test_a_promise_that_forbids_is_obeyed_and_an_overdue_one_is_told_first() -> None:
    promised = ("promise 2", AT + timedelta(days=9))
    assert ask(event("granted"), promised=promised) == (False, "promised")
    assert ask(event("granted"), promised=promised, held=("promise 1", AT)) == (False, "promise_overdue")
    assert ask(purpose="service", promised=promised) == (True, "default_allow")
    assert {c: held_by("marketing", c) for c in ("email", "phone")} == {
        "email": ("offers", "contact"), "phone": ("offers", "contact", "calls"),
    }  # fmt: skip
    assert (held_by("research", "email"), held_by("service", "phone")) == (("contact",), ())


EVENTS = st.builds(
    event,
    st.sampled_from(["granted", "denied", "withdrawn", "objected", "restricted", "released"]),
    days=st.integers(-2, 6) | st.just(40_000),  # a date of long ago, as systems write for one that they do not know
    purpose=st.sampled_from(["marketing", "profiling", "audience", "*"]),
    channel=st.sampled_from(["email", "phone", "*", "none"]),
    entity=st.sampled_from(["north", "south"]),
    brand=st.sampled_from(["red", "blue", ""]),
)
PEOPLE = st.lists(
    st.tuples(st.lists(EVENTS, max_size=6), st.booleans(), st.booleans(), st.booleans(), st.booleans()),
    min_size=1,
    max_size=6,
)


def many(
    engine: Engine, people: list[tuple[list[dict[str, Any]], bool, bool, bool, bool]], purpose: str, channel: str
) -> list[tuple[bool, str]]:
    events = [{**row, "person": str(n)} for n, (rows, *_) in enumerate(people) for row in rows]
    consents = pa.Table.from_pylist([{name: row[name] for name in SCHEMA.names} for row in events], schema=SCHEMA)
    who = pa.table(
        {
            "person": [str(n) for n in range(len(people))],
            "customer": [row[1] for row in people],
            "subscriber": [row[2] for row in people],
            "held": [row[3] for row in people],
            "promised": [row[4] for row in people],
        }
    )
    asked = may_i_many(
        engine.load("who", who),
        engine.load("consents", consents),
        entity="north",
        brand="red",
        purpose=purpose,
        channel=channel,
        at=AT,
    )
    rows = {row["person"]: (row["allow"], row["reason"]) for row in asked.to_pyarrow().to_pylist()}
    return [rows[str(n)] for n in range(len(people))]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=PEOPLE, purpose=st.sampled_from(PURPOSES), channel=st.sampled_from(CHANNELS))
def test_one_and_many_get_the_same_answer(
    people: list[tuple[list[dict[str, Any]], bool, bool, bool, bool]], purpose: str, channel: str
) -> None:
    engine = open_engine()
    try:
        found = many(engine, people, purpose, channel)
    finally:
        engine.close()
    expected = [
        ask(
            *events,
            purpose=purpose,
            channel=channel,
            customer=customer,
            subscriber=subscriber,
            held=("promise", AT) if held else None,
            promised=("promise", AT) if promised else None,
        )
        for events, customer, subscriber, held, promised in people
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("purpose", "channel"),
    [("marketing", "email"), ("marketing", "phone"), ("profiling", "none"), ("service", "email")],
)
def test_many_on_each_engine(engine: Engine, purpose: str, channel: str) -> None:
    people: list[tuple[list[dict[str, Any]], bool, bool, bool, bool]] = [
        ([], False, False, False, False), ([], True, False, False, False), ([], True, True, False, False),
        ([event("granted")], False, False, True, False), ([event("granted")], False, False, False, True),
        ([event("granted"), event("objected", channel="*", days=1)], True, False, False, False),
        ([event("restricted", purpose="*", channel="*")], False, False, False, True),
        ([event("granted", days=3), event("withdrawn", days=3)], False, False, False, False),
    ]  # fmt: skip
    expected = [
        ask(
            *events,
            purpose=purpose,
            channel=channel,
            customer=customer,
            subscriber=subscriber,
            held=("promise", AT) if held else None,
            promised=("promise", AT) if promised else None,
        )
        for events, customer, subscriber, held, promised in people
    ]
    assert many(engine, people, purpose, channel) == expected
