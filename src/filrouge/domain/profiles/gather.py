"""The SQL that gathers everything known of people into documents, moments and search keys.

It runs on an engine with the ability "sql", over views named after the canonical tables (current rows) and
``owned`` (record_key, person, decision, rule, evidence, decided_at), which says whose each record is.
Every item carries its entity and brand, so that ``view`` can show of it what a viewer may see.
"""

from __future__ import annotations

from collections.abc import Mapping

LAST = 200  # moments kept at hand per person
KEPT = 60  # items of one kind kept at hand per person
VALUES = 400  # candidate values

MACROS = (
    "CREATE OR REPLACE MACRO money(x) AS CAST(CAST(x AS DECIMAL(18, 2)) AS VARCHAR)",
    r"CREATE OR REPLACE MACRO folded(x) AS trim(regexp_replace(strip_accents(replace(replace(replace(lower(x), 'œ', 'oe'), "
    r"'æ', 'ae'), 'ß', 'ss')), '[^\p{L}\p{N}]+', ' ', 'g'))",
    "CREATE OR REPLACE MACRO reference(x) AS regexp_replace(lower(x), '[^0-9a-z]', '', 'g')",
    r"""CREATE OR REPLACE MACRO digits(x) AS regexp_replace(regexp_replace(replace(x, '(0)', ''), '[^0-9+]', '', 'g'), '^00', '+')""",
    r"""CREATE OR REPLACE MACRO e164(x) AS CASE
        WHEN regexp_matches(digits(x), '^\+330?[1-9][0-9]{8}$') THEN '+33' || right(digits(x), 9)
        WHEN regexp_matches(digits(x), '^0[1-9][0-9]{8}$') THEN '+33' || right(digits(x), 9)
        WHEN regexp_matches(digits(x), '^33[1-9][0-9]{8}$') THEN '+' || digits(x)
        WHEN regexp_matches(digits(x), '^\+[1-9][0-9]{6,14}$') THEN digits(x) END""",
)

