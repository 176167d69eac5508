"""A desk of one's own on the caller's DuckDB: a cursor, a schema for the working tables, all cleared at the end."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

_numbers = itertools.count(1)


class Desk:
    """Runs SQL in a schema that goes away with it; every answer is fetched whole, no open result is left behind."""

    def __init__(self, con: duckdb.DuckDBPyConnection, schema: str) -> None:
        self.con = con
        self.schema = schema

    def run(self, sql: str, *parameters: object) -> None:
        """Run a statement that answers nothing."""
        self.con.execute(sql, list(parameters) or None).fetchall()

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return the rows that ``sql`` answers."""
        return self.con.execute(sql, list(parameters) or None).fetchall()

    def arrow(self, sql: str) -> pa.Table:
        """Return what ``sql`` answers as an Arrow table."""
        return self.con.execute(sql).to_arrow_table()

    def numbers(self, sql: str) -> dict[str, Any]:
        """Return what ``sql`` answers as NumPy arrays by column."""
        return dict(self.con.execute(sql).fetchnumpy())

    def put(self, name: str, data: pa.Table) -> None:
        """Lay an Arrow table on the desk as table ``name``."""
        self.con.register("_incoming", data)
        self.run(f"create or replace table {name} as select * from _incoming")
        self.con.unregister("_incoming")

    def columns(self, relation: str) -> set[str]:
        """Return the names of the columns of a table or view."""
        return {row[0] for row in self.con.execute(f"describe {relation}").fetchall()}

    def drop(self, *names: str) -> None:
        """Clear the tables called ``names``."""
        for name in names:
            self.run(f"drop table if exists {name}")


def quoted(text: str) -> str:
    """Return ``text`` as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return ``name`` as the name of a column in SQL."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def desk(con: Any = None) -> Iterator[Desk]:
    """Open a desk on ``con`` (a DuckDB connection, or an Ibis backend that holds one as ``.con``), or on a database in memory."""
    owned = con is None
    base = (
        duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"})
        if owned
        else getattr(con, "con", con)
    )
    cursor = base.cursor()
    schema = f"identity_desk_{next(_numbers)}"
    cursor.execute(f"create schema {schema}").fetchall()
    try:
        cursor.execute(f"set search_path = '{schema},main'").fetchall()  # a view of the caller's names its own
        cursor.execute("set TimeZone = 'UTC'").fetchall()  # a cursor does not inherit it
        yield Desk(cursor, schema)
    finally:
        cursor.execute("set schema 'main'").fetchall()
        cursor.execute(f"drop schema if exists {schema} cascade").fetchall()
        cursor.close()
        if owned:
            base.close()
