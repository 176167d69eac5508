"""What is said of the values of a column is read the same on every engine, whatever their letters."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from tests.spec.test_values import collected

from filrouge.domain.sources import SourceSpec, coded
from filrouge.domain.sources.mapping import mapped
from filrouge.engines import Engine

SAID: dict[str, str | None] = {
    "Payée": "paid", "a;b": "pending", 'di"t': "refunded", "l'été": "failed", "x" * 390: "paid", "?": None, "true": "paid",
    "\\n": "unpaid", "payée": "cancelled", "{a}": "paid", "%d": "paid", "$1": "paid",
}  # fmt: skip
ODD = [
    "Payée",
    " Payée\u00a0",
    "PAYÉE",
    "a;b",
    'di"t',
    "l'été",
    "x" * 390,
    "?",
    "true",
    "\\n",
    "payée",
    "{a}",
    "%d",
    "$1",
    "",
    "Zz",
]


@pytest.mark.parametrize("other", ["reject", "keep", "null"])
def test_what_is_said_of_values_is_what_every_engine_reads(engine: Engine, other: str) -> None:
    spec = SourceSpec.parse({
        "source": "x", "kind": "csv", "place": "x.csv", "entity": "north", "brand": "red", "reads": "orders",
        "key": ["N"], "map": {"source_id": "N", "status": {"column": "S", "values": SAID, "other": other}},
    }, what="x")  # fmt: skip
    rows = pa.table({
        "N": [f"{n:02}" for n in range(len(ODD))], "S": pa.array(ODD, pa.string()),
        **{mark: ["0"] * len(ODD) for mark in ("_raw",)},
    })  # fmt: skip
    made = mapped(engine.load("coded", rows), spec, engine=engine, at=datetime(2026, 11, 28, tzinfo=UTC))
    found = sorted(collected(engine, made.select("source_id", "status", "_faults")), key=lambda row: row["source_id"])
    for value, row in zip(ODD, found, strict=True):
        text = coded.cleaned(value)
        will = coded.becomes("orders", "status", spec.map["status"], text) if text else coded.Becomes("nothing")
        assert row["status"] == (will.code if will.how in ("told", "kept", "understood") else None), value
        assert row["_faults"] == ("status:unknown_value;" if will.how == "rejected" else ""), value
