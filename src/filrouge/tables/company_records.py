"""One company as one source sees it."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="company_records",
    doc="One company as one source sees it.",
    columns=(
        Column("source_id", sensitivity="internal"),
        Column("name"),
        Column("registration_id", doc="SIREN, SIRET or VAT number"),
        Column("domain"),
        Column("address_line"),
        Column("postcode"),
        Column("city"),
        Column("country"),
        Column("phone"),
        Column("size"),
        Column("sector"),
        Column("updated_at", "timestamp"),
        Column("link", doc="address of the record in its own system"),
    ),
    category="company",
    purpose="service",
    retention_days=3650,
    person=None,
    at="updated_at",
)
