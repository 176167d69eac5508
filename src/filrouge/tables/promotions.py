"""A promotion that orders may bear."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="promotions",
    doc="A promotion that orders may bear.",
    columns=(
        Column("source_id", sensitivity="internal"),
        Column("code"),
        Column("label"),
        Column("from", "timestamp"),
        Column("until", "timestamp"),
        Column("discount", "decimal", "money"),
        Column("currency"),
    ),
    category="transaction",
    purpose="contract",
    retention_days=1825,
    person=None,
    at="from",
)
