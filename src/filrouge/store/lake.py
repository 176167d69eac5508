"""The lake: one Delta table per canonical table, written by runs, read by whatever engine is asked.

Statistics are kept for columns without personal data only, so that no value of a person outlives the erasure
of their rows in the table's log.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Schema, Transaction, write_deltalake
from deltalake.exceptions import TableNotFoundError
from deltalake.transaction import AddAction, create_table_with_add_actions

from filrouge.base.errors import StorageError
from filrouge.tables import TABLES, Table

_ARROW: dict[str, pa.DataType] = {
    "string": pa.string(),
    "json": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "decimal": pa.decimal128(18, 4),
}
SQL_TYPES: dict[str, str] = {
    "string": "VARCHAR", "json": "VARCHAR", "int64": "BIGINT", "float64": "DOUBLE", "boolean": "BOOLEAN",
    "date": "DATE", "timestamp": "TIMESTAMPTZ", "decimal": "DECIMAL(18, 4)",
}  # fmt: skip
# A staged file up to this size becomes part of the lake as it is; a larger one is written again in several.
LARGEST = 256 << 20
# Columns whose minimum and maximum may stand in the log.
_COUNTED = ("record_key", "run_id", "recorded_at", "superseded_at", "person_key", "at")

FEW = 2_000  # keys named one by one, also in the table's log; with more, the table is joined with them
HELD = 1 << 30  # bytes that the join of a table with keys holds in memory at most: the rest goes to disk


@lru_cache(maxsize=64)
def arrow_schema(name: str) -> pa.Schema:
    """Return the Arrow schema of the canonical table called ``name``."""
    return pa.schema([(column.name, _ARROW[column.type]) for column in TABLES[name].every])


@dataclass(frozen=True)
class Lake:
    """Delta tables under one folder."""

    root: Path

    def path(self, name: str) -> Path:
        return self.root / name

    def exists(self, name: str) -> bool:
        return (self.path(name) / "_delta_log").is_dir()

    def open(self, name: str) -> DeltaTable | None:
        """Return the Delta table, or None while nothing was written to it."""
        if not self.exists(name):
            return None
        try:
            return DeltaTable(str(self.path(name)))
        except TableNotFoundError:
            return None

    def files(self, name: str) -> list[str]:
        """Return the Parquet files that hold the table now."""
        last = _last_entry(self.path(name) / "_delta_log")
        return list(_files(self, name, last)) if last else []

    def rows(self, name: str) -> int:
        """Return the number of rows, superseded versions included, from the footers."""
        return sum(pq.read_metadata(file).num_rows for file in self.files(name))

    def size(self) -> int:
        """Return the bytes on disk."""
        return sum(file.stat().st_size for file in self.root.rglob("*") if file.is_file()) if self.root.exists() else 0

    def append(self, name: str, files: Sequence[Path], *, run: str) -> None:
        """Append staged Parquet ``files`` once per ``run``, however often it is asked."""
        if not files or self._done(name, mark := f"{run}:append"):
            return
        if all(_fits_as_it_is(file, arrow_schema(name)) for file in files):
            self._adopt(name, files, mode="append", mark=mark)
        else:
            self._write(name, _stream(files, arrow_schema(name)), mode="append", mark=_mark(mark))

    def overwrite(self, name: str, files: Sequence[Path], *, run: str) -> None:
        """Replace the table by staged Parquet ``files`` once per ``run``."""
        if self._done(name, mark := f"{run}:overwrite"):
            return
        if files and all(_fits_as_it_is(file, arrow_schema(name)) for file in files):
            self._adopt(name, files, mode="overwrite", mark=mark)
        else:
            self._write(name, _stream(files, arrow_schema(name)), mode="overwrite", mark=_mark(mark))

    def replace_people(self, name: str, people: pa.Array, files: Sequence[Path], *, run: str) -> None:
        """Replace the rows of ``people`` by those of the staged ``files``, in two marked steps."""
        if not self._done(name, mark := f"{run}:remove"):
            self._without(name, TABLES[name].person or "record_key", people, _mark(mark))
        self.append(name, files, run=run)

    def supersede(self, name: str, keys: pa.Table, *, run: str) -> None:
        """Close the current versions of ``keys`` (record_key, superseded_at) on behalf of ``run``.

        Where none stands the table is left alone; else only files that may hold one are read and written again.
        """
        if keys.num_rows == 0 or self._done(name, mark := f"{run}:supersede"):
            return
        table = self.open(name)
        if table is None:
            return
        standing = self._standing(name, keys["record_key"].combine_chunks(), run)
        if not standing.num_rows:
            return
        keys = keys.filter(pc.is_in(keys["record_key"], value_set=standing["record_key"].combine_chunks()))
        moments = pc.unique(keys["superseded_at"])
        if keys.num_rows <= FEW and len(moments) == 1:
            table.update(
                predicate=f"superseded_at IS NULL AND run_id <> '{run}' AND {_among('record_key', keys['record_key'])}",
                new_values={"superseded_at": moments[0].as_py(), "superseded_run": run},
                commit_properties=_mark(mark),
            )
            return
        table.merge(
            keys.append_column("run", pa.array([run] * keys.num_rows)),
            predicate="t.record_key = s.record_key AND t.superseded_at IS NULL AND t.run_id <> s.run "
            f"AND {_among('t.run_id', pc.unique(standing['run_id']))}",
            source_alias="s",
            target_alias="t",
            max_spill_size=HELD,
            commit_properties=_mark(mark),
        ).when_matched_update({"superseded_at": "s.superseded_at", "superseded_run": "s.run"}).execute()

    def _standing(self, name: str, keys: pa.Array, run: str) -> pa.Table:
        """Return (record_key, run_id) of the current versions of ``keys`` that another run wrote."""
        wanted = ds.field("record_key").isin(keys) & ds.field("superseded_at").is_null()
        found: dict[int, str] = {}
        for file in self.files(name):
            rows = ds.dataset([file], format="parquet")
            if rows.count_rows(filter=wanted):
                held = rows.to_table(columns=["record_key", "superseded_at", "run_id"])
                mine = pc.and_(pc.is_in(held["record_key"], value_set=keys), held["superseded_at"].is_null())
                by = held["run_id"].cast(pa.string())  # who wrote a file chose how its text is held
                of = zip(held["record_key"].filter(mine).to_pylist(), by.filter(mine).to_pylist(), strict=True)
                found |= {key: name_of_run for key, name_of_run in of if name_of_run != run}
        return pa.table({"record_key": pa.array(found, pa.int64()), "run_id": pa.array(found.values(), pa.string())})

    def _without(self, name: str, column: str, keys: pa.Array, mark: CommitProperties | None = None) -> int:
        """Delete the rows whose ``column`` is one of ``keys``; return how many.

        Where they are many they stand everywhere: the table is written again without them, a batch at a time. A join
        would keep each file in memory until one of its rows is met.
        """
        table = self.open(name)
        if table is None or len(keys) == 0:
            return 0
        if len(keys) <= FEW:
            return int(table.delete(_among(column, keys), commit_properties=mark).get("num_deleted_rows") or 0)
        before, files = self.rows(name), [Path(file) for file in self.files(name)]
        kept = _stream(files, arrow_schema(name), but=(column, keys.cast(arrow_schema(name).field(column).type)))
        self._write(name, kept, mode="overwrite", mark=mark)
        return before - self.rows(name)

    def undo(self, name: str, *, run: str) -> None:
        """Take away what ``run`` brought and reopen what it closed."""
        table = self.open(name)
        if table is None or self._done(name, mark := f"{run}:undo"):
            return
        names = {column.name for column in TABLES[name].every}
        table.delete(f"run_id = '{run}'")
        if "superseded_run" in names:
            table.update(
                predicate=f"superseded_run = '{run}'",
                updates={"superseded_at": "NULL", "superseded_run": "NULL"},
                commit_properties=_mark(mark),
            )

    def delete(self, name: str, predicate: str) -> int:
        """Delete the rows that meet ``predicate`` (SQL over columns); return how many."""
        table = self.open(name)
        return int(table.delete(predicate).get("num_deleted_rows") or 0) if table is not None else 0

    def remove(self, name: str, column: str, keys: pa.Array) -> int:
        """Delete the rows whose ``column`` is one of ``keys``; return how many."""
        return self._without(name, column, keys)

    def remove_alike(self, name: str, rows: pa.Table) -> None:
        """Delete the rows that bear in every column of ``rows`` what one of these bears."""
        if (table := self.open(name)) is not None and rows.num_rows:
            same = " AND ".join(f"t.{column} = s.{column}" for column in rows.column_names)
            rows = rows.group_by(rows.column_names).aggregate([])
            table.merge(
                rows, predicate=same, source_alias="s", target_alias="t", max_spill_size=HELD
            ).when_matched_delete().execute()

    def rewrite(self, name: str, rows: pa.RecordBatchReader, *, on: Sequence[str], column: str) -> None:
        """Set one ``column`` of the rows that bear in the columns ``on`` what one of ``rows`` bears."""
        if (table := self.open(name)) is not None:
            same = " AND ".join(f"t.{one} = s.{one}" for one in on)
            table.merge(
                rows, predicate=f"{same} AND t.{column} IS NOT NULL", source_alias="s", target_alias="t",
                max_spill_size=HELD,
            ).when_matched_update({column: f"s.{column}"}).execute()  # fmt: skip

    def update(self, name: str, predicate: str, values: dict[str, str]) -> int:
        """Set columns (SQL expressions) of the rows that meet ``predicate``; return how many."""
        table = self.open(name)
        if table is None:
            return 0
        return int(table.update(predicate=predicate, updates=values).get("num_updated_rows") or 0)

    def compact(self, name: str) -> None:
        """Join small files."""
        if (table := self.open(name)) is not None:
            table.optimize.compact()

    def vacuum(self, name: str, *, hours: float = 1, everything: bool = False) -> int:
        """Remove the files that no version needs any more; ``everything`` leaves no reader's grace (erasure)."""
        table = self.open(name)
        if table is None:
            return 0
        removed = table.vacuum(
            retention_hours=0 if everything else int(hours) or 1,
            enforce_retention_duration=False,
            dry_run=False,
            full=everything,
        )
        if everything:
            self._forget_log(name)
        return len(removed)

    def _forget_log(self, name: str) -> None:
        """Keep of the table's log what it is now: earlier entries name the keys of rows that were deleted."""
        if (table := self.open(name)) is None:
            return
        # the last entry has to stay, since the next writer reads it: this one names nothing
        settled = {key: value for key, value in _configuration(TABLES[name]).items() if value is not None}
        table.alter.set_table_properties(settled)
        table.create_checkpoint()
        now, log = table.version(), self.path(name) / "_delta_log"
        for file in log.iterdir():
            version, _, _ = file.name.partition(".")
            if version.isdigit() and int(version) < now:
                file.unlink(missing_ok=True)

    def versions(self, name: str) -> int:
        """Return the number of commits since the table was made."""
        table = self.open(name)
        return table.version() if table is not None else -1

    def drop(self) -> None:
        """Remove the whole lake."""
        shutil.rmtree(self.root, ignore_errors=True)

    def _done(self, name: str, mark: str) -> bool:
        table = self.open(name)
        return table is not None and table.transaction_version(mark) is not None

    def _adopt(self, name: str, files: Sequence[Path], *, mode: Literal["append", "overwrite"], mark: str) -> None:
        """Make staged ``files`` part of the table without writing them again."""
        try:
            self.path(name).mkdir(parents=True, exist_ok=True)
            added: list[AddAction] = []
            for file in files:
                into = self.path(name) / f"{mark.replace(':', '-')}-{file.name}"
                into.unlink(missing_ok=True)  # left by a crash before the commit
                try:
                    os.link(file, into)
                except OSError:  # the lake is on another disk
                    shutil.copyfile(file, into)
                added.append(_added(into, TABLES[name]))
        except OSError as error:
            raise _unwritable(error) from error
        table, schema = self.open(name), Schema.from_arrow(arrow_schema(name))
        if table is not None:
            table.create_write_transaction([*added], mode, schema, commit_properties=_mark(mark))
        else:
            create_table_with_add_actions(
                str(self.path(name)),
                schema,
                added,
                configuration=_configuration(TABLES[name]),
                commit_properties=_mark(mark),
            )

    def _write(
        self,
        name: str,
        data: pa.RecordBatchReader,
        *,
        mode: Literal["append", "overwrite"],
        mark: CommitProperties | None,
    ) -> None:
        try:
            self.path(name).mkdir(parents=True, exist_ok=True)
            write_deltalake(
                str(self.path(name)),
                data,
                mode=mode,  # type: ignore[arg-type,unused-ignore]
                configuration=_configuration(TABLES[name]) if not self.exists(name) else None,
                commit_properties=mark,
            )
        except OSError as error:
            raise _unwritable(error) from error


