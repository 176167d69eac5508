"""Households: people who live together, a layer of its own that never makes two people one.

What the records say: one home (address and place, spelt in one way) and a family name, a phone or an e-mail in common.
What people say comes on top, and is taken back exactly: it changes no record, no link and no person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from filrouge.base.text import fold
from filrouge.domain.identity.cluster import components
from filrouge.domain.identity.desk import Desk, desk, quoted
from filrouge.domain.identity.graph import assign
from filrouge.domain.identity.memory import HOME, SHARED_LARGEST, hash_sql
from filrouge.domain.identity.normalise import ABBREVIATIONS, MACROS, filler_sql

BUILDING = (
    20  # people at one address beyond whom a family name in common says little: a tower, a campus, a mailbox office
)
FAMILY = 10  # people who share a home and a name, or a home and a phone, at most
BEARERS = 8  # people anywhere beyond whom a phone or an e-mail is a switchboard's
LARGEST = 12  # people of one household, at most
_TEXT = ("family_name", "birth_name", "email", "phone", "address_line", "postcode", "city")


def derive(
    con: Any,
    records: pa.Table | str,
    links: pa.Table,
    *,
    previous: pa.Table | None = None,
    homes: Collection[int] | None = None,
) -> pa.Table:
    """Return (person, household) of whoever shares a household, as the records alone say.

    ``records`` have the columns of person_records, ``links`` record_key and person; ``previous`` (person, household) are
    the households known before, whose ids are kept by most of their people. ``homes`` are the numbers of the homes to
    look at (``memory.number_of``), all where left out; whoever lives in one of them is then returned, a household empty
    where they live alone. The same content gives the same households.
    """
    with desk(con) as table:
        for macro in MACROS:
            table.run(macro)
        count = _lay(table, records, links)
        _tokens(table, homes)
        edges = table.numbers("select first as l, p as r from pairs order by 1, 2")
        left, right = (edges[side].astype(np.int64) for side in ("l", "r"))
        label = components(count, left, right)
        members = np.unique(np.concatenate([left, right]))
        table.put("house", pa.table({"p": pa.array(members), "h": pa.array(label[members])}))
        table.run(
            f"""create or replace table housed as select h.p, n.person, h.h,
                row_number() over (order by n.person) - 1 as r
            from house h join named n on n.p = h.p
            where h.h in (select h from house group by h having count(*) between 2 and {LARGEST})"""
        )
        named = _named(table, previous)
        if homes is None:
            return named
        table.put("named_now", named)
        return table.arrow(
            """select n.person, h.household from main m join named n using (p) left join named_now h using (person)
            order by n.person"""
        )


def _lay(table: Desk, records: pa.Table | str, links: pa.Table) -> int:
    """Lay ``lived`` (p, home, names, phone, email, seen) and ``named`` (p, person); return how many people there are."""
    encoded = pc.dictionary_encode(links.column("person").cast(pa.string()).combine_chunks())
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    numbers = np.arange(len(encoded.dictionary), dtype=np.int64)
    table.put("named", pa.table({"p": pa.array(numbers), "person": encoded.dictionary}))
    table.con.register("_owned", pa.table({"record_key": links.column("record_key"), "p": encoded.indices}))
    if not isinstance(records, str):
        table.con.register("_lived", records)
    source = records if isinstance(records, str) else "_lived"
    present = table.columns(source)
    text = ", ".join(f"clean(r.{c}::varchar) as {c}" if c in present else f"null::varchar as {c}" for c in _TEXT)
    times = [f"r.{c}::timestamp" for c in ("updated_at", "created_at") if c in present]
    seen = f"coalesce({', '.join(times)}, timestamp '1900-01-01')" if times else "timestamp '1900-01-01'"
    whole = " ".join(f"when {quoted(short)} then {quoted(word)}" for short, word in ABBREVIATIONS.items())
    longest = max(
        len(short) for short in ABBREVIATIONS if short != "numero"
    )  # most words are longer: they are not looked up
    table.run(
        f"""create or replace macro way(t) as nullif(array_to_string(list_filter(list_transform(
            string_split(folded(t), ' '), w -> case when length(w) > {longest} and w <> 'numero' then w else case w {whole} else w end end), w -> w <> ''), ' '), '')"""
    )
    table.run(
        """create or replace macro place(postcode, city) as coalesce(
            case when regexp_matches(postcode, '^[0-9]{4}$') then '0' || postcode
                else nullif(upper(regexp_replace(postcode, '[^0-9A-Za-z]', '', 'g')), '') end,
            nullif(regexp_replace(folded(city), '( cedex)?( [0-9]+)?$', ''), ''))"""
    )
    table.run(
        f"""create or replace view lived as
        select a.p::bigint as p, r.family_name, r.birth_name, lower(r.email) as email, r.seen, r.address_line, r.postcode, r.city,
            case when not {filler_sql("r.digits", "r.digits")} then right(replace(r.digits, '+', ''), 9) end as phone
        from (select r.record_key::bigint as record_key, {text}, {seen} as seen,
            regexp_replace(r.phone, '[^0-9+]+', '', 'g') as digits from {source} r) r
        join _owned a on a.record_key = r.record_key"""
    )
    return len(numbers)


def _tokens(table: Desk, homes: Collection[int] | None) -> None:
    """Lay ``main`` (p, home), where each lives, and ``pairs`` (first, p): people of one home whom a name, a phone or an
    e-mail brings together."""
    # each spelling is worked on once, however many bear it
    table.run(
        """create or replace table spelt as
        with each as (
            select distinct address_line, postcode, city from lived
            where address_line is not null and (postcode is not null or city is not null)
        ), said as (select *, way(address_line) as way, place(postcode, city) as place from each)
        select address_line, postcode, city, """
        + hash_sql(HOME, "way || ' ' || place")
        + """ as home from said where way is not null and place is not null"""
    )
    # where very many records live, it is an office or a tower whoever they are: memory does not lead there either
    table.run(
        f"""create or replace table main as
        with lives as (
            select l.p, s.home, count(*) as n, max(l.seen) as seen from lived l join spelt s on s.address_line = l.address_line
                and s.postcode is not distinct from l.postcode and s.city is not distinct from l.city group by l.p, s.home
        ), sized as (select home from lives group by home having sum(n) <= {SHARED_LARGEST})
        select p, home from (select p, arg_max(home, (n, seen, home)) as home from lives group by p) semi join sized using (home)"""
    )
    if homes is not None:
        table.put("asked", pa.table({"home": pa.array(sorted(homes), pa.uint64())}))
        table.run("create or replace table main as select * from main semi join asked using (home)")
    table.run(
        "create or replace table dwelling as select p, home, count(*) over (partition by home) as people from main qualify people > 1"
    )
    table.run("create or replace table near as select l.* from lived l semi join dwelling using (p)")
    # a value is looked at in all records of whoever shares a home, and counted among everybody
    table.run(
        f"""create or replace table shared as
        with held as (
            select hash(email) as v, p from lived where email is not null
            union all select hash(phone), p from lived where phone is not null
        )
        select v from held where v in (
            select hash(email) from near where email is not null union select hash(phone) from near where phone is not null)
        group by v having count(distinct p) between 2 and {BEARERS} and count(*) <= {SHARED_LARGEST}"""
    )
    table.run(
        f"""create or replace table pairs as
        with said as (
            select d.p, d.home, hash(name) as token from dwelling d join (
                select p, squeezed(folded(family_name)) as name from near
                union select p, squeezed(folded(birth_name)) from near
            ) l using (p) where name is not null and d.people <= {BUILDING}
            union select d.p, d.home, v from dwelling d join (
                select p, hash(email) as v from near where email is not null
                union all select p, hash(phone) from near where phone is not null
            ) l using (p) semi join shared using (v)
        ), met as (
            select home, token, min(p) as first from said group by home, token having count(distinct p) between 2 and {FAMILY}
        )
        select distinct m.first, s.p from met m join said s using (home, token) where s.p <> m.first"""
    )


def _named(table: Desk, previous: pa.Table | None) -> pa.Table:
    """Return (person, household) of table ``housed``, former ids kept by most of their people."""
    found = table.arrow("select person, h, r from housed order by r")
    people = found.column("person")
    before = {"record_key": pa.array([], pa.int64()), "person": pa.array([], pa.string())}
    if previous is not None and previous.num_rows:
        table.put("before", previous.select(["person", "household"]))
        before = table.arrow(
            "select h.r as record_key, b.household as person from before b join housed h using (person) where b.household is not null order by 1"
        )

    keys = found.column("r").to_numpy().astype(np.int64)
    labels = found.column("h").to_numpy().astype(np.int64)
    taken = set(before.column("person").to_pylist()) if isinstance(before, pa.Table) else set()

    def fresh(smallest: Sequence[int]) -> list[str]:
        members: dict[int, list[str]] = {}
        for label, person in zip(labels.tolist(), people.to_pylist(), strict=True):
            members.setdefault(label, []).append(person)
        return [_id(members[int(labels[number])], taken) for number in smallest]

    named = assign(keys, labels, before if isinstance(before, pa.Table) else pa.table(before), fresh)
    return pa.table({"person": people, "household": pa.array(named.persons, pa.string())})


def _id(members: Sequence[str], taken: Collection[str]) -> str:
    """Return the id of a new household: the same people who come together again, once all is undone, bear the same."""
    said = "|".join(members)
    while (made := hashlib.blake2b(said.encode(), digest_size=8).hexdigest()) in taken:
        said = made  # others bear it since
    return made


# --- what is seen of a person: the same, on values ---------------------------------------------------------------------


def home_of(line: str, postcode: str, city: str) -> tuple[str, str] | None:
    """Return an address spelt as ``derive`` spells it, None when it is not whole."""
    way = " ".join(word for part in fold(line).split() if (word := ABBREVIATIONS.get(part, part)))
    code = "".join(letter for letter in postcode.upper() if letter.isalnum() and letter.isascii())
    code = f"0{code}" if len(code) == 4 and code.isdigit() else code
    place = code or fold(city).partition(" cedex")[0]
    return (way, place) if way and place else None


# --- what people say --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """Somebody's word: ``person`` lives with ``other``, or does not live where ``other`` lives."""

    person: str
    other: str
    kind: Literal["with", "away"]
    at: datetime


