"""How identity stands after a resolution: who is known where, sizes, shared values, and people worth a doubt. In bulk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from filrouge.domain.identity.comparisons import GENDERED
from filrouge.domain.identity.desk import Desk, desk
from filrouge.domain.identity.normalise import MACROS, normalise
from filrouge.domain.identity.spec import IdentitySpec
from filrouge.domain.identity.strong import BORN, GIVEN

# people by how many records they have: from, up to (None: beyond)
SIZES: tuple[tuple[int, int | None], ...] = ((1, 1), (2, 2), (3, 3), (4, 5), (6, 10), (11, 30), (31, None))
BEARERS: tuple[tuple[int, int | None], ...] = ((2, 2), (3, 5), (6, None))  # values by how many people bear them
MANY = 20  # records beyond which one person is worth a look
WEAK = 2.0  # bits: one pair below it that alone holds two parts together
KEPT = 500  # people kept by name; all are counted
# what a doubt is about, and how much it counts in the order of the list
DOUBTS: Mapping[str, int] = {
    "shared_email": 4, "shared_phone": 4, "birth_dates": 3, "given_names": 3, "many_records": 2, "sexes": 2, "weak_pair": 1,
}  # fmt: skip
_TEXT = (
    "source", "entity", "brand", "title", "given_name", "family_name", "full_name", "birth_name", "birth_date", "sex",
    "email", "phone",
)  # fmt: skip
# a short form is the beginning of the long one, unless both are names of their own
_WHOLE = f"""({GENDERED} or (l.given_usual and r.given_usual)
    or not (starts_with(l.given_key, r.given_key) or starts_with(r.given_key, l.given_key)))"""
_FEMALE, _MALE = "'mme','madame','mlle','mademoiselle','mrs','ms','miss'", "'m','mr','monsieur'"


@dataclass(frozen=True)
class Measured:
    """``figures`` as plain data, and ``doubts``: person, code, figure, records, origins (those that the doubt rests on)."""

    figures: Mapping[str, Any]
    doubts: tuple[Mapping[str, Any], ...]


def measure(con: Any, records: pa.Table | str, assignment: pa.Table, *, spec: IdentitySpec | None = None) -> Measured:
    """Measure what a resolution made of ``records`` (columns of person_records); ``assignment`` is that of a resolution.

    The same content gives the same figures, whatever the order of the rows.
    """
    with desk(con) as table:
        for macro in MACROS:
            table.run(macro)
        people = _lay(table, records, assignment)
        figures = {
            "records": assignment.num_rows,
            "people": len(people),
            **_sizes(table),
            "origins": [list(row) for row in table.rows("select entity, brand, records from origin order by o")],
            "known": [[list(known), number] for known, number in table.rows(
                "select known, count(*) from (select p, list_sort(list(distinct o)) as known from held group by p) group by 1 order by 1"
            )],
            "sources": [list(row) for row in table.rows(
                """select source, entity, brand, count(*), count(distinct p) from held join origin using (o)
                group by all order by all"""
            )],
            "shared": {kind: _shared(table, kind) for kind in ("email", "phone")},
        }  # fmt: skip
        _candidates(table)
        _contradictions(table, spec or IdentitySpec())
        found = table.rows("select p, code, figure from doubt")
        counts = {code: sum(1 for row in found if row[1] == code) for code in DOUBTS}
        figures["doubts"] = {"people": len({row[0] for row in found}), **counts}
        return Measured(figures, tuple(_told(table, people)))


def _lay(table: Desk, records: pa.Table | str, assignment: pa.Table) -> pa.Array:
    """Lay ``held`` (record_key, p, o, and what is compared) and ``origin``; return the people in the order of their numbers."""
    encoded = pc.dictionary_encode(assignment.column("person").cast(pa.string()).combine_chunks())
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    assigned = assignment.select(["record_key", "evidence", "decision"]).append_column("p", encoded.indices)
    table.con.register("_assigned", assigned)
    if not isinstance(records, str):
        table.con.register("_measured", records)
    source = records if isinstance(records, str) else "_measured"
    present = table.columns(source)
    text = ", ".join(f"clean(r.{c}::varchar) as {c}" if c in present else f"null::varchar as {c}" for c in _TEXT)
    table.run(
        f"""create or replace view spread as select r.record_key::bigint as record_key, a.p, a.evidence, a.decision, {text}
        from {source} r join _assigned a on a.record_key = r.record_key"""
    )
    table.run(
        """create or replace table origin as
        select row_number() over (order by entity, brand) - 1 as o, entity, brand, records from (
            select coalesce(entity, '') as entity, coalesce(brand, '') as brand, count(*) as records from spread group by 1, 2)"""
    )
    # numbers, and text only where it is short: three million rows stay within memory
    table.run(
        f"""create or replace table held as
        select record_key, p, o.o::smallint as o, s.source, lower(given_name) as given, left(birth_date, 10) as born,
            coalesce(case lower(left(sex, 1)) when 'm' then 'm' when 'h' then 'm' when 'f' then 'f' end,
                case when lower(rtrim(title, '.')) in ({_FEMALE}) then 'f'
                     when lower(rtrim(title, '.')) in ({_MALE}) then 'm' end) as sex,
            nullif(hash(lower(email)), hash(null::varchar)) as email,
            nullif(hash(right(regexp_replace(phone, '[^0-9]+', '', 'g'), 9)), hash(null::varchar)) as phone,
            s.decision = 'human' as by_hand,
            least((s.evidence->>'$.weight')::double, list_min((s.evidence->'$.also[*].weight')::double[])) as weakest
        from spread s join origin o on o.entity = coalesce(s.entity, '') and o.brand = coalesce(s.brand, '')"""
    )
    return encoded.dictionary


def _sizes(table: Desk) -> dict[str, Any]:
    rows = table.rows("select n, count(*) from (select count(*) as n from held group by p) group by n order by n")
    people = sum(number for _, number in rows)
    return {
        "sizes": _banded(rows, SIZES),
        "largest": max((n for n, _ in rows), default=0),
        "mean": round(sum(n * number for n, number in rows) / people, 3) if people else 0.0,
    }


def _shared(table: Desk, kind: str) -> dict[str, Any]:
    """Count the values that several people bear; none is kept in clear."""
    rows = table.rows(
        f"""select n, count(*) from (select count(distinct p) as n from held where {kind} is not null group by {kind})
        where n > 1 group by n order by n"""
    )
    return {
        "values": sum(number for _, number in rows),
        "most": max((n for n, _ in rows), default=0),
        "bearers": _banded(rows, BEARERS),
    }


def _banded(rows: list[tuple[Any, ...]], bands: tuple[tuple[int, int | None], ...]) -> list[int]:
    return [sum(number for n, number in rows if low <= n and (high is None or n <= high)) for low, high in bands]


# --- doubts -----------------------------------------------------------------------------------------------------------


def _candidates(table: Desk) -> None:
    """Lay ``doubt`` (p, code, figure) with what numbers alone tell, and ``mixed``: people whose records say several things."""
    table.run(
        """create or replace table several as
        select p, count(*) as n, min(weakest) as weakest, bool_or(by_hand) as by_hand,
            coalesce(min(given) <> max(given), false) as givens, coalesce(min(born) <> max(born), false) as borns,
            coalesce(min(sex) <> max(sex), false) as sexes
        from held group by p having count(*) > 1"""
    )
    table.run(
        f"""create or replace table doubt as
        select p, 'many_records' as code, n::double as figure from several where n > {MANY}
        union all select p, 'weak_pair', weakest from several where weakest < {WEAK} and not coalesce(by_hand, false)
        union all select p, 'sexes', 2 from several where sexes"""
    )
    # most differences are an accent, an initial, a nickname: what is alike at first sight is not looked at further
    table.run(
        """create or replace table mixed as
        with named as (
            select distinct p, regexp_replace(strip_accents(given), '[^a-z]+', '', 'g') as g from held
            where p in (select p from several where givens) and given is not null
        ), dated as (
            select distinct p, born as b from held where p in (select p from several where borns) and born is not null
        )
        select distinct x.p from named x join named y on x.p = y.p and x.g < y.g
        where least(length(x.g), length(y.g)) > 1 and jaro_winkler_similarity(x.g, y.g) < 0.92
        union select distinct x.p from dated x join dated y on x.p = y.p and x.b < y.b"""
    )


def _contradictions(table: Desk, spec: IdentitySpec) -> None:
    """Add to ``doubt`` what records of one person contradict, judged on the same columns as when they were compared."""
    chosen = table.arrow(
        "select * exclude (p, evidence, decision) from spread semi join mixed using (p) order by record_key"
    )
    if not chosen.num_rows:
        return
    normalise(table, chosen, spec)
    table.run(
        """create or replace table spoken as
        select h.p, n.* from nodes n join keys k on k.rid = n.rid join held h on h.record_key = k.record_key"""
    )
    told = f"left(l.born, 4) <> left(r.born, 4) or not ({_unsure('l.born')} or {_unsure('r.born')})"
    pairs = {
        "given_names": (
            "given_key",
            f"{GIVEN} = 0 and least(length(l.given_key), length(r.given_key)) > 1 and {_WHOLE}",
        ),
        "birth_dates": ("born", f"{BORN} = 0 and ({told})"),
    }
    for code, (column, against) in pairs.items():
        table.run(
            f"""insert into doubt
            with each as (select * from spoken where {column} is not null
                qualify row_number() over (partition by p, {column} order by rid) = 1),
            apart as (select l.p, l.{column} as x, r.{column} as y from each l join each r on l.p = r.p and l.rid < r.rid
                where {against})
            select p, '{code}', count(distinct v) from (select p, x as v from apart union all select p, y from apart) group by p"""
        )
    for kind in ("email", "phone"):
        table.run(
            f"""insert into doubt
            with each as (select * from spoken where {kind} is not null and given_key is not null
                qualify row_number() over (partition by p, {kind}, given_key order by rid) = 1)
            select l.p, 'shared_{kind}', count(distinct l.{kind}) from each l
            join each r on l.p = r.p and l.{kind} = r.{kind} and l.rid < r.rid
            where {pairs["given_names"][1]} group by l.p"""
        )


def _unsure(born: str) -> str:
    """A first of January is what many systems write when they know the year alone."""
    return f"right({born}, 6) = '-01-01'"


# the records on which a doubt rests: whoever does not see all of their origins is not told of it
_RESTS = {
    "given_names": "given is not null", "birth_dates": "born is not null", "sexes": "sex is not null",
    "shared_email": "given is not null or email is not null", "shared_phone": "given is not null or phone is not null",
}  # fmt: skip


def _told(table: Desk, people: pa.Array) -> list[dict[str, Any]]:
    """Return the doubts of the people most worth a look, the gravest first, with the origins that each rests on."""
    weights = " ".join(f"when '{code}' then {weight}" for code, weight in DOUBTS.items())
    rows = table.rows(
        f"""select p, sum(case code {weights} end) as grave, any_value(s.n) from doubt join several s using (p)
        group by p order by grave desc, any_value(s.n) desc, p"""
    )
    # ties go by id, which is content; the numbers of people are not
    chosen = sorted(((-int(grave), -int(n), people[p].as_py(), p) for p, grave, n in rows))[:KEPT]
    table.put("chosen", pa.table({"p": pa.array([p for *_, p in chosen], pa.int32())}))
    rests = " ".join(f"when '{code}' then ({where})" for code, where in _RESTS.items())
    found: dict[int, list[dict[str, Any]]] = {}
    for p, code, figure, n, origins in table.rows(
        f"""select d.p, d.code, any_value(d.figure), any_value(s.n),
            list_sort(list(distinct h.o) filter (where case d.code {rests} else true end))
        from doubt d join chosen using (p) join several s using (p) join held h using (p) group by d.p, d.code order by d.code"""
    ):
        told = {
            "person": people[p].as_py(),
            "code": code,
            "figure": round(float(figure), 2),
            "records": int(n),
            "origins": origins,
        }
        found.setdefault(p, []).append(told)
    return [told for *_, p in chosen for told in found[p]]
