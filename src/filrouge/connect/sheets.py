"""Tables written for whoever opens them in a spreadsheet: CSV or a workbook, line by line, never whole in memory."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

import xlsxwriter

from filrouge.base.errors import UsageError
from filrouge.connect.excel import cell_text

LONGEST = 32_767  # letters in a cell of a workbook: what is longer would be left out unsaid
FIRST = date(1900, 3, 1)  # before it, spreadsheets and calendars count days differently
DAY, MOMENT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
Form = Literal["csv", "xlsx"]
Cell = str | int | float | date | datetime
Shown = dict[type[date], Any]
Notes = Callable[[], Iterable[Sequence[Cell]]]
TYPES: dict[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def cell(text: str, kind: str) -> Cell:
    """Return what a workbook shows of ``text``, of a type of ``tables.base.Type``: a number, a date, else the text.

    It is none but text unless it is given back letter for letter: what leaves comes back unchanged.
    """
    found: Cell = text
    try:
        if kind in ("date", "timestamp") and re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            found = date.fromisoformat(text)
        elif kind in ("date", "timestamp") and re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", text):
            found = datetime.fromisoformat(text)
        elif kind in ("decimal", "float64", "int64") and re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", text):
            found = float(text)
    except ValueError:
        return text
    day = found.date() if isinstance(found, datetime) else found
    same = cell_text(found) == text and not (isinstance(day, date) and day < FIRST)
    return found if same else text


def write_csv(
    stream: BinaryIO, header: Sequence[str], lines: Iterable[Sequence[Cell]], *, delimiter: str, notes: Notes
) -> None:
    """Write UTF-8 with its mark, so that spreadsheets read the accents; ``notes``, asked last, follow as # lines."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(lines)
    for note in notes():
        writer.writerow([f"# {note[0]}", *note[1:]])
    text.flush()
    text.detach()


def write_xlsx(
    stream: BinaryIO, header: Sequence[str], lines: Iterable[Sequence[Cell]], *, titles: tuple[str, str], folder: Path,
    notes: Notes, texts: bool = False,
) -> None:  # fmt: skip
    """Write a workbook of texts, numbers and dates, none of them a formula or a link; ``notes`` are its second sheet.

    ``texts``: what is typed into its cells stays as it is typed, zeros in front too.

    ``folder`` holds the lines until the workbook is closed. Raises UsageError when a cell is longer than it takes.
    """
    options = {
        "constant_memory": True, "tmpdir": str(folder), "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False,
    }  # fmt: skip
    book = xlsxwriter.Workbook(stream, options)
    try:
        strong = book.add_format({"bold": True})
        shown: Shown = {kind: book.add_format({"num_format": form}) for kind, form in ((date, DAY), (datetime, MOMENT))}
        sheet = book.add_worksheet(titles[0][:31])
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(header) - 1, 20, book.add_format({"num_format": "@"}) if texts else None)
        for at, title in enumerate(header):
            sheet.write_string(0, at, title, strong)
        for row, line in enumerate(lines, start=1):
            for at, held in enumerate(line):
                if _put(sheet, row, at, held, shown):
                    raise UsageError(
                        "A cell of row {row} holds more than a workbook takes: {most} letters.",
                        hint="Take the file as CSV.", row=row + 1, most=LONGEST,
                    )  # fmt: skip
        second = book.add_worksheet(titles[1][:31])
        second.set_column(0, 1, 40)
        for row, note in enumerate(notes()):
            for at, held in enumerate(note):
                _put(second, row, at, held, shown)
    finally:
        book.close()


def _put(sheet: Any, row: int, at: int, cell: Cell, shown: Shown) -> int:
    """Write a cell as what it is; return what is wrong, 0 when nothing is."""
    if isinstance(cell, str):
        return int(sheet.write_string(row, at, cell))
    if isinstance(cell, (date, datetime)):
        return int(sheet.write_datetime(row, at, cell, shown[type(cell)]))
    return int(sheet.write_number(row, at, cell))
