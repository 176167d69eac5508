"""How a model is learned: likeness of strangers by sampling, likeness of one person by Splink, checked before use."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from splink import DuckDBAPI, Linker
from splink.internals.exceptions import SplinkException

from filrouge.domain.identity.comparisons import SESSIONS, comparisons
from filrouge.domain.identity.desk import Desk
from filrouge.domain.identity.model import Comparison, Level, Model, level_sql, rounded
from filrouge.domain.identity.spec import IdentitySpec

_FLOOR = 1e-7
_ALIKE, _UNLIKE = 0.8, 0.02  # of one person's given names, the same and another, where the records cannot tell
_SPARSE = 0.01  # a column filled in fewer records than this is not compared


def train(desk: Desk, spec: IdentitySpec, *, seed: int) -> Model:
    """Return the model learned from table ``nodes``.

    Never raises for want of data: a model that could not be trained comes back with ``healthy`` false
        and notes that say why.
    """
    notes: list[dict[str, Any]] = []
    chosen = _usable(desk, spec, notes)
    (count,) = desk.rows("select count(*) from nodes")[0]
    if count < spec.training.min_records or len(chosen) < 2:
        code = "too_few_records" if count < spec.training.min_records else "too_few_columns"
        return Model((), 0.0, seed, False, (*notes, {"code": code, "records": count, "columns": len(chosen)}))
    _training_table(desk, spec, chosen, "nodes")
    logging.getLogger("splink").setLevel(logging.CRITICAL)
    try:
        shares_u = _learn_u(desk, spec, chosen, seed, "nodes")
        shares_m = _learn_m(desk, spec, chosen, shares_u, notes)
    except SplinkException:
        return Model((), 0.0, seed, False, (*notes, {"code": "training_failed"}))
    finally:
        desk.drop("train_nodes")
    return _checked(spec, chosen, shares_m, shares_u, seed, notes)


@contextmanager
def drawn(desk: Desk, *, share: float, seed: int) -> Iterator[None]:
    """Leave in table ``nodes`` a sample that keeps people whole: the records of some names, and all that share an e-mail or a
    phone with them; give back the rest at the end."""
    name = "left(least(given_key, family_key), 2) || left(greatest(given_key, family_key), 2)"
    chosen = f"hash({name} || '{seed}') % 1000000 < {int(share * 800_000)}"
    desk.run(f"create or replace table first as select rid, email, phone from nodes where {chosen}")
    desk.run(
        """create or replace table reached as
        select rid from first union select n.rid from nodes n semi join first f on f.email = n.email
        union select n.rid from nodes n semi join (select phone from first group by phone having count(*) < 20) f
            on f.phone = n.phone"""
    )
    for whole in ("nodes", "strong"):
        desk.run(f"alter table {whole} rename to {whole}_whole")
    desk.run("create table nodes as select n.* from nodes_whole n semi join reached r on r.rid = n.rid")
    desk.run(
        """create table strong as select s.* from strong_whole s
        semi join reached a on a.rid = s.l semi join reached b on b.rid = s.r"""
    )
    desk.drop("first", "reached")
    try:
        yield
    finally:
        for whole in ("nodes", "strong"):
            desk.drop(whole)
            desk.run(f"alter table {whole}_whole rename to {whole}")


def learn_u(desk: Desk, spec: IdentitySpec, model: Model, seed: int, records: str) -> Model:
    """Return the model with the likeness of strangers (u) as found among ``records``, one per presumed person."""
    shares = _learn_u(desk, spec, [c.name for c in model.comparisons], seed, records)
    return replace(
        model,
        comparisons=tuple(
            replace(c, levels=tuple(replace(x, u=float(f"{shares[c.name, x.label]:.5g}")) for x in c.levels))
            for c in model.comparisons
        ),
    )


def _training_table(desk: Desk, spec: IdentitySpec, chosen: list[str], records: str) -> None:
    columns = {c for name in chosen for c in _columns(comparisons(spec)[name][1])} | {c for s in SESSIONS for c in s}
    select = ", ".join(sorted(columns - {"given_other", "family_other"}))
    desk.run(
        f"create or replace table train_{records} as select rid, {select}, given_key as given_other, family_key as family_other from {records}"
    )


def _usable(desk: Desk, spec: IdentitySpec, notes: list[dict[str, Any]]) -> list[str]:
    """Return the comparisons whose columns hold enough, and more than one value."""
    chosen = []
    for name, (columns, _) in comparisons(spec).items():
        filled, distinct = 0.0, 0
        for column in columns:
            share, values = desk.rows(
                f"select coalesce(avg((n.{column} is not null)::int), 0), count(distinct {column}) from nodes n"
            )[0]
            filled, distinct = max(filled, share), max(distinct, values)
        if filled >= _SPARSE and distinct > 1:
            chosen.append(name)
        else:
            notes.append({"code": "column_empty" if distinct < 1 else "column_says_nothing", "column": name})
    return chosen


def _columns(levels: list[dict[str, Any]]) -> set[str]:
    return {c for level in levels for c in re.findall(r"\b[lr]\.(\w+)", level["sql_condition"])} | {
        level["tf"] for level in levels if level.get("tf")
    }


def _linker(
    desk: Desk, spec: IdentitySpec, chosen: list[str], table: str, shares: dict[tuple[str, str], float]
) -> Linker:
    described = []
    for name in chosen:
        levels = []
        for place, level in enumerate(comparisons(spec)[name][1]):
            plain = {k: v for k, v in level.items() if k not in ("tf", "mode")}
            plain["sql_condition"] = _condition(desk, f"{name}_{place}", level["sql_condition"])
            if not level.get("is_null_level"):
                plain["u_probability"] = shares[name, level["label_for_charts"]]
            levels.append(plain)
        described.append({"output_column_name": name, "comparison_levels": levels})
    settings = {
        "link_type": "dedupe_only",
        "unique_id_column_name": "rid",
        "comparisons": described,
        "blocking_rules_to_generate_predictions": [],
        "probability_two_random_records_match": 1e-4,
        "retain_matching_columns": False,
        "linker_uid": "filrouge",
    }
    api = DuckDBAPI(connection=desk.con)
    return Linker(api.register(table), settings, log_level=None, validate_settings=False)


def _learn_u(desk: Desk, spec: IdentitySpec, chosen: list[str], seed: int, table: str) -> dict[tuple[str, str], float]:
    """Return the share of pairs of strangers at each level: each of a sample of records is compared with its followers in a
    shuffle by hash, so that the sample depends on content and seed alone."""
    (count,) = desk.rows(f"select count(*) from {table}")[0]
    sample = min(count, int(spec.training.u_pairs // 10))
    near = max(1, min(int(spec.training.u_pairs // max(sample, 1)), count - 1))
    # a generous draw by hash first, so that only it is sorted
    sieve = int(min(1.0, 1.2 * sample / max(count, 1) + 0.001) * 1_000_000)
    desk.run(
        f"""create or replace table shuffled as
        with drawn as (select *, hash(rid + {seed}) as h from {table} where hash(rid + {seed}) % 1000000 < {sieve})
        select * exclude (h), given_key as given_other, family_key as family_other, row_number() over (order by h, rid) as spot
        from drawn qualify spot <= {sample}"""
    )
    (sample,) = desk.rows("select count(*) from shuffled")[0]
    names = {name: comparisons(spec)[name][1] for name in chosen}
    levels = " | ".join(f"({_level_sql(levels)}::bigint << {4 * index})" for index, levels in enumerate(names.values()))
    stride = max(1, (sample - 1) // near)
    desk.run(
        f"""create or replace table drawn as
        select a.spot as l, (a.spot + i * {stride}) % {sample} + 1 as r from (select unnest(range(1,
            {sample} + 1)) as spot) a,
        (select unnest(range({near})) as i)"""
    )
    found = desk.rows(
        f"""select levels, count(*) from (
            select {levels} as levels from drawn d join shuffled l on l.spot = d.l
                join shuffled r on r.spot = d.r where d.l != d.r
        ) group by levels"""
    )
    desk.drop("drawn")
    desk.drop("shuffled")
    shares: dict[tuple[str, str], float] = {}
    for index, (name, described) in enumerate(names.items()):
        graded = [level for level in described if not level.get("is_null_level")]
        seen: dict[int, int] = {}
        for packed, number in found:
            g = (packed >> (4 * index)) & 15
            seen[g] = seen.get(g, 0) + number
        total = sum(number for g, number in seen.items() if g)
        for position, level in enumerate(graded):
            shares[name, level["label_for_charts"]] = max(
                (seen.get(len(graded) - position, 0) + 0.5) / (total + 1.0), _FLOOR
            )
    return shares


def _level_sql(described: list[dict[str, Any]]) -> str:
    graded = [level for level in described if not level.get("is_null_level")]
    return level_sql(described[0]["sql_condition"], [level["sql_condition"] for level in graded])


def _learn_m(
    desk: Desk, spec: IdentitySpec, chosen: list[str], shares: dict[tuple[str, str], float], notes: list[dict[str, Any]]
) -> dict[tuple[str, str], float]:
    linker = _linker(desk, spec, chosen, "train_nodes", shares)
    ran = 0
    for session in SESSIONS:
        if ran >= 7:
            break
        same = " and ".join(f"{c} is not null" for c in session)
        (pairs,) = desk.rows(
            f"select coalesce(sum(n * (n - 1) // 2), 0) from (select count(*) as n from train_nodes where {same} group by {', '.join(session)})"
        )[0]
        if pairs < 100:
            continue
        rule = " and ".join(f"l.{c} = r.{c}" for c in session)
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(
                rule, estimate_without_term_frequencies=True, max_pairs=spec.training.em_pairs
            )
            ran += 1
        except (SplinkException, ValueError):  # Splink refuses a share that underflows: this session teaches nothing
            notes.append({"code": "session_failed", "columns": list(session)})
    found = {k: v["m"] for k, v in _shares(linker).items() if v["m"] is not None}
    linker.table_management.delete_tables_created_by_splink_from_db()  # type: ignore[no-untyped-call]
    return {k: float(v) for k, v in found.items()}


def _presumed(name: str, labels: list[str]) -> dict[tuple[str, str], float]:
    """Return how alike one person's values are where the records cannot tell: mostly the same, seldom different."""
    between = (1 - _ALIKE - _UNLIKE) / max(len(labels) - 2, 1)
    shares = {(name, label): between for label in labels}
    return shares | {(name, labels[0]): _ALIKE, (name, labels[-1]): _UNLIKE}


