"""What a viewer reads of a person: nothing of a record that is shut, and nothing that is not so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from filrouge.domain.privacy.perimeter import Grant, perimeter
from filrouge.domain.profiles import view

AT = datetime(2026, 5, 1, tzinfo=UTC)


def record(key: int, brand: str, **evidence: Any) -> dict[str, Any]:
    return {
        "key": key, "source": "crm", "source_id": str(key), "entity": "north", "brand": brand, "decision": "rule",
        "rule": "email_name", "evidence": evidence,
    }  # fmt: skip


def told(*records: dict[str, Any], brands: frozenset[str] = frozenset({"red"})) -> list[tuple[str, Any]]:
    sees = perimeter([Grant("privacy", "north", brands)], [], ["north"], at=AT)
    parts = ("roles", "contracts", "invoices", "payments", "orders", "returns", "opportunities", "tickets", "consents")
    document = {"id": "p", "records": list(records), "values": [], **{part: [] for part in parts}}
    seen = view(document, (), sees, systems={}, at=AT)
    assert seen is not None
    return [(one.rule, one.evidence) for one in seen.records]


def test_a_pair_with_a_record_that_is_shut_is_not_told() -> None:
    shut = record(3, "blue", **{"with": 1, "kinds": ["email"]})
    first = record(1, "red", **{"with": 3, "kinds": ["email"], "also": [{"with": 2, "kinds": ["phone"]}]})
    second = record(2, "red", **{"with": 3, "kinds": ["email"]})
    assert told(first, second, shut) == [
        ("email_name", {"with": 2, "kinds": ["phone"]}),
        ("recognised", {}),
    ], "several that are one are never said to resemble nothing"
    assert told(first, second, shut, brands=frozenset())[0][1]["with"] == 3


def test_a_record_that_stands_alone_for_the_viewer_is_said_to() -> None:
    assert told(record(1, "red", **{"with": 3}), record(3, "blue", **{"with": 1})) == [("alone", {})]
