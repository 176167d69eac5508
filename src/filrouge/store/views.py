"""The lake's tables as an engine sees them: current rows, or those of a date; rows of unfinished runs hidden."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ibis.expr import types as ir

from filrouge.engines import Engine, parquet, quoted
from filrouge.store.lake import SQL_TYPES, Lake, arrow_schema
from filrouge.tables import TABLES


def current(
    engine: Engine, lake: Lake, name: str, *, hidden: Sequence[str] = (), as_of: datetime | None = None
) -> ir.Table:
    """Return the table called ``name`` as it stands now, or as it was known at ``as_of``."""
    table = engine.read(name, lake.files(name), arrow_schema(name))
    held = {column.name for column in TABLES[name].every}
    if hidden:
        table = table.filter(table.run_id.notin(list(hidden)))
    if "superseded_at" in held:
        if as_of is not None:
            closed_later = table.superseded_at.isnull() | (table.superseded_at > as_of)
            table = table.filter((table.recorded_at <= as_of) & closed_later)
        elif hidden:
            table = table.filter(table.superseded_at.isnull() | table.superseded_run.isin(list(hidden)))
        else:
            table = table.filter(table.superseded_at.isnull())
    elif as_of is not None and "recorded_at" in held:
        table = table.filter(table.recorded_at <= as_of)
    return table


def current_sql(lake: Lake, name: str, *, hidden: Sequence[str] = ()) -> str:
    """Return what ``current`` returns as DuckDB's SQL, for whoever lays out many tables to ask little of each."""
    held = [column.name for column in TABLES[name].every]
    files = lake.files(name)
    if not files:
        columns = ", ".join(f'NULL::{SQL_TYPES[column.type]} AS "{column.name}"' for column in TABLES[name].every)
        return f"SELECT {columns} LIMIT 0"
    rows = f"SELECT * FROM {parquet(files)}"
    listed = ", ".join(map(quoted, hidden))
    kept = [f"run_id NOT IN ({listed})"] if hidden else []
    if "superseded_at" in held:
        kept.append(f"(superseded_at IS NULL OR superseded_run IN ({listed}))" if hidden else "superseded_at IS NULL")
    return f"{rows} WHERE {' AND '.join(kept)}" if kept else rows
