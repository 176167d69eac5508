"""Tables and queries of SQLite and PostgreSQL databases, read only, streamed, from a cursor on where asked."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from filrouge.base.errors import SourceError
from filrouge.connect.base import CHUNK, SOON, Chunk, Discovered, Reach, distinct, need_columns, texts
from filrouge.connect.guard import resolve
from filrouge.connect.paths import told
from filrouge.domain.sources import SourceSpec

# A database that says nothing for so many seconds has stopped answering.
SILENCE = 600.0
CONNECT = 10
LISTED = 1_000


class SQL:
    """Reads a table or a query."""

    keeps_cursor = True

    def check(self, spec: SourceSpec, reach: Reach) -> None:
        with _connected(spec, reach) as con:
            cursor = _execute(con, f"{_query(spec)} LIMIT 0", (), spec)
            need_columns(spec, [column[0] for column in cursor.description], _label(spec))

    def discover(self, spec: SourceSpec, reach: Reach) -> list[Discovered]:
        found = []
        with _connected(spec, reach) as con:
            listing = (
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
                if isinstance(con, sqlite3.Connection)
                else "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1"
            )
            for (name,) in _fetch(_execute(con, listing, (), spec), spec, LISTED):
                cursor = _execute(con, f"SELECT * FROM {_quoted(name)} LIMIT 20", (), spec)
                sample = tuple(tuple(_text(value) for value in row) for row in _fetch(cursor, spec))
                found.append(Discovered(name, tuple(column[0] for column in cursor.description), sample))
        return found

    def count(self, spec: SourceSpec, reach: Reach) -> int | None:
        with _connected(spec, reach) as con:
            rows = _execute(con, _query(spec).replace("SELECT *", "SELECT count(*)", 1), (), spec)
            return int(_fetch(rows, spec)[0][0])

    def read(self, spec: SourceSpec, reach: Reach, *, cursor: str | None = None) -> Iterator[Chunk]:
        return self._rows(spec, reach, spec.cursor or "", ">=", [cursor] if spec.cursor and cursor else [])

    def look_up(self, spec: SourceSpec, reach: Reach, ref: str) -> Iterator[Chunk]:
        return self._rows(spec, reach, spec.lookup or "", "=", [ref])

    def _rows(self, spec: SourceSpec, reach: Reach, column: str, compared: str, values: list[Any]) -> Iterator[Chunk]:
        sql = _query(spec)
        with _connected(spec, reach) as con, ExitStack() as stack:
            if compared == "=":  # of one person
                stack.enter_context(_patience(con, SOON))
            if values:
                local = isinstance(con, sqlite3.Connection)
                sql = sql if local else sql.replace("%", "%%")
                sql = f"{sql} WHERE q.{_quoted(column)} {compared} {'?' if local else '%s'}"
                if local and compared == "=" and re.fullmatch("0|[1-9][0-9]{0,17}", values[0]):
                    # a column that SQLite computes holds a number or a text, and is neither by itself
                    sql, values = f"{sql} OR q.{_quoted(column)} = ?", [*values, int(values[0])]
            params = tuple(values)
            rows = stack.enter_context(closing(_execute(con, sql, params, spec, stream=True)))
            names = [column[0] for column in rows.description]
            need_columns(spec, names, _label(spec))
            names, number = distinct(names, spec.columns()), 0
            while True:
                try:
                    some = _fetch(rows, spec)
                except _UndecodableError:
                    # Read again, what does not decode marked, from the row after the last that was given.
                    con.text_factory = lambda data: data.decode("utf-8", "filrouge.mark")
                    rows = _execute(con, sql, params, spec)
                    for _ in range(0, number, CHUNK):
                        _fetch(rows, spec)
                    some = _fetch(rows, spec)
                if not some:
                    return
                columns = {name: [_text(row[at]) for row in some] for at, name in enumerate(names)}
                yield texts(columns, _label(spec), list(range(number + 1, number + len(some) + 1)))
                number += len(some)


class _UndecodableError(Exception):
    """A text of SQLite is no UTF-8."""


def _query(spec: SourceSpec) -> str:
    if spec.format.query:
        return f"SELECT * FROM (\n{spec.format.query.strip().rstrip(';')}\n) AS q"
    parts = (spec.format.table or "").split(".") if spec.place.startswith("postgres") else [spec.format.table or ""]
    return f"SELECT * FROM {'.'.join(_quoted(part) for part in parts)} AS q"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _label(spec: SourceSpec) -> str:
    return spec.format.table or "query"


@contextmanager
def _connected(spec: SourceSpec, reach: Reach) -> Iterator[Any]:
    """Yield a read-only connection."""
    place = spec.place
    if place.startswith("sqlite:///"):
        path = Path(place.removeprefix("sqlite:///"))
        path = path if path.is_absolute() else reach.folder / path
        if not path.is_file():
            raise SourceError(
                "No database file is at {place}.",
                hint="Put it there, or correct the place of the source {source}; nothing was imported.",
                retryable=True,
                place=place.removeprefix("sqlite:///"),
                source=spec.source,
            )
        with told(path):
            path.open("rb").close()
        try:
            con = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=CONNECT)
        except sqlite3.Error as error:
            raise _failed(spec, error) from None
        with closing(con):
            yield con
    elif place.startswith(("postgresql://", "postgres://")):
        with closing(_postgres(spec, reach)) as away:
            away.read_only = True
            yield away
    else:
        raise _no_address(spec)


def _postgres(spec: SourceSpec, reach: Reach) -> Any:
    try:
        asked: dict[str, Any] = conninfo_to_dict(spec.place)
        host = str(asked.get("host") or "localhost")
        # A socket in the file system is this machine: private. Several hosts at once are not looked at one by one.
        if not (host.startswith("/") and (spec.allow_private or host in reach.allow_private)):
            name = "localhost" if host.startswith("/") else host
            asked["hostaddr"] = resolve(
                name, int(asked.get("port") or 5432), private=spec.allow_private, allowed=reach.allow_private
            )
        if reach.secret:
            asked["password"] = reach.secret
        return psycopg.connect(**{"connect_timeout": CONNECT, **asked})
    except (ValueError, psycopg.ProgrammingError):
        raise _no_address(spec) from None
    except psycopg.OperationalError as error:
        if any(word in str(error) for word in ("password", "authentication", "mot de passe")):
            raise SourceError(
                "The database of the source {source} refused the password.",
                hint="Give the source a valid secret; nothing was imported.",
                source=spec.source,
            ) from None
        raise _silent(spec) from None
    except OSError:
        raise _silent(spec) from None


def _execute(con: Any, sql: str, params: tuple[Any, ...], spec: SourceSpec, *, stream: bool = False) -> Any:
    cursor = con.cursor(name="filrouge") if stream and not isinstance(con, sqlite3.Connection) else con.cursor()
    try:
        with _patience(con):
            return cursor.execute(sql, params) if params else cursor.execute(sql)
    except (sqlite3.Error, psycopg.Error) as error:
        cursor.close()
        raise _failed(spec, error) from None


def _fetch(rows: Any, spec: SourceSpec, size: int = CHUNK) -> list[tuple[Any, ...]]:
    try:
        with _patience(rows.connection):
            some: list[tuple[Any, ...]] = rows.fetchmany(size)
    except sqlite3.OperationalError as error:
        if "decode" in str(error):
            raise _UndecodableError from None
        raise _failed(spec, error) from None
    except (sqlite3.Error, psycopg.Error) as error:
        raise _failed(spec, error) from None
    return some


@contextmanager
def _patience(con: Any, seconds: float = 0) -> Iterator[None]:
    """Break a connection that says nothing for ``SILENCE`` seconds, or so many: nothing else ends that wait."""

    def give_up() -> None:
        if isinstance(con, sqlite3.Connection):
            con.interrupt()
        else:
            with suppress(OSError), socket.socket(fileno=os.dup(con.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds or SILENCE, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _failed(spec: SourceSpec, error: Exception) -> SourceError:
    """Tell what the database said, without the values that its own words may hold."""
    said = str(error).splitlines()[0] if str(error) else ""
    why = said[:160] if "no such" in said or "does not exist" in said or "syntax error" in said else ""
    if isinstance(error, sqlite3.DatabaseError) and ("not a database" in said or "malformed" in said):
        return SourceError(
            "The file that the source {source} reads is no SQLite database, or a damaged one.",
            hint="Fetch it again from its system; nothing was imported.",
            source=spec.source,
        )
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return SourceError(
            "The account of the source {source} may not read {what}.",
            hint="Give it the right to read there; nothing was imported.",
            source=spec.source,
            what=_label(spec),
        )
    if "locked" in said:
        return SourceError(
            "The database of the source {source} is locked by whoever writes in it.",
            hint="Nothing was imported; run the source again later.",
            retryable=True,
            source=spec.source,
        )
    if not why and isinstance(error, (sqlite3.OperationalError, psycopg.OperationalError)):
        return SourceError(
            "The database of the source {source} stopped answering.",
            hint="Nothing was imported; run the source again once the system is back.",
            retryable=True,
            source=spec.source,
        )
    return SourceError(
        "The database of the source {source} refuses the question: {why}.",
        hint="Correct the table or the query of the source; nothing was imported.",
        source=spec.source,
        why=why or type(error).__name__,
    )


def _no_address(spec: SourceSpec) -> SourceError:
    return SourceError(
        "The place of the source {source} is no address of a database.",
        hint="Write sqlite:///path.db or postgresql://user@host/name, the password as a secret.",
        source=spec.source,
    )


def _silent(spec: SourceSpec) -> SourceError:
    return SourceError(
        "The database of the source {source} cannot be reached: nobody answers.",
        hint="Check that it is up, and its address; nothing was imported.",
        retryable=True,
        source=spec.source,
    )


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).decode("utf-8", "replace")
    return str(value)
