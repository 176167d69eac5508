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

from filrouge.spool.base import Entry, Place, SpoolFull, Stored

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
            except (sqlite3.OperationalError, OSError) as fault:
                if not _no_room(fault):
                    raise
                self._let_go()  # what a full disk left half-written is not written to again
                raise SpoolFull from fault

    def _writer(self) -> sqlite3.Connection:
        if self._writing is not None and self._mine is not None and _size(self._mine) > self._largest:
            self._let_go()
        if self._writing is None:
            name = f"{time.time_ns():020d}-{os.getpid()}{_SUFFIX}"
            self._mine = self._folder / name
            self._held = os.open(self._mine.with_suffix(_HELD), os.O_WRONLY | os.O_CREAT, 0o600)
            fcntl.flock(self._held, fcntl.LOCK_EX)
            try:
                self._writing = _open(self._mine, new=True)
                self._writing.execute(_SCHEMA)
                _sync(self._folder)
            except BaseException:
                self._let_go()
                raise
        return self._writing

    def _let_go(self) -> None:
        if self._writing is not None:
            with suppress(sqlite3.Error):
                self._writing.close()
            self._writing = None
        if self._held is not None:
            os.close(self._held)  # and with it the lock
            self._held = None
            if self._mine is not None:
                self._mine.with_suffix(_HELD).unlink(missing_ok=True)
        self._mine = None

    def files(self) -> Sequence[str]:
        return sorted(path.name for path in self._folder.glob(f"*{_SUFFIX}"))

    def read(self, file: str, after: int, most: int) -> Sequence[Stored]:
        said = (
            "SELECT number, source, received_at, count, payload FROM entries WHERE number > ? ORDER BY number LIMIT ?"
        )
        try:
            with closing(_open(self._folder / file)) as con:
                rows = con.execute(said, (after, most)).fetchall()
        except sqlite3.OperationalError as fault:
            if _nothing_there(fault):
                return []
            raise
        return [Stored(Place(file, number), Entry(*held)) for number, *held in rows]

    def forget(self, place: Place) -> None:
        path = self._folder / place.file
        with closing(_open(path)) as con:
            with con:
                con.execute("DELETE FROM entries WHERE number <= ?", (place.number,))
            (left,) = con.execute("SELECT count(*) FROM entries").fetchone()
        if not left and not self._somebodys(path):
            for end in ("", "-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)
            path.with_suffix(_HELD).unlink(missing_ok=True)

    def _somebodys(self, path: Path) -> bool:
        """Tell whether a writer holds the file."""
        if path == self._mine:
            return True
        try:
            handle = os.open(path.with_suffix(_HELD), os.O_WRONLY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(handle)
        return False

    def waiting(self) -> int:
        total = 0
        for file in self.files():
            try:
                with closing(_open(self._folder / file)) as con:
                    total += con.execute("SELECT coalesce(sum(count), 0) FROM entries").fetchone()[0]
            except sqlite3.OperationalError as fault:
                if not _nothing_there(fault):
                    raise
        return total

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


def _size(path: Path) -> int:
    return sum(part.stat().st_size for end in ("", "-wal") if (part := path.with_name(path.name + end)).exists())


def _sync(folder: Path) -> None:
    """Make the names of a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _nothing_there(fault: sqlite3.OperationalError) -> bool:
    """Tell whether a file went meanwhile, or was begun and holds no table yet."""
    return getattr(fault, "sqlite_errorname", "") == "SQLITE_CANTOPEN" or "no such table" in str(fault)


_NO_ROOM = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_TRUNCATE")


def _no_room(fault: Exception) -> bool:
    if isinstance(fault, OSError):
        return fault.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return getattr(fault, "sqlite_errorname", "") in _NO_ROOM
