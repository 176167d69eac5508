"""One person as one source sees them."""

from filrouge.tables.base import Column, Table

TABLE = Table(
    name="person_records",
    doc="One person as one source sees them.",
    columns=(
        Column("source_id", sensitivity="internal", doc="the source's own identifier"),
        Column("title", sensitivity="personal"),
        Column("given_name", sensitivity="personal"),
        Column("family_name", sensitivity="personal"),
        Column("full_name", sensitivity="personal"),
        Column("birth_name", sensitivity="personal"),
        Column("birth_date", "date", "personal"),
        Column("sex", sensitivity="personal"),
        Column("email", sensitivity="contact"),
        Column("phone", sensitivity="contact"),
        Column("address_line", sensitivity="contact"),
        Column("postcode", sensitivity="contact"),
        Column("city", sensitivity="personal"),
        Column("country", sensitivity="personal"),
        Column("language", sensitivity="personal"),
        Column("loyalty_id", sensitivity="internal"),
        Column("account_ref", sensitivity="internal"),
        Column("company_ref", sensitivity="internal", ref="company_records"),
        Column("deceased", "boolean", "personal"),
        Column("created_at", "timestamp"),
        Column("updated_at", "timestamp"),
        Column("link", doc="address of the record in its own system"),
    ),
    category="identity",
    purpose="service",
    retention_days=1095,
    kept="active",
    person="record_key",
    at="updated_at",
)
