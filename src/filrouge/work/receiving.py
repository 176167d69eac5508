"""The rows of a source as they are received, written down once: what an import is prepared from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from filrouge.base.errors import Conflict
from filrouge.connect import Chunk, Lacking, Reach, RowFault, connector, lookup
from filrouge.connect.base import RESERVED
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.mending import LEFT_OUT
from filrouge.domain.sources.shapes import Shape
from filrouge.store.lake import arrow_schema, as_json
from filrouge.work import rawtext, shapes
from filrouge.work.mending import Mending
from filrouge.work.rawtext import Suppressed

Progress = Callable[[str, int, int | None], None]


@dataclass
class Receiving:
    """What one reading works with; ``left``: rows left out by hand; ``unkept``: columns there that are never kept.

    ``read`` and ``read_before`` return the files of rows, how many rows were none, how many were read.
    """

    spec: SourceSpec
    reach: Reach
    folder: Path
    run: str
    at: datetime
    cursor: str = ""
    ref: str = ""  # of one person, when only their rows are asked for
    suppressed: Suppressed | None = None
    mending: Mending | None = None  # what somebody corrected in the file
    known: Shape | None = None  # of the last good run
    progress: Progress = lambda step, done, total: None
    left: int = 0
    unkept: set[str] = field(default_factory=set)
    _had: set[tuple[str, bool]] = field(default_factory=set)  # columns never kept, that a file had or had not

    @property
    def partly(self) -> tuple[str, ...]:
        """The columns never kept that some files had and others had not."""
        return tuple(name for name in self.spec.never_kept if {(name, True), (name, False)} <= self._had)

    def read(self) -> tuple[list[Path], int, int]:
        """Read the rows; where columns are lacking that the last good run had, as they are: their run is to wait."""
        whole = self.spec
        try:
            return self._rows()
        except Lacking as lacking:
            if self.known is None or not set(self.known.names()) & set(lacking.columns):
                raise
            for path in self.folder.glob("*.parquet"):
                path.unlink()
            try:
                self.spec = shapes.as_it_is(whole, lacking.columns)
                files, faults, read = self._rows()
            finally:
                self.spec = whole
            there = {name for path in files for name in pq.read_schema(path).names}
            if not files or set(whole.columns()) <= there:  # some of several files have them: these do not change
                raise
            return files, faults, read

    def _rows(self) -> tuple[list[Path], int, int]:
        """Write the rows as received into files, one per set of columns, and those that are none into another.

        Return the files, how many rows were none, how many were read.
        """
        writers: dict[tuple[str, ...], tuple[Path, pq.ParquetWriter]] = {}
        wrong: pq.ParquetWriter | None = None
        count = faults = 0
        try:
            for read in self._chunks():
                chunk = self.mending.put_to(read) if self.mending else read
                if chunk.faults:
                    self.left += sum(fault.code == LEFT_OUT for fault in chunk.faults)
                    told = self._faulty(chunk.faults)
                    wrong = wrong or pq.ParquetWriter(self.folder / "faults.parquet", told.schema)
                    wrong.write_table(told)
                    faults += told.num_rows
                if chunk.rows.num_rows:
                    unkept = self._past(chunk.rows.column_names)
                    rows = chunk.rows.drop_columns(list(unkept)).append_column(
                        "_seq", pa.array(range(count, count + chunk.rows.num_rows), pa.int64())
                    )
                    names = tuple(rows.column_names)
                    if names not in writers:
                        path = self.folder / f"raw-{len(writers)}.parquet"
                        writers[names] = (
                            path,
                            pq.ParquetWriter(path, rows.schema, compression="lz4", use_dictionary=False),
                        )
                    writers[names][1].write_table(rows)
                    count += rows.num_rows
                self.progress("read", count + faults, None)
        finally:
            if wrong is not None:
                wrong.close()
            for _, writer in writers.values():
                writer.close()
        return [path for path, _ in writers.values()], faults, count + faults

    def read_before(self, received: Path) -> tuple[list[Path], int, int]:
        """Return what ``read`` returned when the run was set aside; whoever was erased since is barred anew."""
        files = sorted(received.glob("raw-*.parquet"))
        if lacking := shapes.lacking(files, self.spec):
            raise Conflict(
                "The definition now reads columns that this run did not: {names}.",
                hint="Give this run up, and read the source again.",
                names=", ".join(lacking),
            )
        files = [self._opened(path) for path in files]
        count = sum(pq.read_metadata(path).num_rows for path in files)
        faults = 0
        if (received / "faults.parquet").exists():
            rows = pq.read_table(received / "faults.parquet").to_pylist()
            told = [
                RowFault(r["place"], r["row"], r["code"], json.loads(r["raw"])["row"] if r["raw"] else "") for r in rows
            ]
            pq.write_table(self._faulty(told), self.folder / "faults.parquet")
            faults, self.left = len(told), sum(fault.code == LEFT_OUT for fault in told)
        return files, faults, count + faults

    def _past(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return which columns of a file are read past, and remember that they were there."""
        unkept = self.spec.unkept(name for name in names if name not in RESERVED)
        self.unkept.update(unkept)
        if shapes.OBJECT not in names:  # each object has what it happens to hold
            self._had.update((name, bool(self.spec.unkept(unkept, [name]))) for name in self.spec.never_kept)
        return unkept

    def _opened(self, path: Path) -> Path:
        """Return the rows of a file, with the columns that stand in their objects and were not read of them before."""
        there = pq.read_schema(path).names
        names = [name for name in self.spec.columns() if name not in there]
        return shapes.opened(path, names, self.folder / path.name) if names and shapes.OBJECT in there else path

    def _chunks(self) -> Iterator[Chunk]:
        if self.ref:
            return lookup(self.spec.kind).look_up(self.spec, self.reach, self.ref)
        return connector(self.spec.kind).read(self.spec, self.reach, cursor=self.cursor or None)

    def _faulty(self, faults: Sequence[RowFault]) -> pa.Table:
        """Return rows that are none as rejects."""
        common = {
            "source": self.spec.source, "entity": self.spec.entity.const, "brand": self.spec.brand.const,
            "run_id": self.run, "recorded_at": self.at,
        }  # fmt: skip
        unkept = self.spec.never_kept  # a line that is no row may hold them too
        rows = [
            {**common, "place": fault.place, "row": fault.row, "code": fault.code, "column": "",
             "raw": None if barred or unkept else as_json({"row": fault.raw}), "warning": False}
            for fault, barred in zip(faults, self._barred(faults), strict=True)
        ]  # fmt: skip
        schema = arrow_schema("rejects")
        return pa.Table.from_pylist(rows, schema=pa.schema([schema.field(name) for name in rows[0]]))

    def _barred(self, faults: Sequence[RowFault]) -> list[bool]:
        """Tell which rows that are none hold an address or a number of somebody who must not come back."""
        if self.suppressed is None:
            return [False] * len(faults)
        return rawtext.barred(self.suppressed, [fault.raw for fault in faults], [self.spec.entity.const] * len(faults))
