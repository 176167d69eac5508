"""Whom a rule of follow-ups finds, and for what cause: the same on every engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from filrouge.domain.followups.rules import READS, Spec, found
from filrouge.engines import Engine
from filrouge.store.lake import arrow_schema

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
AVA, BEN = "0190a000-0000-7000-8000-00000000000a", "0190a000-0000-7000-8000-00000000000b"
NORTH = {"entity": "north", "brand": "red"}


def at(days: float) -> datetime:
    return AT + timedelta(days=days)


ROWS: dict[str, list[dict[str, Any]]] = {
    "scores": [
        {"person": AVA, "entity": "north", "score": "churn_90", "value": 62.0},
        {"person": BEN, "entity": "north", "score": "churn_90", "value": 20.0},
        {"person": BEN, "entity": "south", "score": "churn_90", "value": 90.0},
        {"person": AVA, "entity": "north", "score": "value", "value": 120.0},
    ],
    "memberships": [
        {"segment": "leaving", "person": AVA, "entered_at": at(-3.6)},
        {"segment": "leaving", "person": BEN, "entered_at": at(-9), "left_at": at(-1)},
        {"segment": "other", "person": BEN, "entered_at": at(-9)},
    ],
    "contracts": [
        {**NORTH, "record_key": 71, "person_key": 1, "renews_at": at(10), "price": 59.0, "currency": "EUR"},
        {**NORTH, "record_key": 72, "person_key": 1, "renews_at": at(40)},
        {**NORTH, "record_key": 73, "person_key": 2, "renews_at": at(5), "ended_at": at(-1)},
        {"entity": "north", "brand": "green", "record_key": 74, "person_key": 2, "renews_at": at(30)},
        {"entity": "south", "brand": "blue", "record_key": 75, "person_key": 2, "renews_at": at(5)},
        {**NORTH, "record_key": 76, "person_key": 2},
    ],
    "interactions": [
        {**NORTH, "record_key": 81, "person_key": 1, "kind": "complaint", "status": "open", "at": at(-8)},
        {**NORTH, "record_key": 82, "person_key": 2, "kind": "complaint", "status": "closed", "at": at(-8)},
        {**NORTH, "record_key": 83, "person_key": 2, "kind": "complaint", "at": at(-7)},
        {**NORTH, "record_key": 84, "person_key": 2, "kind": "complaint", "status": "open", "at": at(-2)},
        {**NORTH, "record_key": 85, "person_key": 2, "kind": "call", "status": "open", "at": at(-80)},
    ],
}
CASES: list[tuple[dict[str, Any], str, set[tuple[str, str, Any]]]] = [
    ({"when": "segment", "segment": "leaving"}, "", {(AVA, "segment leaving 2026-11-22", 120.0)}),
    ({"when": "score", "score": "churn_90", "at_least": 62}, "", {(AVA, "score churn_90 2026-2", 120.0)}),
    ({"when": "contract_end", "days": 30}, "",
     {(AVA, "contract 71 2026-12-06", 59.0), (BEN, "contract 74 2026-12-26", None)}),
    ({"when": "contract_end", "days": 30}, "red", {(AVA, "contract 71 2026-12-06", 59.0)}),
    ({"when": "complaint", "days": 7}, "", {(AVA, "complaint 81", 120.0), (BEN, "complaint 83", None)}),
]  # fmt: skip


def load(engine: Engine, name: str) -> Any:
    schema = pa.schema([(f.name, pa.float64() if pa.types.is_decimal(f.type) else f.type) for f in arrow_schema(name)])
    return engine.load(name, pa.Table.from_pylist(ROWS[name], schema=schema))


@pytest.mark.parametrize(
    ("said", "brand", "who"), CASES, ids=[f"{case[0]['when']}-{at}" for at, case in enumerate(CASES)]
)
def test_a_rule_finds_each_cause_once(engine: Engine, said: Any, brand: str, who: Any) -> None:
    spec = Spec.parse(said | {"subject": "Rappeler"})
    owners = engine.load("owners", pa.table({"person_key": pa.array([1, 2], pa.int64()), "id": [AVA, BEN]}))
    scores = load(engine, "scores")
    table = scores if said["when"] == "score" else load(engine, READS[said["when"]])
    rows = found(spec, table, owners, scores, entity="north", brand=brand, at=AT).to_pyarrow().to_pylist()
    assert len(rows) == len(who)
    assert {(row["person"], row["cause"], row["amount"]) for row in rows} == who
