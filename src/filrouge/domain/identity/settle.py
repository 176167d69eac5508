"""Settling a few records among the many: what they touch is gathered from memory, weighed by the same model and the
same code as the whole would be, and the rest of the people is left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from filrouge.domain.identity.desk import Desk, desk
from filrouge.domain.identity.evidence import links, reviews, tree
from filrouge.domain.identity.gathering import Gathering
from filrouge.domain.identity.graph import assign
from filrouge.domain.identity.memory import FIELD, HOME, NOTHING, SHARED, Memory, values_sql
from filrouge.domain.identity.normalise import Words, normalise
from filrouge.domain.identity.spec import HumanDecision, IdentitySpec
from filrouge.domain.identity.weigh import (
    Resolution,
    assigned,
    changed,
    clustered,
    complete,
    constraints,
    leaving,
    maker,
    merge,
)

Former = Callable[[Sequence[int]], Mapping[int, Sequence[str]]]
Later = list[tuple[int, str | None, str | None, list[int]]]


@dataclass(frozen=True)
class Settled:
    """Who the records looked at are of, and what memory is to be told of them (``Memory.settled``)."""

    resolution: Resolution
    later: Later
    before: int  # people of those records before, and after
    after: int


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
        inside = Gathering(table, memory, fresh, spec).everyone(gone, around, decisions)
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
        wandered = former(keys.tolist())
        living = _living(memory, {person for people in wandered.values() for person in people}, inside | set(gone))
        named = assign(
            keys, labels, previous, maker(at, seed), former=wandered, living=living, leaving=leaving(decisions)
        )
        table.put("assigned", assigned(keys, labels, named.persons))
        asked = reviews(table, spec, touching="fresh")
        tree(table)
        assignment = links(table, memory.model, decisions, spec, memory.prior)
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
    weighed = list(memory.rarest)
    if weighed:
        borne = " union all ".join(
            f"select distinct {at}::integer as c, cast({name} as varchar) as v from nodes where {name} is not null"
            for at, name in enumerate(weighed)
        )
        values: list[list[str]] = [[] for _ in weighed]
        for at, value in table.rows(borne):
            values[at].append(value)
        told = {
            "c": pa.array([at for at, found in enumerate(values) for _ in found], pa.int32()),
            "v": pa.array([value for found in values for value in found], pa.string()),
            "tf": pa.array(
                [tf for name, found in zip(weighed, values, strict=True) for tf in memory.frequency(name, found)],
                pa.float32(),
            ),
        }
        table.put("tf", pa.table(told))
    joins = [
        f"left join tf t{at} on t{at}.c = {at} and t{at}.v = cast(n.{name} as varchar)"
        for at, name in enumerate(weighed)
    ]
    said = [f"t{at}.tf as tf_{name}" for at, name in enumerate(weighed)]
    plain = [f"n.{name}" for name in memory.columns if not name.startswith("tf_")]
    table.run(
        f"""create or replace table fresh as select k.record_key, {", ".join(memory.columns)} from (
            select n.rid, {", ".join([*plain, *said])} from nodes n {" ".join(joins)}) join keys k using (rid)"""
    )
    table.drop("nodes", "keys", "tf")
    return {int(row[0]) for row in table.rows("select record_key from fresh")}


def _living(memory: Memory, people: Iterable[str], looked_at: set[int]) -> set[str]:
    """Return those of ``people`` who have records that are not looked at."""
    return {person for person in people if any(known.key not in looked_at for known in memory.of_person(person))}


def _later(table: Desk, memory: Memory, fresh: set[int], assignment: pa.Table, gone: Sequence[int]) -> Later:
    """Return what memory is to be told: the fresh records whole, those whose person changed, those that are gone."""
    persons = dict(zip(assignment["record_key"].to_pylist(), assignment["person"].to_pylist(), strict=True))
    said = f" || '{FIELD}' || ".join(f"coalesce(cast({name} as varchar), '{NOTHING}')" for name in memory.columns)
    rows = {int(key): str(row) for key, row in table.rows(f"select record_key, {said} from fresh")}
    numbers: dict[int, list[int]] = {}
    numbered = "(select *, record_key as rid from fresh)"
    leads = " union ".join(
        ["select record_key, h from led semi join fresh using (record_key)"]
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
