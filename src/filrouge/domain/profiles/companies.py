"""The SQL that gathers company records into companies, each with its people, its sales to come and its words.

Which records are one company is settled by what they say of themselves: the same registration number (SIREN, of which a
SIRET or a French VAT number holds nine digits), else the same name without its legal form in the same town when at most
one registration number bears that name there. Two numbers are never joined by a name. A company stands under the
smallest key of its records; any of them leads to it.
"""

from __future__ import annotations

from filrouge.domain.profiles.gather import KEPT

FORMS = (
    "ag", "association", "bv", "eurl", "gie", "gmbh", "groupe", "inc", "llc", "llp", "ltd", "nv", "plc", "sa", "sarl",
    "sas", "sasu", "sca", "sci", "scop", "scp", "scs", "se", "selarl", "snc", "spa", "srl",
)  # fmt: skip

MACROS = (
    "CREATE OR REPLACE MACRO bare_name(x) AS array_to_string(list_filter(string_split(folded(x), ' '), "
    f"w -> w NOT IN ({', '.join(repr(form) for form in FORMS)})), ' ')",
    "CREATE OR REPLACE MACRO town(city, postcode) AS coalesce(nullif(trim(regexp_replace(folded(city), "
    "'( cedex)?( [0-9]+)?( arrondissement)?$', '')), ''), left(postcode, 2))",
    """CREATE OR REPLACE MACRO registration(x) AS CASE
        WHEN regexp_matches(reference(x), '^[0-9]{9}([0-9]{5})?$') THEN left(reference(x), 9)
        WHEN regexp_matches(reference(x), '^fr[0-9a-z]{2}[0-9]{9}$') THEN right(reference(x), 9)
        ELSE nullif(reference(x), '') END""",
)

OF = """CREATE OR REPLACE TABLE company_of AS
    WITH said AS (
        SELECT record_key, registration(registration_id) AS number,
            nullif(bare_name(name), '') || '|' || town(city, postcode) AS called FROM company_records
    ), alone AS (
        SELECT called, min(number) AS number FROM said WHERE number IS NOT NULL AND called IS NOT NULL
        GROUP BY called HAVING count(DISTINCT number) = 1
    ), named AS (
        SELECT s.record_key, coalesce('number ' || s.number, 'number ' || a.number, 'name ' || s.called,
            'record ' || s.record_key) AS same
        FROM said s LEFT JOIN alone a USING (called)
    )
    SELECT record_key, min(record_key) OVER (PARTITION BY same) AS company FROM named"""

# Whose each record with a role is, whoever else is being looked at.
OWNERS = """CREATE OR REPLACE TABLE role_owners AS SELECT record_key, person
    FROM links_now SEMI JOIN (SELECT DISTINCT person_key AS record_key FROM roles) USING (record_key)
    QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY decided_at DESC, run_id DESC) = 1"""

_FROM = "source: f.source, entity: f.entity, brand: f.brand"


def companies_sql() -> str:
    """Return the query that gives (company, name, body): what each record says, the roles people have, the sales."""
    return f"""SELECT c.company, c.name, CAST(to_json({{records: c.records, roles: r.roles,
        opportunities: p.opportunities}}) AS VARCHAR) AS body
        FROM (
            SELECT o.company, arg_max(coalesce(f.name, f.source_id), (f.registration_id IS NOT NULL, f.recorded_at, f.record_key))
                AS name, list_sort(list({{bare: f.registration_id IS NULL, older: -epoch_us(coalesce(f.updated_at, f.recorded_at)),
                key: f.record_key, {_FROM}, source_id: f.source_id, name: f.name, registration_id: f.registration_id,
                domain: f.domain, address_line: f.address_line, postcode: f.postcode, city: f.city, country: f.country,
                phone: f.phone, size: f.size, sector: f.sector, link: f.link,
                as_of: coalesce(f.updated_at, f.recorded_at)}}))[1:{KEPT}] AS records
            FROM company_records f JOIN company_of o USING (record_key) GROUP BY o.company
        ) c
        LEFT JOIN (
            SELECT o.company, list_sort(list({{role: f.role, person: w.person, {_FROM}, since: f."from", until: f."until"}}))
                [1:{KEPT}] AS roles
            FROM roles f JOIN company_of o ON o.record_key = f.company_key
            JOIN role_owners w ON w.record_key = f.person_key GROUP BY o.company
        ) r USING (company)
        LEFT JOIN (
            SELECT o.company, list_sort(list({{expected_at: f.expected_at, ref: f.source_id, label: f.label, stage: f.stage,
                amount: money(f.amount), currency: f.currency, outcome: f.outcome, {_FROM}}}), 'DESC', 'NULLS LAST')
                [1:{KEPT}] AS opportunities
            FROM opportunities f JOIN company_of o ON o.record_key = f.company_key GROUP BY o.company
        ) p USING (company)"""


def company_words_sql() -> str:
    """Return the query that gives (token, company, origins) of every word, number and site by which one is found."""
    return """SELECT token, company, bit_or(CAST(1 AS BIGINT) << bit) AS origins FROM (
        SELECT unnest(list_concat(string_split(folded(f.name), ' '), [reference(f.registration_id),
            registration(f.registration_id), folded(f.domain), lower(f.domain), reference(f.source_id)])) AS token,
            o.company, b.bit
        FROM company_records f JOIN company_of o USING (record_key)
        JOIN origins b ON b.entity = f.entity AND b.brand = f.brand
    ) WHERE length(token) > 1 GROUP BY ALL"""
