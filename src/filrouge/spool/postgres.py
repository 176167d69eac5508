"""The spool in PostgreSQL, for collectors on several machines: a commit is on its disk before it is answered."""

from __future__ import annotations

import os
import secrets
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg

from filrouge.spool.base import TOGETHER, Entry, Place, SpoolAway, SpoolFull, Stored

CONNECTING = 2  # seconds that a server may take to let us in
WRITING, READING = 5.0, 60.0  # seconds that it may take to answer
_SCHEMA = """
    CREATE SCHEMA IF NOT EXISTS spool;
    CREATE TABLE IF NOT EXISTS spool.entries (
        file text COLLATE "C" NOT NULL, number bigint NOT NULL, source text NOT NULL, received_at bigint NOT NULL,
        count integer NOT NULL, payload bytea NOT NULL, PRIMARY KEY (file, number)
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
    ALTER TABLE spool.entries ALTER COLUMN payload SET STORAGE EXTERNAL"""  # what passes once is not worth squeezing
_MAKING = 0x66696C726F757765  # the lock of whoever makes the table: two who do so at once stumble over each other
_KEEP = "COPY spool.entries (file, number, source, received_at, count, payload) FROM STDIN (FORMAT BINARY)"
_FILES = """
    WITH RECURSIVE found AS (
        (SELECT file FROM spool.entries ORDER BY file LIMIT 1)
        UNION ALL
        SELECT (SELECT file FROM spool.entries WHERE file > found.file ORDER BY file LIMIT 1)
        FROM found WHERE found.file IS NOT NULL
    )
    SELECT file FROM found WHERE file IS NOT NULL"""  # one look into the index a file, however much waits
# The length of what stands apart is known without fetching it.
_READ = """
    SELECT number, source, received_at, count, payload FROM (
        SELECT *, sum(octet_length(payload)) OVER (ORDER BY number) - octet_length(payload) AS before
        FROM (SELECT * FROM spool.entries WHERE file = %s AND number > %s ORDER BY number LIMIT %s) AS next
    ) AS counted WHERE before < %s ORDER BY number"""
T = TypeVar("T")


class PostgresSpool:
    """A table in a schema of its own. What one writer appends is one file, numbered by the writer, not by the server:
    the numbers of a file are committed in order, so that whoever reads from a place on misses nothing."""

    def __init__(self, url: str, *, patience: float = WRITING) -> None:
        self._writing, self._reading = _Line(url, patience), _Line(url, READING)
        self._file, self._number = "", 0

    def append(self, entries: Sequence[Entry]) -> None:
        self._writing.ask(lambda con: self._copy(con, entries))

    def _copy(self, con: psycopg.Connection[Any], entries: Sequence[Entry]) -> None:
        file, number = self._file, self._number
        self._file = ""  # after a fault nobody knows what was kept: what comes next stands in another file
        if not file:
            file, number = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}", 0
        with con.cursor() as cursor, cursor.copy(_KEEP) as copy:
            copy.set_types(["text", "int8", "text", "int8", "int4", "bytea"])
            for number, entry in enumerate(entries, number + 1):  # noqa: B020 it goes on from where it was
                copy.write_row((file, number, entry.source, entry.received_at, entry.count, entry.payload))
        self._file, self._number = file, number

    def files(self) -> Sequence[str]:
        return [file for (file,) in self._asked(_FILES)]

    def read(self, file: str, after: int, most: int) -> Sequence[Stored]:
        rows = self._asked(_READ, (file, after, most, TOGETHER))
        return [Stored(Place(file, number), Entry(*held)) for number, *held in rows]

    def forget(self, place: Place) -> None:
        self._reading.ask(
            lambda con: con.execute("DELETE FROM spool.entries WHERE file = %s AND number <= %s", tuple(place))
        )

    def sweep(self) -> None:
        """A file is its entries: one that holds nothing leaves nothing behind."""

    def waiting(self) -> int:
        ((count,),) = self._asked("SELECT coalesce(sum(count), 0)::bigint FROM spool.entries")
        return int(count)

    def close(self) -> None:
        self._writing.close()
        self._reading.close()

    def _asked(self, sql: str, values: tuple[str | int, ...] = ()) -> list[tuple[Any, ...]]:
        def asked(con: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
            with con.cursor(binary=True) as cursor:
                return cursor.execute(sql, values).fetchall()

        return self._reading.ask(asked)


class _Line:
    """A connection that is made when it is needed, and made anew after a fault or when the server went away.

    The server may be frozen, and the network may swallow what is sent: neither ends by itself what waits for an answer,
    so that the line is cut once ``patience`` has passed.
    """

    def __init__(self, url: str, patience: float) -> None:
        self._url, self._patience = url, patience
        self._con: psycopg.Connection[Any] | None = None
        self._lock = threading.Lock()

    def ask(self, what: Callable[[psycopg.Connection[Any]], T]) -> T:
        """Return what ``what`` returns for a connection. Raises SpoolAway, SpoolFull."""
        with self._lock:
            try:
                if self._con is not None and _spoke(self._con):
                    self._let_go()
                con = self._con or self._connect()
                with _no_longer_than(con, self._patience):
                    return what(con)
            except psycopg.errors.DiskFull as fault:
                self._let_go()
                raise SpoolFull from fault
            except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction) as fault:
                self._let_go()
                raise SpoolAway((str(fault) or type(fault).__name__).splitlines()[0]) from fault
            except BaseException:
                self._let_go()
                raise

    def _connect(self) -> psycopg.Connection[Any]:
        con: psycopg.Connection[Any] = psycopg.connect(
            self._url, autocommit=True, connect_timeout=CONNECTING, application_name="filrouge spool",
            keepalives_idle=10, keepalives_interval=5, keepalives_count=3,
        )  # fmt: skip
        self._con = con  # whatever befalls it from here on, it is let go of
        with _no_longer_than(con, self._patience):
            con.execute(
                "SELECT set_config('statement_timeout', %s, false), set_config('synchronous_commit', CASE "
                "current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)",
                (str(round(self._patience * 1000)),),
            )
            if con.execute("SELECT to_regclass('spool.entries')").fetchone() == (None,):
                with con.transaction():
                    con.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKING,))
                    con.execute(_SCHEMA)
        return con

    def _let_go(self) -> None:
        if self._con is not None:
            with suppress(psycopg.Error):
                self._con.close()
            self._con = None

    def close(self) -> None:
        with self._lock:
            self._let_go()


def _spoke(con: psycopg.Connection[Any]) -> bool:
    """Tell whether the server said something unasked: it stops, or did. Another connection is better then."""
    if con.closed:
        return True
    waits = select.poll()
    waits.register(con.fileno(), select.POLLIN)
    return bool(waits.poll(0))


@contextmanager
def _no_longer_than(con: psycopg.Connection[Any], seconds: float) -> Iterator[None]:
    """Cut the line of ``con`` after ``seconds``: whoever waits on it is told that it is broken."""
    with socket.socket(fileno=os.dup(con.fileno())) as line:

        def cut() -> None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

        watch = threading.Timer(seconds, cut)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()
            watch.join()
