"""The whole of identity in one call: records in, people out; deterministic, idempotent, and each link with its reason."""

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
from filrouge.domain.identity import teaching
from filrouge.domain.identity.blocking import block
from filrouge.domain.identity.cluster import Edges, cluster, components
from filrouge.domain.identity.comparisons import comparisons
from filrouge.domain.identity.desk import Desk, desk
from filrouge.domain.identity.doubts import Doubts, doubts
from filrouge.domain.identity.evidence import links, reviews
from filrouge.domain.identity.graph import assign
from filrouge.domain.identity.model import Model, relearn
from filrouge.domain.identity.normalise import normalise
from filrouge.domain.identity.spec import HumanDecision, IdentitySpec
from filrouge.domain.identity.strong import conflicts, strong_edges
from filrouge.domain.identity.training import drawn, learn_u, train

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Resolution:
    """Who each record is of. ``changed`` is the part of ``assignment`` that differs from what was known before."""

    assignment: pa.Table
    changed: pa.Table
    redirects: Mapping[str, str]
    reviews: pa.Table
    counts: Mapping[str, int]
    model: Mapping[str, Any] = field(default_factory=dict)
    doubts: Doubts | None = None


def resolve(
    con: Any,
    records: pa.Table | str,
    *,
    previous: pa.Table | None = None,
    former: Mapping[int, Sequence[str]] | None = None,
    decisions: Sequence[HumanDecision] = (),
    at: datetime,
    seed: int = 7,
    spec: IdentitySpec | None = None,
) -> Resolution:
    """Resolve ``records`` (columns of person_records, record_key distinct) into people.

    They are an Arrow table, or the name of a view of ``con`` (``main.records``) that need not fit in memory.

    ``con`` is a DuckDB connection, an Ibis backend on DuckDB,
        or None for a database of its own. ``previous`` (record_key,
    person) are the links in force,
        ``former`` the people that a record was once of. The same content gives the same answer,
    whatever the order of the rows; resolving again with one's own answer as ``previous`` changes nothing.
    """
    spec = spec or IdentitySpec()
    with desk(con) as table:
        normalise(table, records, spec)
        strong_edges(table, spec)
        teaching.lay(table, decisions)
        model, prior = _weigh(table, spec, seed)
        keys = table.numbers("select record_key from keys order by rid")["record_key"].astype(np.int64)
        labels = _cluster(table, spec, keys.size, _constraints(keys, decisions))
        named = assign(keys, labels, previous, _ids(at, seed), former=former)
        table.put(
            "assigned",
            pa.table(
                {
                    "rid": pa.array(np.arange(keys.size), pa.int32()),
                    "cluster": pa.array(labels, pa.int32()),
                    "person": pa.array(named.persons, pa.string()),
                }
            ),
        )
        assignment = links(table, model, decisions, prior)
        asked = reviews(table, model, spec)
        open_ = doubts(table, model, spec, prior)
        taught = teaching.notes(table)
    changed = _changed(assignment, previous)
    people = len(set(named.persons.tolist()))
    counts = {
        "records": keys.size, "people": people, "merges": named.merges, "splits": named.splits,
        "new_people": named.new_people, "reviews": asked.num_rows,
    }  # fmt: skip
    report = model.dump() | {"version": model.version, "prior": prior, "notes": [*model.notes, *taught]}
    return Resolution(assignment, changed, named.redirects, asked, counts, report, open_)


def _weigh(table: Desk, spec: IdentitySpec, seed: int) -> tuple[Model, float]:
    """Lay table ``edges`` (l, r, w, levels, rule, kinds): what the model and the rules say of each pair worth keeping."""
    (count,) = table.rows("select count(*) from nodes")[0]
    if not spec.model:
        model = Model((), 0.0, seed, False, ({"code": "model_off"},))
    elif count <= spec.training.sample_above:
        model = _learn(table, spec, seed, rounds=spec.training.rounds)
    else:
        weighed = scoring.weighed_columns(
            {level["tf"] for _, ls in comparisons(spec).values() for level in ls if "tf" in level}
        )
        scoring.frequencies(table, weighed)
        with drawn(table, share=spec.training.sample / count, seed=seed):
            model = _learn(table, spec, seed, rounds=spec.training.rounds)
    if not model.healthy:
        conflicts(table, spec)
        return model, 0.0
    if count > spec.training.sample_above:
        block(table, spec)
    prior = _score(table, model, spec)
    table.drop("scored", "pairs", "presumed", "singles")
    return model, prior


