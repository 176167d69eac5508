"""The steps that settling the whole and settling a few records share: what pairs weigh, clusters, the answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from filrouge.domain.identity import score as scoring
from filrouge.domain.identity.cluster import Edges, cluster, components
from filrouge.domain.identity.desk import Desk
from filrouge.domain.identity.doubts import Doubts
from filrouge.domain.identity.model import Model
from filrouge.domain.identity.spec import HumanDecision, IdentitySpec

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Resolution:
    """Who each record is of. ``changed`` is the part of ``assignment`` that differs from what was known before."""

    assignment: pa.Table
    changed: pa.Table
    redirects: Mapping[str, str]
    counts: Mapping[str, int]
    model: Mapping[str, Any] = field(default_factory=dict)
    doubts: Doubts | None = None  # of a whole resolution


def assigned(keys: Ints, labels: Ints, persons: npt.NDArray[np.object_]) -> pa.Table:
    """Return (rid, cluster, person) of the records numbered by ``keys``."""
    columns = {
        "rid": pa.array(np.arange(keys.size), pa.int32()),
        "cluster": pa.array(labels, pa.int32()),
        "person": pa.array(persons, pa.string()),
    }
    return pa.table(columns)


def complete(table: Desk, model: Model, spec: IdentitySpec, prior: float) -> None:
    """Score the pairs that blocking missed inside each component: clusters are settled on all of the evidence."""
    weight = scoring.bits(prior)
    (count,) = table.rows("select count(*) from keys")[0]
    near = table.numbers(
        f"select l, r from scored where least(w + {weight}, h) > {spec.thresholds.link} union select l, r from strong"
    )
    label = components(count, near["l"].astype(np.int64), near["r"].astype(np.int64))
    table.put("component", pa.table({"rid": pa.array(np.arange(count), pa.int32()), "c": pa.array(label, pa.int32())}))
    table.run(
        f"""create or replace table missing as
        with sized as (select rid, c from component where c in (
            select c from component group by c having count(*) between 2 and {spec.limits.component}))
        select x.rid as l, y.rid as r from sized x join sized y on x.c = y.c and x.rid < y.rid
        where not exists (select 1 from scored s where s.l = x.rid and s.r = y.rid)"""
    )
    scoring.score(table, model, pairs="missing", into="completed", floor=-1e9)
    table.run("insert into scored select * from completed")
    table.drop("missing", "completed", "component")


def merge(table: Desk, prior: float) -> None:
    weight = scoring.bits(prior)
    table.run(
        f"""create or replace table edges as
        select coalesce(s.l, g.l) as l, coalesce(s.r, g.r) as r,
            greatest(coalesce(least(s.w + {weight}, s.h), g.w), coalesce(g.w, -1e9)) as w,
            coalesce(least(s.w, s.h), g.w) as said, coalesce(s.levels, 0) as levels, g.rule, g.kinds
        from scored s full join strong g on s.l = g.l and s.r = g.r order by 1, 2"""
    )


def clustered(table: Desk, spec: IdentitySpec, count: int, constraints: Sequence[tuple[int, int, str]]) -> Ints:
    found = table.numbers("select l, r, w, said from edges order by l, r")
    left, right = found["l"].astype(np.int64), found["r"].astype(np.int64)
    edges = Edges(left, right, found["w"].astype(np.float64), found["said"].astype(np.float64))
    must = [(a, b) for a, b, kind in constraints if kind == "must_link"]
    apart = _one_each(table, spec, count, edges) - set(must) if spec.one_each else set()
    return cluster(
        count,
        edges,
        link=spec.thresholds.link,
        join=spec.thresholds.join,
        clip=spec.thresholds.clip,
        must=must,
        cannot=sorted(apart | {(a, b) for a, b, kind in constraints if kind == "cannot_link"}),
        largest=spec.limits.cluster,
    )


def _one_each(table: Desk, spec: IdentitySpec, count: int, edges: Edges) -> set[tuple[int, int]]:
    """Return the pairs of one source that holds each person once, among those that something would bring together."""
    found = table.numbers(
        """select e.l, e.r from edges e join nodes x on x.rid = e.l join nodes y on y.rid = e.r
        where x.one_each = y.one_each order by 1, 2"""
    )
    left, right = found["l"].astype(np.int64), found["r"].astype(np.int64)
    near = edges.weight > spec.thresholds.link
    label = components(count, edges.left[near], edges.right[near])
    together = label[left] == label[right]
    return set(zip(left[together].tolist(), right[together].tolist(), strict=True))


def constraints(keys: Ints, decisions: Sequence[HumanDecision]) -> list[tuple[int, int, str]]:
    """Return the decisions on records that are here, as node numbers; a later one on the same pair replaces the earlier."""
    settled: dict[tuple[int, int], str] = {}
    for decision in decisions:
        a, b = (int(np.searchsorted(keys, key)) for key in sorted((decision.left, decision.right)))
        if (
            a != b
            and b < keys.size
            and keys[a] == min(decision.left, decision.right)
            and keys[b] == max(decision.left, decision.right)
        ):
            settled[a, b] = decision.kind
    return sorted((a, b, kind) for (a, b), kind in settled.items())


def leaving(decisions: Sequence[HumanDecision]) -> dict[int, set[int]]:
    """Return, for each record that somebody separated, those from which it was: the right ones of pairs held apart."""
    found: dict[int, set[int]] = {}
    for decision in decisions:
        if decision.kind == "cannot_link" and not decision.reviewed:
            found.setdefault(decision.left, set()).add(decision.right)
    return found


def maker(at: datetime, seed: int) -> Any:
    """Return a maker of UUIDv7 whose time is ``at`` and whose chance is the content: the same records give the same ids.

    The time counts in the chance too: who leaves a person named after them gets an id unlike it in all of its parts.
    """
    stamp = f"{int(at.timestamp() * 1000):012x}"
    head = f"{stamp[:8]}-{stamp[8:]}-7"

    def ids(smallest: Sequence[int]) -> list[str]:
        made = []
        for key in smallest:
            d = hashlib.blake2b(b"%d:%d:%s" % (seed, key, stamp.encode()), digest_size=10).hexdigest()
            made.append(f"{head}{d[:3]}-{'89ab'[int(d[3], 16) & 3]}{d[4:7]}-{d[7:19]}")
        return made

    return ids


def changed(assignment: pa.Table, previous: pa.Table | None) -> pa.Table:
    """Return the rows of ``assignment`` whose person is not the one known before."""
    if previous is None or previous.num_rows == 0:
        return assignment
    keys = previous.column("record_key").to_numpy(zero_copy_only=False)
    order = np.argsort(keys, kind="stable")
    persons = np.array(previous.column("person").to_pylist(), dtype=object)[order]
    keys = keys[order]
    mine = assignment.column("record_key").to_numpy(zero_copy_only=False)
    spot = np.minimum(np.searchsorted(keys, mine), keys.size - 1)
    same = (keys[spot] == mine) & (persons[spot] == np.array(assignment.column("person").to_pylist(), dtype=object))
    return assignment.filter(pa.array(~same))