# Part of a document -> (query of person and item, order inside the list). Items are structs that become JSON.
_BASE = "source: f.source, entity: f.entity, brand: f.brand, record_key: f.record_key"
PARTS: Mapping[str, tuple[str, str]] = {
    "records": (
        """SELECT o.person, {key: f.record_key, source: f.source, source_id: f.source_id, entity: f.entity, brand: f.brand,
        as_of: coalesce(f.updated_at, f.recorded_at), created_at: f.created_at, decision: o.decision, rule: o.rule,
        evidence: CAST(o.evidence AS JSON), decided_at: o.decided_at, link: f.link} AS item, f.source AS ord, f.record_key AS tie
        FROM person_records f JOIN owned o USING (record_key)""",
        "ASC",
    ),
    "values": (
        """SELECT f.person, {attribute: f.attribute, value: f.value, source: f.source, entity: f.entity, brand: f.brand,
        record_key: f.record_key, "at": f."at", rank: f.rank, reason: f.reason} AS item, f.attribute AS ord, f.rank AS tie
        FROM golden_values f SEMI JOIN owned o ON f.person = o.person""",
        "ASC",
    ),
    "roles": (
        f"""SELECT o.person, {{{_BASE}, role: f.role, company: f.company_key, name: c.name, since: f."from", until: f."until"}} AS item,
        c.name AS ord, f.record_key AS tie FROM roles f JOIN owned o ON o.record_key = f.person_key
        LEFT JOIN company_records c ON c.record_key = f.company_key""",
        "ASC",
    ),
    "contracts": (
        f"""SELECT w.person, {{{_BASE}, ref: f.source_id, offer: f.offer, term: f.term, price: money(f.price), currency: f.currency,
        started_at: f.started_at, renews_at: f.renews_at, ended_at: f.ended_at, end_reason: f.end_reason,
        sales_channel: f.sales_channel, acquisition_channel: f.acquisition_channel, link: f.link,
        payer: w.payer, reader: w.reader}} AS item, f.started_at AS ord, f.record_key AS tie
        FROM (SELECT record_key, person, bool_or(payer) AS payer, bool_or(reader) AS reader FROM (
            SELECT c.record_key, o.person, true AS payer, c.reader_key IS NULL AS reader
            FROM contracts c JOIN owned o ON o.record_key = c.person_key
            UNION ALL SELECT c.record_key, o.person, false, true FROM contracts c JOIN owned o ON o.record_key = c.reader_key
        ) GROUP BY ALL) w JOIN contracts f ON f.record_key = w.record_key""",
        "DESC",
    ),
    "invoices": (
        f"""SELECT o.person, {{{_BASE}, ref: f.source_id, contract_ref: f.contract_ref, order_ref: f.order_ref, amount: money(f.amount),
        currency: f.currency, "at": f.issued_at, due_at: f.due_at, status: f.status, link: f.link}} AS item, f.issued_at AS ord,
        f.record_key AS tie FROM invoices f JOIN owned o ON o.record_key = f.person_key""",
        "DESC",
    ),
    "payments": (
        f"""SELECT o.person, {{{_BASE}, ref: f.source_id, invoice_ref: f.invoice_ref, contract_ref: f.contract_ref, amount: money(f.amount),
        currency: f.currency, "at": f.paid_at, outcome: f.outcome, reason: f.reason, method: f.method}} AS item, f.paid_at AS ord,
        f.record_key AS tie FROM payments f JOIN owned o ON o.record_key = f.person_key""",
        "DESC",
    ),
    "orders": (
        f"""SELECT o.person, {{{_BASE}, ref: f.source_id, "at": f.ordered_at, sales_channel: f.sales_channel, total: money(f.total),
        currency: f.currency, status: f.status, promotion_code: f.promotion_code, link: f.link, lines: l.lines}} AS item,
        f.ordered_at AS ord, f.record_key AS tie
        FROM orders f JOIN owned o ON o.record_key = f.person_key
        LEFT JOIN (SELECT source_group(source) AS grp, order_ref, list_sort(list({{sku: sku, offer: offer, quantity: quantity, price: money(price),
            discount: money(discount), promotion_code: promotion_code}})) AS lines
            FROM order_lines SEMI JOIN owned w ON w.record_key = order_lines.person_key GROUP BY ALL) l
            ON l.order_ref = f.source_id AND l.grp = source_group(f.source)""",
        "DESC",
    ),
    "returns": (
        f"""SELECT o.person, {{{_BASE}, ref: f.source_id, order_ref: f.order_ref, "at": f.returned_at, sku: f.sku, quantity: f.quantity,
        amount: money(f.amount), currency: f.currency, reason: f.reason}} AS item, f.returned_at AS ord, f.record_key AS tie
        FROM returns f JOIN owned o ON o.record_key = f.person_key""",
        "DESC",
    ),
    "opportunities": (
        f"""SELECT o.person, {{{_BASE}, ref: f.source_id, label: f.label, stage: f.stage, amount: money(f.amount), currency: f.currency,
        expected_at: f.expected_at, closed_at: f.closed_at, outcome: f.outcome, company: f.company_key, link: f.link}} AS item,
        f.expected_at AS ord, f.record_key AS tie FROM opportunities f JOIN owned o ON o.record_key = f.person_key""",
        "DESC",
    ),
    "tickets": (
        f"""SELECT o.person, {{{_BASE}, ref: f.source_id, kind: f.kind, "at": f."at", channel: f.channel, subject: f.subject, text: f.text,
        status: f.status, disposition: f.disposition, link: f.link}} AS item, f."at" AS ord, f.record_key AS tie
        FROM interactions f JOIN owned o ON o.record_key = f.person_key WHERE f.kind IN ('ticket', 'complaint')""",
        "DESC",
    ),
    "promises": (
        f"""SELECT o.person, {{{_BASE}, text: f.promised, due_at: f.promised_for, "at": f."at", channel: f.channel, ref: f.source_id}} AS item,
        f."at" AS ord, f.record_key AS tie
        FROM interactions f JOIN owned o ON o.record_key = f.person_key WHERE f.promised IS NOT NULL""",
        "DESC",
    ),
    "consents": (
        f"""SELECT o.person, {{{_BASE}, purpose: f.purpose, channel: f.channel, state: f.state, "at": f."at", notice: f.notice,
        method: f.method, evidence: f.evidence}} AS item, f."at" AS ord, f.record_key AS tie
        FROM consents f JOIN owned o ON o.record_key = f.person_key""",
        "DESC",
    ),
}

