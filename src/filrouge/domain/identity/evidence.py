"""Why a record is of a person: the pairs it rests on, the rule or model that joined them, the kinds that agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from filrouge.domain.identity import anatomy
from filrouge.domain.identity.cluster import components
from filrouge.domain.identity.desk import Desk
from filrouge.domain.identity.model import Model
from filrouge.domain.identity.spec import HumanDecision, IdentitySpec

Ints = npt.NDArray[np.int64]


def links(
    desk: Desk, model: Model, decisions: Sequence[HumanDecision], spec: IdentitySpec, prior: float = 0.0
) -> pa.Table:
    """Return (record_key, person, decision, rule, evidence) for every record of table ``assigned``, by record_key.

    ``evidence`` is JSON: ``with`` (another record), ``weight`` in bits, ``kinds`` that agree, ``told``, what each
    comparison says (``anatomy``), and ``also``, further pairs. Taken together, the pairs of a person's records lead from
    any one to any other; a record that stands alone has none. It is asked of table ``tree``; what pairs were weighed on
    goes: tables ``nodes``, ``edges`` and ``tree``.
    """
    _human(desk, decisions, spec.thresholds.link)
    anatomy.lay(desk, model, prior, pairs="tree", into="taken_apart")
    kinds = f"string_split(coalesce(e.kinds, {_kinds(model)}), ',')"
    said = f"json_object('with', o.record_key, 'weight', round(e.w::double, 2), 'kinds', {kinds}, 'told', e.told)"
    desk.run(
        f"""create or replace table told as
        with inside as (select e.l, e.r, e.w, e.levels, e.rule, e.kinds, x.told from edges e join tree t on t.l = e.l and t.r = e.r
            left join taken_apart x on x.l = e.l and x.r = e.r),
        sides as (
            select l as rid, r as other, w, levels, rule, kinds, told from inside
            union all select r, l, w, levels, rule, kinds, told from inside
        ), said as (
            select e.rid, e.other, e.w, coalesce(e.rule, '{model.version}') as rule, e.rule is null as by_model, {said} as pair
            from sides e join keys o on o.rid = e.other
        ), ranked as (select *, row_number() over (partition by rid order by w desc, other) as place from said)
        select rid, max(rule) filter (where place = 1) as rule, bool_or(by_model) filter (where place = 1) as by_model,
            any_value(pair) filter (where place = 1) as pair,
            list(pair order by place) filter (where place > 1 and rid < other) as also
        from ranked group by rid"""
    )
    desk.drop("nodes", "edges", "tree", "taken_apart")
    answer = desk.arrow(
        """select n.record_key, a.person,
            case when f.rid is not null then 'human' when coalesce(b.by_model, false) then 'model' else 'rule' end as decision,
            case when f.rid is not null then f.who when b.rid is null then 'alone' else b.rule end as rule,
            case when f.rid is not null and b.rid is null then json_object('with', f.other)
                 when b.rid is null then '{}'
                 when f.rid is not null then json_merge_patch(b.pair, json_object('also', list_concat(
                    [json_object('with', f.other)], coalesce(b.also, []))))
                 when len(b.also) > 0 then json_merge_patch(b.pair, json_object('also', b.also))
                 else b.pair end::varchar as evidence
        from assigned a join keys n on n.rid = a.rid left join told b on b.rid = a.rid
        left join forced f on f.rid = a.rid order by n.record_key"""
    )
    desk.drop("told", "forced")
    return answer


def tree(desk: Desk) -> None:
    """Lay table ``tree`` (l, r): the weightiest pairs that hold each cluster together, and no more."""
    found = desk.numbers(
        """select e.l, e.r, e.w from edges e join assigned a on a.rid = e.l join assigned b on b.rid = e.r
        where a.cluster = b.cluster order by e.w desc, e.l, e.r"""
    )
    (count,) = desk.rows("select count(*) from assigned")[0]
    left, right = (found[side].astype(np.int64) for side in ("l", "r"))
    chosen = spanning(count, left, right)
    desk.put("tree", pa.table({"l": pa.array(left[chosen], pa.int32()), "r": pa.array(right[chosen], pa.int32())}))


def spanning(count: int, left: Ints, right: Ints) -> Ints:
    """Return the edges (given best first) of the best spanning forest of ``count`` nodes, by Boruvka's rounds."""
    chosen = np.empty(0, dtype=np.int64)
    label = np.arange(count, dtype=np.int64)
    alive = np.arange(left.size, dtype=np.int64)
    while True:
        alive = alive[label[left[alive]] != label[right[alive]]]
        if not alive.size:
            return np.sort(chosen)
        best = np.full(count, left.size, dtype=np.int64)
        np.minimum.at(best, label[left[alive]], alive)
        np.minimum.at(best, label[right[alive]], alive)
        chosen = np.union1d(chosen, best[best < left.size])
        label = components(count, left[chosen], right[chosen])