def _learn(table: Desk, spec: IdentitySpec, seed: int, *, rounds: int) -> Model:
    """Return the model that table ``nodes`` teaches; the pairs that it was learned on are left in ``pairs``."""
    model = train(table, spec, seed=seed)
    if not model.healthy:
        return model
    block(table, spec)
    scoring.frequencies(table, scoring.tf_columns(model))
    (count,) = table.rows("select count(*) from keys")[0]
    for _ in range(rounds - 1):
        # what the first people teach: how unalike records of one person may be, and how common values are among people
        _score(table, model, spec)
        labels = _cluster(table, spec, count, ())
        columns = {"rid": pa.array(np.arange(count), pa.int32()), "cluster": pa.array(labels, pa.int32())}
        table.put("presumed", pa.table(columns))
        table.run(
            "create or replace table singles as select n.* from nodes n semi join presumed p on p.cluster = n.rid"
        )
        model = learn_u(table, spec, relearn(table, model), seed, "singles")
        scoring.frequencies(table, scoring.tf_columns(model), "presumed")
    return model


def _score(table: Desk, model: Model, spec: IdentitySpec) -> float:
    """Lay table ``edges`` by ``model`` and return the prior that the scores themselves call for."""
    (count,) = table.rows("select count(*) from nodes")[0]
    floor = float(np.log2(max(count, 4)) - 12)
    scoring.score(table, model, pairs="pairs", into="scored", floor=floor)
    found = table.numbers("select w, h from scored")
    teaching.weigh(table, model)
    prior = teaching.shifted(table, scoring.calibrate(found["w"], found["h"], records=count))
    _complete(table, model, spec, prior)
    _merge(table, prior)
    return prior


def _complete(table: Desk, model: Model, spec: IdentitySpec, prior: float) -> None:
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


def _merge(table: Desk, prior: float) -> None:
    weight = scoring.bits(prior)
    table.run(
        f"""create or replace table edges as
        select coalesce(s.l, g.l) as l, coalesce(s.r, g.r) as r,
            greatest(coalesce(least(s.w + {weight}, s.h), g.w), coalesce(g.w, -1e9)) as w,
            coalesce(least(s.w, s.h), g.w) as said, coalesce(s.levels, 0) as levels, g.rule, g.kinds
        from scored s full join strong g on s.l = g.l and s.r = g.r order by 1, 2"""
    )


def _cluster(table: Desk, spec: IdentitySpec, count: int, constraints: Sequence[tuple[int, int, str]]) -> Ints:
    found = table.numbers("select l, r, w, said from edges order by l, r")
    left, right = found["l"].astype(np.int64), found["r"].astype(np.int64)
    edges = Edges(left, right, found["w"].astype(np.float64), found["said"].astype(np.float64))
    return cluster(
        count,
        edges,
        link=spec.thresholds.link,
        clip=spec.thresholds.clip,
        must=[(a, b) for a, b, kind in constraints if kind == "must_link"],
        cannot=[(a, b) for a, b, kind in constraints if kind == "cannot_link"],
        largest=spec.limits.cluster,
    )


def _constraints(keys: Ints, decisions: Sequence[HumanDecision]) -> list[tuple[int, int, str]]:
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


def _ids(at: datetime, seed: int) -> Any:
    """Return a maker of UUIDv7 whose time is ``at`` and whose chance is the content: the same records give the same ids."""
    stamp = f"{int(at.timestamp() * 1000):012x}"
    head = f"{stamp[:8]}-{stamp[8:]}-7"

    def ids(smallest: Sequence[int]) -> list[str]:
        made = []
        for key in smallest:
            d = hashlib.blake2b(b"%d:%d" % (seed, key), digest_size=10).hexdigest()
            made.append(f"{head}{d[:3]}-{'89ab'[int(d[3], 16) & 3]}{d[4:7]}-{d[7:19]}")
        return made

    return ids


def _changed(assignment: pa.Table, previous: pa.Table | None) -> pa.Table:
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
