"""Something to do for a customer, as a source plans it."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="followups",
    doc="Something to do for a customer, as a source plans it.",
    columns=(
        Column("source_id", sensitivity="internal"),
        Column("person_ref", sensitivity="internal", ref="person_records"),
        Column("person_key", "int64", doc="key of the person record that the reference names"),
        Column("company_ref", sensitivity="internal", ref="company_records"),
        Column("company_key", "int64"),
        Column("kind"),
        Column("subject", sensitivity="text"),
        Column("due_at", "timestamp"),
        Column("owner", sensitivity="internal"),
        Column("status"),
        Column("amount", "decimal", "money"),
        Column("currency"),
    ),
    category="interaction",
    purpose="service",
    retention_days=1095,
    at="due_at",
)
