"""People, derived from the links."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="people",
    doc="People, derived from the links.",
    columns=(
        Column("person_id"),
        Column("kind"),
        Column("first_seen", "timestamp"),
        Column("last_seen", "timestamp"),
        Column("brands", "json"),
        Column(
            "household",
            sensitivity="internal",
            doc="people who share a home and a name, phone or e-mail, by the records",
        ),
        Column("merged_into", doc="where the id leads since a merge"),
        Column("run_id"),
        Column("recorded_at", "timestamp"),
    ),
    category="identity",
    purpose="service",
    retention_days=1095,
    kept="with_person",
    canonical=False,
    person="person_id",
    common=False,
    key=("person_id",),
)
