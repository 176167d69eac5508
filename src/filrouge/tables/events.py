"""What a person did on a site or an application."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="events",
    doc="What a person did on a site or an application.",
    columns=(
        Column("event_id", sensitivity="internal"),
        Column("type", doc="identify, track, page, screen, group or alias"),
        Column("name"),
        Column("user_ref", sensitivity="internal", ref="person_records"),
        Column("person_key", "int64", doc="key of the person record that the reference names"),
        Column("anonymous_id", sensitivity="internal"),
        Column("at", "timestamp"),
        Column("received_at", "timestamp"),
        Column("url", sensitivity="opinion"),
        Column("title", sensitivity="opinion"),
        Column("topic", sensitivity="opinion"),
        Column("properties", "json", "opinion"),
        Column("context", "json", "internal"),
    ),
    category="behaviour",
    purpose="personalisation",
    retention_days=750,
    basis="consent",
    holds=True,
    at="at",
)