# Source of moments -> the columns that differ: (kind, at, title, text, channel, direction, status, outcome, amount, currency, ref, link, details)
_MOMENTS: Mapping[str, tuple[str, ...]] = {
    "orders": ("'order'", "f.ordered_at", "NULL", "NULL", "f.sales_channel", "NULL", "f.status", "NULL", "money(f.total)",
               "f.currency", "f.source_id", "f.link", "to_json({promotion_code: f.promotion_code})"),
    "returns": ("'return'", "f.returned_at", "f.reason", "NULL", "NULL", "NULL", "NULL", "NULL", "money(f.amount)", "f.currency",
                "f.source_id", "NULL", "to_json({sku: f.sku, order_ref: f.order_ref})"),
    "opportunities": ("'opportunity'", "coalesce(f.closed_at, f.expected_at)", "f.label", "NULL", "NULL", "NULL", "f.stage", "f.outcome",
                      "money(f.amount)", "f.currency", "f.source_id", "f.link", "NULL"),
    "contracts": ("'contract'", "f.started_at", "f.offer", "NULL", "f.sales_channel", "NULL", "NULL", "NULL", "money(f.price)",
                  "f.currency", "f.source_id", "f.link", "to_json({term: f.term})"),
    "contract_ends": ("'contract_end'", "f.ended_at", "f.offer", "NULL", "NULL", "NULL", "NULL", "f.end_reason", "NULL", "NULL",
                      "f.source_id", "f.link", "NULL"),
    "invoices": ("'invoice'", "f.issued_at", "NULL", "NULL", "NULL", "NULL", "f.status", "NULL", "money(f.amount)", "f.currency",
                 "f.source_id", "f.link", "to_json({due_at: f.due_at})"),
    "payments": ("'payment'", "f.paid_at", "f.method", "NULL", "NULL", "NULL", "NULL", "f.outcome", "money(f.amount)", "f.currency",
                 "f.source_id", "NULL", "to_json({reason: f.reason})"),
    "interactions": ("f.kind", 'f."at"', "f.subject", "f.text", "f.channel", "f.direction", "f.status", "f.disposition", "NULL", "NULL",
                     "f.source_id", "f.link",
                     "to_json({promised: f.promised, promised_for: f.promised_for, duration_s: f.duration_s, ticket_ref: f.ticket_ref})"),
    "contacts": ("'contact'", 'f."at"', "coalesce(f.title, f.campaign)", "NULL", "f.channel", "'out'", "f.kind", "f.outcome", "NULL", "NULL",
                 "f.source_id", "f.link", "to_json({campaign: f.campaign})"),
    "events": ("'event'", 'f."at"', "coalesce(f.title, f.name)", "NULL", "'web'", "'in'", "NULL", "NULL", "NULL", "NULL", "f.event_id",
               "NULL", "to_json({type: f.type, topic: f.topic, name: f.name, url: f.url})"),
    "consents": ("'consent'", 'f."at"', "NULL", "NULL", "f.channel", "NULL", "f.state", "NULL", "NULL", "NULL", "f.evidence", "NULL",
                 "to_json({purpose: f.purpose, method: f.method})"),
}  # fmt: skip
_FIELDS = (
    "kind",
    "at",
    "title",
    "text",
    "channel",
    "direction",
    "status",
    "outcome",
    "amount",
    "currency",
    "ref",
    "link",
    "details",
)

# Kind of a search key -> (table, expression of the value, column that leads to the person, category of the fact)
KEYS: tuple[tuple[str, str, str, str, str], ...] = (
    ("email", "person_records", "lower(regexp_replace(f.email, '\\s', '', 'g'))", "record_key", "identity"),
    ("phone", "person_records", "phone_of(f.phone)", "record_key", "identity"),
    ("loyalty", "person_records", "reference(f.loyalty_id)", "record_key", "identity"),
    ("account", "person_records", "reference(f.account_ref)", "record_key", "identity"),
    ("record", "person_records", "reference(f.source_id)", "record_key", "identity"),
    ("order", "orders", "reference(f.source_id)", "person_key", "transaction"),
    ("contract", "contracts", "reference(f.source_id)", "person_key", "contract"),
    ("invoice", "invoices", "reference(f.source_id)", "person_key", "contract"),
    ("ticket", "interactions", "reference(f.source_id)", "person_key", "interaction"),
    # what a search may be narrowed by
    ("brand", "person_records", "f.brand", "record_key", "identity"),
    ("system", "person_records", "source_group(f.source)", "record_key", "identity"),
    ("city", "person_records", "regexp_replace(folded(f.city), ' cedex.*$', '')", "record_key", "identity"),
    ("postcode", "person_records", "reference(f.postcode)", "record_key", "identity"),
    ("subscription", "contracts", "CASE WHEN f.ended_at IS NULL THEN 'running' ELSE 'ended' END", "person_key", "contract"),
    ("subscription", "contracts", "CASE WHEN f.ended_at IS NULL THEN 'running' ELSE 'ended' END", "reader_key", "contract"),
    ("complaint", "interactions",
     "CASE WHEN f.kind = 'complaint' AND coalesce(f.status, '') NOT IN ('closed', 'solved') THEN 'open' END",
     "person_key", "interaction"),
)  # fmt: skip
# Kinds that name a person, among those by which one is found.
IDENTIFIERS = ("email", "phone", "loyalty", "account", "record", "order", "contract", "invoice", "ticket")
CATEGORY_OF_KEY: Mapping[str, str] = {kind: category for kind, _, _, _, category in KEYS} | {"household": "identity"}


