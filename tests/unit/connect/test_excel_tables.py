"""Several tables in a sheet: the one that is meant is read, whole and alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from tests.unit.connect.places import read, rows, spec

from filrouge.base.errors import DefinitionError, SourceError
from filrouge.connect import Reach, blocks, connector

# Two tables side by side, and one below: people, towns, people who left.
SHEET = """
Salon 2026|||||
||||Ville|Code
id|nom|ville|vu_le|Paris|75
1|Ada|Londres|2026-01-02|Lyon|69
2|Gus||2026-02-03||
|||||
Partis|||||
no|nom|ville|vu_le||
7|Zoe|Brest|2026-03-04||
id|nom|ville|vu_le||
8|Max|Nice|2026-03-05||
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    with xlsxwriter.Workbook(tmp_path / "x.xlsx") as made:
        sheet = made.add_worksheet("Salon")
        for number, line in enumerate(SHEET.strip("\n").splitlines()):
            for column, cell in enumerate(line.split("|")):
                if cell:
                    sheet.write_string(number + 1, column + 1, cell)  # from B2 on
    return tmp_path


def found(book: Path, columns: dict[str, str] | None = None, **form: Any) -> list[tuple[Any, ...]]:
    how: dict[str, Any] = (
        {"map": {"source_id": columns["id"], "city": columns["city"]}, "key": [columns["id"]]} if columns else {}
    )
    source = spec("excel", "x.xlsx", format=form, **how)
    connector("excel").check(source, Reach(book))
    chunks = read(source, Reach(book))
    assert connector("excel").count(source, Reach(book)) == sum(chunk.rows.num_rows for chunk in chunks)
    return rows(chunks, *(columns.values() if columns else ()))


ADA, GUS = (5, "1", "Ada", "Londres", "2026-01-02"), (6, "2", "Gus", None, "2026-02-03")


def test_a_table_is_read_from_its_range_to_its_end(book: Path) -> None:
    assert found(book, range="B4:E6") == [ADA, GUS]
    assert found(book, range="B4:E5") == [ADA]
    assert found(book, range="B4:E") == [ADA, GUS], "without a last row it ends where one is empty"
    assert found(book, {"id": "Code", "city": "Ville"}, range="F3") == [(4, "75", "Paris"), (5, "69", "Lyon")]
    assert found(book, {"id": "no", "city": "ville"}, range="B9:E10") == [(10, "7", "Brest")]


def test_a_table_is_found_by_the_name_of_its_first_column(book: Path) -> None:
    towns = found(book, {"id": "Code", "city": "Ville"}, begins="Ville")
    assert towns == [(4, "75", "Paris"), (5, "69", "Lyon")]
    left = found(book, {"id": "no", "city": "ville"}, begins="no")
    assert [row[1] for row in left] == ["7", "id", "8"], "a name that comes again inside a table is a row of it"


def test_a_table_that_is_not_there_or_there_twice_is_told(book: Path) -> None:
    with pytest.raises(SourceError, match=r"No table of x\.xlsx · Salon begins with the column Nom"):
        found(book, begins="Nom")
    with pytest.raises(SourceError, match="No table"):
        found(book, begins="vu_le")  # something stands left of it
    with xlsxwriter.Workbook(book / "x.xlsx") as made:
        sheet = made.add_worksheet("Salon")
        for top in (0, 4):
            sheet.write_row(top, 0, ["id", "nom", "ville", "vu_le"])
            sheet.write_row(top + 1, 0, ["1", "Ada"])
    with pytest.raises(SourceError, match="begin with the column id: at A1, A5") as told:
        found(book, begins="id")
    assert "format.range" in told.value.hint
    assert [row[1] for row in found(book, range="A5")] == ["1"]


def test_a_range_without_what_is_wanted_is_told_by_name(book: Path) -> None:
    with pytest.raises(SourceError, match=r"The column vu_le is not in x\.xlsx · Salon"):
        found(book, range="B4:D6")
    for beyond in ("B99", "ZZ4"):
        with pytest.raises(SourceError, match=r"has no row 99|None of the columns"):
            found(book, range=beyond)


@pytest.mark.parametrize(
    "form", [{"range": "4B"}, {"range": "B4:F20:G"}, {"range": "b4"}, {"range": "B4", "begins": "id"}]
)
def test_a_range_that_is_none_is_told_with_the_definition(form: dict[str, str]) -> None:
    with pytest.raises(DefinitionError):
        spec("excel", "x.xlsx", format=form)


@pytest.mark.parametrize("cell", ["A1", "Z9", "AA10", "AZ3", "BA3", "ZZ1", "AAA2"])
def test_a_cell_is_called_as_a_spreadsheet_calls_it(cell: str) -> None:
    assert blocks.at(cell).cell == cell
