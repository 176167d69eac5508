"""Settling a few records among the many: what they touch is gathered from memory, weighed by the same model and the
same code as the whole would be, and the rest of the people is left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from filrouge.domain.identity import score as scoring
from filrouge.domain.identity.desk import Desk, desk
from filrouge.domain.identity.evidence import links, reviews, tree
from filrouge.domain.identity.graph import assign
from filrouge.domain.identity.memory import FIELD, HOME, NOTHING, SHARED, Memory, values_sql
from filrouge.domain.identity.normalise import Words, normalise
from filrouge.domain.identity.spec import HumanDecision, IdentitySpec
from filrouge.domain.identity.strong import strong_edges
from filrouge.domain.identity.weigh import Resolution, assigned, changed, clustered, complete, constraints, maker, merge

WIDEST = 20_000  # records gathered; beyond, the whole is settled
Former = Callable[[Sequence[int]], Mapping[int, Sequence[str]]]
Later = list[tuple[int, str | None, str | None, list[int]]]


@dataclass(frozen=True)
class Settled:
    """Who the records looked at are of, and what memory is to be told of them (``Memory.settled``)."""

    resolution: Resolution
    later: Later
    before: int  # people of those records before, and after
    after: int


class TooWide(Exception):
    """What was to be settled touches too many records: the whole is to be resolved."""


def settle(
    con: Any,
    memory: Memory,
    records: pa.Table,
    *,
    gone: Sequence[int] = (),
    around: Sequence[str] = (),
    owned: Mapping[int, str] | None = None,
    former: Former = lambda _: {},
    decisions: Sequence[HumanDecision] = (),
    at: datetime,
    seed: int = 7,
    spec: IdentitySpec | None = None,
) -> Settled:
    """Settle ``records`` (columns of person_records: new ones, or as they now are), with whatever they touch.

    ``gone`` are the keys of records that are no more, ``around`` people to look at again (a verdict of theirs changed),
    ``owned`` the people of records that memory does not know yet, ``former`` tells the people that some records were once of. ``memory`` is not changed. Raises TooWide.
    """
    spec = spec or IdentitySpec()
    with desk(con) as table:
        fresh = _fresh(table, memory, records, spec)
        inside = _gather(table, memory, fresh, gone, around, decisions, spec)
        table.run("create or replace table keys as select rid, record_key from held order by rid")
        table.run("create or replace table nodes as select * exclude (record_key) from held order by rid")
        strong_edges(table, spec, few=True)
        complete(table, memory.model, spec, memory.prior)
        merge(table, memory.prior)
        keys = np.array(sorted(inside), dtype=np.int64)
        labels = clustered(table, spec, keys.size, constraints(keys, decisions))
        were = {key: known.person for key in inside if (known := memory.of_key(key)) is not None}
        were |= {key: person for key, person in (owned or {}).items() if key in inside and key not in were}
        previous = pa.table(
            {"record_key": pa.array(list(were), pa.int64()), "person": pa.array(list(were.values()), pa.string())}
        )
        lost = {known.person for key in gone if (known := memory.of_key(key)) is not None}
        named = assign(keys, labels, previous, maker(at, seed), former=former(keys.tolist()))
        table.put("assigned", assigned(keys, labels, named.persons))
        asked = reviews(table, spec)
        tree(table)
        assignment = links(table, memory.model, decisions, memory.prior)
        later = _later(table, memory, fresh, assignment, gone)
        differing = changed(assignment, previous)
    counts = {
        "records": keys.size, "people": len(set(named.persons.tolist())), "merges": named.merges, "splits": named.splits,
        "new_people": named.new_people, "reviews": asked,
    }  # fmt: skip
    report = memory.model.dump() | {"version": memory.model.version, "prior": memory.prior}
    resolution = Resolution(assignment, differing, named.redirects, counts, report)
    return Settled(resolution, later, len(set(were.values()) | lost), counts["people"])


def _fresh(table: Desk, memory: Memory, records: pa.Table, spec: IdentitySpec) -> set[int]:
    """Lay table ``fresh`` (record_key, the columns of memory) from ``records``, and return their keys."""
    columns = ", ".join(f"{name} {kind}" for name, kind in memory.columns.items())
    if not records.num_rows:
        table.run(f"create or replace table fresh (record_key bigint, {columns})")
        return set()
    normalise(table, records, spec, Words(memory.words("usual"), memory.words("used")))
    joins, said = [], []
    for index, name in enumerate(memory.rarest):
        values = [row[0] for row in table.rows(f"select distinct {name} from nodes where {name} is not null")]
        shares = memory.frequency(name, [str(value) for value in values])
        table.put(
            f"tf_{index}",
            pa.table({"v": pa.array(map(str, values), pa.string()), "tf": pa.array(shares, pa.float32())}),
        )
        joins.append(f"left join tf_{index} t{index} on cast(n.{name} as varchar) = t{index}.v")
        said.append(f"t{index}.tf as tf_{name}")
    plain = [f"n.{name}" for name in memory.columns if not name.startswith("tf_")]
    table.run(
        f"""create or replace table fresh as select k.record_key, {", ".join(memory.columns)} from (
            select n.rid, {", ".join([*plain, *said])} from nodes n {" ".join(joins)}) join keys k using (rid)"""
    )
    table.drop("nodes", "keys", *(f"tf_{index}" for index in range(len(memory.rarest))))
    return {int(row[0]) for row in table.rows("select record_key from fresh")}


def _gather(
    table: Desk, memory: Memory, fresh: set[int], gone: Sequence[int], around: Sequence[str],
    decisions: Sequence[HumanDecision], spec: IdentitySpec,
) -> set[int]:  # fmt: skip
    """Lay ``held`` (rid, record_key, columns), every record that may end with those looked at, and ``scored``, their pairs;
    return their keys."""
    missing = set(gone)
    joined: dict[int, set[int]] = {}
    for decision in decisions:
        if decision.kind == "must_link":
            joined.setdefault(decision.left, set()).add(decision.right)
            joined.setdefault(decision.right, set()).add(decision.left)

    def with_their_people(keys: Iterable[int]) -> set[int]:
        """Return ``keys``, the records of the same people, and those that somebody joined to one of them."""
        found, waiting = set(), list(keys)
        seen: set[str] = set()
        while waiting:
            key = waiting.pop()
            if key in found or key in missing:
                continue
            known = memory.of_key(key)
            if known is None and key not in fresh:
                continue
            found.add(key)
            waiting += joined.get(key, ())
            if known is not None and known.person not in seen:
                seen.add(known.person)
                waiting += [other.key for other in memory.of_person(known.person)]
        return found

    starts = set(fresh) | {known.key for person in around for known in memory.of_person(person)}
    starts |= {
        other.key
        for key in gone
        if (known := memory.of_key(key)) is not None
        for other in memory.of_person(known.person)
    }
    _shelf(table, memory)
    inside: set[int] = set()
    frontier = with_their_people(starts)
    while frontier:
        inside |= frontier
        if len(inside) > WIDEST:
            raise TooWide
        _load(table, memory, frontier - fresh)
        near = _near(table, memory, frontier, fresh, spec)
        frontier = with_their_people(near - inside) - inside
    _numbered(table, inside, memory, spec)
    return inside


def _shelf(table: Desk, memory: Memory) -> None:
    """Lay table ``shelf``, the records taken from memory and the fresh ones, and ``led``, the values that lead to them."""
    table.run("create or replace table shelf as select * from fresh")
    table.run("create or replace table open (h ubigint)")
    table.run("create or replace table new as select record_key from fresh")
    table.run("create or replace table led (h ubigint, record_key bigint)")
    _lead(table, memory, "fresh")


def _lead(table: Desk, memory: Memory, source: str) -> None:
    parts = [f"select h, rid from ({values_sql(key, 'numbered')})" for key in memory.blocks]
    sql = " union all ".join(parts)
    table.run(f"insert into led with numbered as (select *, record_key as rid from {source}) {sql}")


def _load(table: Desk, memory: Memory, keys: set[int]) -> None:
    """Put the records ``keys`` of memory on the shelf, those that are not there yet."""
    there = {int(row[0]) for row in table.rows("select record_key from shelf")}
    if not _take(table, memory, keys - there):
        return
    table.run("insert into shelf select * from loaded")
    _lead(table, memory, "loaded")
    table.drop("loaded")


def _take(table: Desk, memory: Memory, keys: set[int]) -> bool:
    """Lay table ``loaded``, the records ``keys`` as memory holds them; tell whether there is any."""
    wanted = [known for key in sorted(keys) if (known := memory.of_key(key)) is not None]
    if not wanted:
        return False
    rows = {
        "record_key": pa.array([k.key for k in wanted], pa.int64()),
        "row": pa.array([k.row for k in wanted], pa.string()),
    }
    table.put("taken", pa.table(rows))
    said = ", ".join(
        f"cast(nullif(f[{at}], '{NOTHING}') as {kind}) as {name}"
        for at, (name, kind) in enumerate(memory.columns.items(), start=1)
    )
    table.run(
        f"""create or replace table loaded as
        select record_key, {said} from (select record_key, string_split(row, '{FIELD}') as f from taken)"""
    )
    table.drop("taken")
    return True


def _near(table: Desk, memory: Memory, frontier: set[int], fresh: set[int], spec: IdentitySpec) -> set[int]:
    """Return the keys of the records that one of ``frontier`` is linked to, each pair weighed by the model or a rule."""
    table.put("frontier", pa.table({"record_key": pa.array(sorted(frontier), pa.int64())}))
    asked = [int(row[0]) for row in table.rows("select distinct h from led semi join frontier using (record_key)")]
    reached = memory.reached(asked)
    _load(table, memory, {key for keys in reached.values() for key in keys} - fresh)
    # a value that a known record bears and that leads nowhere is too common to compare on
    table.put("opened", pa.table({"h": pa.array(sorted(reached), pa.uint64())}))
    table.run("insert into open select h from opened")
    table.run(
        "create or replace table nodes as select *, cast(row_number() over (order by record_key) - 1 as integer) as rid from shelf"
    )
    table.run(
        """create or replace table pairs as
        with usable as (
            select distinct l.h, l.record_key from led l
            where l.h in (select h from open) or l.h not in (select d.h from led d anti join new n using (record_key))
        ), found as (
            select distinct least(a.record_key, b.record_key) as x, greatest(a.record_key, b.record_key) as y
            from (select * from usable semi join frontier using (record_key)) a join usable b on a.h = b.h and a.record_key != b.record_key
        )
        select l.rid as l, r.rid as r from found f join nodes l on l.record_key = f.x join nodes r on r.record_key = f.y"""
    )
    scoring.score(table, memory.model, pairs="pairs", into="scored", floor=-1e9)
    strong_edges(table, spec, few=True)
    weight = scoring.bits(memory.prior)
    return {
        int(key)
        for row in table.rows(
            f"""with linked as (
                select l, r from scored where least(w + {weight}, h) > {spec.thresholds.link} union select l, r from strong)
            select l.record_key, r.record_key from linked k join nodes l on l.rid = k.l join nodes r on r.rid = k.r"""
        )
        for key in row
        if int(row[0]) in frontier or int(row[1]) in frontier
    }


def _numbered(table: Desk, inside: set[int], memory: Memory, spec: IdentitySpec) -> None:
    """Lay ``held`` and ``nodes``, the records of ``inside`` numbered by key, and ``scored``, the pairs that share a value."""
    table.put("kept", pa.table({"record_key": pa.array(sorted(inside), pa.int64())}))
    table.run(
        """create or replace table held as
        select *, cast(row_number() over (order by record_key) - 1 as integer) as rid from shelf semi join kept using (record_key)"""
    )
    table.run("create or replace table nodes as select * exclude (record_key) from held order by rid")
    table.run(
        """create or replace table pairs as
        with usable as (
            select distinct l.h, k.rid from led l join held k using (record_key)
            where l.h in (select h from open) or l.h not in (select d.h from led d anti join new n using (record_key))
        )
        select distinct a.rid as l, b.rid as r from usable a join usable b on a.h = b.h and a.rid < b.rid"""
    )
    floor = float(np.log2(max(memory.records, 4)) - 12)
    scoring.score(table, memory.model, pairs="pairs", into="scored", floor=floor)
    table.drop("pairs", "kept", "frontier")


def _later(table: Desk, memory: Memory, fresh: set[int], assignment: pa.Table, gone: Sequence[int]) -> Later:
    """Return what memory is to be told: the fresh records whole, those whose person changed, those that are gone."""
    persons = dict(zip(assignment["record_key"].to_pylist(), assignment["person"].to_pylist(), strict=True))
    said = f" || '{FIELD}' || ".join(f"coalesce(cast({name} as varchar), '{NOTHING}')" for name in memory.columns)
    rows = {int(key): str(row) for key, row in table.rows(f"select record_key, {said} from fresh")}
    numbers: dict[int, list[int]] = {}
    numbered = "(select *, record_key as rid from fresh)"
    leads = " union ".join(
        ["select record_key, h from led semi join new using (record_key)"]
        + [f"select rid, h from ({values_sql(key, numbered)})" for key in (HOME, SHARED)]
    )
    for key, h in table.rows(f"{leads} order by all"):
        numbers.setdefault(int(key), []).append(int(h))
    told: Later = [(key, None, None, []) for key in sorted(set(gone)) if memory.of_key(key) is not None]
    for key, person in sorted(persons.items()):
        known = memory.of_key(key)
        if key in fresh:
            told.append((key, person, rows[key], numbers.get(key, [])))
        elif known is not None and known.person != person:
            told.append((key, person, None, []))
    return told
