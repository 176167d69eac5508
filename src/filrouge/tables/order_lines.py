"""One line of an order."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="order_lines",
    doc="One line of an order.",
    columns=(
        Column("source_id", sensitivity="internal"),
        Column("order_ref", sensitivity="internal"),
        Column("customer_ref", sensitivity="internal", ref="person_records"),
        Column("person_key", "int64", doc="key of the person record that the reference names"),
        Column("ordered_at", "timestamp"),
        Column("sku"),
        Column("offer"),
        Column("quantity", "int64"),
        Column("price", "decimal", "money"),
        Column("discount", "decimal", "money"),
        Column("currency"),
        Column("promotion_code"),
    ),
    category="transaction",
    purpose="contract",
    retention_days=1825,
    basis="contract",
    holds=True,
    at="ordered_at",
)