def in_force(found: Mapping[str, str], said: Iterable[Said]) -> tuple[frozenset[str], tuple[Said, ...]]:
    """Return who left the household that the records say (``found``: person -> household), and the words that join two.

    Of two words on the same two people the later holds.
    """
    latest: dict[frozenset[str], Said] = {}
    for word in sorted(said, key=lambda one: (one.at, one.kind, one.person, one.other)):
        if word.person != word.other:
            latest[frozenset((word.person, word.other))] = word
    gone = {
        word.person
        for word in latest.values()
        if word.kind == "away" and (home := found.get(word.person)) is not None and home == found.get(word.other)
    }
    return frozenset(gone), tuple(word for word in latest.values() if word.kind == "with")


def joined(found: Mapping[str, str], said: Iterable[Said]) -> list[frozenset[str]]:
    """Return who lives together: the households that the records say, put right by what people say.

    Whoever is away from one of a household leaves it; whoever lives with somebody joins their household. Nobody is in
    two households; one alone is in none.
    """
    gone, words = in_force(found, said)
    homes: dict[str, set[str]] = {}
    for person, household in found.items():
        if person not in gone:
            homes.setdefault(household, set()).add(person)
    groups = {person: members for members in homes.values() for person in members}
    for word in words:
        whole = groups.get(word.person, {word.person}) | groups.get(word.other, {word.other})
        for person in whole:
            groups[person] = whole
    told = {frozenset(members) for members in groups.values() if len(members) > 1}
    return sorted(told, key=min)
