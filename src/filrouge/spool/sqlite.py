"""The spool in SQLite files, one after the other for each writer: a commit is on the disk before it is answered."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from filrouge.spool.base import TOGETHER, Entry, Place, SpoolFull, Stored

LARGEST = 256 * 1024 * 1024  # bytes of a file; then the writer goes on in another
_SUFFIX, _HELD = ".spool", ".held"
_SCHEMA = """CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, received_at INTEGER NOT NULL,
    count INTEGER NOT NULL, payload BLOB NOT NULL)"""


class SqliteSpool:
    """A folder of files, each owned by its writer and named by when it was begun and by its process: writers never wait
    for each other. Whoever drains reads them all, and removes what is empty and nobody writes."""

    def __init__(self, folder: Path, *, largest: int = LARGEST) -> None:
        self._folder, self._largest = folder, largest
        folder.mkdir(parents=True, exist_ok=True)
        self._writing: sqlite3.Connection | None = None
        self._mine: Path | None = None
        self._held: int | None = None
        self._blank = True  # nothing was kept yet in the file that is written
        self._lock = threading.Lock()

    def append(self, entries: Sequence[Entry]) -> None:
        rows = [(entry.source, entry.received_at, entry.count, entry.payload) for entry in entries]
        with self._lock:
            try:
                con = self._writer()
                with con:
                    con.execute("BEGIN IMMEDIATE")
                    con.executemany(
                        "INSERT INTO entries (source, received_at, count, payload) VALUES (?, ?, ?, ?)", rows
                    )
                self._blank = False
            except (sqlite3.Error, OSError) as fault:
                self._let_go()  # what was left half-written is not written to again
                if _no_room(fault):
                    raise SpoolFull from fault
                raise

    def _writer(self) -> sqlite3.Connection:
        if self._writing is not None and self._mine is not None:
            size = _size(self._mine)
            if size is None or size > self._largest:  # None: somebody removed it
                self._let_go()
        if self._writing is None:
            self._mine = self._folder / f"{time.time_ns():020d}-{os.getpid()}{_SUFFIX}"
            self._blank = True
            self._held = os.open(_mark(self._mine), os.O_WRONLY | os.O_CREAT, 0o600)
            fcntl.flock(self._held, fcntl.LOCK_EX)
            self._writing = _open(self._mine, new=True)
            self._writing.execute(_SCHEMA)
            _sync(self._folder)
        return self._writing

    def _let_go(self) -> None:
        if self._writing is not None:
            with suppress(sqlite3.Error):
                self._writing.close()
            self._writing = None
        if self._mine is not None:
            if self._blank:  # nothing was ever kept in it
                _remove(self._mine)
            if self._held is not None:
                os.close(self._held)  # and with it the lock
            _mark(self._mine).unlink(missing_ok=True)
        self._held = self._mine = None

    def files(self) -> Sequence[str]:
        return sorted(path.name for path in self._folder.glob(f"*{_SUFFIX}"))

    def read(self, file: str, after: int, most: int) -> Sequence[Stored]:
        path = self._folder / file
        said = (
            "SELECT number, source, received_at, count, payload FROM entries WHERE number > ? ORDER BY number LIMIT ?"
        )
        rows = _asked(path, said, (after, most), until=TOGETHER)
        return [Stored(Place(file, number), Entry(*held)) for number, *held in rows]

    def forget(self, place: Place) -> None:
        path = self._folder / place.file
        _asked(path, "DELETE FROM entries WHERE number <= ?", (place.number,))
        self._remove_if_over(path)

    def sweep(self) -> None:
        for file in self.files():
            with suppress(sqlite3.DatabaseError):  # one that is damaged stays, for whoever mends it
                self._remove_if_over(self._folder / file)

    def _remove_if_over(self, path: Path) -> None:
        """Remove a file that holds nothing and that nobody writes: a writer holds its lock as long as it may append."""
        if path == self._mine:
            return
        mark = None
        try:
            with suppress(FileNotFoundError):  # its writer let it go
                mark = os.open(_mark(path), os.O_WRONLY)
                fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not any(row[0] for row in _asked(path, "SELECT count(*) FROM entries", ())):
                _remove(path)
                _mark(path).unlink(missing_ok=True)
        except BlockingIOError:
            return
        finally:
            if mark is not None:
                os.close(mark)

    def waiting(self) -> int:
        counts = (
            _asked(self._folder / file, "SELECT coalesce(sum(count), 0) FROM entries", ()) for file in self.files()
        )
        return sum(row[0] for rows in counts for row in rows)

    def close(self) -> None:
        with self._lock:
            self._let_go()


def _open(path: Path, *, new: bool = False) -> sqlite3.Connection:
    """Open a file; one that went meanwhile is not made anew. Raises sqlite3.OperationalError."""
    con = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={'rwc' if new else 'rw'}", uri=True, timeout=30, isolation_level=None,
        check_same_thread=False,
    )  # fmt: skip
    con.execute("PRAGMA journal_mode = WAL")
    con.execute("PRAGMA synchronous = FULL")
    return con


def _asked(path: Path, sql: str, values: tuple[int, ...], *, until: int = 0) -> list[tuple[Any, ...]]:
    """Return what a file answers; nothing when it went meanwhile, or was begun and holds no table yet.

    ``until``: how many bytes of payload, the last column, are enough; 0 is no limit.
    """
    try:
        with closing(_open(path)) as con:
            if not until:
                return con.execute(sql, values).fetchall()
            found, size = [], 0
            for row in con.execute(sql, values):  # row by row: what is not taken was never read
                found.append(row)
                size += len(row[-1])
                if size >= until:
                    break
            return found
    except sqlite3.OperationalError as fault:
        if not path.exists() or "no such table" in str(fault):
            return []
        raise


def _mark(path: Path) -> Path:
    """Return the file by whose lock a writer says that ``path`` is its own."""
    return path.with_suffix(_HELD)


def _remove(path: Path) -> None:
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def _size(path: Path) -> int | None:
    """Return the bytes of a file and of what waits to be put in it, None when it is gone."""
    try:
        whole = path.stat().st_size
    except FileNotFoundError:
        return None
    with suppress(FileNotFoundError):
        whole += path.with_name(f"{path.name}-wal").stat().st_size
    return whole


def _sync(folder: Path) -> None:
    """Make the names of a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_NO_ROOM = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_TRUNCATE")


def _no_room(fault: Exception) -> bool:
    if isinstance(fault, OSError):
        return fault.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return getattr(fault, "sqlite_errorname", "") in _NO_ROOM
