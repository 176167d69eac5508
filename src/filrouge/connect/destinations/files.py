"""Lots as files that a spreadsheet opens safely and a program reads: UTF-8 with its mark, no formula."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
from pyarrow import compute as pc
from pyarrow import csv as pacsv

from filrouge.base.cells import RISKY
from filrouge.base.errors import DestinationError
from filrouge.connect import sheets
from filrouge.connect.destinations.base import Lot, Parcel
from filrouge.domain.pushes.spec import DestinationSpec

MOST_IN_A_SHEET = 1_048_575  # rows under the header: what a worksheet holds
_NUMBER = r"^ *\+([0-9][0-9 ().-]*)$"


def name_of(spec: DestinationSpec, parcel: Parcel, lot: Lot) -> str:
    """Return the name of a lot's file: always the same for a whole list, one for each lot of changes."""
    if parcel.whole:
        return f"{parcel.push}.{spec.form}"
    return f"{parcel.push}-{parcel.at:%Y%m%dT%H%M%SZ}-{parcel.run[-6:]}-{lot.number}.{spec.form}"


def write(stream: BinaryIO, spec: DestinationSpec, parcel: Parcel, lot: Lot, *, scratch: Path) -> int:
    """Write a lot; return the number of rows. A list of changes says of each row what to do, and by which key.

    Raises DestinationError when a sheet cannot hold so many.
    """
    header = parcel.columns if parcel.whole else ("action", "key", *parcel.columns)
    if spec.form == "xlsx":
        if lot.rows > MOST_IN_A_SHEET:
            raise DestinationError(
                "A sheet holds {most} rows at most, and there are {rows}.",
                hint="Let the destination take CSV (`form: csv`).", most=MOST_IN_A_SHEET, rows=lot.rows,
            )  # fmt: skip
        lines = (line for table in _safe(lot, header) for line in _lines(table))
        about = [["push", parcel.push], ["run", parcel.run], ["at", parcel.at.isoformat()]]
        sheets.write_xlsx(stream, header, lines, titles=("people", "about"), folder=scratch, notes=lambda: about)
        return lot.rows
    stream.write(b"\xef\xbb\xbf")
    named = pa.table({name: pa.array([], pa.string()) for name in header})
    rows, options = 0, pacsv.WriteOptions(include_header=False, delimiter=spec.delimiter, quoting_style="needed")
    pacsv.write_csv(named, stream, pacsv.WriteOptions(include_header=True, delimiter=spec.delimiter))
    for table in _safe(lot, header):
        rows += table.num_rows
        pacsv.write_csv(table, stream, options)
    return rows


def neutral(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return a column of text so that no spreadsheet takes a cell for a formula.

    A telephone number has 00 in place of its +; before what else could begin a formula comes an apostrophe, as
    ``base.cells.neutral`` does. Brought back, a source says ``format.shielded``: these columns are the tool's own.
    """
    told = pc.fill_null(column, "")
    told = pc.replace_substring_regex(told, _NUMBER, r"00\1")
    return pc.if_else(pc.match_substring_regex(told, RISKY), pc.binary_join_element_wise("'", told, ""), told)


def _safe(lot: Lot, header: tuple[str, ...]) -> Iterator[pa.Table]:
    for table in lot.batches():
        yield pa.table({name: neutral(table[name]) for name in header})


def _lines(table: pa.Table) -> Iterator[list[str]]:
    columns = [table[name].to_pylist() for name in table.column_names]
    for cells in zip(*columns, strict=True):
        yield list(cells)
