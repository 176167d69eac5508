"""Match weights of pairs by a trained model, in bulk: the sum of what each comparison says, in bits."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from filrouge.domain.identity.desk import Desk
from filrouge.domain.identity.model import Comparison, Model, level_sql

Floats = npt.NDArray[np.float64] | npt.NDArray[np.float32]
TF_FLOOR = 1e-6
_NEIGHBOURS = 3.0
PART = 600_000  # nodes laid side by side at once: both sides of a join stay in memory
# What the members of a household share, or may: under the supposition that these are two of a household, it says little.
_HOUSEHOLD = {"birth_date": 3.0, "email": 2.0}
# Two given names on one mailbox or one line: what twins have, whatever the records at hand taught of one person's names.
_REACHED, _TWO_NAMES = ("email", "phone"), -6.0
_SHARED = {"family", "phone", "address", "place"}


def frequencies(desk: Desk, columns: Sequence[str], clusters: str | None = None) -> None:
    """Give table ``nodes``, for each column so weighed, the share of people who bear the value (``tf_<column>``, log2).

    ``clusters`` (a table rid, cluster) counts each presumed person once.
    """
    joins, selected = [], []
    for index, column in enumerate(columns):
        counted = "count(*)" if clusters is None else "count(distinct c.cluster)"
        source = "nodes n" if clusters is None else f"nodes n join {clusters} c using (rid)"
        (total,) = desk.rows(f"select {counted} from {source} where n.{column} is not null")[0]
        desk.run(
            f"""create or replace table tf_{index} as
            select n.{column} as v, cast(log2(greatest({counted}::double / {max(total, 1)}, {TF_FLOOR})) as float) as tf
            from {source} where n.{column} is not null group by 1"""
        )
        joins.append(f"left join tf_{index} t{index} on n.{column} = t{index}.v")
        selected.append(f", t{index}.tf as tf_{column}")
    present = {row[0] for row in desk.rows("select column_name from (describe nodes)")}
    former = [f"tf_{column}" for column in columns if f"tf_{column}" in present]
    but = f"exclude ({', '.join(former)})" if former else ""
    desk.run(f"create or replace table weighed as select n.* {but}{''.join(selected)} from nodes n {' '.join(joins)}")
    desk.drop("nodes", *(f"tf_{index}" for index in range(len(columns))))
    desk.run("alter table weighed rename to nodes")


def tf_columns(model: Model) -> list[str]:
    """Return the columns whose values are weighed by how common they are."""
    return weighed_columns({level.tf for c in model.comparisons for level in c.levels})


def weighed_columns(found: set[str]) -> list[str]:
    """Return ``found`` sorted, with both names where there is one: swapped names are weighed by the other's column."""
    names = {"given_key", "family_key"}
    return sorted((found - {""}) | (names if found & names else set()))


def weight_sql(comparison: Comparison) -> str:
    """Return the SQL of what one comparison says, in bits, from its level ``g_<name>``."""
    cases = []
    for index, level in enumerate(comparison.levels):
        m, u = math.log2(level.m), math.log2(level.u)
        match level.mode:
            case "same":
                said = f"{m:.6f} - l_tf_{level.tf}"
            case "like":  # as common as the commoner of the two: "martn" is near to every "martin"
                said = f"{m:.6f} - greatest(l_tf_{level.tf}, r_tf_{level.tf}, {u - _NEIGHBOURS:.6f})"
            case "cross":  # both names are swapped or neither is: the error counts once, with the given name
                other = {"given_key": "family_key", "family_key": "given_key"}[level.tf]
                said = f"{m if level.tf == 'given_key' else 0:.6f} - greatest(l_tf_{level.tf}, r_tf_{other})"
            case _:
                said = f"{m - u:.6f}"
        cases.append(f"when {len(comparison.levels) - index} then {said}")
    return f"case g_{comparison.name} {' '.join(cases)} else 0 end"


def score(desk: Desk, model: Model, *, pairs: str, into: str, floor: float) -> None:
    """Lay table ``into`` (l, r, w, h, levels): each pair of ``pairs`` whose weight ``w``, without prior,
        reaches ``floor``.

    ``h`` is the weight of "one person" against "two of one household": whatever the prior, a pair is worth no more.

    ``levels`` packs the level of each comparison, four bits each, in the order of the model.
    """
    desk.run(f"create or replace table {into} (l integer, r integer, w float, h float, levels bigint)")
    parts = parts_of(desk, pairs)
    for left in range(parts):
        for right in range(parts):
            desk.run(_sql(model, pairs, into, floor, parts, left, right))


