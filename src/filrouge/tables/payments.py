"""A payment, kept or failed."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="payments",
    doc="A payment, kept or failed.",
    columns=(
        Column("source_id", sensitivity="internal"),
        Column("invoice_ref", sensitivity="internal"),
        Column("contract_ref", sensitivity="internal"),
        Column("order_ref", sensitivity="internal"),
        Column("payer_ref", sensitivity="internal", ref="person_records"),
        Column("person_key", "int64", doc="key of the person record that the reference names"),
        Column("amount", "decimal", "money"),
        Column("currency"),
        Column("paid_at", "timestamp"),
        Column("outcome", doc="paid, failed or refunded"),
        Column("reason"),
        Column("method"),
    ),
    category="contract",
    purpose="contract",
    retention_days=3650,
    basis="legal_obligation",
    holds=True,
    at="paid_at",
)
