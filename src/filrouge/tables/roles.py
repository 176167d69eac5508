"""A person's role in a company."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="roles",
    doc="A person's role in a company.",
    columns=(
        Column("source_id", sensitivity="internal"),
        Column("person_ref", sensitivity="internal", ref="person_records"),
        Column("person_key", "int64", doc="key of the person record that the reference names"),
        Column("company_ref", sensitivity="internal", ref="company_records"),
        Column("company_key", "int64"),
        Column("role", sensitivity="personal"),
        Column("from", "timestamp"),
        Column("until", "timestamp"),
    ),
    category="company",
    purpose="service",
    retention_days=1095,
    kept="ended",
    ends="until",
    at="from",
)
