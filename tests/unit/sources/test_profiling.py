"""A file is counted over every row, and its faults are told with the rows concerned."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as over
from hypothesis import strategies as st

from filrouge.domain.privacy.perimeter import EVERYTHING, Grant, perimeter
from filrouge.domain.sources.counting import Counted, Dated, counted
from filrouge.domain.sources.profile import ColumnProfile, Profile
from filrouge.domain.sources.profiling import Told, profiled
from filrouge.domain.sources.writing import Days
from filrouge.engines import Engine, open_engine

AT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = open_engine()
    yield made
    made.close()


def profile(engine: Engine, columns: Mapping[str, Sequence[str | None]], told: Told | None = None) -> Profile:
    rows = len(next(iter(columns.values())))
    with tempfile.TemporaryDirectory() as folder:
        place = str(Path(folder) / "rows.parquet")
        data = {f"c{at}": pa.array(values, pa.string()) for at, values in enumerate(columns.values())}
        pq.write_table(pa.table(data), place)
        found = [counted(engine, [(f"c{at}", place)], name=name, rows=rows, at=AT) for at, name in enumerate(columns)]
    return profiled("a.csv", "csv", found, rows=rows, told=told)


def one(engine: Engine, name: str, values: Sequence[str | None], told: Told | None = None) -> ColumnProfile:
    return profile(engine, {name: values}, told).columns[0]


def faults(column: ColumnProfile) -> dict[str, int]:
    return {fault.code: fault.rows for fault in column.faults}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["bleu", "rouge"], "text"), (["1", "-2"], "whole"), (["0012", "1234"], "text"), (["1,5", "2"], "decimal"),
        (["03/11/1980", "25/12/1975"], "date"), (["2026-01-02 10:00", "2026-01-03 11:30"], "datetime"),
        (["oui", "non"], "yes_no"), (["O", "N", None], "yes_no"), (["x", None], "yes_no"), ([None, ""], "empty"),
        (["  ", None], "empty"), (["+33639980000", "+33639980001"], "text"),
    ],
)  # fmt: skip
def test_a_column_has_the_type_of_its_values(engine: Engine, values: list[str | None], told: str) -> None:
    assert one(engine, "c", values).type == told


def test_fill_distinct_and_top_values_are_of_the_whole_column(engine: Engine) -> None:
    column = one(engine, "Ville", ["Paris", " Paris", "Lyon", None, "", "   ", "Paris"])
    assert (column.rows, column.filled, column.distinct) == (7, 4, 2)
    assert [(value.value, value.rows) for value in column.top] == [("Paris", 3), ("Lyon", 1)]
    assert faults(column) == {"stray_spaces": 1}


def test_the_order_of_days_is_proven_by_what_can_be_no_month(engine: Engine) -> None:
    column = one(engine, "Né(e) le", ["03/04/1980", "25/12/1975", "31/02/1990", "01/01/1900"])
    assert (column.type, column.date_order) == ("date", "day_first")
    assert faults(column) == {"placeholders": 1, "impossible_dates": 1}
    american = one(engine, "birthdate", ["04/03/1980", "12/25/1975", "02/31/1990"])
    assert (american.date_order, faults(american)) == ("month_first", {"impossible_dates": 1})


def test_a_doubt_about_days_is_told_and_settled_by_another_column_or_by_a_word(engine: Engine) -> None:
    doubt: dict[str, Sequence[str | None]] = {"d": ["03/04/2020", "05/06/2021"]}
    alone = profile(engine, doubt)
    assert faults(alone.column("d")) == {"order_doubt": 2}
    assert [(one.what, one.value, one.sure) for one in alone.conventions] == [("date_order", "day_first", False)]
    beside = profile(engine, {**doubt, "e": ["12/25/2020", "12/26/2020"]})
    assert beside.column("d").date_order == "month_first"
    said = profile(engine, doubt, Told(date_order="month_first"))
    assert said.column("d").date_order == "month_first"
    assert said.conventions[0].given


def test_dates_that_contradict_the_order_and_those_out_of_reach_are_counted(engine: Engine) -> None:
    values = ["25/12/2020"] * 8 + ["12/25/2020", "01/01/1785", "01/01/2090"]
    assert faults(one(engine, "date", values)) == {"mixed_orders": 1, "dates_outside": 2}


def test_the_decimal_mark_is_proven_or_doubtful(engine: Engine) -> None:
    assert one(engine, "Montant", ["1 234,50", "3,5"]).decimal == ","
    mixed = one(engine, "Montant", ["1,50", "2,50", "3.50"])
    assert (mixed.decimal, faults(mixed)) == (",", {"mixed_decimals": 1})
    doubt = one(engine, "Montant", ["1.234", "5.678"])
    assert faults(doubt) == {"decimal_doubt": 2}
    assert one(engine, "Montant", ["1.234", "5.678"], Told(decimal=",")).type == "whole"


def test_mixed_types_are_counted(engine: Engine) -> None:
    assert faults(one(engine, "Montant", ["12"] * 9 + ["douze"])) == {"mixed_types": 1}
    assert faults(one(engine, "inscrit le", ["2020-01-02"] * 9 + ["hier"])) == {"mixed_types": 1}


def test_placeholders_are_no_values_and_a_code_of_a_country_is_none(engine: Engine) -> None:
    column = one(engine, "Ville", ["Paris", "N/A", "NULL", "null", "-"])
    assert faults(column) == {"placeholders": 4}
    assert faults(one(engine, "country", ["FR", "NA", "BE"])) == {}
    assert faults(one(engine, "born", ["1970-01-01", "1970-01-02", "1981-05-06"])) == {}


def test_personal_data_where_none_was_expected_is_told(engine: Engine) -> None:
    notes = [
        "rappeler ada@example.com demain", "écrire à bob@example.com", "joindre au 06 39 98 12 34 le soir",
        "payer sur FR76 3000 6000 0112 3456 7890 189 svp", "carte 4111 1111 1111 1111 expirée", "rien à dire",
    ]  # fmt: skip
    column = one(engine, "notes", notes)
    assert faults(column) == {"emails_inside": 2, "phones_inside": 1, "accounts_inside": 1, "cards_inside": 1}
    assert faults(one(engine, "couleur", ["bleu"] * 30 + ["ada@example.com"])) == {"emails_inside": 1}
    assert faults(one(engine, "notes", ["FR76 3000 6000 0112 3456 7890 188 est faux, voir le dossier"] * 3)) == {}


def test_what_a_spreadsheet_did_is_told(engine: Engine) -> None:
    assert faults(one(engine, "Code postal", ["75011"] * 9 + ["6000"])) == {"zero_lost": 1}
    assert faults(one(engine, "Tél", ["0639980000", "0639980001", "639980002"])) == {"zero_lost": 1}
    assert faults(one(engine, "Ville", ["Orlã©ans".replace("ã", "Ã"), "Paris"])) == {"garbled": 1}


def test_only_what_a_spreadsheet_writes_is_a_rounded_number(engine: Engine) -> None:
    assert faults(one(engine, "Tél", ["3,36E+10", "+33639980000"])) == {"digits_lost": 1}
    assert faults(one(engine, "uuid", ["12345678e12345", "12e45", "a1b2"])) == {}


def test_a_key_repeated_or_missing_is_told(engine: Engine) -> None:
    numbers: list[str | None] = [f"C{n:05}" for n in range(40)]
    found = profile(engine, {"Num_Client": [*numbers, "C00003", None], "Nom": ["Martin"] * 42})
    assert found.key == ("Num_Client",)
    assert faults(found.column("Num_Client")) == {"key_repeated": 1, "key_missing": 1}


def test_values_are_masked_as_the_role_asks(engine: Engine) -> None:
    found = profile(engine, {
        "email": ["ada@example.com", "bob@example.com"], "nom": ["Byron", "Lovelace"],
        "notes": ["elle aime le thé noir"] * 2, "couleur": ["bleu", "voir ada@example.com pour le bleu"],
        "zz": ["Kvistgren", "Kvistgren"],
    })  # fmt: skip
    assert found.seen_by(EVERYTHING).column("email").top[0].value == "ada@example.com"
    engineer = found.seen_by(perimeter([Grant("engineer", None)], [], ["north"], at=AT))
    assert engineer.column("email").sight == "mask"
    assert engineer.column("email").top[0].value == "a•••@e•••"
    assert engineer.column("nom").top[0].value == "Byron"
    assert (engineer.column("notes").sight, engineer.column("notes").top) == ("hide", ())
    assert engineer.column("couleur").sight == "hide", "something of a person was found inside"
    assert engineer.column("zz").sight == "mask", "who knows what it means"
    plain = str(found.seen_by(perimeter([Grant("executive", None)], [], ["north"], at=AT)).plain())
    for value in ("ada@example.com", "Byron", "thé"):
        assert value not in plain


def test_a_long_cell_is_told_apart_and_cut(engine: Engine) -> None:
    column = one(engine, "c", ["x" * 100_000, "x" * 100_000 + "y", "z"])
    assert (column.distinct, column.longest) == (3, 100_001)
    assert max(len(value.value) for value in column.top) <= 80


texts = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.sampled_from(
        ["", " ", "n/a", "12", "1,5", "1.5", "25/12/2020", "12/25/2020", "2020-02-31", "oui", "a@b.fr", "é"]
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@over(st.lists(texts, min_size=1, max_size=40))
def test_counts_hold_whatever_the_values(engine: Engine, values: list[str | None]) -> None:
    values = [None if value is None else value.encode("utf-8", "ignore").decode() for value in values]
    column = one(engine, "c", values)
    blanks = " \t\n\r\x0b\x0c\u00a0\u202f\u200b\ufeff"
    filled = [value.strip(blanks) for value in values if value is not None and value.strip(blanks)]
    assert column.filled == len(filled)
    assert column.distinct == len(set(filled))
    assert sum(value.rows for value in column.top) <= column.filled
    assert all(0 < fault.rows <= column.rows for fault in column.faults)
    assert (column.type == "empty") == (not filled)
    again = one(engine, "c", list(reversed(values)))
    assert again == column, "the order of rows changes nothing"


def test_the_same_figures_make_the_same_profile() -> None:
    figures = Counted(
        "d", 10, 10, 2, 10, (("01/02/2020", 9),), ("01/02/2020",), (("00/00/0000", False, 10),),
        dated=Dated(Days(either=10)),
    )  # fmt: skip
    assert profiled("a", "csv", [figures], rows=10) == profiled("a", "csv", [figures], rows=10)
