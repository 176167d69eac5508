"""Everybody who may end with the records looked at: found in memory round by round, each pair weighed as it is met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count

import numpy as np
import pyarrow as pa

from filrouge.domain.identity import blocking
from filrouge.domain.identity import score as scoring
from filrouge.domain.identity.desk import Desk
from filrouge.domain.identity.memory import FIELD, NOTHING, Memory, hash_sql
from filrouge.domain.identity.spec import HumanDecision, IdentitySpec
from filrouge.domain.identity.strong import strong_edges

WIDEST = 20_000  # records gathered; beyond, the whole is settled
MANY = 500  # records that bear one value, those that arrive among them; beyond, it leads nowhere


class TooWide(Exception):
    """What was to be settled touches too many records: the whole is to be resolved."""


class Gathering:
    """The records of table ``fresh`` and those of memory that they lead to.

    On the desk: ``nodes``, the records met so far, and ``led`` (h, record_key), the values by which those looked at and
    those that these lead to are compared; what too many bear leads nowhere.
    """

    def __init__(self, table: Desk, memory: Memory, fresh: set[int], spec: IdentitySpec) -> None:
        self._table, self._memory, self._fresh, self._spec = table, memory, fresh, spec
        self._met = set(fresh)
        self._columns = ", ".join(memory.columns)
        table.run(
            f"""create or replace table nodes as
            select record_key, {self._columns}, (row_number() over (order by record_key) - 1)::integer as rid from fresh"""
        )
        table.run("create or replace table led (h ubigint, record_key bigint)")

    def everyone(self, gone: Sequence[int], around: Sequence[str], decisions: Sequence[HumanDecision]) -> set[int]:
        """Lay ``keys`` (rid, record_key) and ``nodes`` of every record that may end with those looked at, numbered by
        key, ``scored``, their pairs, and ``strong``, those on which a rule holds; return their keys. Raises TooWide."""
        memory = self._memory
        with_their_people = _Company(memory, self._fresh, gone, decisions)
        starts = set(self._fresh) | {known.key for person in around for known in memory.of_person(person)}
        for key in gone:
            if (known := memory.of_key(key)) is not None:
                starts |= {other.key for other in memory.of_person(known.person)}
        inside: set[int] = set()
        frontier = with_their_people(starts)
        while frontier:
            inside |= frontier
            if len(inside) > WIDEST:
                raise TooWide
            frontier = with_their_people(self._near(frontier) - inside) - inside
        self._number(inside)
        return inside

    def _lead(self) -> None:
        """Note the values of table ``frontier`` that lead somewhere, and meet whomever they lead to."""
        table, memory = self._table, self._memory
        hashes = [hash_sql(key, expression) for key in memory.blocks for expression in blocking.KEYS[key]]
        borne = table.numbers(
            f"""select h, record_key from (
                select unnest([{", ".join(hashes)}]) as h, record_key from nodes semi join frontier using (record_key)
            ) where h is not null"""
        )
        rare = ~memory.too_common(borne["h"])
        borne = {name: column[rare] for name, column in borne.items()}
        reached = [
            (number, key)
            for number, keys in memory.reached(borne["h"]).items()
            for key in keys
            if key not in self._fresh  # memory knows what it bore before
        ]
        numbers, others = [number for number, _ in reached], [key for _, key in reached]
        rows = {
            "h": pa.array(np.concatenate([borne["h"], np.array(numbers, np.uint64)]), pa.uint64()),
            "record_key": pa.array(np.concatenate([borne["record_key"], np.array(others, np.int64)]), pa.int64()),
        }
        table.put("leads", pa.table(rows))
        table.run("insert into led select h, record_key from leads")
        many = f"select h from led group by h having count(distinct record_key) > {MANY}"
        table.run(f"delete from led where h in ({many})")
        table.drop("leads")
        self._meet(others)

    def _meet(self, keys: Iterable[int]) -> None:
        """Put the records ``keys`` of memory among ``nodes``, those that are not there yet."""
        memory, start = self._memory, len(self._met)
        found = memory.of_keys(set(keys) - self._met)
        if not found:
            return
        rows = {
            "record_key": pa.array([known.key for known in found], pa.int64()),
            "row": pa.array([known.row for known in found], pa.string()),
            "rid": pa.array(range(start, start + len(found)), pa.int32()),
        }
        self._table.put("taken", pa.table(rows))
        said = ", ".join(
            f"cast(nullif(f[{at}], '{NOTHING}') as {kind}) as {name}"
            for at, (name, kind) in zip(count(1), memory.columns.items(), strict=False)
        )
        self._table.run(
            f"""insert into nodes
            select record_key, {said}, rid from (select record_key, rid, string_split(row, '{FIELD}') as f from taken)"""
        )
        self._table.drop("taken")
        self._met |= {known.key for known in found}

    def _near(self, frontier: set[int]) -> set[int]:
        """Return the keys of the records that one of ``frontier`` is linked to, each pair weighed by the model or a rule."""
        table = self._table
        self._meet(frontier)
        table.put("frontier", pa.table({"record_key": pa.array(sorted(frontier), pa.int64())}))
        self._lead()
        table.run(
            """create or replace table pairs as
            with found as (
                select distinct least(a.record_key, b.record_key) as x, greatest(a.record_key, b.record_key) as y
                from led a semi join frontier f on f.record_key = a.record_key
                join led b on a.h = b.h and a.record_key != b.record_key
            )
            select l.rid as l, r.rid as r
            from found f join nodes l on l.record_key = f.x join nodes r on r.record_key = f.y"""
        )
        scoring.score(table, self._memory.model, pairs="pairs", into="scored", floor=-1e9)
        strong_edges(table, self._spec, few=True, among="frontier")
        weight = scoring.bits(self._memory.prior)
        near = table.numbers(
            f"""with linked as (
                select l, r from scored where least(w + {weight}, h) > {self._spec.thresholds.link}
                union select l, r from strong
            ), sides as (
                select l.record_key as x, r.record_key as y
                from linked k join nodes l on l.rid = k.l join nodes r on r.rid = k.r
            )
            select y as key from sides where x in (select record_key from frontier)
            union select x from sides where y in (select record_key from frontier)"""
        )["key"]
        return set(near.tolist())

    def _number(self, inside: set[int]) -> None:
        table, memory = self._table, self._memory
        table.put("kept", pa.table({"record_key": pa.array(sorted(inside), pa.int64())}))
        table.run(
            """create or replace table keys as
            select (row_number() over (order by record_key) - 1)::integer as rid, record_key from kept order by record_key"""
        )
        # how many bear a value is counted over all who were met, not over those who are left
        strong_edges(table, self._spec, few=True, among="kept")
        table.run(
            """create or replace table strong as
            select least(x.rid, y.rid) as l, greatest(x.rid, y.rid) as r, s.rule, s.w, s.kinds
            from strong s join nodes a on a.rid = s.l join nodes b on b.rid = s.r
            join keys x on x.record_key = a.record_key join keys y on y.record_key = b.record_key order by 1, 2"""
        )
        table.run(
            f"""create or replace table nodes as
            select {self._columns}, k.rid from nodes join keys k using (record_key) order by k.rid"""
        )
        table.run(
            """create or replace table pairs as
            with borne as (select distinct l.h, k.rid from led l join keys k using (record_key))
            select distinct a.rid as l, b.rid as r from borne a join borne b on a.h = b.h and a.rid < b.rid"""
        )
        floor = float(np.log2(max(memory.records, 4)) - 12)
        scoring.score(table, memory.model, pairs="pairs", into="scored", floor=floor)
        table.drop("pairs", "kept", "frontier")


class _Company:
    """Whom records bring along: the others of the same people, and those that somebody joined to one of them."""

    def __init__(
        self, memory: Memory, fresh: set[int], gone: Sequence[int], decisions: Sequence[HumanDecision]
    ) -> None:
        self._memory, self._fresh, self._gone = memory, fresh, set(gone)
        self._joined: dict[int, set[int]] = {}
        for decision in decisions:
            if decision.kind == "must_link":
                self._joined.setdefault(decision.left, set()).add(decision.right)
                self._joined.setdefault(decision.right, set()).add(decision.left)

    def __call__(self, keys: Iterable[int]) -> set[int]:
        found, waiting = set(), list(keys)
        seen: set[str] = set()
        while waiting:
            key = waiting.pop()
            if key in found or key in self._gone:
                continue
            known = self._memory.of_key(key)
            if known is None and key not in self._fresh:
                continue
            found.add(key)
            waiting += self._joined.get(key, ())
            if known is not None and known.person not in seen:
                seen.add(known.person)
                waiting += [other.key for other in self._memory.of_person(known.person)]
        return found
