"""Tables and queries of SQLite and PostgreSQL databases, read only, streamed, from a cursor on where asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from filrouge.base.errors import SourceError
from filrouge.connect.base import CHUNK, Chunk, Discovered, Reach, need_columns, texts
from filrouge.domain.sources import SourceSpec


class SQL:
    """Reads a table or a query."""

    def check(self, spec: SourceSpec, reach: Reach) -> None:
        with _connected(spec, reach) as (con, mark):
            cursor = _execute(con, f"SELECT * FROM ({_query(spec)}) AS q LIMIT 0", (), spec)
            need_columns(spec, [column[0] for column in cursor.description], _label(spec))
        del mark

    def discover(self, spec: SourceSpec, reach: Reach) -> list[Discovered]:
        found = []
        with _connected(spec, reach) as (con, mark):
            listing = (
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
                if mark == "?"
                else "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1"
            )
            for (name,) in _execute(con, listing, (), spec).fetchall():
                cursor = _execute(con, f'SELECT * FROM "{name}" LIMIT 20', (), spec)
                sample = tuple(tuple(_text(value) for value in row) for row in cursor.fetchall())
                found.append(Discovered(name, tuple(column[0] for column in cursor.description), sample))
        return found

    def count(self, spec: SourceSpec, reach: Reach) -> int | None:
        with _connected(spec, reach) as (con, _):
            return int(_execute(con, f"SELECT count(*) FROM ({_query(spec)}) AS q", (), spec).fetchone()[0])

    def read(self, spec: SourceSpec, reach: Reach, *, cursor: str | None = None) -> Iterator[Chunk]:
        sql, params = f"SELECT * FROM ({_query(spec)}) AS q", ()
        with _connected(spec, reach) as (con, mark):
            if spec.cursor and cursor:
                sql, params = f'{sql} WHERE "{spec.cursor}" >= {mark}', (cursor,)  # type: ignore[assignment]
            rows = _execute(con, sql, params, spec, stream=True)
            names = None
            number = 0
            while some := _fetch(rows, spec):
                if names is None:
                    names = [column[0] for column in rows.description]
                    need_columns(spec, names, _label(spec))
                columns = {name: [_text(row[at]) for row in some] for at, name in enumerate(names)}
                yield Chunk(texts(columns, _label(spec), list(range(number + 1, number + len(some) + 1))))
                number += len(some)


def _query(spec: SourceSpec) -> str:
    if spec.format.query:
        return spec.format.query.strip().rstrip(";")
    table = (spec.format.table or "").replace('"', '""')
    return f'SELECT * FROM "{table}"'


def _label(spec: SourceSpec) -> str:
    return spec.format.table or "query"


@contextmanager
def _connected(spec: SourceSpec, reach: Reach) -> Iterator[tuple[Any, str]]:
    """Yield a read-only connection and its mark of a parameter."""
    place = spec.place
    if place.startswith("sqlite:///"):
        path = Path(place.removeprefix("sqlite:///"))
        path = path if path.is_absolute() else reach.folder / path
        if not path.is_file():
            raise _away(spec, "no such file")
        try:
            con = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        except sqlite3.Error as error:
            raise _away(spec, type(error).__name__) from None
        with closing(con):
            yield con, "?"
    elif place.startswith(("postgresql://", "postgres://")):
        try:
            away: Any = psycopg.connect(place, password=reach.secret, connect_timeout=10)
        except psycopg.OperationalError as error:
            wrong = "password" in str(error) or "authentication" in str(error)
            raise _away(spec, "the password was refused" if wrong else "no answer", retryable=not wrong) from None
        with away:
            away.read_only = True
            yield away, "%s"
    else:
        raise SourceError(
            "The place of the source {source} is no address of a database.",
            hint="Write sqlite:///path.db or postgresql://user@host/name, the password as a secret.",
            source=spec.source,
        )


def _execute(con: Any, sql: str, params: tuple[Any, ...], spec: SourceSpec, *, stream: bool = False) -> Any:
    try:
        if stream and not isinstance(con, sqlite3.Connection):
            cursor = con.cursor(name="filrouge")
            cursor.itersize = CHUNK
        else:
            cursor = con.cursor()
        cursor.execute(sql, params or None) if not isinstance(con, sqlite3.Connection) else cursor.execute(sql, params)
    except (sqlite3.Error, psycopg.Error) as error:
        raise _failed(spec, error) from None
    return cursor


def _fetch(rows: Any, spec: SourceSpec) -> list[tuple[Any, ...]]:
    try:
        some: list[tuple[Any, ...]] = rows.fetchmany(CHUNK)
    except (sqlite3.Error, psycopg.Error) as error:
        raise _failed(spec, error) from None
    return some


def _failed(spec: SourceSpec, error: Exception) -> SourceError:
    gone = isinstance(error, (sqlite3.OperationalError, psycopg.OperationalError)) and "no such" not in str(error)
    why = str(error).splitlines()[0][:160] if "no such" in str(error) or "does not exist" in str(error) else ""
    return SourceError(
        "The database of the source {source} stopped answering: {why}.",
        hint="Nothing was imported; run the source again once the system is back." if gone
        else "Correct the table or the query of the source; nothing was imported.",
        retryable=gone, source=spec.source, why=why or type(error).__name__,
    )  # fmt: skip


def _away(spec: SourceSpec, why: str, *, retryable: bool = True) -> SourceError:
    return SourceError(
        "The database of the source {source} cannot be reached: {why}.",
        hint="Check that it is up, its address and its password; nothing was imported.",
        retryable=retryable,
        source=spec.source,
        why=why,
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
