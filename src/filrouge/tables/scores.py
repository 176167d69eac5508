"""A score of a person, as one entity worked it out, with its reasons; earlier values are kept."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="scores",
    doc="A score of a person, as one entity worked it out, with its reasons.",
    columns=(
        Column("person"),
        Column("entity", doc="entity that the score belongs to"),
        Column("brand", doc="brand that it is for; empty: all of the entity"),
        Column("score", sensitivity="internal", doc="engagement, churn_30, churn_90, propensity_…, value…"),
        Column("value", "float64", doc="0 to 100; money for the customer value, over the twelve months to come"),
        Column("band", sensitivity="internal", doc="low, medium or high"),
        Column("trend", "float64", doc="how much it changed over the last thirty days"),
        Column("reasons", "json", "internal", doc="features that weigh most: feature, contribution, value"),
        Column("model", sensitivity="internal", doc="name@version of the model, or rule@version"),
        Column("uses", sensitivity="internal", doc="brands whose facts it rests on, with commas between"),
        Column("as_of", "timestamp", doc="moment that it looks from"),
        Column("stale_since", "timestamp", doc="when a source that it reads was last up to date, once it is late"),
        Column("run_id"),
        Column("recorded_at", "timestamp", doc="when this value became known here"),
        Column("superseded_at", "timestamp", doc="when another replaced it; empty while current"),
        Column("superseded_run", sensitivity="internal"),
    ),
    category="behaviour",
    purpose="profiling",
    retention_days=400,
    kept="with_person",
    canonical=False,
    person="person",
    common=False,
    key=("person", "entity", "score"),
)
