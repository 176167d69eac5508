"""An invoice."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="invoices",
    doc="An invoice.",
    columns=(
        Column("source_id", sensitivity="internal"),
        Column("contract_ref", sensitivity="internal"),
        Column("order_ref", sensitivity="internal"),
        Column("payer_ref", sensitivity="internal", ref="person_records"),
        Column("person_key", "int64", doc="key of the person record that the reference names"),
        Column("amount", "decimal", "money"),
        Column("currency"),
        Column("issued_at", "timestamp"),
        Column("due_at", "timestamp"),
        Column("status"),
        Column("link", doc="address of the record in its own system"),
    ),
    category="contract",
    purpose="contract",
    retention_days=3650,
    basis="legal_obligation",
    holds=True,
    at="issued_at",
)
