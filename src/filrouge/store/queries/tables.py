"""The lake's tables as one caller may query them in SQL: rows of their perimeter, columns of their role, nothing else.

Each table is an Arrow dataset already narrowed to what the caller may see, registered under its own name in a
database of its own that can reach no file, no network and no Python variable.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as pads

from filrouge.base.errors import Refused, UsageError
from filrouge.domain.privacy.perimeter import Perimeter
from filrouge.store.lake import Lake, arrow_schema
from filrouge.tables import TABLES, Table

CLOSED = frozenset({"rejects", "source_records"})  # rows as received: only who sees everything
MEMORY = "1500MB"


def connection(
    lake: Lake, sees: Perimeter, *, origins: Sequence[tuple[str, str]], hidden: Sequence[str] = (), as_of: datetime | None = None
) -> duckdb.DuckDBPyConnection:
    """Return a locked DuckDB holding the tables that ``sees`` opens. ``origins``: every (entity, brand) there is."""
    con = duckdb.connect(config={"memory_limit": MEMORY, "threads": 2, "autoinstall_known_extensions": False,
                                 "autoload_known_extensions": False})  # fmt: skip
    con.execute("SET TimeZone = 'UTC'")
    for name, declared in TABLES.items():
        if name in CLOSED and not sees.everything:
            continue
        con.register(name, _open(lake, declared, sees, origins, hidden, as_of))
    if not sees.everything:
        _narrow_people(con)
    con.execute("SET python_enable_replacements = false")
    con.execute("SET python_scan_all_frames = false")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")
    return con


def _open(
    lake: Lake, declared: Table, sees: Perimeter, origins: Sequence[tuple[str, str]], hidden: Sequence[str], as_of: datetime | None
) -> Any:
    """Return the dataset of one table, its rows and columns narrowed."""
    name = declared.name
    schema = arrow_schema(name)
    shown = [column.name for column in declared.every if sees.everything or sees.role_sight(_sensitivity(name, column)) == "show"]
    files = lake.files(name)
    if not files:
        return pa.table({field: pa.array([], schema.field(field).type) for field in shown})
    data = pads.dataset(files, schema=schema, format="parquet")
    keep = _rows(declared, sees, origins, hidden, as_of)
    narrowed = data.filter(keep) if keep is not None else data
    if len(shown) == len(schema.names):
        return narrowed
    return narrowed.scanner(columns=shown).to_reader().read_all()


def _sensitivity(table: str, column: Any) -> str:
    """Return how careful one must be with a column; golden values mix them all, so they count as contact details."""
    return "contact" if table == "golden_values" and column.name == "value" else str(column.sensitivity)


def _rows(
    declared: Table, sees: Perimeter, origins: Sequence[tuple[str, str]], hidden: Sequence[str], as_of: datetime | None
) -> Any:
    held = {column.name for column in declared.every}
    terms = []
    if hidden and "run_id" in held:
        terms.append(~pads.field("run_id").isin(list(hidden)))
    if "superseded_at" in held:
        closed = pads.field("superseded_at")
        if as_of is None:
            open_still = closed.is_null()
            terms.append(open_still | pads.field("superseded_run").isin(list(hidden)) if hidden else open_still)
        else:
            at = pa.scalar(as_of, pa.timestamp("us", tz="UTC"))
            terms.append((pads.field("recorded_at") <= at) & (closed.is_null() | (closed > at)))
    if not sees.everything and "entity" in held:
        seen = [pair for pair in origins if sees.sees(*pair, declared.category)]
        allowed: Any = pads.scalar(False)
        for entity in sorted({entity for entity, _ in seen}):
            brands = [brand for e, brand in seen if e == entity]
            allowed = allowed | ((pads.field("entity") == entity) & pads.field("brand").isin(brands))
        terms.append(allowed)
    if not terms:
        return None
    keep = terms[0]
    for term in terms[1:]:
        keep = keep & term
    return keep


def _narrow_people(con: duckdb.DuckDBPyConnection) -> None:
    """Leave in ``people`` only those of whom a record may be seen, and only what those records tell."""
    rows = con.execute(
        """SELECT p.person_id, p.kind, s.first_seen, s.last_seen, CAST(to_json(s.brands) AS VARCHAR) AS brands,
        CAST(NULL AS VARCHAR) AS household, p.merged_into, p.run_id, p.recorded_at
        FROM people p JOIN (SELECT l.person, min(coalesce(r.created_at, r.recorded_at)) AS first_seen,
            max(coalesce(r.updated_at, r.recorded_at)) AS last_seen, list(DISTINCT r.brand ORDER BY r.brand) AS brands
            FROM links l JOIN person_records r USING (record_key) WHERE l.undone_at IS NULL GROUP BY l.person) s
        ON s.person = p.person_id"""
    ).to_arrow_table()
    con.unregister("people")
    con.register("people", rows)


def query(con: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    """Run one SELECT and return its rows.

    Raises UsageError when it is not one or has a fault, Refused when it reaches for what is shut.
    """
    try:
        statements = con.extract_statements(sql)
    except duckdb.Error as error:
        raise UsageError("The query has a fault: {why}", why=_why(error)) from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UsageError("One SELECT at a time, and nothing that writes.", hint="Write a query that begins with SELECT or WITH.")
    try:
        return con.execute(statements[0]).to_arrow_table()
    except duckdb.PermissionException:
        raise Refused("A query reads the tables of Filrouge and nothing else.", hint="Read files through a source.") from None
    except duckdb.OutOfMemoryException:
        raise Refused("The query needs more memory than one may have.", hint="Ask for fewer rows or columns.") from None
    except duckdb.Error as error:
        raise UsageError("The query has a fault: {why}", why=_why(error)) from None


def _why(error: Exception) -> str:
    return str(error).split("\n\n")[0].replace("\n", " ")[:400]
