"""Rules that one pass answers together: those on the rows of one table, those on one attribute of people.

A segment of many rules would otherwise read a table once for each, and be a query too long to plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

import ibis
from ibis.expr import types as ir

from filrouge.domain.segments import conditions as put
from filrouge.domain.segments.spec import Happened, Rule

Test = Callable[[ir.Table], ir.BooleanValue]


@dataclass(frozen=True)
class Some:
    """Some people (a table with ``person`` or ``id``, who may stand there twice), or everybody ``but`` them."""

    people: ir.Table
    but: bool = False

    def contrary(self) -> Some:
        return Some(self.people, not self.but)


@dataclass(frozen=True)
class Wide:
    """A test on a table with one row a person, named by ``key``; ``absent`` is its answer for whoever has no row.

    ``measures`` are the columns that the test reads, where they have to be computed from rows.
    """

    key: tuple[str, str]
    test: Test
    absent: bool
    measures: tuple[Happened, ...] = ()
    alone: Happened | None = None  # the one rule that it is, or is the contrary of
    contrary_of: bool = False

    def contrary(self) -> Wide:
        test = self.test
        return replace(self, test=lambda table: ~test(table), absent=not self.absent, contrary_of=not self.contrary_of)


@dataclass(frozen=True)
class Shared:
    """What several segments ask alike, computed beforehand.

    ``measured``: by table, some measures and (person, a column each); ``values``: by field, (person, value);
    ``told``: by rule, who it holds of; ``drawn``: by salt, (person, drawn).
    """

    measured: Mapping[str, Sequence[tuple[frozenset[Happened], ir.Table]]] = field(default_factory=dict)
    values: Mapping[str, ir.Table] = field(default_factory=dict)
    told: Mapping[Rule, Some] = field(default_factory=dict)
    drawn: Mapping[str, ir.Table] = field(default_factory=dict)

    def measured_of(self, table: str, measures: Sequence[Happened]) -> ir.Table | None:
        """Return the table that holds all of ``measures``, if there is one."""
        wanted = frozenset(measures)
        return next((found for held, found in self.measured.get(table, ()) if wanted <= held), None)


def together(parts: Sequence[Wide], how: str) -> Wide:
    """Return the test that all (``and``) or one at least (``or``) of ``parts``, of one key, are met."""
    tests = [part.test for part in parts]
    every = how == "and"

    def met(table: ir.Table) -> ir.BooleanValue:
        found = [test(table) for test in tests]
        while len(found) > 1:  # two by two: the tree stays shallow
            pairs = [found[at : at + 2] for at in range(0, len(found), 2)]
            found = [pair[0] if len(pair) == 1 else pair[0] & pair[1] if every else pair[0] | pair[1] for pair in pairs]
        return found[0]

    absent = (all if every else any)(part.absent for part in parts)
    measures = tuple(dict.fromkeys(rule for part in parts for rule in part.measures))
    return Wide(parts[0].key, met, absent, measures)


def of_rows(rule: Happened, at: Any) -> Wide | None:
    """Return the test of a rule on rows, None when its measure cannot be told record by record."""
    if rule.on == "contracts" or rule.measure == "distinct":
        return None
    name = column(rule)
    if rule.measure in ("first", "last"):

        def dated(table: ir.Table) -> ir.BooleanValue:
            return put.moment(table[name], rule.op, rule.value, at).fill_null(False)

        return Wide(("rows", rule.on), dated, False, (rule,), rule)
    limit: Any = rule.value
    if rule.measure == "sum":
        limit = put.amount(rule.value)
        money = put.field_of(rule.on, rule.of).type == "money"
        bar: Any = ibis.literal(limit, type="decimal(18, 4)") if money else ibis.literal(int(limit))
    else:
        bar = limit

    def sized(table: ir.Table) -> ir.BooleanValue:
        seen = table[name].fill_null(0)
        return {"at_least": seen >= bar, "at_most": seen <= bar, "exactly": seen == bar}[rule.op]

    none = {"at_least": limit <= 0, "at_most": limit >= 0, "exactly": limit == 0}[rule.op]
    return Wide(("rows", rule.on), sized, bool(none), (rule,), rule)


def column(rule: Happened) -> str:
    """Return the name of the column that holds what a rule measures."""
    return f"m{hash(rule) & 0xFFFFFFFFFFFFFFFF:x}"


def rows_of(
    table: ir.Table,
    owners: ir.Table,
    measures: Sequence[Happened],
    counts: Callable[[ir.Table, Happened], ir.BooleanValue],
) -> ir.Table:
    """Return (person, a column a measure) from the rows of ``table`` that ``counts`` says each measure is of."""
    whole = [counts(table, rule) for rule in measures]
    while len(whole) > 1:
        pairs = [whole[at : at + 2] for at in range(0, len(whole), 2)]
        whole = [pair[0] if len(pair) == 1 else pair[0] | pair[1] for pair in pairs]
    some = table.filter(whole[0]).join(owners, "person_key")
    return some.group_by("person").agg(**{column(rule): _measured(some, rule, counts(some, rule)) for rule in measures})


def _measured(table: ir.Table, rule: Happened, where: ir.BooleanValue) -> ir.Value:
    date = table[rule.dated_by or put.usual_date(rule.on)]
    if rule.measure == "first":
        return date.min(where=where)
    if rule.measure == "last":
        return date.max(where=where)
    return table[rule.of].sum(where=where) if rule.measure == "sum" else table.count(where=where)


def all_of(terms: Sequence[ir.BooleanValue]) -> ir.BooleanValue:
    """Return that every one of ``terms`` is true."""
    return reduce(lambda a, b: a & b, terms)
