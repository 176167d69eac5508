"""Workbooks as people make them: titles above, merged cells, formulas, dates, several sheets."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from tests.unit.connect.places import read, rows, spec

from filrouge.base.errors import SourceError
from filrouge.connect import Reach, connector

NAMES = ("id", "nom", "ville", "vu_le")


def book(folder: Path, write: Any) -> Reach:
    with xlsxwriter.Workbook(str(folder / "people.xlsx")) as made:
        write(made, made.add_worksheet("Salon"))
    return Reach(folder)


def salon(**format: Any) -> Any:
    return spec("excel", "people.xlsx", format={"sheet": "Salon", **format})


def test_titles_margins_and_blank_rows_do_not_move_numbers_or_columns(tmp_path: Path) -> None:
    def write(_: Any, sheet: Any) -> None:
        sheet.merge_range("B2:E2", "Salon du livre")
        sheet.write_row(3, 1, NAMES)
        sheet.write_row(4, 1, ["1", "Ada", "Londres", ""])
        sheet.write_row(6, 1, ["2", "Gus", "", ""])

    chunks = read(salon(header_row=4), book(tmp_path, write))
    assert rows(chunks, "id", "nom", "ville") == [(5, "1", "Ada", "Londres"), (7, "2", "Gus", None)]


def test_merged_cells_are_repeated_and_titles_are_not(tmp_path: Path) -> None:
    def write(_: Any, sheet: Any) -> None:
        sheet.merge_range("A1:D1", "Titre")
        sheet.write_row(1, 0, NAMES)
        for at in range(2, 6):
            sheet.write_row(at, 0, [str(at), f"n{at}"])
        sheet.merge_range("C3:C5", "Paris")
        sheet.merge_range("C6:D6", "Lyon")

    reach = book(tmp_path, write)
    assert rows(read(salon(header_row=2), reach), "ville", "vu_le") == [
        (3, "Paris", None), (4, "Paris", None), (5, "Paris", None), (6, "Lyon", "Lyon"),
    ]  # fmt: skip
    plain = rows(read(salon(header_row=2, fill_merged=False), reach), "ville", "vu_le")
    assert plain == [(3, "Paris", None), (4, None, None), (5, None, None), (6, "Lyon", None)]


def test_numbers_dates_and_truth_come_as_plain_text(tmp_path: Path) -> None:
    def write(made: Any, sheet: Any) -> None:
        day = made.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        sheet.write_row(0, 0, [*NAMES, "vrai", "erreur"])
        sheet.write_number(1, 0, 7)
        sheet.write_number(1, 1, 12.5)
        sheet.write_string(1, 2, "007")
        sheet.write_datetime(1, 3, datetime(2026, 1, 2, 3, 4), day)  # noqa: DTZ001
        sheet.write_boolean(1, 4, True)
        sheet.write_formula(1, 5, "=1/0", None, "#DIV/0!")

    chunks = read(salon(), book(tmp_path, write))
    assert rows(chunks, *NAMES, "vrai", "erreur") == [(2, "7", "12.5", "007", "2026-01-02 03:04:00", "true", None)]


def test_a_sheet_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    reach = book(tmp_path, lambda _, sheet: sheet.write_row(0, 0, NAMES))
    with pytest.raises(SourceError, match="no sheet called Stand: it has Salon"):
        connector("excel").check(salon(sheet="Stand"), reach)


@pytest.mark.parametrize(
    "content", [b"", b"id;nom\n", b"<html>", b"PK\x03\x04 cut short", b"\xd0\xcf\x11\xe0" + b"\0" * 600]
)
def test_what_is_no_workbook_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "people.xlsx").write_bytes(content)
    with pytest.raises(SourceError, match="cannot be opened as a workbook"):
        read(salon(), Reach(tmp_path))


def test_an_empty_sheet_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="has no row 1"):
        read(salon(), book(tmp_path, lambda *_: None))


def test_a_workbook_cut_half_way_is_told(tmp_path: Path) -> None:
    reach = book(tmp_path, lambda _, sheet: [sheet.write_row(at, 0, NAMES) for at in range(5_000)])
    path = tmp_path / "people.xlsx"
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(SourceError, match="cannot be opened"):
        read(salon(), reach)


def test_a_workbook_that_unpacks_to_too_much_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filrouge.connect.excel.LARGEST", 1_000)
    with pytest.raises(SourceError, match="more than is read at once"):
        read(salon(), book(tmp_path, lambda _, sheet: sheet.write_row(0, 0, NAMES)))
