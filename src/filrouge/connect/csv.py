"""CSV and TSV files, streamed by Arrow; a row that is cut, too long or undecodable is told, not fatal."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyarrow import compute as pc
from pyarrow import csv as pacsv

from filrouge.base.errors import SourceError
from filrouge.connect.base import MARK, Chunk, Discovered, Reach, RowFault, distinct, need_columns, sound
from filrouge.connect.own import Own, own
from filrouge.connect.packed import Part
from filrouge.connect.paths import parts, told
from filrouge.connect.text import BLOCK, Text
from filrouge.domain.sources import SourceSpec

# Beyond so many rows and this share, it is not some rows that are wrong but the encoding.
WRONG_ROWS, WRONG_SHARE = 10, 0.05


class CSV:
    """Reads delimited text."""

    def check(self, spec: SourceSpec, reach: Reach) -> None:
        for part in parts(spec, reach):
            with told(part.path), part.open() as stream:
                _header(spec, part, Text(stream, spec.format.encoding, name=part.name))

    def discover(self, spec: SourceSpec, reach: Reach) -> list[Discovered]:
        found = []
        for part in parts(spec, reach):
            chunk = next(self._file(spec, part, check=False), None)
            if chunk is None:
                found.append(Discovered(part.name, ()))
                continue
            rows = chunk.rows.drop_columns(["_row", "_place"])
            sample = tuple(tuple(row.values()) for row in rows.slice(0, 20).to_pylist())
            found.append(Discovered(part.name, tuple(rows.column_names), sample))
        return found

    def count(self, spec: SourceSpec, reach: Reach) -> int | None:
        return sum(int(chunk.rows.num_rows) + len(chunk.faults) for chunk in self.read(spec, reach))

    def read(self, spec: SourceSpec, reach: Reach, *, cursor: str | None = None) -> Iterator[Chunk]:
        for part in parts(spec, reach, settled=True):
            yield from self._file(spec, part)

    def _file(self, spec: SourceSpec, part: Part, *, check: bool = True) -> Iterator[Chunk]:
        with told(part.path), part.open() as stream:
            text = Text(stream, spec.format.encoding, name=part.name, quote=spec.format.quote)
            names, mark = _header(spec, part, text, check=check)
            if not names:
                return
            number, seen, wrong = spec.format.header_row, 0, 0
            faults: list[RowFault] = []
            skipped: list[int] = []
            last: pa.RecordBatch | None = None
            cut: tuple[int, bool] = (0, False)  # the last row with too few fields, and whether it holds a line break

            def odd(row: pacsv.InvalidRow) -> str:
                nonlocal cut
                place = spec.format.header_row + (row.number or 0)
                if mark.is_note(row.text):
                    skipped.append(place)
                    return "skip"
                cut = place, "\n" in row.text
                skipped.append(place)
                code = "too_few_fields" if row.actual_columns < row.expected_columns else "too_many_fields"
                faults.append(RowFault(part.name, place, code, str(row.text).replace(MARK, "\ufffd")[:10_000]))
                return "skip"

            try:
                for batch in _batches(spec, names, text, odd):
                    last = batch if batch.num_rows else last
                    numbers = _numbers(number, batch.num_rows, skipped)
                    number = int(numbers[-1]) if len(numbers) else number
                    skipped[:] = [place for place in skipped if place > number]
                    chunk = _sound(pa.Table.from_batches([batch]), numbers, part, text)
                    wrong += len(chunk.faults)
                    seen += chunk.rows.num_rows + len(chunk.faults)
                    yield Chunk(mark.given_back(chunk.rows, spec), (*faults, *chunk.faults))
                    faults.clear()
                if faults:
                    yield Chunk(_numbered(pa.table({name: pa.array([], pa.string()) for name in names}), [], part),
                                tuple(faults))  # fmt: skip
            except pa.ArrowInvalid as error:
                if "straddl" in str(error) and text.quotes % 2 == 0:
                    raise SourceError(
                        "In the file {name}, the row after row {after} holds more than {most} MB.",
                        hint="Check its delimiter and quotes, or leave out what is so long; nothing was imported.",
                        name=part.name, after=number, most=BLOCK >> 20,
                    ) from None  # fmt: skip
                raise _unreadable(spec, part, str(error), after=number) from None
            text.settled()
            if text.quotes % 2:
                end = max(number, cut[0])
                broken = cut[1] if cut[0] > number else last is not None and _breaks(last.slice(last.num_rows - 1))
                if broken:
                    raise _unclosed(spec, part, after=end - 1)
            if wrong > WRONG_ROWS and wrong > seen * WRONG_SHARE:
                raise _misread(spec, part, text, rows=wrong)


def _batches(spec: SourceSpec, names: list[str], text: Text, odd: object) -> Iterator[pa.RecordBatch]:
    try:
        reader = pacsv.open_csv(
            pa.PythonFile(text, mode="r"),
            read_options=pacsv.ReadOptions(use_threads=False, block_size=BLOCK, column_names=names),
            parse_options=pacsv.ParseOptions(
                delimiter=spec.format.delimiter,
                quote_char=spec.format.quote or False,
                newlines_in_values=True,
                ignore_empty_lines=False,  # they count as rows of the file, and are dropped below
                invalid_row_handler=odd,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=[""],
                check_utf8=False,  # ``Text`` gives nothing else
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV file" in str(error):
            return
        raise
    yield from reader


def _header(spec: SourceSpec, part: Part, text: Text, *, check: bool = True) -> tuple[list[str], Own]:
    """Read up to the row of column names; return them, each once, nothing when the file ends before; is it ours?"""
    _plain(spec)
    rows = csv.reader(
        iter(text.line, None),
        delimiter=spec.format.delimiter,
        quotechar=spec.format.quote or None,
        quoting=csv.QUOTE_MINIMAL if spec.format.quote else csv.QUOTE_NONE,
    )
    try:
        for number, row in enumerate(rows, start=1):
            if number == spec.format.header_row:
                mark = own([name.strip() for name in row], spec)
                names = mark.names([name.strip() for name in row])
                if any(MARK in name for name in names):
                    raise _misread(spec, part, text, rows=1)
                if check:
                    need_columns(spec, names, part.name)
                return distinct(names, spec.columns()), mark
    except csv.Error as error:
        raise _unreadable(spec, part, str(error), after=0) from None
    if check:
        raise SourceError(
            "The file {name} is empty: no line of column names was found.",
            hint="Check the export of the system; nothing was imported.",
            retryable=True,
            name=part.name,
        )
    return [], Own()


def _plain(spec: SourceSpec) -> None:
    delimiter, quote = spec.format.delimiter, spec.format.quote
    if len(delimiter) != 1 or not delimiter.isascii() or len(quote) > 1 or not quote.isascii():
        raise SourceError(
            "The delimiter and the quote of the source {source} must be one plain character each.",
            hint='Write `delimiter: ";"` (or "\\t" for a tab) under `format`.',
            source=spec.source,
        )


def _numbers(before: int, count: int, skipped: list[int]) -> np.ndarray:
    """Return the numbers of ``count`` rows after row ``before``, stepping over those that were skipped."""
    numbers = np.arange(before + 1, before + 1 + count + len(skipped), dtype=np.int64)
    return np.setdiff1d(numbers, np.array(skipped, dtype=np.int64), assume_unique=True)[:count]


def _sound(table: pa.Table, numbers: np.ndarray, part: Part, text: Text) -> Chunk:
    """Return the rows that hold something and could be decoded, and the faults of those that could not."""
    table = _numbered(table, numbers, part)
    columns = table.columns[:-2]
    blank = pc.is_null(columns[0])
    for column in columns[1:]:
        if not pc.any(blank).as_py():
            break
        blank = pc.and_(blank, pc.is_null(column))
    if pc.any(blank).as_py():
        table = table.filter(pc.invert(blank))
    return sound(table, part.name) if text.wrong is not None else Chunk(table)


def _numbered(table: pa.Table, numbers: object, part: Part) -> pa.Table:
    place = pa.repeat(pa.scalar(part.name, pa.string()), table.num_rows)
    return table.append_column("_row", pa.array(numbers, pa.int64())).append_column("_place", place)


def _misread(spec: SourceSpec, part: Part, text: Text, *, rows: int) -> SourceError:
    return SourceError(
        "The file {name} is not written in {encoding}: byte {position} does not fit, nor do those of {rows} rows.",
        hint="Correct `format.encoding` of the source {source} (cp1252 and utf-8 are the usual ones); "
        "nothing was imported.",
        name=part.name,
        encoding=spec.format.encoding,
        position=text.wrong,
        rows=rows,
        source=spec.source,
    )


def _breaks(row: pa.RecordBatch) -> bool:
    return any("\n" in (column[0].as_py() or "") for column in row.columns)


def _unreadable(spec: SourceSpec, part: Part, said: str, *, after: int) -> SourceError:
    if "straddl" in said or "field larger" in said:
        return _unclosed(spec, part, after=after)
    return SourceError(
        "The file {name} cannot be read as delimited text after row {after}.",
        hint="Check the delimiter and the quote of the source {source}; nothing was imported.",
        name=part.name,
        after=after,
        source=spec.source,
    )


def _unclosed(spec: SourceSpec, part: Part, *, after: int) -> SourceError:
    return SourceError(
        "In the file {name}, after row {after}, a quote opens and is not closed.",
        hint="Check the delimiter and the quote of the source {source}; nothing was imported.",
        name=part.name,
        after=after,
        source=spec.source,
    )
