"""A ticket, message, call, visit or registration."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="interactions",
    doc="A ticket, message, call, visit or registration.",
    columns=(
        Column("source_id", sensitivity="internal"),
        Column("person_ref", sensitivity="internal", ref="person_records"),
        Column("person_key", "int64", doc="key of the person record that the reference names"),
        Column("kind", doc="ticket, complaint, message, call, visit or registration"),
        Column("channel"),
        Column("direction", doc="in or out"),
        Column("at", "timestamp"),
        Column("subject", sensitivity="text"),
        Column("text", sensitivity="text"),
        Column("status"),
        Column("disposition"),
        Column("promised", sensitivity="text"),
        Column("promised_for", "timestamp"),
        Column("duration_s", "int64"),
        Column("ticket_ref", sensitivity="internal"),
        Column("link"),
    ),
    category="interaction",
    purpose="service",
    retention_days=1095,
    holds=True,
    at="at",
)