def _condition(desk: Desk, name: str, sql: str) -> str:
    """Return a condition in Splink's spelling of the two sides: ``l.given_key`` becomes ``given_key_l``.

    Splink simplifies every condition symbolically, at a second each: a long one is put behind a macro, which it takes as is.
    """
    sides = sorted(set(re.findall(r"\b([lr])\.(\w+)", sql)))
    if len(sql) < 60 and len(sides) <= 2:
        return re.sub(r"\b([lr])\.(\w+)", r"\2_\1", sql)
    body = re.sub(r"\b([lr])\.(\w+)", r"\1_\2", sql)
    desk.run(f"create or replace macro is_{name}({', '.join(f'{side}_{c}' for side, c in sides)}) as ({body})")
    return f"is_{name}({', '.join(f'{c}_{side}' for side, c in sides)})"


def _shares(linker: Linker) -> dict[tuple[str, str], dict[str, float | None]]:
    saved = linker.misc.save_model_to_json()
    return {
        (c["output_column_name"], level["label_for_charts"]): {
            "m": level.get("m_probability"),
            "u": level.get("u_probability"),
        }
        for c in saved["comparisons"]
        for level in c["comparison_levels"]
        if not level.get("is_null_level")
    }


def _checked(
    spec: IdentitySpec,
    chosen: list[str],
    shares_m: dict[tuple[str, str], float],
    shares_u: dict[tuple[str, str], float],
    seed: int,
    notes: list[dict[str, Any]],
) -> Model:
    """Keep the comparisons that learned something, round what they learned, and say what was dropped."""
    kept: list[Comparison] = []
    for name in chosen:
        levels = comparisons(spec)[name][1]
        graded = [level for level in levels if not level.get("is_null_level")]
        learned = [level for level in graded[:-1] if (name, level["label_for_charts"]) in shares_m]
        if not learned and name == "given":  # too few pairs to learn from: strangers would be told apart by nothing
            notes.append({"code": "presumed", "column": name})
            shares_m |= _presumed(name, [level["label_for_charts"] for level in graded])
            learned = graded[:-1]
        if not learned:
            notes.append({"code": "not_learned", "column": name})
            continue
        top, last = learned[0], graded[-1]
        m_top, m_last = (shares_m.get((name, level["label_for_charts"])) for level in (top, last))
        if math.log2(max(m_top or _FLOOR, _FLOOR) / shares_u[name, top["label_for_charts"]]) <= math.log2(
            max(m_last or _FLOOR, _FLOOR) / shares_u[name, last["label_for_charts"]]
        ):
            if name != "given":
                notes.append({"code": "says_the_contrary", "column": name})
                continue
            notes.append({"code": "presumed", "column": name})
            # a table of twins: all is alike but the given names, and it is they that tell people apart
            shares_m |= _presumed(name, [level["label_for_charts"] for level in graded])
        kept.append(
            Comparison(
                name,
                levels[0]["sql_condition"],
                tuple(
                    Level(
                        level["label_for_charts"],
                        level["sql_condition"],
                        rounded(
                            shares_m.get((name, level["label_for_charts"])), shares_u[name, level["label_for_charts"]]
                        ),
                        float(f"{shares_u[name, level['label_for_charts']]:.5g}"),
                        level.get("tf", ""),
                        level.get("mode", ""),
                    )
                    for level in graded
                ),
            )
        )
    names = {c.name for c in kept}
    healthy = len(kept) >= 2 and bool(names & {"given", "family"} or len(names) >= 3)
    if not healthy:
        notes.append({"code": "model_not_used", "columns": sorted(names)})
    return Model(tuple(kept), 1e-4, seed, healthy, tuple(notes))
