"""Rules of a source judge the same rows alike on every engine."""

from __future__ import annotations

from typing import Any

import ibis
import pyarrow as pa
from tests.spec.test_values import NOW, collected

from filrouge.domain.quality import rows as ruled
from filrouge.domain.sources import SourceSpec, mapping
from filrouge.engines import Engine

COLUMNS = ("id", "mail", "zip", "born", "seen", "card", "land")
SOURCE: dict[str, Any] = {
    "source": "crm", "kind": "csv", "place": "x.csv", "entity": "north", "brand": "red", "reads": "person_records",
    "key": ["id"],
    "map": {"source_id": "id", "email": "mail", "postcode": "zip", "birth_date": "born", "updated_at": "seen",
            "loyalty_id": "card", "country": "land"},
}  # fmt: skip


def laid(engine: Engine, rules: list[dict[str, Any]], rows: list[dict[str, str]]) -> tuple[SourceSpec, Any]:
    """Return the definition with these rules, and its rows, judged by their own rules."""
    spec = SourceSpec.parse({**SOURCE, "rules": rules})
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in COLUMNS}
    raw = pa.table({"_seq": list(range(len(rows))), "_row": list(range(len(rows))), **columns})
    table = mapping.hashed(engine.load("raw", raw), fingerprint="f")
    shaped = mapping.mapped(table, spec, engine=engine, at=NOW)
    return spec, ruled.judged(shaped, spec, engine=engine, at=NOW)


def told(engine: Engine, rules: list[dict[str, Any]], rows: list[dict[str, str]]) -> list[tuple[str, str]]:
    """Return the faults and warnings of each row."""
    _, judged = laid(engine, rules, rows)
    return [(row["_faults"], row["_warnings"]) for row in collected(engine, judged.order_by("_seq"))]


def test_a_value_may_be_required_alone_or_one_of_several(engine: Engine) -> None:
    one = {"check": "required", "columns": ["email", "postcode"], "does": "reject"}
    rows = [{"id": "1", "mail": "a@x.fr"}, {"id": "2", "zip": "75001"}, {"id": "3", "mail": " "}]
    assert told(engine, [one], rows) == [("", ""), ("", ""), ("email:rule_missing;", "")]


def test_a_pattern_is_of_the_whole_value_and_nothing_is_no_value(engine: Engine) -> None:
    rule = {"check": "pattern", "column": "postcode", "like": r"\d{5}|BE-\d{4}"}
    values = ["75001", "7500", "750011", "x75001", "BE-1000", "BE-100", None, "７５００１", "9" * 2000]
    rows = [{"id": str(n)} | ({"zip": value} if value else {}) for n, value in enumerate(values)]
    found = [bool(warned) for _, warned in told(engine, [rule], rows)]
    assert found == [False, True, True, True, False, True, False, True, True]


def test_a_range_is_of_dates_far_or_near_and_both_ends_are_in(engine: Engine) -> None:
    rule = {"check": "range", "column": "birth_date", "min": "-120y", "max": "today", "does": "reject"}
    born = ["1906-11-22", "1906-11-21", "2026-11-22", "2026-11-23", "", "1980-01-01"]
    rows = [{"id": str(n), "born": value} for n, value in enumerate(born)]
    assert [bool(faults) for faults, _ in told(engine, [rule], rows)] == [False, True, False, True, False, False]
    late = {"check": "range", "column": "updated_at", "min": "2026-01-01", "max": "+1h"}
    seen = ["2026-01-01 00:00:00", "2025-12-31 23:59:59", "2026-11-22 01:00:00", "2026-11-22 01:00:01"]
    rows = [{"id": str(n), "seen": value} for n, value in enumerate(seen)]
    assert [bool(warned) for _, warned in told(engine, [late], rows)] == [False, True, False, True]


def test_a_value_is_among_those_listed(engine: Engine) -> None:
    rule = {"check": "among", "column": "country", "values": ["FR", "NO", False]}
    rows = [{"id": str(n), "land": value} for n, value in enumerate(["FR", "fr", "NO", "", "false"])]
    assert [bool(warned) for _, warned in told(engine, [rule], rows)] == [False, True, False, False, False]


def test_a_row_that_the_mapping_rejects_is_not_judged_twice(engine: Engine) -> None:
    rule = {"check": "required", "column": "email", "does": "reject"}
    _, judged = laid(engine, [rule], [{"id": "", "mail": ""}, {"id": "2", "mail": ""}])
    rows = collected(engine, judged.order_by("_seq"))
    assert [(row["_faults"], row[ruled.JUDGED], row[ruled.mark(0)]) for row in rows] == [
        ("source_id:missing;", False, False), ("email:rule_missing;", True, True),
    ]  # fmt: skip


def test_a_value_is_repeated_when_two_records_bear_it(engine: Engine) -> None:
    rule = {"check": "unique", "columns": ["loyalty_id", "postcode"]}
    rows = [
        {"id": "1", "card": "A", "zip": "1"}, {"id": "2", "card": "A", "zip": "1"}, {"id": "3", "card": "A", "zip": "2"},
        {"id": "4", "card": "B", "zip": "1"}, {"id": "4", "card": "B", "zip": "1"}, {"id": "5"}, {"id": "6"},
    ]  # fmt: skip
    spec, judged = laid(engine, [rule], rows)
    assert {row["_seq"] for row in collected(engine, ruled.repeated(judged, spec.rules[0]))} == {0, 1}
    spec, judged = laid(engine, [{"check": "unique", "column": "source_id"}], rows)
    assert {row["_seq"] for row in collected(engine, ruled.repeated(judged, spec.rules[0]))} == {3, 4}


def test_a_reference_is_to_a_record_of_another_source(engine: Engine) -> None:
    rule = {"check": "reference", "column": "loyalty_id", "of": "cards", "does": "reject"}
    spec, judged = laid(engine, [rule], [{"id": "1", "card": "A"}, {"id": "2", "card": "B"}, {"id": "3"}])
    known = engine.load("known", pa.table({"card": ["A"]}))
    known = known.select(record_key=engine.key64(ibis.literal("cards\t") + known.card))
    broken = ruled.unknown(judged, spec.rules[0], known, engine=engine)
    assert [row["_seq"] for row in collected(engine, broken)] == [1]
    whole = ruled.set_apart(judged, [(0, spec.rules[0], broken)])
    found = [(row["_faults"], row[ruled.mark(0)]) for row in collected(engine, whole.order_by("_seq"))]
    assert found == [("", False), ("loyalty_id:rule_not_known;", True), ("", False)]
