"""Why a record is of a person: the pair it rests on, the rule or model that joined it, the kinds of things that agree."""

# ruff: noqa: S608 - the parts of these statements are constants of this room; values are quoted or passed apart

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa

from filrouge.domain.identity.desk import Desk
from filrouge.domain.identity.model import Model
from filrouge.domain.identity.spec import HumanDecision, IdentitySpec


def links(desk: Desk, model: Model, decisions: Sequence[HumanDecision]) -> pa.Table:
    """Return (record_key, person, decision, rule, evidence) for every record of table ``assigned``, by record_key.

    A record rests on its weightiest pair inside its cluster; one that stands alone rests on itself.
    """
    desk.put(
        "human",
        pa.table(
            {
                "a": pa.array([d.left for d in decisions if d.kind == "must_link"], pa.int64()),
                "b": pa.array([d.right for d in decisions if d.kind == "must_link"], pa.int64()),
                "who": pa.array([d.by for d in decisions if d.kind == "must_link"], pa.string()),
            }
        ),
    )
    return desk.arrow(
        f"""with inside as (
            select e.l, e.r, e.w, e.levels, e.rule, e.kinds from edges e
            join assigned a on a.rid = e.l join assigned b on b.rid = e.r and a.cluster = b.cluster
        ), sides as (select l as rid, r as other, * exclude (l, r) from inside union all select r, l, * exclude (l,
            r) from inside),
        best as (
            select rid, max(w) as w, arg_min(struct_pack(other := other, levels := levels, rule := rule,
                kinds := kinds), (-w, other)) as e
            from sides group by rid
        ), forced as (
            select x.rid, min(y.record_key) as other, any_value(who order by who) as who from human h
            join nodes x on x.record_key in (h.a, h.b) join nodes y on y.record_key in (h.a, h.b) and y.rid != x.rid
            join assigned ax on ax.rid = x.rid join assigned ay on ay.rid = y.rid
                and ax.cluster = ay.cluster group by x.rid
        )
        select n.record_key, a.person,
            case when f.rid is not null then 'human' when b.rid is null or b.e.rule is not null then 'rule'
                else 'model' end as decision,
            case when f.rid is not null then f.who when b.rid is null then 'alone' else coalesce(b.e.rule,
                '{model.version}') end as rule,
            case when f.rid is not null then json_object('with', f.other)
                 when b.rid is null then '{{}}'
                 else json_object('with', o.record_key, 'weight', round(b.w::double, 2), 'kinds',
                     string_split(coalesce(b.e.kinds, {_kinds(model)}), ','))
            end::varchar as evidence
        from assigned a join nodes n on n.rid = a.rid left join best b on b.rid = a.rid
            left join nodes o on o.rid = b.e.other
        left join forced f on f.rid = a.rid order by n.record_key"""
    )


def _kinds(model: Model) -> str:
    """Return the SQL of the names of the comparisons that agree, from the packed levels of ``b.e.levels``."""
    parts = [
        f"case when (b.e.levels >> {4 * index}) & 15 > 1 then '{c.name}' end"
        for index, c in enumerate(model.comparisons)
    ]
    return f"concat_ws(',', {', '.join(parts)})" if parts else "''"


def reviews(desk: Desk, model: Model, spec: IdentitySpec) -> pa.Table:
    """Return (left_key, right_key, score, levels as JSON): pairs between the two thresholds whose records are of two people."""
    found = desk.arrow(
        f"""select nl.record_key as left_key, nr.record_key as right_key, round(e.w::double, 2) as score, e.levels
        from edges e join assigned a on a.rid = e.l join assigned b on b.rid = e.r and a.cluster != b.cluster
        join nodes nl on nl.rid = e.l join nodes nr on nr.rid = e.r
        where e.w > {spec.thresholds.review} order by e.w desc, 1, 2"""
    )
    said = [json.dumps(unpack(model, packed)) for packed in found.column("levels").to_pylist()]
    return found.set_column(3, "levels", pa.array(said, pa.string()))


def unpack(model: Model, packed: int) -> dict[str, str]:
    """Return comparison -> label of the level at which a pair stands; what is missing is left out."""
    told = {}
    for index, comparison in enumerate(model.comparisons):
        level = (packed >> (4 * index)) & 15
        if level:
            told[comparison.name] = comparison.levels[len(comparison.levels) - level].label
    return told
