"""Tables written for whoever opens them in a spreadsheet: CSV or a workbook, line by line, never whole in memory."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, Literal

import xlsxwriter

from filrouge.base.errors import UsageError

LONGEST = 32_767  # letters in a cell of a workbook: what is longer would be left out unsaid
Form = Literal["csv", "xlsx"]
Notes = Callable[[], Iterable[Sequence[str]]]
TYPES: dict[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def write_csv(
    stream: BinaryIO, header: Sequence[str], lines: Iterable[Sequence[str]], *, delimiter: str, notes: Notes
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
    stream: BinaryIO, header: Sequence[str], lines: Iterable[Sequence[str]], *, titles: tuple[str, str], folder: Path,
    notes: Notes,
) -> None:  # fmt: skip
    """Write a workbook of text cells, none of them a formula or a link; ``notes``, asked last, are its second sheet.

    ``folder`` holds the lines until the workbook is closed. Raises UsageError when a cell is longer than it takes.
    """
    options = {
        "constant_memory": True, "tmpdir": str(folder), "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False,
    }  # fmt: skip
    book = xlsxwriter.Workbook(stream, options)
    try:
        strong = book.add_format({"bold": True})
        sheet = book.add_worksheet(titles[0][:31])
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(header) - 1, 20)
        for at, cell in enumerate(header):
            sheet.write_string(0, at, cell, strong)
        for row, line in enumerate(lines, start=1):
            for at, cell in enumerate(line):
                if sheet.write_string(row, at, cell):
                    raise UsageError(
                        "A cell of row {row} holds more than a workbook takes: {most} letters.",
                        hint="Take the file as CSV.", row=row + 1, most=LONGEST,
                    )  # fmt: skip
        second = book.add_worksheet(titles[1][:31])
        second.set_column(0, 1, 40)
        for row, note in enumerate(notes()):
            for at, cell in enumerate(note):
                second.write_string(row, at, cell)
    finally:
        book.close()
