"""Who is, or was, in a segment: one row in force a person and segment, earlier ones superseded."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="memberships",
    doc="Who is, or was, in a segment: one row in force a person and segment, earlier ones superseded.",
    columns=(
        Column("segment", sensitivity="internal", doc="name of the segment"),
        Column("person"),
        Column("entered_at", "timestamp", doc="when the person was first found to be in it, this time"),
        Column("left_at", "timestamp", doc="when the person was found to be in it no more; empty while inside"),
    ),
    category="behaviour",
    purpose="marketing",
    retention_days=1095,
    kept="with_person",
    replaced_days=400,
    canonical=False,
    person="person",
)
