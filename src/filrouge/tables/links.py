"""Decision that a record is of a person: append-only; the one made last is in force."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="links",
    doc="Decision that a record is of a person: append-only; of those on a record, the one made last is in force.",
    columns=(
        Column("person", doc="person that the record belongs to"),
        Column("decision", doc="rule, model or human"),
        Column("rule", sensitivity="evidence", doc="name of the rule, version of the model or who decided"),
        Column("evidence", "json", "evidence", doc="what it rests on: other record, score, shared kinds of identifier"),
        Column("decided_at", "timestamp", doc="the decision made last on a record is in force"),
        Column("undone_at", "timestamp", doc="when the decision was withdrawn without another in its place"),
    ),
    category="identity",
    purpose="service",
    retention_days=1095,
    kept="with_record",
    canonical=False,
    person="record_key",
    at="decided_at",
)
