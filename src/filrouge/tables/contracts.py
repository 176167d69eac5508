"""A subscription or an agreement."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="contracts",
    doc="A subscription or an agreement.",
    columns=(
        Column("source_id", sensitivity="internal"),
        Column("payer_ref", sensitivity="internal", doc="who pays", ref="person_records"),
        Column("person_key", "int64", doc="key of the person record that the reference names"),
        Column("reader_ref", sensitivity="internal", doc="who reads", ref="person_records"),
        Column("reader_key", "int64"),
        Column("offer"),
        Column("term"),
        Column("price", "decimal", "money"),
        Column("currency"),
        Column("started_at", "timestamp"),
        Column("renews_at", "timestamp"),
        Column("ended_at", "timestamp"),
        Column("end_reason", doc="wanted, payment or other"),
        Column("sales_channel"),
        Column("acquisition_channel"),
        Column("link", doc="address of the record in its own system"),
    ),
    category="contract",
    purpose="contract",
    retention_days=1825,
    basis="contract",
    kept="ended",
    ends="ended_at",
    holds=True,
    at="started_at",
)
