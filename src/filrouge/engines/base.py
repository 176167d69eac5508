"""What an engine must do, and the abilities by which engines differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import ibis
import pyarrow as pa
from ibis.expr import types as ir


class Engine(Protocol):
    """Computes Ibis expressions over files of the lake. Abilities are asked for by name, never by engine."""

    abilities: frozenset[str]  # "local" (files and Arrow are in this process), "sql" (runs the product's DuckDB SQL)

    @property
    def con(self) -> Any:
        """The Ibis backend."""

    def read(self, name: str, files: Sequence[str], schema: pa.Schema) -> ir.Table:
        """Return the table stored in Parquet ``files``; an empty one of ``schema`` when there are none."""

    def load(self, name: str, data: pa.Table) -> ir.Table:
        """Return an Ibis table over Arrow ``data``."""

    def key64(self, text: ir.StringValue) -> ir.IntegerValue:
        """Return the 60-bit key of ``text`` (``base.ids.record_key``)."""

    def to_utc(self, local: ir.TimestampValue, zone: str) -> ir.TimestampValue:
        """Return the UTC moment of a ``local`` time of ``zone`` (an IANA name)."""

    def write(self, expr: ir.Table, path: str, *, largest: int = 0, group: int = 0) -> int:
        """Write ``expr`` to one Parquet file and return the number of rows.

        ``largest`` (bytes) lets the engine go on in ``a.1.parquet``, ``a.2.parquet``… beside ``a.parquet``. ``group``:
        rows that each thread may hold before they go to the disk, for wide ones (0: as many as the engine does).
        """

    def close(self) -> None:
        """Let go of memory and files."""


def empty(schema: pa.Schema) -> pa.Table:
    """Return a table of ``schema`` without rows."""
    return schema.empty_table()


def ibis_schema(schema: pa.Schema) -> ibis.Schema:
    """Return the Ibis form of an Arrow schema."""
    return ibis.Schema.from_pyarrow(schema)


def parquet(files: Sequence[str]) -> str:
    """Return ``files`` as one relation of DuckDB's SQL."""
    return f"read_parquet([{', '.join(map(quoted, files))}], union_by_name = true)"


def quoted(text: str) -> str:
    """Return ``text`` as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
