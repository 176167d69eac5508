"""An order, by whatever sales channel."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="orders",
    doc="An order, by whatever sales channel.",
    columns=(
        Column("source_id", sensitivity="internal"),
        Column("customer_ref", sensitivity="internal", ref="person_records"),
        Column("person_key", "int64", doc="key of the person record that the reference names"),
        Column("ordered_at", "timestamp"),
        Column("sales_channel", doc="web, till, click_and_collect, drive or app"),
        Column("total", "decimal", "money"),
        Column("currency"),
        Column("status"),
        Column("promotion_code"),
        Column("link", doc="address of the record in its own system"),
    ),
    category="transaction",
    purpose="contract",
    retention_days=1825,
    basis="contract",
    holds=True,
    at="ordered_at",
)
