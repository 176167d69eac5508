"""Something sent or brought back."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="returns",
    doc="Something sent or brought back.",
    columns=(
        Column("source_id", sensitivity="internal"),
        Column("order_ref", sensitivity="internal"),
        Column("customer_ref", sensitivity="internal", ref="person_records"),
        Column("person_key", "int64", doc="key of the person record that the reference names"),
        Column("returned_at", "timestamp"),
        Column("sku"),
        Column("quantity", "int64"),
        Column("amount", "decimal", "money"),
        Column("currency"),
        Column("reason"),
    ),
    category="transaction",
    purpose="contract",
    retention_days=1825,
    basis="contract",
    holds=True,
    at="returned_at",
)
