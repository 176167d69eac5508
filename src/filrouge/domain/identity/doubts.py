"""Doubts that a resolution leaves: pairs between yes and no, weak bridges inside a person, and a sample drawn by chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from filrouge.domain.identity import anatomy
from filrouge.domain.identity.clerical import DRAWN, Stratum, bands
from filrouge.domain.identity.desk import Desk
from filrouge.domain.identity.model import Model
from filrouge.domain.identity.spec import IdentitySpec

LOOKED_AT = 20_000  # pairs of each kind that are weighed at all, the most open first
_MILLION = 1_000_000


@dataclass(frozen=True)
class Doubts:
    """``pairs`` (left, right, left_person, right_person, left_records, right_records, score, kind, rule, kinds, told,
    stratum) in the order of the draw for those of the sample; ``strata`` with their sizes; ``decided`` pairs of the sample
    are there too, for what was said of them."""

    pairs: pa.Table
    strata: tuple[Stratum, ...] = ()
    taught: Mapping[str, float] = field(default_factory=dict)


def doubts(desk: Desk, model: Model, spec: IdentitySpec, prior: float) -> Doubts:
    """Return the doubts of a resolution, from tables ``edges``, ``assigned``, ``tree`` and ``taught``."""
    desk.run(
        "create or replace table doubt (l integer, r integer, w double, kind varchar, stratum varchar, place bigint, nl integer, nr integer, rule varchar, kinds varchar)"
    )
    desk.run("create or replace table sized as select cluster, count(*)::integer as n from assigned group by 1")
    _ambiguous(desk, spec)
    _bridges(desk, spec)
    strata = _sample(desk, spec)
    desk.run("create or replace table asked as select distinct l, r from doubt")
    anatomy.lay(desk, model, prior, pairs="asked", into="taken_apart")
    pairs = desk.arrow(
        """select x.record_key as left, y.record_key as right, a.person as left_person, b.person as right_person,
            d.nl as left_records, d.nr as right_records, round(d.w, 2) as score, d.kind, coalesce(d.stratum, '') as stratum,
            coalesce(d.rule, '') as rule, coalesce(d.kinds, '') as kinds, coalesce(t.told, '') as told
        from doubt d join keys x on x.rid = d.l join keys y on y.rid = d.r
        join assigned a on a.rid = d.l join assigned b on b.rid = d.r
        left join taken_apart t on t.l = d.l and t.r = d.r order by d.kind, d.place, 1, 2"""
    )
    moved = desk.rows("select bits, pairs from shift")
    desk.drop("doubt", "asked", "sized", "taken_apart")
    return Doubts(pairs, strata, {"bits": moved[0][0], "pairs": moved[0][1]} if moved else {})


def _ambiguous(desk: Desk, spec: IdentitySpec) -> None:
    """Two people whose likeliest pair lies above the review threshold; those whom somebody held apart are left alone."""
    link = spec.thresholds.link
    desk.run(
        f"""insert into doubt
        with between as (
            select e.l, e.r, e.w::double as w, e.rule, e.kinds, a.cluster as x, b.cluster as y
            from edges e join assigned a on a.rid = e.l join assigned b on b.rid = e.r and a.cluster != b.cluster
            where e.w > {spec.thresholds.review}
        ), apart as (
            select distinct least(a.cluster, b.cluster) as x, greatest(a.cluster, b.cluster) as y
            from taught t join assigned a on a.rid = t.l join assigned b on b.rid = t.r where not t.same
        ), best as (
            select * from between qualify row_number() over (partition by least(x, y), greatest(x, y) order by w desc, l, r) = 1
        )
        select b.l, b.r, b.w, 'ambiguous', null, 0, sx.n, sy.n, b.rule, b.kinds from best b
        join sized sx on sx.cluster = b.x join sized sy on sy.cluster = b.y
        where not exists (select 1 from apart p where p.x = least(b.x, b.y) and p.y = greatest(b.x, b.y))
        order by greatest(-b.w, {-link}), b.l, b.r limit {LOOKED_AT}"""
    )


def _bridges(desk: Desk, spec: IdentitySpec) -> None:
    """Pairs of the tree that holds a person together, if weak: no other pair across the same cut says more."""
    width = spec.thresholds.link - spec.thresholds.review
    weak = desk.rows(
        f"""select e.l, e.r, a.cluster from tree t join edges e on e.l = t.l and e.r = t.r join assigned a on a.rid = e.l
        where e.w <= {spec.thresholds.link + width} and e.rule is null
        and not exists (select 1 from taught h where h.l = e.l and h.r = e.r) order by e.w, e.l, e.r limit {LOOKED_AT}"""
    )
    if not weak:
        return
    desk.put("weakly", pa.table({"cluster": pa.array(sorted({row[2] for row in weak}), pa.int64())}))
    near: dict[int, list[int]] = {}
    for left, right in desk.rows(
        """select t.l, t.r from tree t join assigned a on a.rid = t.l where a.cluster in (select cluster from weakly)
        union all select h.l, h.r from taught h join assigned a on a.rid = h.l join assigned b on b.rid = h.r
            and a.cluster = b.cluster where h.same and a.cluster in (select cluster from weakly)"""
    ):
        near.setdefault(left, []).append(right)
        near.setdefault(right, []).append(left)
    held: list[tuple[int, int, int, int]] = []
    for left, right, _ in weak:
        mine = _half(near, left, right)
        if right not in mine:  # a pair joined by hand crosses the same cut: nothing hangs on this one
            held.append((left, right, len(mine), len(_half(near, right, left))))
    columns = {name: pa.array([row[i] for row in held], pa.int32()) for i, name in enumerate(("l", "r", "nl", "nr"))}
    desk.put("bridged", pa.table(columns))
    desk.run(
        """insert into doubt select b.l, b.r, e.w, 'bridge', null, 0, b.nl, b.nr, e.rule, e.kinds
        from bridged b join edges e on e.l = b.l and e.r = b.r"""
    )
    desk.drop("bridged", "weakly")


def _half(near: Mapping[int, Sequence[int]], start: int, without: int) -> set[int]:
    """Return what ``start`` leads to without the one pair (start, without)."""
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        others = list(near[here])
        if here == start and without in others:
            others.remove(without)
        elif here == without and start in others:
            others.remove(start)
        for there in others:
            if there not in seen:
                seen.add(there)
                waiting.append(there)
    return seen


def _sample(desk: Desk, spec: IdentitySpec) -> tuple[Stratum, ...]:
    """Draw some pairs of each band of scores by a number that a pair keeps for ever: what is decided of it counts at every
    later run, as long as it is drawn (coordination by permanent random numbers: Ohlsson, 1995)."""
    link, strata = spec.thresholds.link, []
    for name, low, high in bands(link, spec.thresholds.review):
        band = f"e.w > {link + low} and e.w <= {link + high if high < 1e9 else 1e9}"
        (size,) = desk.rows(f"select count(*) from edges e where {band}")[0]
        strata.append(Stratum(name, low, high, size))
        if not size:
            continue
        sieve = min(_MILLION, 1 + 4 * DRAWN * _MILLION // size)
        desk.run(
            f"""insert into doubt
            with drawn as (
                select e.l, e.r, e.w, e.rule, e.kinds, hash(x.record_key, y.record_key) as h
                from edges e join keys x on x.rid = e.l join keys y on y.rid = e.r
                where {band} and hash(x.record_key, y.record_key) % {_MILLION} < {sieve}
            )
            select d.l, d.r, d.w, 'sample', '{name}', row_number() over (order by h, d.l, d.r), sx.n,
                sy.n, d.rule, d.kinds
            from drawn d join assigned a on a.rid = d.l join assigned b on b.rid = d.r
            join sized sx on sx.cluster = a.cluster join sized sy on sy.cluster = b.cluster
            order by h, d.l, d.r limit {DRAWN}"""
        )
    return tuple(strata)
