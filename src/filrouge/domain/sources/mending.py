"""Rows of a file that somebody mends before it is imported: which cells are wrong, and the row that comes of it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from filrouge.domain.sources.spec import SourceSpec

AS_TEXT = "row"  # what holds a row that could not be parted into its columns
LEFT_OUT = "left_out"  # code of a row that somebody left out by hand
_UNFIT = {0: None, 0xFDD0: None, 13: None}  # what no text of a cell holds


@dataclass(frozen=True)
class Mend:
    """What somebody says of one row: the new text of cells, or that the row is left out.

    ``of`` is the fingerprint of the row as the file holds it: where another row stands, nothing is said of it. Of a row
    that could not be parted, ``cells`` holds every one.
    """

    place: str
    row: int
    of: str
    cells: Mapping[str, str] = field(default_factory=dict)
    out: bool = False
    by: str = ""
    at: str = ""

    @property
    def key(self) -> tuple[str, int]:
        """Where the row stands."""
        return self.place, self.row


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a row: the columns of the file that it is about, none for the whole row; the code of why."""

    columns: tuple[str, ...]
    code: str
    warning: bool


def fingerprint(row: Mapping[str, str | None] | str) -> str:
    """Return what tells a row as it was received from any other: its filled cells in any order, or its text."""
    filled = row if isinstance(row, str) else {name: cell for name, cell in row.items() if cell is not None}
    held = filled if isinstance(filled, str) else json.dumps(filled, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(held.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def parted(line: str, spec: SourceSpec | None, columns: Sequence[str], *, code: str = "") -> dict[str, str]:
    """Return a line that has too few cells, or too many, in its columns: the last takes what is left over."""
    if spec is None or spec.kind != "csv" or list(columns) == [AS_TEXT]:
        return {columns[0]: line}
    if code == "wrong_bytes":  # told by its reader, cell by cell
        cells, sign = line.split(";"), ";"
    else:
        sign = spec.format.delimiter
        cells = next(csv.reader([line], delimiter=sign, quotechar=spec.format.quote or None), [])
    last = len(columns) - 1
    cells = [*cells[:last], sign.join(cells[last:])] if len(cells) > len(columns) else cells
    return dict(zip(columns, cells, strict=False))


def line(cells: Iterable[str | None], spec: SourceSpec) -> str:
    """Return a row as one line, as a file of delimited text would hold it."""
    out = io.StringIO()
    sign = spec.format.delimiter if spec.kind == "csv" else ";"
    csv.writer(out, delimiter=sign, lineterminator="").writerow([cell or "" for cell in cells])
    return out.getvalue()


def wrong(spec: SourceSpec, column: str, code: str, *, warning: bool) -> Wrong:
    """Return what is wrong with a row, from a line of the table ``rejects``: which columns of the file it is about."""
    if column == "source_id" and column not in spec.map:
        return Wrong(tuple(spec.key), code, warning)
    cell = {"entity": spec.entity, "brand": spec.brand}.get(column) or spec.map.get(column)
    return Wrong(cell.reads() if cell else (), code, warning)


def editable(columns: Sequence[str], told: Iterable[Wrong], *, shown: bool) -> frozenset[str]:
    """Return the columns that may be written in: every one, or those that are wrong for who sees no others."""
    if shown:
        return frozenset(columns)
    return frozenset(name for one in told for name in one.columns if name in columns)


def plain(text: str | None) -> str:
    """Return the text of a cell as a form gives it back."""
    return (text or "").replace("\r\n", "\n").translate(_UNFIT)


def seen(cells: Mapping[int, str | None]) -> str:
    """Return what tells whether cells, by number, still are what a form was filled with."""
    held = json.dumps([(at, plain(cells[at])) for at in sorted(cells)])
    # a letter in front: digits alone, or digits around an e, are a number to a spreadsheet
    return "s" + hashlib.sha256(held.encode("utf-8", "surrogatepass")).hexdigest()[:16]
