"""What is said of the values of a column is what is read of them, and what is guessed of them can be told why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filrouge.domain.sources import SourceSpec, coded, columns
from filrouge.domain.sources.columns import Said
from filrouge.domain.sources.mapping import mapped
from filrouge.domain.sources.spec import Cell
from filrouge.engines import Engine, open_engine
from filrouge.tables import TABLES

BARE: dict[str, Any] = {
    "source": "x", "kind": "csv", "place": "x.csv", "entity": "north", "brand": "red", "reads": "orders",
    "format": {}, "key": ["N"], "map": {"source_id": {"column": "N"}},
}  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12)
WRITTEN = st.one_of(
    TEXTS, st.sampled_from([" payée", "payée\u00a0", "a;b", 'di"t', "l'été", "x" * 390, "true", "~", "null"])
)
CODES = st.sampled_from(["paid", "cancelled", "a;b", "", None])


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made = open_engine("duckdb://", scratch=tmp_path_factory.mktemp("coded"))
    yield made
    made.close()


def read(engine: Engine, spec: SourceSpec, target: str, values: list[str]) -> list[tuple[str | None, str, str]]:
    """Return what a definition reads of values, with the faults and warnings of their rows."""
    column = spec.map[target].column or ""
    rows = pa.table({
        "N": [str(n) for n in range(len(values))], column: pa.array(values, pa.string()), "_seq": range(len(values))
    })  # fmt: skip
    engine.con.con.register("coded_rows", rows)
    made = mapped(engine.con.table("coded_rows"), spec, engine=engine, at=datetime(2026, 11, 28, tzinfo=UTC))
    found = made.order_by(ibis._["_seq"]).select(target, "_faults", "_warnings").to_pyarrow().to_pylist()
    return [(row[target], row["_faults"], row["_warnings"]) for row in found]


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(WRITTEN.map(coded.cleaned).filter(bool), CODES, min_size=1, max_size=6),
    st.sampled_from(["reject", "keep", "null"]), st.lists(WRITTEN, max_size=4),
)  # fmt: skip
def test_what_is_said_of_values_is_what_is_read(
    engine: Engine, said: dict[str, str | None], other: str, more: list[str]
) -> None:  # fmt: skip
    told = [Said("N", key=True), Said("État", "status", values=said, other=other)]
    spec = SourceSpec.parse(columns.definition(BARE, told), what="x")
    again = SourceSpec.parse(spec.dump(), what="x")
    assert again == spec
    values = [*said, *more]
    for value, (got, faults, _warnings) in zip(values, read(engine, again, "status", values), strict=True):
        text = coded.cleaned(value)
        if not text:
            assert (got, faults) == (None, "")
            continue
        will = coded.becomes("orders", "status", spec.map["status"], text)
        assert got == (will.code if will.how in ("told", "understood", "kept") else None)
        assert faults == ("status:unknown_value;" if will.how == "rejected" else "")
        if said.get(text):
            assert (will.how, got) == ("told", said[text])
        if text in said and said[text] is None:
            assert (will.how, got, faults) == ("nothing", None, "")


@pytest.mark.parametrize(
    ("reads", "target", "value", "code", "why"),
    [
        ("person_records", "title", "Mme", "mrs", "word"),
        ("person_records", "title", "M.", "mr", "word"),
        ("person_records", "sex", "FÉMININ", "f", "word"),
        ("person_records", "sex", "F", "f", "written"),
        ("person_records", "sex", "H", "m", "word"),
        ("person_records", "sex", "inconnu", None, "nothing"),
        ("person_records", "deceased", "O", "true", "word"),
        ("person_records", "deceased", "Décédée", "true", "word"),
        ("person_records", "country", "Côte d'Ivoire", "CI", "name"),
        ("person_records", "country", "Germany", "DE", "name"),
        ("person_records", "country", "FRA", "FR", "name"),
        ("person_records", "country", "fr", "FR", "written"),
        ("person_records", "language", "fr_FR", "fr", "name"),
        ("orders", "status", "payée", "paid", "word"),
        ("orders", "status", "ANNULEE", "cancelled", "word"),
        ("orders", "currency", "€", "EUR", "name"),
        ("orders", "sales_channel", "Click & Collect", "click_and_collect", "word"),
        ("payments", "method", "CB", "card", "word"),
        ("contracts", "term", "Mensuel", "P1M", "word"),
        ("interactions", "direction", "Entrant", "in", "word"),
    ],
)
def test_what_a_value_seems_to_be_is_told_with_its_reason(
    reads: str, target: str, value: str, code: str | None, why: str
) -> None:  # fmt: skip
    assert coded.guessed(reads, target, value) == coded.Meant(code, why)  # type: ignore[arg-type]


def test_nothing_of_a_consent_is_guessed_and_nobody_knows_what_is_no_word() -> None:
    assert coded.guessed("consents", "state", "oui") is None
    assert coded.guessed("consents", "state", "granted") == coded.Meant("granted", "code")
    assert coded.guessed("person_records", "sex", "X3") is None
    assert coded.guessed("person_records", "city", "Paris") is None


def test_no_word_is_of_two_codes_of_one_set() -> None:
    for reads, table in TABLES.items():
        if not table.canonical:
            continue
        for column in table.columns:
            one = coded.coded(reads, column.name)
            for code in one.codes if one is not None and not one.wide else ():
                for word in coded.WORDS.get((one.kind, code), ()):  # type: ignore[union-attr]
                    assert coded.guessed(reads, column.name, word).code == code, (reads, column.name, word)  # type: ignore[union-attr]


def test_what_is_proposed_is_only_what_needs_to_be_said() -> None:
    assert coded.proposed("person_records", "deceased", {"column": "D"}, ["oui", "NON"]) == {"column": "D"}
    assert coded.proposed("person_records", "sex", {"column": "S"}, ["f", "m"]) == {"column": "S"}
    assert coded.proposed("person_records", "sex", {"column": "S"}, ["f", "H", "?", "Zz"]) == {
        "column": "S", "values": {"f": "f", "H": "m", "?": None},
    }  # fmt: skip
    assert coded.proposed("orders", "status", {"column": "S"}, ["Payée", "paid", "Sur place"]) == {
        "column": "S", "values": {"Payée": "paid"}, "other": "keep",
    }  # fmt: skip
    told = {"column": "S", "values": {"Payée": "unpaid"}}
    assert coded.proposed("orders", "status", told, ["Annulée"]) == told


def test_a_value_that_is_told_no_more_is_as_if_it_never_was() -> None:
    cell = {"column": "S", "values": {"a": "paid", "b": None}}
    assert coded.told(cell, {"a": ""}) == {"column": "S", "values": {"b": None}}
    assert coded.told(cell, {"a": "", "b": ""}) == {"column": "S"}
    assert coded.told(cell, {"a": "paid", "b": None}) == cell
    assert coded.told({"column": "S"}, {"a": ""}, "keep") == {"column": "S"}


@pytest.mark.parametrize(
    ("values", "other", "value", "how"),
    [
        (None, "reject", "Féminin", "kept"),
        (None, "reject", "f", "understood"),
        ({"F": "f"}, "reject", "F", "told"),
        ({"F": "f"}, "reject", "H", "warned"),
        ({"F": "f"}, "null", "H", "empty"),
        ({"F": "f"}, "keep", "H", "kept"),
        ({"F": "f", "?": None}, "reject", "?", "nothing"),
    ],
)
def test_what_becomes_of_a_value_of_a_person_that_is_not_told_is_what_is_said(
    engine: Engine, values: dict[str, str | None] | None, other: Any, value: str, how: str
) -> None:  # fmt: skip
    cell = Cell(column="Sexe", values=values, other=other)
    assert coded.becomes("person_records", "sex", cell, value).how == how
    spec = SourceSpec.parse({**BARE, "reads": "person_records", "map": {"sex": cell.dump()}}, what="x")
    ((got, faults, warnings),) = read(engine, spec, "sex", [value])
    assert (got is None) == (how in ("warned", "empty", "nothing"))
    assert (faults, bool(warnings)) == ("", how == "warned")
