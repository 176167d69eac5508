"""The golden record: every candidate value of every attribute, ranked by explicit rules, and people derived from links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from filrouge.base.reached import EMAIL
from filrouge.domain.identity.desk import Desk, desk, quoted
from filrouge.domain.identity.normalise import MACROS
from filrouge.domain.identity.spec import IdentitySpec, Rule

# attribute -> (value kept, what makes two spellings one value)
ATTRIBUTES: dict[str, tuple[str, str]] = {
    "title": ("title", "folded(title)"),
    "given_name": ("given_name", "folded(given_name)"),
    "family_name": ("family_name", "folded(family_name)"),
    "full_name": ("case when given_name is null and family_name is null then full_name end", "folded(full_name)"),
    "birth_name": ("birth_name", "folded(birth_name)"),
    "birth_date": ("birth_date", "birth_date"),
    "sex": ("sex", "lower(sex)"),
    "email": ("email", "lower(email)"),
    "phone": ("phone", "right(regexp_replace(phone, '[^0-9]+', '', 'g'), 9)"),
    "address": (
        """case when coalesce(address_line, postcode, city) is not null then json_object('address_line', address_line,
            'postcode', postcode, 'city', city, 'country', country)::varchar end""",
        "folded(concat_ws(' ', address_line, postcode, city))",
    ),
    "country": ("country", "upper(country)"),
    "language": ("language", "lower(language)"),
    "loyalty_id": ("loyalty_id", "upper(loyalty_id)"),
    "company": ("company_ref", "company_ref"),
}
# how complete a value is: more is better
_COMPLETE: dict[str, str] = {
    "given_name": "case when length(value) <= 2 then 0 when value = upper(value) or value = lower(value) then 1 when value != strip_accents(value) then 3 else 2 end",
    "family_name": "case when length(value) <= 2 then 0 when value = upper(value) or value = lower(value) then 1 when value != strip_accents(value) then 3 else 2 end",
    "email": f"case when regexp_matches(value, '{EMAIL}') then 1 else 0 end",
    "phone": "case when length(regexp_replace(value, '[^0-9]+', '', 'g')) between 9 and 15 then 1 else 0 end",
    "address": "(value->>'address_line' is not null)::int + (value->>'postcode' is not null)::int + (value->>'city' is not null)::int",
    "birth_date": "case when right(value, 6) = '-01-01' then 0 else 1 end",
}
_ORDER: dict[Rule, str] = {
    "source_rank": "source_rank asc",
    "verified": "valid desc",
    "complete": "complete desc",
    "recent": "seen desc nulls last",
    "frequent": "bearers desc",
}
_TEXT = (
    "source", "entity", "brand", "title", "given_name", "family_name", "full_name", "birth_name", "birth_date", "sex",
    "email", "phone", "address_line", "postcode", "city", "country", "language", "loyalty_id", "company_ref",
)  # fmt: skip


def golden(con: Any, records: pa.Table | str, links: pa.Table, *, spec: IdentitySpec | None = None) -> pa.Table:
    """Return every candidate value: person, attribute, value, rank, reason, source, entity, brand, record_key, at.

    ``records`` has the columns of person_records, ``links`` record_key and person. Rank 1 is best. A value that several
    sources give is kept once per source, entity and brand, in its latest form,
        so that a reader who may not see one source
    still gets it from another. ``reason`` is the criterion that placed the value before the next one: source_rank,
        verified,
    recent, frequent, complete, alone (nothing to compare with), same (the same value as the one above)
        or content (a tie).
    Address line, postcode, city and country are one value, so that two addresses never mix.
    """
    parts: list[pa.Table] = []
    each_golden(con, records, links, lambda table, sql: parts.append(table.arrow(sql)), spec=spec)
    return pa.concat_tables(parts)


def each_golden(
    con: Any, records: pa.Table | str, links: pa.Table, keep: Callable[[Desk, str], None], *,
    spec: IdentitySpec | None = None,
) -> None:  # fmt: skip
    """Hand to ``keep`` the values of one attribute after another, as SQL to be run on the desk it is given.

    The same rows as ``golden``, without holding them all at once. ``keep`` is called at least once.
    """
    spec = spec or IdentitySpec()
    with desk(con) as table:
        _lay(table, records, links, spec)
        told = False
        for attribute in ATTRIBUTES:
            if _candidates(table, attribute):
                _rank(table, attribute, spec)
                keep(table, "select * from ranked order by person, rank")
                told = True
        if not told:
            _candidates(table, "title")
            _rank(table, "title", spec)
            keep(table, "select * from ranked")


def _lay(table: Desk, records: pa.Table | str, links: pa.Table, spec: IdentitySpec) -> None:
    for macro in MACROS:
        table.run(macro)
    present = table.columns(records) if isinstance(records, str) else set(records.column_names)
    columns = ", ".join(
        f"clean(cast(r.{c} as varchar)) as {c}" if c in present else f"cast(null as varchar) as {c}" for c in _TEXT
    )
    times = [f"cast(r.{c} as timestamp)" for c in ("updated_at", "created_at", "recorded_at") if c in present]
    at = f"coalesce({', '.join(times)})" if times else "cast(null as timestamp)"
    born = [f"cast(r.{c} as timestamp)" for c in ("created_at", "updated_at", "recorded_at") if c in present]
    first = f"coalesce({', '.join(born)})" if born else "cast(null as timestamp)"
    ranks = " ".join(f"when {quoted(s)} then {n}" for s, n in sorted(spec.survivorship.source_rank.items()))
    rank = f"case cast(r.source as varchar) {ranks} else 1000 end" if ranks and "source" in present else "1000"
    source = records if isinstance(records, str) else "_records"
    if not isinstance(records, str):
        table.con.register("_records", records)
    table.con.register("_links", links.select(["record_key", "person"]))
    table.run(
        f"""create or replace table held as select k.person, cast(r.record_key as bigint) as record_key, {columns},
            {at} as seen, {first} as first_at, {rank} as source_rank
            from _links k join {source} r on r.record_key = k.record_key"""
    )
    if not isinstance(records, str):
        table.con.unregister("_records")
    table.con.unregister("_links")


def _candidates(table: Desk, attribute: str) -> bool:
    """Lay table ``candidates``: one row per person, value, source, entity and brand; False when there is none."""
    value, same = ATTRIBUTES[attribute]
    table.run(
        f"""create or replace table candidates as
        with valued as (
            select person, {value} as value, {same} as same, source, entity, brand, record_key, seen, source_rank
                from held
        ), each as (
            select person, same, source, entity, brand, count(*) as n, max(seen) as seen,
                min(source_rank) as source_rank,
                arg_min(struct_pack(value := value, record_key := record_key), (-epoch_us(coalesce(seen,
                    timestamp '1900-01-01')), value, record_key)) as best
            from valued where value is not null group by person, same, source, entity, brand
        )
        select person, same, best.value as value, source, entity, brand, best.record_key as record_key, seen,
            source_rank, n from each"""
    )
    return bool(table.rows("select count(*) from candidates")[0][0])


def _rank(table: Desk, attribute: str, spec: IdentitySpec) -> None:
    """Lay table ``ranked``: the candidates in order, each with the reason for its place."""
    criteria = spec.survivorship.criteria(attribute)
    order = ", ".join([*(_ORDER[c] for c in criteria), "same asc"])
    tests = " ".join(f"when {_column(c)} is distinct from lead({_column(c)}) over w then '{c}'" for c in criteria)
    complete = _COMPLETE.get(attribute, "length(value)")
    # the verdict on a value is the same whichever source repeats it, so that the copies of one value stay together
    table.run(
        f"""create or replace table ranked as
        with judged as (
            select *, {complete} as complete, {_valid(attribute)} as valid from candidates
        ), shared as (
            select person, same, sum(n) as bearers, min(source_rank) as source_rank, max(seen) as seen,
                max(complete) as complete, max(valid) as valid
            from judged group by person, same
        ), placed as (
            select person, same, row_number() over w as place,
                case when count(*) over (partition by person) = 1 then 'alone' when lead(same) over w is null
                    then 'last' {tests} else 'content' end as reason
            from shared window w as (partition by person order by {order})
        ), listed as (
            select j.*, p.place, p.reason,
                row_number() over (partition by j.person, j.same order by j.source_rank, j.complete desc,
                    j.seen desc nulls last, j.source, j.entity, j.brand, j.record_key) as copy
            from judged j join placed p on p.person = j.person and p.same is not distinct from j.same
        )
        select person, '{attribute}' as attribute, value,
            row_number() over (partition by person order by place, copy) as rank,
            case when copy > 1 then 'same' else reason end as reason,
            source, entity, brand, record_key, seen as "at" from listed"""
    )


def _column(criterion: Rule) -> str:
    return _ORDER[criterion].split(" ")[0]


def _valid(attribute: str) -> str:
    if attribute in ("given_name", "family_name", "birth_name", "full_name"):
        return "case when length(folded(value)) > 2 then 1 else 0 end"
    return _COMPLETE[attribute] if attribute in ("email", "phone") else "1"


def people(con: Any, records: pa.Table | str, links: pa.Table, *, spec: IdentitySpec | None = None) -> pa.Table:
    """Return person_id, kind, first_seen, last_seen, brands (JSON list) of everybody who has a record."""
    spec = spec or IdentitySpec()
    with desk(con) as table:
        _lay(table, records, links, spec)
        return table.arrow(
            """select person as person_id, 'person' as kind, min(first_at) as first_seen, max(seen) as last_seen,
                coalesce(to_json(list_sort(list(distinct brand) filter (where brand is not null))),
                    '[]')::varchar as brands
            from held group by person order by person"""
        )
