"""Excel workbooks: a sheet, the row where its column names stand, merged cells repeated, dates and numbers as text."""

from __future__ import annotations

import zipfile
from collections import deque
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import Any

import python_calamine as calamine

from filrouge.base.errors import SourceError
from filrouge.connect import blocks
from filrouge.connect.base import CHUNK, Chunk, Discovered, Reach, distinct, need_columns, texts
from filrouge.connect.own import own
from filrouge.connect.paths import parts, told
from filrouge.domain.sources import SourceSpec

# What a workbook may unpack to: beyond this it is read faster, and within memory, as CSV.
LARGEST = 1_500_000_000
Numbered = Iterator[tuple[int, list[Any]]]


class Excel:
    """Reads .xlsx, .xls and .ods files."""

    def check(self, spec: SourceSpec, reach: Reach) -> None:
        for part in parts(spec, reach):
            with part.laid(reach.scratch) as path:
                _sheet(spec, path, part.name)

    def discover(self, spec: SourceSpec, reach: Reach) -> list[Discovered]:
        found = []
        for part in parts(spec, reach):
            with part.laid(reach.scratch) as path:
                book = _book(path, part.name)
                for name in book.sheet_names:
                    sheet = book.get_sheet_by_name(name)
                    sample = tuple(tuple(cell_text(cell) for cell in row) for _, row in islice(_rows(sheet), 20))
                    found.append(Discovered(f"{part.name} · {name}", (), sample, rows=sheet.total_height))
        return found

    def count(self, spec: SourceSpec, reach: Reach) -> int | None:
        count = 0
        for part in parts(spec, reach):
            with part.laid(reach.scratch) as path:
                count += sum(1 for _, row in _sheet(spec, path, part.name)[1] if _some(row))
        return count

    def read(self, spec: SourceSpec, reach: Reach, *, cursor: str | None = None) -> Iterator[Chunk]:
        for part in parts(spec, reach, settled=True):
            with part.laid(reach.scratch) as path:
                names, rows, label = _sheet(spec, path, part.name)
            mark, sign = own(names, spec), spec.format.decimal
            filled = ((number, row) for number, row in rows if _some(row))
            while some := list(islice(filled, CHUNK)):
                columns = {
                    name: [cell_text(row[at], sign) if at < len(row) else None for _, row in some]
                    for at, name in enumerate(names)
                }
                # Columns that bear no name are kept where they hold something.
                kept = {name: values for name, values in columns.items() if "#" not in name or any(values)}
                chunk = texts(kept, label, [number for number, _ in some])
                yield Chunk(mark.given_back(chunk.rows, spec), chunk.faults)


def _book(path: Path, called: str) -> Any:
    with told(path):
        path.open("rb").close()
        try:
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as packed:
                    unpacked = sum(part.file_size for part in packed.infolist())
                if unpacked > LARGEST:
                    raise SourceError(
                        "The workbook {name} unpacks to {size} MB, more than is read at once.",
                        hint="Export it as CSV, or in several parts; nothing was imported.",
                        name=called,
                        size=unpacked // 1_000_000,
                    )
            return calamine.CalamineWorkbook.from_path(str(path))
        except calamine.PasswordError:
            raise SourceError(
                "The workbook {name} is locked by a password.",
                hint="Save it without one; nothing was imported.",
                name=called,
            ) from None
        except (calamine.CalamineError, zipfile.BadZipFile):
            raise SourceError(
                "The file {name} cannot be opened as a workbook.",
                hint="Check that it is whole, and an Excel or OpenDocument file; nothing was imported.",
                name=called,
            ) from None


