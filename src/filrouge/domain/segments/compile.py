"""From a segment to the people who are in it: one Ibis expression, on any engine, as of a moment.

A rule gives some people, or everybody but some: so a segment is a chain of joins that keep and joins that leave out,
and no rule has to write everybody down. Names and values reach the engine as literals, never as text of a query.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from filrouge.domain.segments import conditions as put
from filrouge.domain.segments import spec as said
from filrouge.domain.segments.answers import answers
from filrouge.domain.segments.fields import CONTRARY
from filrouge.domain.segments.laid import Laid
from filrouge.domain.segments.wide import Shared, Some, Wide, all_of, of_rows, rows_of, together
from filrouge.engines import Engine
from filrouge.engines.words import micros

_DAY = 86_400_000_000  # microseconds
# Measure -> column, and what is computed of it for a person.
_MEASURES = {"count": ("person", "count"), "sum": ("of", "sum"), "first": ("date", "min"), "last": ("date", "max")}


@dataclass(frozen=True)
class Asked:
    """What a segment is compiled for: the moment, the entity and brand it stands for, what other segments are.

    ``segments``: by name, a table with ``person``. ``leads``: where ids that were merged away lead. ``shared``: what
    was computed already, of the same moment, entity and brand.
    """

    at: datetime
    entity: str = ""
    brand: str = ""
    segments: Mapping[str, ir.Table] = field(default_factory=dict)
    leads: Mapping[str, str] = field(default_factory=dict)
    shared: Shared = field(default_factory=Shared)


def compile(spec: said.Group, laid: Laid, engine: Engine, asked: Asked) -> ir.Table:
    """Return (person), each once, of those who are in ``spec``; ``person`` is as in ``laid``, ``named`` gives ids."""
    found = Compiler(laid, engine, asked).all(spec)
    if laid.pairs is None:  # everybody is in ``ids``, once
        living, people = laid.ids.filter(laid.ids.living), found.people
    else:
        living, people = laid.living(), laid.numbered(found.people)
    key = _key(people)
    met = living.anti_join(people, key) if found.but else living.semi_join(people, key)
    met = met.select("person")
    return met if laid.pairs is None else met.distinct()


def named(people: ir.Table, laid: Laid) -> ir.Table:
    """Return (id) of ``people``."""
    return laid.ids.semi_join(people, "person").select("id")


class Compiler:
    """The rules of segments over one lake, each as the people whom it holds of."""

    def __init__(self, laid: Laid, engine: Engine, asked: Asked) -> None:
        self.laid, self.engine, self.asked, self.at = laid, engine, asked, asked.at
        self.known: dict[said.Rule, Some] = {**asked.shared.told}

    def all(self, spec: said.Group) -> Some:
        """Return who is in a segment."""
        return self.some(self.group(spec))

    def group(self, group: said.Group) -> Some | Wide:
        """Return who is in a group; what one pass answers together is put together first."""
        asked = dict.fromkeys(group.rules)  # said twice is said once
        nodes = [self.group(node) if isinstance(node, said.Group) else self.node(node) for node in asked]
        wide: dict[Hashable, list[Wide]] = {}
        found: list[Some | Wide] = []
        for node in nodes:
            if isinstance(node, Wide):
                wide.setdefault(node.key, []).append(node)
            else:
                found.append(node)
        found += [together(parts, group.combinator) if len(parts) > 1 else parts[0] for parts in wide.values()]
        if len(found) == 1:
            one = found[0]
            return one.contrary() if group.not_ else one
        sets = [self.some(node) for node in found]
        every = group.combinator == "and"
        both = self.all_of(sets) if every else self.all_of([one.contrary() for one in sets]).contrary()
        return both.contrary() if group.not_ else both

    def all_of(self, sets: Sequence[Some]) -> Some:
        """Return who is in all of ``sets``: those told by id among themselves first, so that few ids are looked up."""
        named = [one for one in sets if _key(one.people) == "id"]
        numbered = [one for one in sets if _key(one.people) == "person"]
        if named and numbered:
            found = _all_of(named, "id")
            numbered.append(Some(self.laid.numbered(found.people), found.but))
        return _all_of(numbered, "person") if numbered else _all_of(named, "id")

    def node(self, rule: said.Rule) -> Some | Wide:
        """Return the test that a rule is, if one pass may answer it with others; else who it holds of."""
        if isinstance(rule, said.Happened) and rule not in self.known and (wide := of_rows(rule, self.at)):
            return wide
        if isinstance(rule, said.Person) and (name := shown_first(rule)):
            op, contrary = CONTRARY.get(rule.op, rule.op), rule.op in CONTRARY

            def met(table: ir.Table) -> ir.BooleanValue:
                holds = put.person(table.value, rule.field, op, rule.value, self.at).fill_null(False)
                return ~holds if contrary else holds

            return Wide(("person", name), met, contrary)
        if rule not in self.known:
            self.known[rule] = self.rule(rule)
        return self.known[rule]

    def some(self, node: Some | Wide) -> Some:
        """Return who meets ``node``: whoever has no row stands outside of its table."""
        if isinstance(node, Some):
            return node
        on, name = node.key
        if on == "person":
            table = self.values(name, any=False)
        elif (measured := self.asked.shared.measured_of(name, node.measures)) is not None:
            table = measured
        elif node.alone is not None:
            found = self.happened(node.alone)
            return found.contrary() if node.contrary_of else found
        else:
            table = rows_of(self.laid.rows(name), self.laid.owners(), node.measures, self.counts)
        return Some(_who(table.filter(~node.test(table) if node.absent else node.test(table))), node.absent)

    def rule(self, rule: said.Rule) -> Some:
        if isinstance(rule, said.Happened):
            return self.happened(rule)
        if isinstance(rule, said.Person):
            return self.person(rule)
        if isinstance(rule, said.Brands):
            return self.brands(rule)
        if isinstance(rule, said.Consent):
            return self.consent(rule)
        if isinstance(rule, said.Score):
            return self.score(rule)
        if isinstance(rule, said.Sequence):
            return self.sequence(rule)
        if isinstance(rule, said.InSegment):
            return Some(self.asked.segments[rule.segment].select("person"), rule.op == "not_in")
        if isinstance(rule, said.InList):
            return self.listed(rule)
        return self.bucket(rule)

    # --- what is known of a person ------------------------------------------------------------------------------------

    def person(self, rule: said.Person) -> Some:
        op, but = CONTRARY.get(rule.op, rule.op), rule.op in CONTRARY
        if rule.field == "deceased":
            dead = self.laid.records().filter(lambda t: t.deceased)
            return Some(self.laid.living().semi_join(dead, "record_key").select("person"), not rule.value)
        if rule.field == "known_since":
            records = self.laid.records()
            dated = records.select("record_key", since=records.created_at.fill_null(records.recorded_at))
            held = self.laid.living().join(dated, "record_key").group_by("person").agg(since=dated.since.min())
            return Some(held.filter(put.moment(held.since, op, rule.value, self.at)).select("person"), but)
        values = self.values(rule.field, any=rule.any)
        return Some(_who(values.filter(put.person(values.value, rule.field, op, rule.value, self.at))), but)

    def values(self, name: str, *, any: bool) -> ir.Table:
        """Return (person or id, value) of a field: of each the value shown first, or all of them."""
        if not any and name in self.asked.shared.values:
            return self.asked.shared.values[name]
        golden = self.laid.golden(put.field_of("person", name).attribute, any=any)
        found = golden.mutate(value=put.part(golden.value, name))
        return found if name not in put.ADDRESS else found.filter(found.value.notnull())

    def brands(self, rule: said.Brands) -> Some:
        records = self.laid.living()
        records = records.filter(records.brand.isin(sorted(set(rule.brands))))
        if rule.op != "all":
            return Some(records.select("person"), rule.op == "none")
        counted = records.group_by("person").agg(n=records.brand.nunique())
        return Some(counted.filter(counted.n == len(set(rule.brands))).select("person"))

    def consent(self, rule: said.Consent) -> Some:
        where = {"entity": rule.entity or self.asked.entity, "brand": rule.brand or self.asked.brand}
        told = answers(self.laid, **where, purpose=rule.purpose, channel=rule.channel, at=self.at)
        met = told.allow == rule.allowed
        if rule.reasons:
            met = met & told.reason.isin(list(rule.reasons))
        return Some(told.filter(met).select("person"))

    def score(self, rule: said.Score) -> Some:
        op, but = CONTRARY.get(rule.op, rule.op), rule.op in CONTRARY
        table = self.laid.scores()
        brand = table.brand == rule.brand if rule.brand else table.brand.isnull() | (table.brand == "")
        table = table.filter((table.score == rule.score) & brand)
        if rule.field == "stale":
            stale = table.stale_since.notnull() & (table.stale_since <= put.moment_of(self.at))
            return Some(table.filter(stale if rule.value else ~stale).select("person"))
        met = put.value(table[rule.field], put.field_of("score", rule.field), op, rule.value)
        return Some(table.filter(met).select("person"), but)

    # --- what happened ------------------------------------------------------------------------------------------------

    def happened(self, rule: said.Happened) -> Some:
        rows = self._rows(rule)
        if _any(rule):
            return Some(self.laid.owners().semi_join(rows, "person_key").select("person"), rule.op != "at_least")
        mine = rows.join(self.laid.owners(), "person_key")
        if rule.on == "contracts":  # one that a person both pays and reads counts once
            mine = mine.drop("person_key").distinct()
        if rule.measure == "distinct":
            return _counted(rule, mine.group_by("person").agg(m=mine.of.nunique()))
        column, how = _MEASURES[rule.measure]
        found = mine.group_by("person").agg(m=getattr(mine[column], how)())
        if rule.measure == "count":
            return _counted(rule, found)
        if rule.measure == "sum":
            return _summed(rule, found)
        return Some(found.filter(put.moment(found.m, rule.op, rule.value, self.at)).select("person"))

    def _rows(self, rule: said.Happened) -> ir.Table:
        """Return (person_key, date, of) of the rows that a rule counts; of contracts, ``record_key`` besides."""
        table = self.laid.rows(rule.on)
        kept = table.filter(self.counts(table, rule))
        told = {"date": kept[rule.dated_by or put.usual_date(rule.on)], **({"of": kept[rule.of]} if rule.of else {})}
        if rule.on != "contracts":
            return kept.select("person_key", **told)
        both = kept.select("record_key", person_key=ibis.array([kept.person_key, kept.reader_key]).unnest(), **told)
        return both.filter(both.person_key.notnull())

    def counts(self, table: ir.Table, rule: said.Happened) -> ir.BooleanValue:
        """Return whether a row is one that a rule counts."""
        usual = put.usual_date(rule.on)
        ends = put.between(table[rule.dated_by or usual], *put.bounds(rule, self.at))
        terms = [*ends, *(put.row(table, rule.on, one, self.at) for one in rule.where)]
        if rule.currency:
            terms.append(table.currency == rule.currency)
        if not ends or rule.within_days is None or rule.dated_by not in ("", usual):  # else the window ends by now
            terms.append(table[usual].isnull() | (table[usual] <= put.moment_of(self.at)))
        return all_of(terms)

    def sequence(self, rule: said.Sequence) -> Some:
        """Return who did the steps one after the other."""
        table = self.laid.rows("events")
        steps = [
            all_of([put.row(table, "events", one, self.at) for one in step.where]).fill_null(False)
            for step in rule.steps
        ]
        terms = [table["at"] <= put.moment_of(self.at), *put.between(table["at"], *put.bounds(rule, self.at))]

        def those(met: ir.BooleanValue, **flags: ir.BooleanValue) -> ir.Table:
            some = table.filter([*terms, met]).select("person_key", at=micros(table["at"]), **flags)
            return some.join(self.laid.owners(), "person_key").drop("person_key")

        span = rule.span_days * _DAY
        if len(steps) == 2:
            found = _followed(those(steps[0]), those(steps[1]), span)
        else:
            flags = {f"s{number}": met for number, met in enumerate(steps)}
            found = _led(those(reduce(lambda a, b: a | b, steps), **flags), list(flags), span)
        return Some(found, rule.op == "did_not")

    # --- who is named, and who is drawn -------------------------------------------------------------------------------

    def listed(self, rule: said.InList) -> Some:
        ids = sorted({self.asked.leads.get(one, one) for one in rule.people})
        table = self.engine.load("listed", pa.table({"id": pa.array(ids, pa.string())}))
        return Some(self.laid.ids.semi_join(table, "id").select("person"), rule.op == "not_in")

    def bucket(self, rule: said.Bucket) -> Some:
        drawn = self.asked.shared.drawn.get(rule.salt)
        drawn = self.drawn(rule.salt) if drawn is None else drawn
        return Some(drawn.filter(drawn.drawn.between(rule.first, rule.last)).select("person"))

    def drawn(self, salt: str) -> ir.Table:
        """Return (person, drawn) of everybody: a number from 0 to 9,999."""
        ids = self.laid.ids
        return ids.select("person", drawn=self.engine.key64(ibis.literal(f"{salt}\t") + ids.id) % 10_000)


def shown_first(rule: said.Person) -> str:
    """Return the name of the value that a rule compares, where it is the one shown first; none elsewhere."""
    if rule.any or rule.field in ("deceased", "known_since"):
        return ""
    return rule.field if rule.field in put.ADDRESS else put.field_of("person", rule.field).attribute


def _key(table: ir.Table) -> str:
    """Return the column that says whom the rows of ``table`` are of."""
    return "person" if "person" in table.columns else "id"


def _who(table: ir.Table) -> ir.Table:
    """Return whom the rows of ``table`` are of."""
    return table.select(_key(table))


def _all_of(found: Sequence[Some], key: str) -> Some:
    """Return who is in all of ``found``, all of them told by ``key``."""
    kept = [one.people.select(key) for one in found if not one.but]
    left_out = [one.people.select(key) for one in found if one.but]
    if not kept:
        return Some(_together(left_out), but=True)
    people = reduce(lambda some, other: some.semi_join(other, key), kept)
    return Some(people.anti_join(_together(left_out), key) if left_out else people)


def _together(tables: Sequence[ir.Table]) -> ir.Table:
    """Return the rows of all ``tables``, two by two so that the tree stays shallow."""
    while len(tables) > 1:
        pairs = [tables[at : at + 2] for at in range(0, len(tables), 2)]
        tables = [pair[0].union(pair[1]) if len(pair) == 2 else pair[0] for pair in pairs]
    return tables[0]


def _any(rule: said.Happened) -> bool:
    """Tell whether a rule asks for one row, or for none."""
    return rule.measure == "count" and (rule.op, rule.value) in (("at_least", 1), ("exactly", 0), ("at_most", 0))


def _followed(first: ir.Table, then: ir.Table, span: int) -> ir.Table:
    """Return whose event of ``then`` comes later than one of ``first`` by no more than ``span``: without sorting.

    In stretches of ``span``, what begins in the stretch of an event is never too long ago, and what begins in the one
    before is never too late: the earliest of the one and the latest of the other decide.
    """

    def stretch(at: ir.IntegerValue) -> ir.IntegerValue:
        return at - (at % span + span) % span  # downwards, before 1970 too

    begun = first.mutate(stretch=stretch(first["at"]))
    begun = begun.group_by("person", "stretch").agg(earliest=begun["at"].min(), latest=begun["at"].max())
    then = then.mutate(stretch=stretch(then["at"]))
    within = then.semi_join(begun, ["person", "stretch", then["at"] > begun.earliest])
    before = begun.mutate(stretch=begun.stretch + span)
    after = then.semi_join(before, ["person", "stretch", then["at"] <= before.latest + span])
    return within.select("person").union(after.select("person"))


def _led(events: ir.Table, steps: Sequence[str], span: int) -> ir.Table:
    """Return who did all ``steps``: at each event, the latest beginning from which those before lead there."""
    led = events.mutate(led=ibis.cases((events[steps[0]], events["at"])))
    # of events of one moment none is before another
    before = ibis.range_window(preceding=(None, 1), group_by="person", order_by="at")
    for name in steps[1:]:
        led = led.mutate(came=led.led.max().over(before))
        led = led.mutate(led=ibis.cases((led[name], led.came)))
    return led.filter(led.led.notnull() & (led["at"] <= led.led + span)).select("person")


def _counted(rule: said.Happened, found: ir.Table) -> Some:
    """Return whose ``m`` is as asked; whoever stands nowhere has 0."""
    number: Any = rule.value
    if rule.op == "at_most" or number == 0:
        return Some(found.filter(found.m > number).select("person"), but=True)
    met = found.m == number if rule.op == "exactly" else found.m >= number
    return Some(found.filter(met).select("person"))


def _summed(rule: said.Happened, found: ir.Table) -> Some:
    """Return whose sum ``m`` is as asked; whoever stands nowhere has 0."""
    money = put.field_of(rule.on, rule.of).type == "money"
    limit = put.amount(rule.value)
    bar = ibis.literal(limit, type="decimal(18, 4)") if money else ibis.literal(int(limit))
    if rule.op == "at_least":
        return Some(found.filter(found.m >= bar if limit > 0 else found.m < bar).select("person"), but=limit <= 0)
    if rule.op == "at_most":
        return Some(found.filter(found.m > bar if limit >= 0 else found.m <= bar).select("person"), but=limit >= 0)
    return Some(found.filter(found.m != bar if limit == 0 else found.m == bar).select("person"), but=limit == 0)
