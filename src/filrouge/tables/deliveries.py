"""What became of each person of a push: the row in force says what the destination may hold, earlier ones the past."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="deliveries",
    doc="What became of each person of a push: the row in force says what the destination may hold.",
    columns=(
        Column("push", sensitivity="internal", doc="name of the push"),
        Column("push_run", sensitivity="internal", doc="the run of the push that found it"),
        Column("person"),
        Column("key", sensitivity="contact", doc="by what the destination knows the person; empty for one withheld"),
        Column("action", sensitivity="internal", doc="add, change, remove; empty when nothing was to be given"),
        Column("outcome", doc="sent, removed, withheld, failed"),
        Column("reason", doc="why it was taken back, withheld, or failed"),
        Column("said", sensitivity="internal", doc="what the destination answered about the row, its values left out"),
        Column("held", "boolean", doc="whether the destination may hold it; false when it surely does not"),
        Column(
            "digest", sensitivity="evidence", doc="of the row as the destination surely holds it; empty when unsure"
        ),
        Column("at", "timestamp", doc="when it was found"),
    ),
    category="contact",
    purpose="marketing",
    retention_days=1095,
    kept="with_person",
    replaced_days=400,
    canonical=False,
    person="person",
)
