"""What we sent or said first, and the reaction."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="contacts",
    doc="What we sent or said first, and the reaction.",
    columns=(
        Column("source_id", sensitivity="internal"),
        Column("campaign"),
        Column("person_ref", sensitivity="internal", ref="person_records"),
        Column("person_key", "int64", doc="key of the person record that the reference names"),
        Column("channel"),
        Column("kind", doc="service or marketing"),
        Column("at", "timestamp"),
        Column("outcome", doc="delivered, opened, clicked, bounced, unsubscribed or complained"),
        Column("link"),
        Column("title"),
    ),
    category="contact",
    purpose="marketing",
    retention_days=1095,
    at="at",
)
