"""Excel workbooks: a sheet, the row where its column names stand, merged cells repeated, dates and numbers as text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import python_calamine as calamine

from filrouge.base.errors import SourceError
from filrouge.connect.base import CHUNK, Chunk, Discovered, Reach, need_columns, texts
from filrouge.connect.paths import files, told
from filrouge.domain.sources import SourceSpec


class Excel:
    """Reads .xlsx, .xls and .ods files."""

    def check(self, spec: SourceSpec, reach: Reach) -> None:
        for path in files(spec, reach):
            names, _, label = _sheet(spec, path)
            need_columns(spec, names, label)

    def discover(self, spec: SourceSpec, reach: Reach) -> list[Discovered]:
        found = []
        for path in files(spec, reach):
            book = _book(path)
            for name in book.sheet_names:
                rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                sample = tuple(tuple(cell_text(cell) for cell in row) for row in rows[:20])
                found.append(Discovered(f"{path.name} · {name}", (), sample, rows=len(rows)))
        return found

    def count(self, spec: SourceSpec, reach: Reach) -> int | None:
        return sum(sum(1 for row in _sheet(spec, path)[1] if _some(row[1])) for path in files(spec, reach))

    def read(self, spec: SourceSpec, reach: Reach, *, cursor: str | None = None) -> Iterator[Chunk]:
        for path in files(spec, reach):
            names, rows, label = _sheet(spec, path)
            need_columns(spec, names, label)
            kept = [(at, name) for at, name in enumerate(names) if name and names.index(name) == at]
            filled = [(number, row) for number, row in rows if _some(row)]
            for start in range(0, len(filled), CHUNK):
                some = filled[start : start + CHUNK]
                columns = {
                    name: [cell_text(row[at]) if at < len(row) else None for _, row in some] for at, name in kept
                }
                yield Chunk(texts(columns, label, [number for number, _ in some]))


def _book(path: Path) -> Any:
    with told(path):
        try:
            return calamine.CalamineWorkbook.from_path(str(path))
        except (calamine.CalamineError, OSError) as error:
            raise SourceError(
                "The file {name} cannot be opened as a workbook.",
                hint="Check that it is an Excel file without a password; nothing was imported.",
                name=path.name,
            ) from error


def _sheet(spec: SourceSpec, path: Path) -> tuple[list[str], list[tuple[int, list[Any]]], str]:
    """Return the column names, the numbered rows below them, and how to call the place."""
    book = _book(path)
    name = spec.format.sheet or book.sheet_names[0]
    if name not in book.sheet_names:
        raise SourceError(
            "The workbook {file} has no sheet called {sheet}: it has {present}.",
            hint="Correct `format.sheet` of the source {source}; nothing was imported.",
            file=path.name,
            sheet=name,
            present=", ".join(book.sheet_names),
            source=spec.source,
        )
    sheet = book.get_sheet_by_name(name)
    cells: list[list[Any]] = sheet.to_python(skip_empty_area=False)
    if spec.format.fill_merged:
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
            for row in range(top, min(bottom + 1, len(cells))):
                for column in range(left, min(right + 1, len(cells[row]))):
                    if row >= spec.format.header_row:  # a title merged over the table is not data
                        cells[row][column] = cells[top][left]
    if len(cells) < spec.format.header_row:
        raise SourceError(
            "The sheet {sheet} of {file} has no row {row}, where its column names should stand.",
            hint="Correct `format.header_row` of the source {source}; nothing was imported.",
            sheet=name,
            file=path.name,
            row=spec.format.header_row,
            source=spec.source,
        )
    names = [(cell_text(cell) or "").strip() for cell in cells[spec.format.header_row - 1]]
    numbered = list(enumerate(cells[spec.format.header_row :], start=spec.format.header_row + 1))
    return names, numbered, f"{path.name} · {name}"


def _some(row: list[Any]) -> bool:
    return any(cell not in ("", None) for cell in row)


def cell_text(cell: Any) -> str | None:
    """Return a cell as text: dates in ISO 8601, whole numbers without decimals."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ") if cell.time() != time() else cell.date().isoformat()
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell.total_seconds())
    return str(cell)
