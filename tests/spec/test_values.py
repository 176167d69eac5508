"""Text to typed value: the same on every engine, with the same faults."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ibis.expr.types import Table

from filrouge.base import ids
from filrouge.domain.sources import SourceSpec, mapping
from filrouge.domain.sources.values import Conventions, clean, typed
from filrouge.engines import Engine

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FRENCH = ("%d/%m/%Y", "%d/%m/%Y %H:%M")


def collected(engine: Engine, expr: Table) -> list[dict[str, Any]]:
    """Return the rows that an engine writes."""
    with tempfile.TemporaryDirectory() as folder:
        engine.write(expr, f"{folder}/rows.parquet")
        return pq.read_table(f"{folder}/rows.parquet").to_pylist()


def read(
    engine: Engine, kind: str, texts: list[str | None], *, decimal: str = ",", zone: str = "Europe/Paris"
) -> list[Any]:
    """Return (value, fault) of each text."""
    table = engine.load("t", pa.table({"n": list(range(len(texts))), "x": pa.array(texts, pa.string())}))
    how = Conventions(decimal, FRENCH, zone, NOW, engine)
    found = typed(clean(table.x), kind, how)
    rows = collected(engine, table.select("n", value=found.value, fault=found.fault).order_by("n"))
    return [
        (row["value"].astimezone(UTC) if isinstance(row["value"], datetime) else row["value"], row["fault"])
        for row in rows
    ]


def test_only_blanks_are_taken_from_the_ends_of_a_value(engine: Engine) -> None:
    texts = ["fr", " vif\t", "false", "\x0bv\x0c", "\u00a0x y\u202f", "\r\n", "tn"]
    table = engine.load("t", pa.table({"n": list(range(len(texts))), "x": texts}))
    rows = collected(engine, table.select("n", value=clean(table.x)).order_by("n"))
    assert [row["value"] for row in rows] == ["fr", "vif", "false", "v", "x y", None, "tn"]


def test_dates_by_the_formats_of_the_source_or_iso(engine: Engine) -> None:
    assert read(engine, "date", ["01/02/1980", "1/2/1980", "1980-02-01", "31/02/1980", "2999-01-01", "x", "", " ", None]) == [
        (date(1980, 2, 1), None), (date(1980, 2, 1), None), (date(1980, 2, 1), None), (None, "not_a_date"),
        (None, "date_out_of_range"), (None, "not_a_date"), (None, None), (None, None), (None, None),
    ]  # fmt: skip


def test_times_are_of_the_zone_of_the_source_unless_they_say_theirs(engine: Engine) -> None:
    assert read(engine, "timestamp", ["05/07/2024 10:30", "05/01/2024 10:30", "05/07/2024", "2024-07-05T10:30:00Z", "2024-07-05 10:30:15.250", "2024-07-05T10:30:00+02:00"]) == [
        (datetime(2024, 7, 5, 8, 30, tzinfo=UTC), None),
        (datetime(2024, 1, 5, 9, 30, tzinfo=UTC), None),
        (datetime(2024, 7, 4, 22, 0, tzinfo=UTC), None),
        (datetime(2024, 7, 5, 10, 30, tzinfo=UTC), None),
        (datetime(2024, 7, 5, 8, 30, 15, 250000, tzinfo=UTC), None),
        (datetime(2024, 7, 5, 8, 30, tzinfo=UTC), None),
    ]  # fmt: skip


def test_outer_blanks_go_and_no_letter_does(engine: Engine) -> None:
    texts = ["neuf", "fv", " a\tb \n", "\u00a0x\u202f", "\x0b\x0cy\x0c", "v", "  ", None]
    table = engine.load("t", pa.table({"n": list(range(len(texts))), "x": pa.array(texts, pa.string())}))
    rows = collected(engine, table.select("n", x=clean(table.x)).order_by("n"))
    assert [row["x"] for row in rows] == ["neuf", "fv", "a\tb", "x", "y", "v", None, None]


def test_amounts_with_commas_spaces_and_signs(engine: Engine) -> None:
    assert read(engine, "decimal", ["1 234,56 €", "1\u202f234,5", "12", "-3,20", "12.50", "1.234,56", "abc", "12,3,4", None]) == [
        (Decimal("1234.5600"), None), (Decimal("1234.5000"), None), (Decimal("12.0000"), None), (Decimal("-3.2000"), None),
        (Decimal("12.5000"), None), (Decimal("1234.5600"), None), (None, "not_a_number"), (None, "not_a_number"), (None, None),
    ]  # fmt: skip


def test_whole_numbers_and_yes_or_no(engine: Engine) -> None:
    assert read(engine, "int64", ["12", "12.0", "x", "9223372036854775808"], decimal=".") == [
        (12, None), (12, None), (None, "not_a_number"), (None, "not_a_number"),
    ]  # fmt: skip
    assert read(engine, "boolean", ["Oui", "N", "1", "peut-être"]) == [
        (True, None), (False, None), (True, None), (None, "not_a_yes_or_no"),
    ]  # fmt: skip


def test_the_key_of_a_record_is_the_same_everywhere(engine: Engine) -> None:
    table = engine.load("t", pa.table({"x": ["crm\t1", "crm\té", "shop\t99"]}))
    found = collected(engine, table.select(x=table.x, key=engine.key64(table.x)))
    assert {row["x"]: row["key"] for row in found} == {
        "crm\t1": ids.record_key("crm", "1"), "crm\té": ids.record_key("crm", "é"), "shop\t99": ids.record_key("shop", "99"),
    }  # fmt: skip


SPEC = SourceSpec.parse(
    {
        "source": "crm",
        "kind": "csv",
        "place": "x.csv",
        "entity": "north",
        "brand": {"column": "b", "values": {"R": "red"}},
        "reads": "opportunities",
        "format": {"decimal": ",", "date": "%d/%m/%Y", "zone": "Europe/Paris"},
        "key": ["id"],
        "map": {
            "label": {"columns": ["a", "c"], "join": " "},
            "amount": "eur",
            "currency": {"const": "EUR"},
            "stage": {"column": "s", "values": {"1": "prospect"}, "other": "keep"},
            "person_ref": {"column": "p", "of": "crm_people"},
            "link": {"template": "https://crm.example.com/{id}"},
        },
        "required": ["amount"],
    }  # fmt: skip
)


@pytest.mark.parametrize("hashed", [True])
def test_a_row_is_mapped_the_same_everywhere(engine: Engine, hashed: bool) -> None:
    raw = pa.table(
        {
            "_seq": [0, 1], "_row": [2, 3], "id": ["1", "2"], "b": ["R", "Z"], "a": ["Salon", None], "c": ["2026", "x"],
            "eur": ["1 200,50", ""], "s": ["1", "9"], "p": ["77", None],
        }
    )  # fmt: skip
    table = mapping.hashed(engine.load("raw", raw), fingerprint="f")
    rows = collected(engine, mapping.mapped(table, SPEC, engine=engine, at=NOW).order_by("_seq"))
    wanted = (
        "source_id",
        "brand",
        "label",
        "amount",
        "currency",
        "stage",
        "link",
        "person_key",
        "record_key",
        "_faults",
    )
    assert [{name: row[name] for name in wanted} for row in rows] == [
        {
            "source_id": "1", "brand": "red", "label": "Salon 2026", "amount": Decimal("1200.5000"), "currency": "EUR",
            "stage": "prospect", "link": "https://crm.example.com/1", "person_key": ids.record_key("crm_people", "77"),
            "record_key": ids.record_key("crm", "1"), "_faults": "",
        },
        {
            "source_id": "2", "brand": None, "label": "x", "amount": None, "currency": "EUR", "stage": "9",
            "link": "https://crm.example.com/2", "person_key": None, "record_key": ids.record_key("crm", "2"),
            "_faults": "brand:unknown_value;amount:missing;",
        },
    ]  # fmt: skip


def test_times_counted_from_1970_in_seconds_or_smaller(engine: Engine) -> None:
    from filrouge.domain.sources.values import plain, valued

    texts = ["1700000000", "1700000000.7", "-5", "99999999999999", "x", "", None]
    small = ["1700000000123", "1700000000123456"]
    table = engine.load("t", pa.table({"n": list(range(7)), "x": texts, "y": [*small, *[None] * 5]}))
    how = Conventions(".", (), "Europe/Paris", NOW, engine)
    found = table.select(
        "n",
        s=valued(plain(table.x, "timestamp", how, ("unix",)), "timestamp", how),
        ms=valued(plain(table.y, "timestamp", how, ("unix_ms",)), "timestamp", how),
        us=valued(plain(table.y, "timestamp", how, ("unix_us",)), "timestamp", how),
    ).order_by("n")
    rows = collected(engine, found)
    moment = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert [row["s"] and row["s"].astimezone(UTC) for row in rows] == [moment, moment, None, None, None, None, None]
    assert rows[0]["ms"].astimezone(UTC) == moment.replace(microsecond=123000)
    assert rows[1]["us"].astimezone(UTC) == moment.replace(microsecond=123456)


def test_amounts_in_the_smallest_unit_become_amounts_of_their_currency(engine: Engine) -> None:
    spec = SourceSpec.parse({
        "source": "s", "kind": "csv", "place": "x", "entity": "e", "brand": "b", "reads": "orders", "key": "id",
        "map": {"total": {"column": "t", "format": "minor"}, "currency": "c"},
    })  # fmt: skip
    table = engine.load("t", pa.table({
        "_seq": list(range(7)), "id": list("abcdefg"),
        "t": ["123456789", "5", "-1250", "1250", "1250", "1.5", "1250"],
        "c": ["eur", "EUR", "usd", "jpy", "TND", "EUR", None],
    }))  # fmt: skip
    found = mapping.mapped(table, spec, engine=engine, at=NOW)
    rows = collected(engine, found.select("_seq", "total", "_faults").order_by("_seq"))
    assert [row["total"] for row in rows] == [
        Decimal("1234567.89"), Decimal("0.05"), Decimal("-12.5"), Decimal("1250"), Decimal("1.25"), None, None,
    ]  # fmt: skip
    assert [row["_faults"] for row in rows] == ["", "", "", "", "", "total:not_a_number;", "total:not_a_number;"]


# text -> what is told of it as an e-mail
MAILS: dict[str | None, str] = {
    "jean@example.com": "", " Jean.D+x@EXAMPLE.co.uk\u00a0": "", "j@x.fr": "", "jean@ex-ample.com": "", "": "", None: "",
    "n/a": "not_an_email", "-": "not_an_email", "x@": "not_an_email", "jean.dupont(at)x": "not_an_email",
    "@x.fr": "not_an_email", "jean@x": "not_an_email", "jean@x.f": "not_an_email", "a b@x.fr": "not_an_email",
    "a@x.fr; b@x.fr": "not_an_email", "jean@x.12": "not_an_email", "j\tb@x.fr": "not_an_email",
}  # fmt: skip
PHONES: dict[str | None, str] = {
    "06 12 34 56 78": "", "+33 (0)6.12.34.56.78": "", "0033612345678": "", "01-45-67-89-01 (bureau)": "", "123456": "",
    "+1 212 555 0143": "", "": "", None: "", "01 00 00 00 12": "", "06 12 34 56 78 / 01 45 67 89 01": "",
    "n/a": "not_a_phone", "-": "not_a_phone", "x": "not_a_phone", "12345": "not_a_phone", "+33": "not_a_phone",
    "après 18h": "not_a_phone", "01 00 00 00 00": "not_a_phone", "0600000001": "", "+": "not_a_phone",
    "9999999999": "not_a_phone", "01 02 03 04 05": "not_a_phone", "+33102030405": "not_a_phone", "000000": "not_a_phone",
}  # fmt: skip
REACHED = {
    "source": "s", "kind": "csv", "place": "x", "entity": "e", "brand": "b", "reads": "person_records", "key": "id",
    "map": {"family_name": "n", "email": "m", "phone": "p"},
}  # fmt: skip


def test_what_is_no_email_and_no_phone_is_told_and_kept_as_it_came(engine: Engine) -> None:
    pairs = [*((mail, None) for mail in MAILS), *((None, phone) for phone in PHONES)]
    table = engine.load("t", pa.table({
        "_seq": list(range(len(pairs))), "id": [str(n) for n in range(len(pairs))], "n": ["N"] * len(pairs),
        "m": pa.array([mail for mail, _ in pairs], pa.string()), "p": pa.array([phone for _, phone in pairs], pa.string()),
    }))  # fmt: skip
    found = mapping.mapped(table, SourceSpec.parse(REACHED), engine=engine, at=NOW)
    rows = collected(engine, found.select("_seq", "email", "phone", "_faults", "_warnings").order_by("_seq"))
    wanted = [(f"email:{code};" if code else "") for code in MAILS.values()]
    wanted += [(f"phone:{code};" if code else "") for code in PHONES.values()]
    for pair, row, told in zip(pairs, rows, wanted, strict=True):
        assert (row["_warnings"], row["_faults"]) == (told, ""), pair
        kept = [text.replace("\u00a0", "").strip() or None if text else None for text in pair]
        assert [row["email"], row["phone"]] == kept, "the value stays as it was received"


def test_both_are_told_of_one_row_beside_what_else_is_wrong(engine: Engine) -> None:
    spec = {**REACHED, "map": {**REACHED["map"], "birth_date": "d"}}  # type: ignore[dict-item]
    table = engine.load("t", pa.table({"_seq": [0], "id": ["1"], "n": ["N"], "m": ["-"], "p": ["-"], "d": ["x"]}))
    found = mapping.mapped(table, SourceSpec.parse(spec), engine=engine, at=NOW)
    (row,) = collected(engine, found.select("_faults", "_warnings"))
    assert row["_faults"] == ""
    assert sorted(row["_warnings"].split(";")) == [
        "", "birth_date:not_a_date", "email:not_an_email", "phone:not_a_phone",
    ]  # fmt: skip
