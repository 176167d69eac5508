"""A small world for segments: people and what they did, as tables for everybody and as facts of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from filrouge.domain.segments import Facts, Laid
from filrouge.engines import Engine

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
WHEN = pa.timestamp("us", tz="UTC")
MONEY = pa.decimal128(18, 4)
ORIGIN = {"entity": pa.string(), "brand": pa.string(), "source": pa.string()}
COLUMNS: dict[str, dict[str, pa.DataType]] = {
    "person_records": {
        "record_key": pa.int64(), **ORIGIN, "created_at": WHEN, "recorded_at": WHEN, "deceased": pa.bool_(),
    },
    "golden_values": {
        "person": pa.string(), "attribute": pa.string(), "value": pa.string(), "rank": pa.int64(), **ORIGIN, "at": WHEN,
    },
    "events": {
        "person_key": pa.int64(), "at": WHEN, "name": pa.string(), "type": pa.string(), "topic": pa.string(),
        "title": pa.string(), "url": pa.string(), "properties": pa.string(), **ORIGIN,
    },
    "orders": {
        "person_key": pa.int64(), "ordered_at": WHEN, "total": MONEY, "currency": pa.string(),
        "sales_channel": pa.string(), "status": pa.string(), "promotion_code": pa.string(), **ORIGIN,
    },
    "order_lines": {
        "person_key": pa.int64(), "ordered_at": WHEN, "offer": pa.string(), "sku": pa.string(), "quantity": pa.int64(),
        "price": MONEY, "discount": MONEY, "currency": pa.string(), "promotion_code": pa.string(),
        "order_ref": pa.string(), **ORIGIN,
    },
    "contracts": {
        "record_key": pa.int64(), "person_key": pa.int64(), "reader_key": pa.int64(), "started_at": WHEN,
        "renews_at": WHEN, "ended_at": WHEN, "offer": pa.string(), "term": pa.string(), "price": MONEY,
        "currency": pa.string(), "end_reason": pa.string(), "sales_channel": pa.string(),
        "acquisition_channel": pa.string(), **ORIGIN,
    },
    "contacts": {
        "person_key": pa.int64(), "at": WHEN, "channel": pa.string(), "kind": pa.string(), "outcome": pa.string(),
        "campaign": pa.string(), **ORIGIN,
    },
    "interactions": {
        "person_key": pa.int64(), "at": WHEN, "kind": pa.string(), "channel": pa.string(), "direction": pa.string(),
        "status": pa.string(), "disposition": pa.string(), "duration_s": pa.int64(), **ORIGIN,
    },
    "consents": {
        "person_key": pa.int64(), **ORIGIN, "purpose": pa.string(), "channel": pa.string(), "state": pa.string(),
        "at": WHEN,
    },
    "scores": {
        "person": pa.string(), **ORIGIN, "score": pa.string(), "value": pa.float64(), "band": pa.string(),
        "trend": pa.float64(), "model": pa.string(), "stale_since": WHEN,
    },
    "consent_acts": {
        "person": pa.string(), **ORIGIN, "purpose": pa.string(), "channel": pa.string(), "state": pa.string(), "at": WHEN,
    },
    "held": {"person": pa.string(), "entity": pa.string(), "due_at": WHEN, "forbids": pa.string(), "until": WHEN},
}  # fmt: skip
NORTH = {"entity": "north", "brand": "red", "source": "crm"}
SOUTH = {"entity": "south", "brand": "blue", "source": "shop"}
Row = Mapping[str, Any]


def id_of(number: int) -> str:
    """Return the id of a person of the world."""
    return f"0190a000-0000-7000-8000-{number:012x}"


class People:
    """People of numbered ids; the record of person n is n * 10, another one n * 10 + 1…"""

    def __init__(self) -> None:
        self.owners: list[tuple[int, str]] = []
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in COLUMNS}

    def person(self, number: int, *records: Row, **facts: Sequence[Row]) -> str:
        """Add somebody with ``records``, and what is known of them; a fact names the record that ``of`` counts."""
        key = id_of(number)
        for at, record in enumerate(records or (NORTH,)):
            self.owners.append((number * 10 + at, key))
            if not record.get("gone"):
                row = {"created_at": None, "recorded_at": AT, "deceased": None, **record}
                self.rows["person_records"].append({"record_key": number * 10 + at, **row})
        for table, rows in facts.items():
            for row in rows:
                whose = {"person": key} if "person" in COLUMNS[table] else {}
                if "person_key" in COLUMNS[table]:
                    whose = {"person_key": number * 10 + row.get("of", 0)}
                self.rows[table].append({**NORTH, **whose, **row})
        return key

    def table(self, name: str) -> pa.Table:
        schema = pa.schema(list(COLUMNS[name].items()))
        rows = [{column: row.get(column) for column in COLUMNS[name]} for row in self.rows[name]]
        for row in rows:
            for column, kind in COLUMNS[name].items():
                if kind == MONEY and row[column] is not None:
                    row[column] = Decimal(str(row[column])).quantize(Decimal("0.0001"))
        return pa.Table.from_pylist(rows, schema=schema)

    def laid(self, engine: Engine, **more: Any) -> Laid:
        """Return everybody as tables on ``engine``."""
        living = {row["record_key"]: row for row in self.rows["person_records"]}
        owned = pa.table({
            "record_key": pa.array([key for key, _ in self.owners], pa.int64()),
            "person": pa.array([person for _, person in self.owners], pa.string()),
            "entity": pa.array([living.get(key, {}).get("entity") for key, _ in self.owners], pa.string()),
            "brand": pa.array([living.get(key, {}).get("brand") for key, _ in self.owners], pa.string()),
            "living": pa.array([key in living for key, _ in self.owners], pa.bool_()),
        })  # fmt: skip
        everybody = sorted({person for _, person in self.owners})
        alive = {person for key, person in self.owners if key in living}
        ids = pa.table({
            "person": pa.array(everybody, pa.string()), "id": pa.array(everybody, pa.string()),
            "living": pa.array([person in alive for person in everybody], pa.bool_()),
        })  # fmt: skip
        tables = {name: engine.load(name, self.table(name)) for name in COLUMNS}
        return Laid(engine.load("owned", owned), engine.load("ids", ids), tables, **more)

    def facts(self, **more: Any) -> list[Facts]:
        """Return the facts of each."""
        found = []
        for person in sorted({person for _, person in self.owners}):
            mine = {key for key, owner in self.owners if owner == person}

            def of(name: str, mine: set[int] = mine, person: str = person) -> list[Row]:
                rows = self.table(name).to_pylist()
                keys = ("person_key", "reader_key") if name == "contracts" else ("person_key", "record_key")
                if "person" in COLUMNS[name]:
                    return [row for row in rows if row["person"] == person]
                return [row for row in rows if any(row.get(key) in mine for key in keys)]

            happened = ("events", "orders", "order_lines", "contracts", "contacts", "interactions")
            found.append(Facts(
                person, of("person_records"), of("golden_values"), {name: of(name) for name in happened},
                [*of("consents"), *of("consent_acts")], of("held"), of("scores"), **more,
            ))  # fmt: skip
        return found
