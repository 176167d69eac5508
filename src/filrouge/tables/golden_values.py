"""Candidate values of each attribute of a person, best first."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="golden_values",
    doc="Candidate values of each attribute of a person, best first.",
    columns=(
        Column("person"),
        Column("attribute"),
        Column("value", sensitivity="personal"),
        Column("rank", "int64"),
        Column("reason", doc="rule that ranked it"),
        Column("source"),
        Column("entity"),
        Column("brand"),
        Column("record_key", "int64"),
        Column("at", "timestamp", doc="date of the value at its source"),
        Column("run_id"),
        Column("recorded_at", "timestamp"),
    ),
    category="identity",
    purpose="service",
    retention_days=1095,
    kept="with_person",
    canonical=False,
    person="person",
    common=False,
    key=(
        "person",
        "attribute",
        "rank",
    ),
)
