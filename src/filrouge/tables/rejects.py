"""A row, or a value of a row, that could not be taken, and why."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="rejects",
    doc="A row, or a value of a row, that could not be taken, and why.",
    columns=(
        Column("place", doc="file, sheet, table or path it was read at"),
        Column("row", "int64", doc="line or row number at the source"),
        Column("column", doc="column at fault, empty when the whole row is"),
        Column("warning", "boolean", doc="true when the row was taken all the same"),
        Column("code", doc="reason, as a code"),
        Column("value", sensitivity="text", doc="value as received"),
        Column("raw", "json", "text", doc="row as received"),
    ),
    category="identity",
    purpose="service",
    retention_days=90,
    canonical=False,
    person=None,
)
