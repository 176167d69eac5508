"""How long each row is kept: rules over what ``tables/`` declare, as conditions that an engine and the lake understand.

A row is destroyed when its own time is over. A record of a person goes when nothing that the person did is kept any
more; with it go the decisions about it, the row as received, and whatever does not hold it. A person whose records are
all gone is gone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from filrouge.tables import TABLES, Table


def limit(days: int, *, at: datetime) -> datetime:
    """Return the moment before which what is kept ``days`` days is over."""
    return at - timedelta(days=days)


def dated(table: Table) -> str:
    """Return the moment that the retention of a row counts from, in SQL; NULL while it has not begun."""
    if table.kept == "ended":
        return f'"{table.ends}"'
    return f'coalesce("{table.at}", recorded_at)' if table.at else "recorded_at"


def over(name: str, *, at: datetime) -> str | None:
    """Return which rows of a table are over by themselves, in SQL; None when none ever is."""
    table = TABLES[name]
    if not table.personal or table.kept not in ("dated", "ended"):
        return None
    return f"{dated(table)} < '{limit(table.retention_days, at=at).isoformat()}'"


def replaced(name: str, *, at: datetime) -> str | None:
    """Return which earlier versions of a table's rows are over, in SQL; None when it keeps no versions."""
    table = TABLES[name]
    if not table.personal or not table.common:
        return None
    days = table.retention_days if table.replaced_days is None else table.replaced_days
    return f"superseded_at < '{limit(days, at=at).isoformat()}'"


def facts() -> list[Table]:
    """Return the tables of what happened to people: each row concerns the record that its ``person_key`` names."""
    return [table for table in TABLES.values() if table.person == "person_key"]
