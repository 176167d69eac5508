"""Files that rows are written to as they come: CSV in the encodings of its time, SQLite in batches."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from filrouge.sample.world import Row


class Sheet:
    """A CSV file; letters that its encoding does not know become question marks, as they did in the old system."""

    def __init__(self, path: Path, header: str, *, encoding: str = "utf-8", delimiter: str = ";") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.rows = 0
        self._stream = path.open("w", encoding=encoding, errors="replace", newline="", buffering=1 << 18)
        self._writer = csv.writer(self._stream, delimiter=delimiter, lineterminator="\r\n")
        self.add(header.split(";"))
        self.rows = 0

    def add(self, row: Row) -> None:
        """Write one row."""
        self.rows += 1
        self._writer.writerow(row)

    def close(self) -> None:
        self._stream.close()


class Database:
    """A SQLite file, written in batches without a journal: it is thrown away when the writing fails."""

    BATCH = 5_000

    def __init__(self, path: Path, schema: str) -> None:
        path.unlink(missing_ok=True)
        self.rows = 0
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {schema}; BEGIN;")
        self._waiting: dict[str, list[Row]] = {}

    def add(self, table: str, row: Row) -> None:
        """Add a row to ``table``, values in the order of its columns."""
        waiting = self._waiting.setdefault(table, [])
        waiting.append(row)
        if len(waiting) >= self.BATCH:
            self._flush(table)

    def finish(self, statements: Iterable[str] = ()) -> None:
        """Write what waits, then run ``statements`` (indexes), and close."""
        for table in list(self._waiting):
            self._flush(table)
        self._db.execute("COMMIT")
        for statement in statements:
            self._db.execute(statement)
        self._db.close()

    def _flush(self, table: str) -> None:
        waiting = self._waiting.pop(table)
        if waiting:
            self.rows += len(waiting)
            marks = ",".join("?" * len(waiting[0]))
            self._db.executemany(f"INSERT INTO {table} VALUES ({marks})", waiting)