def parts_of(desk: Desk, pairs: str) -> int:
    """Return in how many parts the nodes are laid side by side; few pairs are looked up in the whole at once."""
    (count,), (asked,) = (desk.rows(f"select count(*) from {what}")[0] for what in ("nodes", pairs))
    return 1 if asked <= PART else -(-count // PART) or 1


def _sql(model: Model, pairs: str, into: str, floor: float, parts: int, left: int, right: int) -> str:
    said = ", ".join(f"{weight_sql(c)} as w_{c.name}" for c in model.comparisons)
    whole = " + ".join(f"w_{c.name}" for c in model.comparisons)
    packed = " | ".join(f"(g_{c.name}::bigint << {4 * i})" for i, c in enumerate(model.comparisons))
    return f"""insert into {into}
        with levelled as ({levelled_sql(model, pairs, parts, left, right)}
        ), said as (select pl, pr, {packed} as levels, {two_names_sql(model)} as two_names, {said} from levelled l),
        summed as (select pl, pr, levels, {whole} as w, {household_sql(model)} as h from said)
        select pl, pr, round(w, 4), round(h, 4), levels from summed where w >= {floor}"""


def levelled_sql(model: Model, pairs: str, parts: int, left: int, right: int) -> str:
    """Return the SQL of (pl, pr, the shares of values of both, the level of each comparison) of a part of ``pairs``."""
    levels = ", ".join(f"{level_sql(c.missing, [x.sql for x in c.levels])} as g_{c.name}" for c in model.comparisons)
    tfs = "".join(f", l.tf_{c} as l_tf_{c}, r.tf_{c} as r_tf_{c}" for c in tf_columns(model))
    side = "select *, given_key as given_other, family_key as family_other from nodes"

    def part(sql: str, *tests: str) -> str:
        return f"({sql} where {' and '.join(tests)})" if parts > 1 else f"({sql})"

    mine, theirs = f"rid % {parts} = {left}", f"rid % {parts} = {right}"
    return f"""
            select p.l as pl, p.r as pr{tfs}, {levels}
            from {part(f"select l, r from {pairs}", mine.replace("rid", "l"), theirs.replace("rid", "r"))} p
            join {part(side, mine)} l on l.rid = p.l join {part(side, theirs)} r on r.rid = p.r"""


def two_names_sql(model: Model) -> str:
    """Return the SQL of whether the given names are those of two people."""
    for comparison in model.comparisons:
        if comparison.name == "given":
            top = len(comparison.levels)
            places = [
                str(top - i) for i, level in enumerate(comparison.levels) if level.label in ("rival", "different")
            ]
            return f"g_given in ({', '.join(places)})"
    return "false"


def household_sql(model: Model) -> str:
    """Return the SQL of the weight of "one person" against "two of one household"; only personal things count."""
    names = [c.name for c in model.comparisons]
    reached = " or ".join(f"w_{name} > 0" for name in _REACHED if name in names)
    said = {name: f"least(w_{name}, {most})" for name, most in _HOUSEHOLD.items()}
    if reached:
        said["given"] = f"case when {reached} then least(w_given, {_TWO_NAMES}) else w_given end"
    personal = " + ".join(f"({said.get(name, f'w_{name}')})" for name in names if name not in _SHARED)
    if not personal or not any(c.name == "given" for c in model.comparisons):
        return "1e9"
    return f"case when two_names then {personal} else 1e9 end"


def calibrate(weights: Floats, caps: Floats, *, records: int) -> float:
    """Return the prior (probability that two records at random match) that agrees with the weights found.

    Expectation-maximisation on the mixing share alone: pairs that were not compared count as not matching.
    """
    total = records * (records - 1) / 2
    if total <= 0 or weights.size == 0:
        return 1.0 / max(total, 2.0)
    odds, most = (np.exp2(np.clip(x.astype(np.float64), -60, 60)) for x in (weights, caps))
    prior = max(np.count_nonzero(weights > math.log2(max(total, 2.0))) / total, 1.0 / total)
    for _ in range(100):
        ratio = prior / (1 - prior)
        likely = np.minimum(odds * ratio, most)
        share = float(np.sum(likely / (1 + likely))) / total
        share = min(max(share, 1.0 / total), 0.5)
        if abs(share - prior) < 1e-4 * prior:
            return float(f"{share:.4g}")
        prior = share
    return float(f"{prior:.4g}")


def bits(prior: float) -> float:
    """Return the weight of the prior, in bits."""
    return math.log2(prior / (1 - prior))
