"""How an unknown file is written: kind, encoding, delimiter, the row of column names. A guess, told before its use."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import python_calamine as calamine

from filrouge.base.errors import SourceError, UsageError
from filrouge.connect.excel import cell_text
from filrouge.connect.packed import Part, parts
from filrouge.connect.paths import told

KINDS = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".tab": "csv",
    ".xlsx": "excel", ".xlsm": "excel", ".xls": "excel", ".ods": "excel",
    ".ndjson": "ndjson", ".jsonl": "ndjson",
}  # fmt: skip
DELIMITERS = (";", ",", "\t", "|")
HEAD = 256 << 10  # bytes looked at for the delimiter and the names
LOOKED = 40  # rows looked at
TOP = 10  # the names stand within the first rows


def conventions(path: Path, *, header_row: int | None = None) -> tuple[str, dict[str, Any]]:
    """Return the kind of ``path`` and its ``format``; the row of column names is looked for unless it is given.

    Raises UsageError when no connector reads such files, SourceError when it holds nothing that can be read.
    """
    with told(path):
        for part in parts(path, None):  # the first tells of all
            kind = KINDS.get(ending := part.inner.suffix.lower())
            if kind is None:
                raise UsageError(
                    "Files named {suffix} are not read.",
                    hint="Export it as one of: {known}.",
                    suffix=ending or "without an ending",
                    known=", ".join(sorted(KINDS)),
                )
            if kind == "csv":
                return kind, _text(part, header_row)
            if kind == "excel":
                with part.laid(None) as laid:
                    return kind, _workbook(laid, part.name, header_row)
            return kind, {}
    raise AssertionError("an archive of nothing was told of")


def _text(part: Part, known: int | None) -> dict[str, Any]:
    encoding = _encoding(part)
    with part.open() as stream:
        text = codecs.getincrementaldecoder(encoding)("replace").decode(stream.read(HEAD))
    best: tuple[float, int, str, list[list[str]]] = (0.0, 0, ";", [])
    for delimiter in DELIMITERS:
        try:
            rows = list(islice(csv.reader(io.StringIO(text), delimiter=delimiter), LOOKED))
        except csv.Error:
            continue
        filled = [row for row in rows if any(row)]
        wide, count = Counter(len(row) for row in filled).most_common(1)[0] if filled else (0, 0)
        if wide > 1 and (count / len(filled), wide) > best[:2]:
            best = (count / len(filled), wide, delimiter, rows)
    if best[3]:
        return {"encoding": encoding, "delimiter": best[2], "header_row": known or _names(best[3], part.name)}
    rows = list(islice(csv.reader(io.StringIO(text)), LOOKED))  # one column
    return {"encoding": encoding, "delimiter": ",", "header_row": known or _names(rows, part.name)}


def _encoding(part: Part) -> str:
    """Return utf-8 when the whole file is, what its first bytes say when they say it, else cp1252."""
    with part.open() as stream:
        start = stream.peek(4)[:4]
        for bom, name in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
            if start.startswith(bom):
                return name
        decoder = codecs.getincrementaldecoder("utf-8")("strict")
        try:
            while block := stream.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def _workbook(path: Path, called: str, known: int | None) -> dict[str, Any]:
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
    except (calamine.CalamineError, OSError):
        raise SourceError(
            "The workbook {name} cannot be opened.", hint="Open it, save it again, and try once more.", name=called
        ) from None
    best: tuple[int, str, list[list[str]]] = (0, "", [])
    for name in book.sheet_names:
        sheet = book.get_sheet_by_name(name)
        rows = [[cell_text(cell) or "" for cell in row] for row in islice(sheet.iter_rows(), LOOKED)]
        wide = max((sum(map(bool, row)) for row in rows), default=0)
        if wide * sheet.total_height > best[0]:  # a sheet of explanations is smaller than that of the people
            best = (wide * sheet.total_height, name, rows)
    if best[2]:
        return {"sheet": best[1], "header_row": known or _names(best[2], called)}
    raise SourceError("The workbook {name} is empty.", hint="Check the export.", name=called)


def _names(rows: Sequence[Sequence[str]], called: str) -> int:
    """Return the number of the row of column names: the first that is full, unlike and without figures or addresses."""
    filled = [row for row in rows if any(row)]
    wide = max((sum(1 for cell in row if cell) for row in filled), default=0)
    for number, row in enumerate(rows[:TOP], start=1):
        cells = [cell.strip() for cell in row if cell.strip()]
        if cells and len(cells) >= 0.8 * wide and len(set(cells)) == len(cells) and not any(map(_value, cells)):
            return number
    raise SourceError(
        "The file {name} shows no row of column names.",
        hint="Add one, or say with --mapping where it stands (`format: {{header_row: …}}`).",
        name=called,
    )


def _value(cell: str) -> bool:
    """Tell whether a cell holds a value rather than the name of a column."""
    return "@" in cell or sum(letter.isdigit() for letter in cell) > len(cell) / 2
