"""Rows of a file that a dry run would not take whole: kept beside it in pages, corrected where they are seen."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from filrouge.base.ids import uuid7
from filrouge.connect import ndjson
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources import mending as mends
from filrouge.domain.sources.mending import AS_TEXT, LEFT_OUT, Mend, Wrong
from filrouge.engines import open_engine
from filrouge.store.lake import arrow_schema
from filrouge.work.mending import Key, Mending, json_of

FILE, STALE = "faulty.parquet", "stale.json"
MOST = 10_000  # rows; what goes beyond is corrected in the file of rows to mend
PAGE = 50
CELLS = 4_000  # on a page: a file of many columns has fewer rows a page
_SCHEMA = pa.schema(
    [("place", pa.string()), ("row", pa.int64()), ("raw", pa.string()), ("told", pa.string()), ("of", pa.string()),
     ("by", pa.string())]
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A row that would not be taken whole: where it stands, its cells, what is wrong with them.

    ``text``: the line that could not be parted into cells. ``of``: the fingerprint of what the file holds. ``by``: who
    corrected it before, and not well enough. ``barred``: nothing of it is kept, since it is of somebody ``erased``, or
    held a column that is never kept.
    """

    place: str
    row: int
    cells: Mapping[str, str | None]
    told: tuple[Wrong, ...]
    text: str = ""
    of: str = ""
    by: str = ""
    barred: bool = False

    @property
    def key(self) -> Key:
        """Where the row stands."""
        return self.place, self.row

    @property
    def erased(self) -> bool:
        """Tell whether the row is of somebody who was erased."""
        return any(one.code == "suppressed" for one in self.told)

    @property
    def rejected(self) -> bool:
        """Tell whether the row would not be taken at all."""
        return not all(one.warning for one in self.told)


@dataclass(frozen=True)
class Page:
    """Some of the rows, and how many there are in all."""

    rows: tuple[Row, ...]
    size: int
    total: int


def lay(folder: Path, staged: Path, mending: Mending | None, columns: Sequence[str]) -> None:
    """Keep the rows that a dry run staged as faulty in ``folder``, those that would be rejected first."""
    files = [str(path) for name in ("rejects", "faults") if (path := staged / f"{name}.parquet").exists()]
    rows = _faulty(staged, files) if files else []
    for row in rows:
        one = mending.found.get((row["place"], row["row"])) if mending else None
        known = one if one is not None and mending is not None and one.key in mending.applied else None
        row |= {"of": known.of if known else "", "by": known.by if known else ""}
    size = max(5, min(PAGE, CELLS // (len(columns) + 5)))
    part = folder / f"{FILE}-{uuid7()}.part"
    schema = _SCHEMA.with_metadata({"size": str(size)})
    try:
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), part, row_group_size=size)
        part.replace(folder / FILE)
    finally:
        part.unlink(missing_ok=True)
    (folder / STALE).write_text(json.dumps(mending.stale if mending else []))


def page(folder: Path, number: int, spec: SourceSpec, columns: Sequence[str]) -> Page | None:
    """Return the rows of a page, the first being 1; None when the last dry run left none to be paged."""
    try:
        file = pq.ParquetFile(folder / FILE)
    except FileNotFoundError:
        return None
    with file:
        size = int((file.schema_arrow.metadata or {}).get(b"size", PAGE))
        at, groups = number - 1, file.num_row_groups
        lines = file.read_row_group(at).to_pylist() if 0 <= at < groups else []
        return Page(tuple(_row(line, spec, columns) for line in lines), size, file.metadata.num_rows)


def find(folder: Path, keys: Collection[Key], spec: SourceSpec, columns: Sequence[str]) -> dict[Key, Row]:
    """Return the rows that stand at ``keys``, those that the last dry run left faulty."""
    try:
        table = pq.read_table(folder / FILE)
    except FileNotFoundError:
        return {}
    wanted = set(keys)
    places = zip(table["place"].to_pylist(), table["row"].to_pylist(), strict=True)
    at = [number for number, key in enumerate(places) if key in wanted]
    found = (_row(line, spec, columns) for line in table.take(pa.array(at, pa.int64())).to_pylist())
    return {row.key: row for row in found}


def every(folder: Path, spec: SourceSpec, columns: Sequence[str]) -> Iterator[Row]:
    """Yield all of the rows that the last dry run left faulty, those that would be rejected first."""
    number = 1
    while (laid := page(folder, number, spec, columns)) is not None and laid.rows:
        yield from laid.rows
        number += 1


def stale(folder: Path) -> frozenset[Key]:
    """Return the corrections that found no row in the last dry run."""
    try:
        return frozenset((place, row) for place, row in json.loads((folder / STALE).read_text()))
    except (OSError, ValueError):
        return frozenset()


def now(row: Row, mend: Mend | None) -> Row:
    """Return a row as it stands with what was said of it since the dry run."""
    if mend is None or mend.of != row.of or mend.out:
        return row
    cells: dict[str, str | None] = {**row.cells, **{name: text or None for name, text in mend.cells.items()}}
    return Row(row.place, row.row, cells, row.told, row.text, row.of, mend.by, row.barred)


def _faulty(staged: Path, files: list[str]) -> list[dict[str, Any]]:
    engine = open_engine(scratch=staged / "scratch")
    try:
        table = engine.read("faulty_told", files, arrow_schema("rejects"))
        table = table.filter((table.code != LEFT_OUT) & table.row.notnull())
        told = table.select(
            "row", "raw", place=table.place.fill_null(""), _warned=table.warning.cast("int64"),
            _one=table.column.fill_null("") + ":" + table.code + ":" + table.warning.cast("int64").cast("string"),
        )  # fmt: skip
        # which rows first, then what they hold: a column that is wrong throughout is no more than their places
        first = told.group_by("place", "row").aggregate(_least=told._warned.min())
        first = first.order_by(["_least", "place", "row"]).limit(MOST)
        laid = engine.load("faulty_first", first.to_pyarrow())
        held = told.inner_join(laid, ["place", "row"])
        grouped = held.group_by("place", "row").aggregate(
            raw=held.raw.max(), told=held._one.collect(), _warned=held._warned.min()
        )
        found = grouped.order_by(["_warned", "place", "row"]).to_pyarrow().to_pylist()
    finally:
        engine.close()
    return [row | {"told": json.dumps(sorted(set(row["told"])))} for row in found]


def _row(line: Mapping[str, Any], spec: SourceSpec, columns: Sequence[str]) -> Row:
    parts = [one.split(":") for one in json.loads(line["told"])]
    told = tuple(mends.wrong(spec, column, code, warning=warned == "1") for column, code, warned in parts)
    place, number = line["place"] or "", line["row"]
    if line["raw"] is None:
        return Row(place, number, {}, told, by=line["by"], barred=True)
    raw = json_of(line["raw"])
    if list(raw) == [AS_TEXT] and any(not column for column, _, _ in parts):
        text = str(raw[AS_TEXT])
        cells: dict[str, str | None] = dict.fromkeys(columns)
        if spec.kind == "csv":
            cells |= mends.parted(text, spec, columns, code=parts[0][1])
        return Row(place, number, cells, told, text, line["of"] or mends.fingerprint(text), line["by"])
    if spec.kind == "ndjson":
        cells = {**dict.fromkeys(spec.columns()), **ndjson.flat(raw)}
        return Row(place, number, cells, told, "", line["of"] or mends.fingerprint(line["raw"]), line["by"])
    return Row(place, number, raw, told, "", line["of"] or mends.fingerprint(raw), line["by"])
