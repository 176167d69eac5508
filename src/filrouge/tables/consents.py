"""What a person allowed or refused: append-only."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="consents",
    doc="What a person allowed or refused: append-only.",
    columns=(
        Column("person_ref", sensitivity="internal", ref="person_records"),
        Column("person_key", "int64", doc="key of the person record that the reference names"),
        Column("purpose"),
        Column("channel"),
        Column("state", doc="granted, denied, withdrawn, objected or restricted"),
        Column("at", "timestamp"),
        Column("notice"),
        Column("method"),
        Column("evidence", sensitivity="internal"),
    ),
    category="consent",
    purpose="service",
    retention_days=1825,
    basis="legal_obligation",
    kept="replaced",
    at="at",
)