def part_sql(name: str) -> str:
    """Return the query that gives (person, items) of one part of the documents, items as one JSON list."""
    query, direction = PARTS[name]
    kept = VALUES if name == "values" else KEPT
    return f"SELECT person, {_listed('ord', direction, kept)} AS items FROM ({query}) GROUP BY person"


def _listed(order: str, direction: str, kept: int, told: str = "CAST(to_json(item) AS VARCHAR)") -> str:
    """Return the SQL of a JSON list of the items of a group, sorted.

    The list is sorted once made: an ordered aggregate keeps a sorter in memory for every group, which fills gigabytes.
    """
    sorted_ = f"list_sort(list({{o: {order}, t: tie, i: {told}}}), '{direction}', 'NULLS LAST')"
    return f"'[' || array_to_string(list_transform({sorted_}[1:{kept}], x -> x.i), ',') || ']'"


def moment_rows_sql() -> str:
    """Return the query that gives (person, moment, tie, told): every moment of everybody, ``told`` as JSON."""
    return f"SELECT person, moment, tie, CAST(to_json(item) AS VARCHAR) AS told FROM ({_every_moment()})"


def moments_sql(rows: str) -> str:
    """Return the query that gives (person, items), the last moments of each, from ``rows`` of ``moment_rows_sql``."""
    return f"SELECT person, {_listed('moment', 'DESC', LAST, 'told')} AS items FROM ({rows}) GROUP BY person"


def older_sql() -> str:
    """Return the query that gives items as JSON, latest first, of moments up to one: parameters are its date and key.

    The order is that of ``moments_sql``, so that a reader goes on where the moments at hand end.
    """
    return (
        f"SELECT CAST(to_json(item) AS VARCHAR) AS told FROM ({_every_moment()}) "
        "WHERE moment <= $at AND (moment < $at OR tie <= $key) ORDER BY moment DESC, tie DESC, told DESC"
    )


def _every_moment() -> str:
    queries = []
    for name, values in _MOMENTS.items():
        table = "contracts" if name == "contract_ends" else name
        shown = ", ".join(f'"{field}": {_typed(field, value)}' for field, value in zip(_FIELDS, values, strict=True))
        extra = (
            " AND f.kind IN ('ticket', 'complaint', 'message', 'call', 'visit', 'registration')"
            if name == "interactions"
            else ""
        )
        queries.append(
            f"SELECT o.person, {{{shown}, {_BASE}}} AS item, CAST({values[1]} AS TIMESTAMPTZ) AS moment, f.record_key AS tie "
            f"FROM {table} f JOIN owned o ON o.record_key = f.person_key WHERE {values[1]} IS NOT NULL{extra}"
        )
    return " UNION ALL ".join(queries)


def _typed(field: str, value: str) -> str:
    kind = {"at": "TIMESTAMPTZ", "details": "JSON"}.get(field, "VARCHAR")
    return f"CAST({value} AS {kind})"


def keys_sql() -> str:
    """Return the query that gives (kind, value, person, origins) of every key by which a person can be found."""
    queries = [
        f"SELECT '{kind}' AS kind, {value} AS value, o.person, b.bit FROM {table} f JOIN owned o ON o.record_key = f.{column} "
        f"JOIN origins b ON b.entity = f.entity AND b.brand = f.brand"
        for kind, table, value, column, _ in KEYS
    ]
    queries.append(
        "SELECT 'household', p.household, o.person, b.bit FROM person_records f JOIN owned o USING (record_key) "
        "JOIN people p ON p.person_id = o.person JOIN origins b ON b.entity = f.entity AND b.brand = f.brand"
    )
    return (
        "SELECT kind, value, person, bit_or(CAST(1 AS BIGINT) << bit) AS origins FROM ("
        + " UNION ALL ".join(queries)
        + ") WHERE value IS NOT NULL AND value <> '' GROUP BY ALL"
    )


def names_sql() -> str:
    """Return the query that gives (token, person, origins) of every word of every name."""
    parts = "f.given_name, f.family_name, f.birth_name, f.full_name"
    return f"""SELECT token, person, bit_or(CAST(1 AS BIGINT) << bit) AS origins FROM (
        SELECT unnest(string_split(folded(concat_ws(' ', {parts})), ' ')) AS token, o.person, b.bit
        FROM person_records f JOIN owned o USING (record_key) JOIN origins b ON b.entity = f.entity AND b.brand = f.brand
    ) WHERE length(token) > 1 GROUP BY ALL"""


def promotions_sql() -> str:
    """Return the query that gives (promotion, body): each promotion that a system declares, as JSON."""
    return f"""SELECT f.record_key AS promotion, CAST(to_json({{{_BASE}, code: f.code, label: f.label, since: f."from",
        until: f."until", discount: money(f.discount), currency: f.currency}}) AS VARCHAR) AS body
        FROM promotions f WHERE f.code IS NOT NULL"""
