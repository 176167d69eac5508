"""A sale that may come, from first contact to won or lost."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="opportunities",
    doc="A sale that may come, from first contact to won or lost.",
    columns=(
        Column("source_id", sensitivity="internal"),
        Column("company_ref", sensitivity="internal", ref="company_records"),
        Column("company_key", "int64"),
        Column("person_ref", sensitivity="internal", ref="person_records"),
        Column("person_key", "int64", doc="key of the person record that the reference names"),
        Column("stage"),
        Column("amount", "decimal", "money"),
        Column("currency"),
        Column("acquisition_channel"),
        Column("expected_at", "timestamp"),
        Column("closed_at", "timestamp"),
        Column("outcome"),
        Column("label"),
        Column("link", doc="address of the record in its own system"),
    ),
    category="transaction",
    purpose="service",
    retention_days=1095,
    holds=True,
    at="expected_at",
)
