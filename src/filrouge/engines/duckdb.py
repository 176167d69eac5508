"""DuckDB in this process, in memory, over the files of the lake."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
from ibis.backends.sql.datatypes import DuckDBType
from ibis.expr import datatypes as dt
from ibis.expr import operations as ops
from ibis.expr import types as ir

from filrouge.base import heap
from filrouge.engines.base import empty, parquet, quoted

MEMORY = "1500MB"
# What Spark calls so: the text at a path, NULL where the text is no JSON; a moment as a number.
_SPARKS = (
    "CREATE MACRO get_json_object(t, p) AS try(json_extract_string(t, p))",
    "CREATE MACRO unix_micros(t) AS epoch_us(t)",
)


@ibis.udf.scalar.builtin(name="from_hex_digits", signature=(("string",), "int64"))  # type: ignore[untyped-decorator]
def _hex_to_int(text: str) -> int:  # type: ignore[empty-body]
    """The macro declared on each connection."""


@ibis.udf.scalar.builtin(name="timezone", signature=(("string", "timestamp"), "timestamp('UTC')"))  # type: ignore[untyped-decorator]
def _timezone(zone: str, local: object) -> object:
    """DuckDB's own (the icu extension is in the wheel)."""


class DuckDBEngine:
    """One in-memory DuckDB behind Ibis: extensions off, two threads, spilling to ``scratch``."""

    abilities = frozenset({"local", "sql"})

    def __init__(self, *, scratch: Path | None = None, memory: str = MEMORY) -> None:
        options: dict[str, Any] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": memory,
            "preserve_insertion_order": "false",
        }
        if scratch is not None:
            scratch.mkdir(parents=True, exist_ok=True)
            options["temp_directory"] = str(scratch)
        self._con = ibis.duckdb.connect(**options)
        self._con.con.execute("SET TimeZone = 'UTC'")
        self._con.con.execute("SET enable_progress_bar = false")
        self._con.con.execute("CREATE MACRO from_hex_digits(t) AS CAST('0x' || t AS BIGINT)")
        for macro in _SPARKS:
            self._con.con.execute(macro)
        self._loaded = 0

    @property
    def con(self) -> Any:
        return self._con

    def read(self, name: str, files: Sequence[str], schema: pa.Schema) -> ir.Table:
        if not files:
            return self.load(name, empty(schema))
        self._loaded += 1
        alias = f"{name}_{self._loaded}"
        self._con.con.execute(f'CREATE TEMPORARY VIEW "{alias}" AS FROM {parquet(files)}')
        return self._seen(alias)

    def load(self, name: str, data: pa.Table) -> ir.Table:
        self._loaded += 1
        alias = f"{name}_{self._loaded}"
        self._con.con.register(alias, data)
        return self._seen(alias)

    def _seen(self, alias: str) -> ir.Table:
        """Return a table that is there; Ibis would parse the type of each of its columns anew."""
        described = self._con.con.execute(f'DESCRIBE "{alias}"').fetchall()
        schema = ibis.schema({column: _type(told) for column, told, *_ in described})
        namespace = ops.Namespace(catalog=None, database=None)
        return ops.DatabaseTable(alias, schema=schema, source=self._con, namespace=namespace).to_expr()

    def key64(self, text: ir.StringValue) -> ir.IntegerValue:
        return _hex_to_int(text.hexdigest("sha256").substr(0, 15))

    def to_utc(self, local: ir.TimestampValue, zone: str) -> ir.TimestampValue:
        return _timezone(zone, local)

    def write(self, expr: ir.Table, path: str, *, largest: int = 0, group: int = 0) -> int:
        sql = _in_steps(self._con, expr)
        aside = Path(f"{path}.parts") if largest else Path(path)
        how = "FORMAT parquet, COMPRESSION snappy"
        how += f", FILE_SIZE_BYTES {largest}" if largest else ""
        how += f", ROW_GROUP_SIZE {group}" if group else ""
        rows = self._con.con.execute(f"COPY ({sql}) TO {quoted(str(aside))} ({how})").fetchall()
        if largest:
            for at, part in enumerate(sorted(aside.iterdir())):
                part.replace(Path(path).with_suffix(f".{at}.parquet" if at else ".parquet"))
            aside.rmdir()
        return int(rows[0][0])

    def close(self) -> None:
        self._con.disconnect()
        heap.let_go()


def _in_steps(con: Any, expr: ir.Table) -> str:
    """Return the SQL of ``expr`` with its selections kept apart: a value laid down in one is computed once."""
    before = ibis.options.sql.fuse_selects
    ibis.options.sql.fuse_selects = False
    try:
        return str(con.compile(expr))
    finally:
        ibis.options.sql.fuse_selects = before


@lru_cache(maxsize=1_000)
def _type(told: str) -> dt.DataType:
    return DuckDBType.from_string(told)