def _human(desk: Desk, decisions: Sequence[HumanDecision], link: float) -> None:
    """Lay table ``forced`` (rid, other, who): records that a person joined, where they are together.

    Two that only stayed together are told so where nothing else holds them.
    """
    joined = [d for d in decisions if d.kind == "must_link" and not d.stays]
    joined += _held_by_word(desk, [d for d in decisions if d.stays], link)
    columns = {"a": [d.left for d in joined], "b": [d.right for d in joined]}
    table = pa.table({name: pa.array(keys, pa.int64()) for name, keys in columns.items()})
    desk.put("human", table.append_column("who", pa.array([d.by for d in joined], pa.string())))
    desk.run(
        """create or replace table forced as
        with pairs as (select a, b, who from human union all select b, a, who from human)
        select x.rid, min(h.b) as other, min(h.who) as who from pairs h
        join keys x on x.record_key = h.a join keys y on y.record_key = h.b
        join assigned ax on ax.rid = x.rid join assigned ay on ay.rid = y.rid and ax.cluster = ay.cluster group by x.rid"""
    )
    desk.drop("human")


def _held_by_word(desk: Desk, decisions: Sequence[HumanDecision], link: float) -> list[HumanDecision]:
    """Return those of ``decisions`` whose records no chain of pairs above ``link`` holds together."""
    if not decisions:
        return []
    keys = desk.numbers("select record_key from keys order by rid")["record_key"].astype(np.int64)
    found = desk.numbers(f"select t.l, t.r from tree t join edges e on e.l = t.l and e.r = t.r where e.w > {link}")
    label = components(keys.size, found["l"].astype(np.int64), found["r"].astype(np.int64))
    told = []
    for decision in decisions:
        a, b = (int(np.searchsorted(keys, key)) for key in (decision.left, decision.right))
        there = max(a, b) < keys.size and keys[a] == decision.left and keys[b] == decision.right
        if there and label[a] != label[b]:
            told.append(decision)
    return told


def _kinds(model: Model) -> str:
    """Return the SQL of the names of the comparisons that agree, from the packed levels of ``e.levels``."""
    parts = [
        f"case when (e.levels >> {4 * index}) & 15 > 1 then '{c.name}' end" for index, c in enumerate(model.comparisons)
    ]
    return f"concat_ws(',', {', '.join(parts)})" if parts else "''"


def reviews(desk: Desk, spec: IdentitySpec, *, touching: str = "") -> int:
    """Return how many pairs are worth a look: between the thresholds, or beyond and yet of two people.

    ``touching`` is a table of record keys, one of which each pair must bear.
    """
    mine = f"(select rid from keys semi join {touching} using (record_key))"
    (found,) = desk.rows(
        f"""select count(*) from edges e join assigned a on a.rid = e.l join assigned b on b.rid = e.r
        and a.cluster != b.cluster where e.w > {spec.thresholds.review}
        {f"and (e.l in {mine} or e.r in {mine})" if touching else ""}"""
    )[0]
    return int(found)