def _sheet(spec: SourceSpec, path: Path, called: str) -> tuple[list[str], Numbered, str]:
    """Return the column names, the numbered rows below them, and how to call the place."""
    book = _book(path, called)
    if not book.sheet_names:
        raise SourceError("The workbook {file} has no sheet.", hint="Nothing was imported.", file=called)
    name = spec.format.sheet or book.sheet_names[0]
    if name not in book.sheet_names:
        raise SourceError(
            "The workbook {file} has no sheet called {sheet}: it has {present}.",
            hint="Correct `format.sheet` of the source {source}; nothing was imported.",
            file=called,
            sheet=name,
            present=", ".join(book.sheet_names),
            source=spec.source,
        )
    label = f"{called} · {name}"
    try:
        sheet = book.get_sheet_by_name(name)
    except calamine.CalamineError:
        raise SourceError(
            "The sheet {sheet} of {file} cannot be read.",
            hint="Check that it is whole; nothing was imported.",
            sheet=name,
            file=called,
        ) from None
    block = _block(spec, sheet, label)
    rows = _rows(sheet)
    header = next((row for number, row in rows if number == block.top), None)
    if header is None:
        raise SourceError(
            "The sheet {sheet} of {file} has no row {row}, where its column names should stand.",
            hint="Correct `format.header_row` of the source {source}; nothing was imported.",
            sheet=name,
            file=called,
            row=block.top,
            source=spec.source,
        )
    if _one_of_several(spec):
        block = block.head(header)
        header = header[block.left : (block.right or block.left) + 1]
    names = [(cell_text(cell) or "").strip() for cell in header]
    names = own(names, spec).names(names)
    need_columns(spec, names, label)
    below = _filled(rows, sheet, block.top) if spec.format.fill_merged else rows
    return distinct(names, spec.columns()), block.within(below) if _one_of_several(spec) else below, label


def _one_of_several(spec: SourceSpec) -> bool:
    return bool(spec.format.range or spec.format.begins)


def _block(spec: SourceSpec, sheet: Any, label: str) -> blocks.Block:
    """Return where the table stands: what the definition says of it, else the whole sheet from its row of names on."""
    if spec.format.range:
        return blocks.at(spec.format.range)
    if not spec.format.begins:
        return blocks.Block(spec.format.header_row)
    found = blocks.under(spec.format.begins, _rows(sheet), cell_text)
    if not found:
        raise SourceError(
            "No table of {place} begins with the column {begins}.",
            hint="Correct `format.begins` of the source {source}; nothing was imported.",
            place=label, begins=spec.format.begins, source=spec.source,
        )  # fmt: skip
    if len(found) > 1:
        raise SourceError(
            "Several tables of {place} begin with the column {begins}: at {cells}.",
            hint="Say which with `format.range`, as in B4 or B4:F; nothing was imported.",
            place=label, begins=spec.format.begins, cells=", ".join(block.cell for block in found[:20]),
        )  # fmt: skip
    return found[0]


def _rows(sheet: Any) -> Numbered:
    """Yield the rows of ``sheet`` with their numbers, their cells where a spreadsheet shows them."""
    before = [""] * (sheet.start[1] if sheet.start else 0)
    return ((number, before + row) for number, row in enumerate(sheet.iter_rows(), start=1))


def _filled(rows: Numbered, sheet: Any, header_row: int) -> Numbered:
    """Repeat the value of merged cells in each; a title merged over the table is not data."""
    merged = sorted(
        (top, left, bottom, right)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
        if bottom >= header_row and top >= header_row
    )
    held: list[tuple[int, int, int, Any]] = []
    coming = deque(merged)
    for number, row in rows:
        while coming and coming[0][0] < number:
            _, left, bottom, right = coming.popleft()
            held.append((left, bottom + 1, right, row[left] if left < len(row) else ""))
        held = [one for one in held if one[1] >= number]
        for left, _, right, value in held:
            row[left : right + 1] = [value] * (min(right + 1, len(row)) - left)
        yield number, row


def _some(row: list[Any]) -> bool:
    return any(cell not in ("", None) for cell in row)


def cell_text(cell: Any, sign: str = ".") -> str | None:
    """Return a cell as text: dates in ISO 8601, whole numbers without decimals.

    With a decimal ``sign`` that is a comma, a point before three figures or more would be taken for one of thousands.
    """
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, float) and isfinite(cell):
        told = format(Decimal(repr(cell)), "f")
        return told.replace(".", ",") if sign == "," and len(told.partition(".")[2]) > 2 else told
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ") if cell.time() != time() else cell.date().isoformat()
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell.total_seconds())
    return str(cell)