@lru_cache(maxsize=256)
def _files(lake: Lake, name: str, last: tuple[str, int, int]) -> tuple[str, ...]:
    """Return the files of a table whose log ends with ``last``: a log that nobody wrote to is not read again."""
    table = lake.open(name)
    return tuple(uri.removeprefix("file://") for uri in table.file_uris()) if table is not None else ()


def _last_entry(log: Path) -> tuple[str, int, int] | None:
    """Return what tells the last entry of a table's log from any other, or None while there is none."""
    try:
        with os.scandir(log) as entries:
            last = max(
                (entry for entry in entries if entry.name.endswith(".json")), key=lambda entry: entry.name, default=None
            )
            if last is None:
                return None
            stat = last.stat()
    except FileNotFoundError:
        return None
    return last.name, stat.st_mtime_ns, stat.st_ino


def _unwritable(error: OSError) -> StorageError:
    return StorageError(
        "The lake cannot be written: {why}.",
        hint="Free some space or mend the rights of the folder, then start again: the run goes on by itself.",
        why=error.strerror or type(error).__name__,
    )


def _fits_as_it_is(file: Path, schema: pa.Schema) -> bool:
    """Tell whether ``file`` holds the very columns of ``schema``, and is no larger than files of the lake are."""
    held = pq.read_schema(file)
    same = all(held.field(one.name).type == one.type for one in schema if one.name in held.names)
    return same and set(held.names) == set(schema.names) and file.stat().st_size <= LARGEST


