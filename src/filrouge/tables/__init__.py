"""The floor plan of the data: one file per canonical table; everything that must know all tables asks here."""

from __future__ import annotations

from filrouge.tables.base import COMMON, Column, Table

__all__ = ["COMMON", "TABLES", "Column", "Table", "table"]


def _load() -> dict[str, Table]:
    from importlib import import_module

    names = (
        "source_records", "rejects", "person_records", "company_records", "roles", "opportunities", "followups",
        "contracts",
        "invoices", "payments", "orders", "order_lines", "returns", "promotions", "interactions", "contacts",
        "consents", "events", "links", "people", "golden_values", "scores", "score_values", "memberships", "deliveries",
    )  # fmt: skip
    return {name: import_module(f"filrouge.tables.{name}").TABLE for name in names}


TABLES: dict[str, Table] = _load()


def table(name: str) -> Table:
    """Return the declaration of the table called ``name``; KeyError when there is none."""
    return TABLES[name]
