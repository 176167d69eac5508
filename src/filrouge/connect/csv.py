"""CSV and TSV files, streamed by Arrow; a row with the wrong number of fields is told, not fatal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as pacsv

from filrouge.base.errors import SourceError
from filrouge.connect.base import Chunk, Discovered, Reach, RowFault, need_columns
from filrouge.connect.paths import files, told
from filrouge.domain.sources import SourceSpec

BLOCK = 4 << 20


class CSV:
    """Reads delimited text."""

    def check(self, spec: SourceSpec, reach: Reach) -> None:
        for path in files(spec, reach):
            _header(spec, path)

    def discover(self, spec: SourceSpec, reach: Reach) -> list[Discovered]:
        found = []
        for path in files(spec, reach):
            chunk = next(self._file(spec, path, check=False), None)
            if chunk is None:
                found.append(Discovered(path.name, ()))
                continue
            rows = chunk.rows.drop_columns(["_row", "_place"])
            sample = tuple(tuple(row.values()) for row in rows.slice(0, 20).to_pylist())
            found.append(Discovered(path.name, tuple(rows.column_names), sample))
        return found

    def count(self, spec: SourceSpec, reach: Reach) -> int | None:
        return sum(int(chunk.rows.num_rows) + len(chunk.faults) for chunk in self.read(spec, reach))

    def read(self, spec: SourceSpec, reach: Reach, *, cursor: str | None = None) -> Iterator[Chunk]:
        for path in files(spec, reach):
            yield from self._file(spec, path)

    def _file(self, spec: SourceSpec, path: Path, *, check: bool = True) -> Iterator[Chunk]:
        names = _header(spec, path, check=check)
        if not names:
            return
        faults: list[RowFault] = []
        skipped: list[int] = []

        def odd(row: pacsv.InvalidRow) -> str:
            number = row.number if row.number is not None else 0
            skipped.append(number)
            code = "too_few_fields" if row.actual_columns < row.expected_columns else "too_many_fields"
            faults.append(RowFault(path.name, number, code, str(row.text)[:10_000]))
            return "skip"

        with told(path), path.open("rb") as stream:
            try:
                reader = pacsv.open_csv(
                    stream,
                    read_options=pacsv.ReadOptions(
                        use_threads=False,
                        block_size=BLOCK,
                        skip_rows=spec.format.header_row,
                        column_names=names,
                        encoding=_codec(spec),
                    ),
                    parse_options=pacsv.ParseOptions(
                        delimiter=spec.format.delimiter,
                        quote_char=spec.format.quote or False,
                        newlines_in_values=True,
                        invalid_row_handler=odd,
                    ),
                    convert_options=pacsv.ConvertOptions(
                        column_types={name: pa.string() for name in names},
                        strings_can_be_null=True,
                        quoted_strings_can_be_null=True,
                        null_values=[""],
                    ),
                )
                number = spec.format.header_row
                for batch in reader:
                    numbers, number = _numbers(number, batch.num_rows, skipped)
                    table = pa.Table.from_batches([batch]).append_column("_row", pa.array(numbers, pa.int64()))
                    place = pa.array([path.name], pa.string()).take(pa.array([0] * batch.num_rows))
                    yield Chunk(table.append_column("_place", place), tuple(faults))
                    faults.clear()
                if faults:
                    yield Chunk(_none(names), tuple(faults))
            except pa.ArrowInvalid as error:
                raise SourceError(
                    "The file {name} cannot be read as delimited text: {why}.",
                    hint="Check the delimiter, quote and encoding of the source {source}; nothing was imported.",
                    name=path.name,
                    why=_why(error),
                    source=spec.source,
                ) from None


def _header(spec: SourceSpec, path: Path, *, check: bool = True) -> list[str]:
    import csv

    with told(path), path.open(encoding=_codec(spec), newline="") as stream:
        rows = csv.reader(stream, delimiter=spec.format.delimiter, quotechar=spec.format.quote or None)
        for number, row in enumerate(rows, start=1):
            if number == spec.format.header_row:
                names = [name.strip() for name in row]
                if check:
                    need_columns(spec, names, path.name)
                return [name if names.index(name) == at else f"{name}#{at + 1}" for at, name in enumerate(names)]
    if check:
        raise SourceError(
            "The file {name} is empty: no line of column names was found.",
            hint="Check the export of the system; nothing was imported.",
            retryable=True,
            name=path.name,
        )
    return []


def _codec(spec: SourceSpec) -> str:
    return "utf-8-sig" if spec.format.encoding.lower().replace("_", "-") in ("utf-8", "utf8") else spec.format.encoding


def _numbers(before: int, count: int, skipped: list[int]) -> tuple[list[int], int]:
    """Return the numbers of ``count`` rows after row ``before``, stepping over those that were skipped."""
    gone = set(skipped)
    if not gone:
        return list(range(before + 1, before + count + 1)), before + count
    numbers: list[int] = []
    number = before
    while len(numbers) < count:
        number += 1
        if number not in gone:
            numbers.append(number)
    return numbers, number


def _none(names: list[str]) -> pa.Table:
    columns = {name: pa.array([], pa.string()) for name in [*names, "_place"]}
    return pa.table({**columns, "_row": pa.array([], pa.int64())})


def _why(error: pa.ArrowInvalid) -> str:
    text = str(error).splitlines()[0]
    return "a character does not fit the encoding" if "UTF8" in text else text.split(":")[0][:120]