def _added(file: Path, table: Table) -> AddAction:
    """Return what the log says of ``file``: its rows, and the range of columns without personal data."""
    footer = pq.read_metadata(file)
    counted = {column.name for column in table.every if column.name in _COUNTED and column.type in ("int64", "string")}
    low: dict[str, int | str] = {}
    high: dict[str, int | str] = {}
    for at in range(footer.num_columns):
        name = footer.schema.column(at).path
        parts = [footer.row_group(group).column(at).statistics for group in range(footer.num_row_groups)]
        if name in counted and parts and all(part is not None and part.has_min_max for part in parts):
            low[name] = min(part.min for part in parts)
            high[name] = max(part.max for part in parts)
    stats = {"numRecords": footer.num_rows, "minValues": low, "maxValues": high, "nullCount": {}}
    stat = file.stat()
    return AddAction(file.name, stat.st_size, {}, stat.st_mtime_ns // 1_000_000, True, json.dumps(stats))


def _configuration(table: Table) -> dict[str, str | None]:
    counted = [column.name for column in table.every if column.name in _COUNTED]
    return {
        "delta.dataSkippingStatsColumns": ",".join(counted),
        "delta.logRetentionDuration": f"interval {int(timedelta(days=1).total_seconds() // 3600)} hours",
    }


def _among(column: str, values: pa.Array | pa.ChunkedArray) -> str:
    """Return the SQL that ``column`` is one of ``values``, numbers or text."""
    told = (str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
            for value in values.to_pylist())  # fmt: skip
    return f"{column} IN ({', '.join(told)})"


def _mark(mark: str) -> CommitProperties:
    return CommitProperties(app_transactions=[Transaction(mark, 1)])


def _stream(
    files: Sequence[Path], schema: pa.Schema, *, but: tuple[str, pa.Array] | None = None
) -> pa.RecordBatchReader:
    """Return the rows of ``files``, ``but`` those whose column holds one of some keys."""

    def batches() -> Iterable[pa.RecordBatch]:
        for file in files:
            with pq.ParquetFile(file) as parquet:
                for batch in parquet.iter_batches(batch_size=65_536):
                    rows = _fit(batch, schema)
                    if but is not None:
                        rows = rows.filter(pc.invert(pc.is_in(rows[but[0]], value_set=but[1])))
                    yield rows

    return pa.RecordBatchReader.from_batches(schema, batches())


def _fit(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    present = set(batch.schema.names)
    columns = [
        batch.column(field.name).cast(field.type) if field.name in present else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def as_json(value: object) -> str:
    """Return ``value`` as compact JSON text with sorted keys."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
