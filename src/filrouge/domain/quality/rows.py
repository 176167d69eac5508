"""Rows judged by the rules of their source: one expression, laid down with the mapping, whatever the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import ibis
from ibis.expr import types as ir

from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.rules import OF_ROWS, OF_SETS, Rule, moment
from filrouge.engines.base import Engine
from filrouge.tables import TABLES

LONGEST = 1000  # characters of a value that a pattern is put to: what is longer does not match
JUDGED = "_judged"  # the mapping found no fault in the row, so its rules were asked
# Codes of what rules find, in the table ``rejects``.
CODES = {
    "required": "rule_missing", "unique": "rule_repeated", "range": "rule_out_of_range", "pattern": "rule_not_like",
    "among": "rule_not_among", "reference": "rule_not_known",
}  # fmt: skip


def mark(number: int) -> str:
    """Return the column that says whether a row breaks the rule of that number."""
    return f"_rule{number}"


def judged(rows: ir.Table, spec: SourceSpec, *, engine: Engine, at: datetime) -> ir.Table:
    """Return mapped ``rows`` with what their own rules say added to ``_faults`` and ``_warnings``.

    A row in which the mapping found a fault is not asked: it is rejected anyway.
    """
    own = [(number, rule) for number, rule in enumerate(spec.rules) if rule.check in OF_ROWS]
    if not spec.rules:
        return rows
    rows = rows.mutate(**{JUDGED: rows._faults == ""})
    types = {column.name: column.type for column in TABLES[spec.reads].every}
    broken = {mark(number): rows[JUDGED] & _broken(rows, rule, types, engine, at) for number, rule in own}
    return _added(rows.mutate(**broken), own) if own else rows


def repeated(rows: ir.Table, rule: Rule) -> ir.Table:
    """Return ``_seq`` of the rows whose values in the columns of the rule stand in the row of another record too.

    Empty values are no values. The record's own identifier is repeated when two rows bear it.
    """
    held = rows.filter(rows._faults == "", *(rows[name].notnull() for name in rule.columns))
    counted = held._seq if "source_id" in rule.columns else held.record_key
    several = held.group_by([held[name] for name in rule.columns]).aggregate(_n=counted.nunique())
    several = several.filter(several._n > 1)
    return held.semi_join(several, list(rule.columns)).select("_seq")


def unknown(rows: ir.Table, rule: Rule, known: ir.Table, *, engine: Engine) -> ir.Table:
    """Return ``_seq`` of the rows whose value is the number of no record of ``known``, records of one other source."""
    value = rows[rule.columns[0]]
    held = rows.filter(rows._faults == "", value.notnull())
    held = held.select("_seq", _key=engine.key64(ibis.literal(f"{rule.of}\t") + held[rule.columns[0]]))
    return held.anti_join(known, held._key == known.record_key).select("_seq")


def set_apart(rows: ir.Table, rules: Iterable[tuple[int, Rule, ir.Table | None]]) -> ir.Table:
    """Return ``rows`` with what rules of sets found, each with the rows (``_seq``) that break it, None for none."""
    told = list(rules)
    for number, _rule, broken in told:
        name = mark(number)
        if broken is None:
            rows = rows.mutate(**{name: ibis.literal(value=False)})
        else:
            one = broken.select(_broken=broken._seq)
            joined = rows.left_join(one, rows._seq == one._broken)
            rows = joined.mutate(**{name: joined._broken.notnull()}).drop("_broken")
    return _added(rows, [(number, rule) for number, rule, broken in told if broken is not None])


def of_sets(spec: SourceSpec) -> list[tuple[int, Rule]]:
    """Return the rules that judge a row among others, with their numbers."""
    return [(number, rule) for number, rule in enumerate(spec.rules) if rule.check in OF_SETS]


def _added(rows: ir.Table, rules: Iterable[tuple[int, Rule]]) -> ir.Table:
    faults, warnings = rows._faults, rows._warnings
    for number, rule in rules:
        told = f"{rule.columns[0]}:{CODES[rule.check]};"
        said = ibis.ifelse(rows[mark(number)], ibis.literal(told), ibis.literal(""))
        if rule.does == "reject":
            faults = faults + said
        else:
            warnings = warnings + said
    return rows.mutate(_faults=faults, _warnings=warnings)


def _broken(rows: ir.Table, rule: Rule, types: Mapping[str, str], engine: Engine, at: datetime) -> ir.BooleanValue:
    if rule.check == "required":  # several columns: one of them is enough
        return ibis.and_(*(_empty(rows[name]) for name in rule.columns))
    value = rows[rule.columns[0]]
    if rule.check == "pattern":
        like = (value.length() <= LONGEST) & value.re_search(f"^(?:{rule.like})$")
        return value.notnull() & ~like
    if rule.check == "among":
        return value.notnull() & value.notin(list(rule.values))
    kind = types[rule.columns[0]]
    over = [value < _bound(rule.min, kind, at)] if rule.min is not None else []
    over += [value > _bound(rule.max, kind, at)] if rule.max is not None else []
    return value.notnull() & ibis.or_(*over)


def _empty(value: ir.Value) -> ir.BooleanValue:
    return value.isnull() | (value == "") if isinstance(value, ir.StringValue) else value.isnull()


def _bound(text: str, kind: str, at: datetime) -> ir.Value:
    if kind == "date":
        return ibis.literal(moment(text, at=at).date())
    if kind == "timestamp":
        return ibis.literal(moment(text, at=at)).cast("timestamp('UTC')")
    return ibis.literal(float(text))
