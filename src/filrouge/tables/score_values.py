"""Values that somebody worked out elsewhere and gave to a score of their own, version by version."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="score_values",
    doc="Values that somebody worked out elsewhere and gave to a score of their own, version by version.",
    columns=(
        Column("person"),
        Column("entity", doc="entity that the score belongs to"),
        Column("score", sensitivity="internal", doc="name of the score"),
        Column("version", sensitivity="internal", doc="version of the score that the value is of"),
        Column("value", "float64", doc="0 to 100"),
        Column("reasons", "json", "internal", doc="what was said of it: texts in both languages"),
        Column("as_of", "timestamp", doc="moment that it looks from"),
        Column("run_id"),
        Column("recorded_at", "timestamp", doc="when this value became known here"),
    ),
    category="behaviour",
    purpose="profiling",
    retention_days=400,
    kept="with_person",
    canonical=False,
    person="person",
    common=False,
    key=("person", "entity", "score", "version"),
)
