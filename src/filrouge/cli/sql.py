"""``filrouge sql``: read-only SQL over what the caller may read."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import pyarrow as pa
import typer


class Format(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


def sql(
    query: Annotated[str, typer.Argument(help="One SELECT.")],
    as_of: Annotated[str | None, typer.Option(help="The tables as they were known at this date (ISO 8601).")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print the rows.")] = Format.table,
    key: Annotated[str | None, typer.Option(help="Ask as this API key, not as the owner of the machine.")] = None,
) -> None:
    """Query the tables."""
    from filrouge.work import access, installation
    from filrouge.work import sql as work

    installation.ready()
    at = moment(as_of)
    asking = access.caller_of_key(key) if key else access.OWNER
    _print(work.run(asking, query, as_of=at), form)


def moment(said: str | None) -> datetime | None:
    """Return the moment that ``--as-of`` says, None when it says nothing. Raises UsageError."""
    from filrouge.base.errors import UsageError

    if not said:
        return None
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        raise UsageError("--as-of is no date.", hint="Write it as 2026-01-31 or 2026-01-31T09:00.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _print(rows: pa.Table, form: Format) -> None:
    if form is Format.parquet:
        import pyarrow.parquet as pq

        pq.write_table(rows, pa.output_stream(sys.stdout.buffer))
    elif form is Format.csv:
        from pyarrow import csv

        csv.write_csv(rows, sys.stdout.buffer)
    elif form is Format.json:
        import json

        typer.echo(json.dumps(rows.to_pylist(), ensure_ascii=False, default=str))
    else:
        from rich.console import Console
        from rich.table import Table

        table = Table(*rows.column_names)
        for row in rows.slice(0, 1000).to_pylist():
            table.add_row(*("" if value is None else str(value) for value in row.values()))
        Console(markup=False).print(table)
        if rows.num_rows > 1000:
            from filrouge.cli import talk

            talk.print(f"The first 1,000 of {rows.num_rows:,} rows; --format csv prints them all.")
