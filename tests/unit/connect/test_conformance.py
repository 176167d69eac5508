"""What every connector promises, whatever the place: tried on each kind with the same rows."""

from __future__ import annotations

import pytest
from tests.unit.connect.places import COLUMNS, Place, faults, read, rows

from filrouge.base.errors import SourceError
from filrouge.connect import connector

ADA = ("007", "Lovelace", "Londres", "2026-01-02")
ZOE = ("12", "Müller-Lefèvre", "Saint-Étienne", "2026-02-03")
GUS = ("13", "Eiffel", None, "2026-03-04")
SECRET = "Lovelace"


def test_check_passes_where_the_definition_fits(place: Place) -> None:
    spec = place.lay([ADA, ZOE])
    connector(spec.kind).check(spec, place.reach)


def test_discover_tells_names_columns_and_some_rows(place: Place) -> None:
    spec = place.lay([ADA, ZOE])
    found = connector(spec.kind).discover(spec, place.reach)
    one = next(thing for thing in found if any("007" in row for row in thing.sample))
    assert one.name
    if place.kind != "excel":  # which row of a sheet holds the names is for a person to say
        assert set(COLUMNS) <= set(one.columns)


def test_count_agrees_with_reading(place: Place) -> None:
    spec = place.lay([ADA, ZOE, GUS])
    assert connector(spec.kind).count(spec, place.reach) == 3
    assert len(rows(read(spec, place.reach))) == 3


def test_rows_come_numbered_as_text_exactly_as_received(place: Place) -> None:
    odd = ("08", "d’Aÿ\u00a0\u202fX", " 🙂 ", "31/12/2026")
    spec = place.lay([ADA, ZOE, odd])
    assert rows(read(spec, place.reach)) == [
        (place.first, *ADA),
        (place.first + 1, *ZOE),
        (place.first + 2, *odd),
    ]


def test_a_line_break_or_a_quote_inside_a_value_is_part_of_it(place: Place) -> None:
    odd = ("9", 'dite "la\nBrune"', "L'Île; l,autre\tla", "2026-01-01")
    spec = place.lay([odd, ADA])
    assert rows(read(spec, place.reach)) == [(place.first, *odd), (place.first + 1, *ADA)]


def test_an_empty_value_is_null(place: Place) -> None:
    spec = place.lay([GUS])
    assert rows(read(spec, place.reach)) == [(place.first, *GUS)]


def test_no_rows_is_no_failure(place: Place) -> None:
    spec = place.lay([])
    connector(spec.kind).check(spec, place.reach)
    assert rows(read(spec, place.reach)) == []


def test_more_rows_than_one_chunk_keep_their_numbers(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("ndjson", "sql", "excel"):
        monkeypatch.setattr(f"filrouge.connect.{module}.CHUNK", 3)
    monkeypatch.setattr("filrouge.connect.text.BLOCK", 64)
    monkeypatch.setattr("filrouge.connect.csv.BLOCK", 64)
    many = [(str(number), f"Nom {number}", "Ici", "2026-01-01") for number in range(20)]
    spec = place.lay(many)
    chunks = read(spec, place.reach)
    assert rows(chunks, "id") == [(place.first + at, str(at)) for at in range(20)]


def test_a_column_that_vanished_is_told_by_name(place: Place) -> None:
    spec = place.lay([(ADA[1], ADA[2], ADA[3])], columns=COLUMNS[1:])
    with pytest.raises(SourceError, match="id") as told:
        read(spec, place.reach)
    assert "nothing was imported" in str(told.value)
    assert SECRET not in str(told.value)


def test_columns_that_the_definition_does_not_name_may_come_go_and_repeat(place: Place) -> None:
    if place.kind in ("sqlite", "postgresql", "ndjson", "rest"):
        spec = place.lay([(*ADA, "x")], columns=(*COLUMNS, "autre"))
    else:
        spec = place.lay([(*ADA, "x", "y", "z", "w")], columns=(*COLUMNS, "autre", "Autre", "", "autre"))
        names = read(spec, place.reach)[0].rows.column_names
        assert names == [*COLUMNS, "autre", "Autre#6", "#7", "autre#8", "_row", "_place"]
    assert rows(read(spec, place.reach)) == [(place.first, *ADA)]


def test_a_name_that_stands_twice_cannot_be_read(place: Place) -> None:
    if place.kind in ("sqlite", "postgresql", "ndjson", "rest"):
        pytest.skip("a table or an object cannot hold one name twice")
    spec = place.lay([(*ADA, "x")], columns=(*COLUMNS, "nom"))
    with pytest.raises(SourceError, match="nom stands twice"):
        read(spec, place.reach)


def test_a_place_that_went_away_is_one_sentence_and_worth_another_try(place: Place, no_waiting: list[float]) -> None:
    spec = place.lay([ADA])
    place.leave()
    for ask in (
        connector(spec.kind).check,
        connector(spec.kind).count,
        lambda *of: list(connector(spec.kind).read(*of)),
    ):
        with pytest.raises(SourceError) as told:
            ask(spec, place.reach)
        assert "\n" not in str(told.value)
        assert told.value.hint
        assert told.value.retryable or place.kind == "postgresql"  # the server answers; only the table is gone


def test_a_character_that_no_text_holds_rejects_its_row_alone(place: Place) -> None:
    if place.kind in ("excel", "postgresql"):
        pytest.skip("neither a workbook nor PostgreSQL can hold it")
    spec = place.lay([ADA, ("2", "nul\0nul", "Ici", "2026-01-01"), GUS])
    chunks = read(spec, place.reach)
    assert rows(chunks) == [(place.first, *ADA), (place.first + 2, *GUS)]
    assert faults(chunks) == [(place.first + 1, "wrong_bytes")]


def test_a_cursor_brings_what_is_new_where_the_place_can(place: Place) -> None:
    spec = place.lay([ADA, ZOE, GUS])
    found = [row[1] for row in rows(read(spec, place.reach, cursor="2026-02-03"))]
    assert found == (["12", "13"] if place.cursor else ["007", "12", "13"])
