"""One version of one row as its system gave it, kept as received."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="source_records",
    doc="One version of one row as its system gave it, kept as received.",
    columns=(
        Column("source_id", sensitivity="internal", doc="the source's own identifier"),
        Column("kind", doc="canonical table that the row was read for"),
        Column("raw", "json", "text", doc="the row as received, column by column"),
        Column("row_hash", doc="SHA-256 of the row as received"),
    ),
    category="identity",
    purpose="service",
    retention_days=1095,
    kept="with_record",
    replaced_days=90,
    canonical=False,
    person="record_key",
)
