"""The same questions put to one person: in or out, why, and until when. The same answers as ``compile``, row by row.

It reads nothing by itself: whoever asks hands over the facts, from the lake or from the live copies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from filrouge.base import ids
from filrouge.domain.privacy.may_i import DEFAULTS, held_by, may_i
from filrouge.domain.segments import conditions as put
from filrouge.domain.segments import operators
from filrouge.domain.segments import spec as said
from filrouge.domain.segments.fields import CONTRARY, OF_DAYS
from filrouge.domain.segments.laid import EVERY, Pairs
from filrouge.tables import TABLES

Row = Mapping[str, Any]
TRIED = 200  # moments tried before one that may change nothing is told
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Facts:
    """What is known of one person: rows as mappings, times as datetimes with their zone.

    ``records``: living person records (record_key, source, entity, brand, created_at, recorded_at, deceased).
    ``values``: golden values (attribute, value, rank, source, entity, brand, at), corrections with rank 0.
    ``rows``: by table, the columns that ``laid.READ`` and ``fields.DATES`` name, with entity, brand and source; a
    contract once, whether the person pays or reads. ``consents``: entity, brand, purpose, channel, state, at.
    ``held``: entity, due_at, forbids and until of promises that are open. ``scores``: the rows in force.
    ``pairs``: as in ``Laid``.
    """

    id: str
    records: Sequence[Row] = ()
    values: Sequence[Row] = ()
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    consents: Sequence[Row] = ()
    held: Sequence[Row] = ()
    scores: Sequence[Row] = ()
    pairs: Mapping[str, Pairs] | None = None

    def seen(self, rows: Iterable[Row], category: str) -> list[Row]:
        """Return the rows that may be looked at."""
        if self.pairs is None:
            return list(rows)
        allowed = set(self.pairs.get(category, ()))
        return [row for row in rows if {(row["entity"], row["brand"]), (row["entity"], EVERY)} & allowed]

    def of(self, table: str) -> list[Row]:
        """Return what may be looked at of a table of facts."""
        return self.seen(self.rows.get(table, ()), TABLES[table].category)


@dataclass(frozen=True)
class Told:
    """Whether a rule or a group holds of somebody: what was seen, where it came from, and until when it holds.

    ``changes_at``: the next moment at which time alone may change the answer, None when it never will.
    """

    place: said.Place
    holds: bool
    rule: said.Rule | said.Group
    value: Any = None
    source: str = ""
    changes_at: datetime | None = None
    parts: tuple[Told, ...] = ()

    def leaves(self) -> Iterator[Told]:
        """Yield what was told of each rule."""
        if isinstance(self.rule, said.Group):
            for part in self.parts:
                yield from part.leaves()
        else:
            yield self


def tell(
    spec: said.Group, facts: Facts, *, at: datetime, entity: str = "", brand: str = "",
    segments: Mapping[str, Inside] | None = None, leads: Mapping[str, str] | None = None,
) -> Told:  # fmt: skip
    """Return whether somebody is in ``spec`` at ``at``, rule by rule.

    ``segments``: the others that it names, each as it is written, or what was told of the person and it, or whether
    the person is in it.
    """
    asked = _Asker(facts, entity, brand, segments or {}, leads or {})
    told = asked.group(spec, (), at)
    if not facts.seen(facts.records, "identity"):  # nobody that may be seen
        return Told(told.place, False, spec, parts=told.parts)
    return told


Inside = said.Group | Told | bool


@dataclass
class _Asker:
    facts: Facts
    entity: str
    brand: str
    segments: Mapping[str, Inside]
    leads: Mapping[str, str]

    def group(self, group: said.Group, place: said.Place, at: datetime) -> Told:
        parts = tuple(
            self.group(node, (*place, "rules", number), at)
            if isinstance(node, said.Group)
            else self.leaf(node, (*place, "rules", number), at)
            for number, node in enumerate(group.rules)
        )
        every = all if group.combinator == "and" else any
        holds = every(part.holds for part in parts) is not group.not_
        return Told(place, holds, group, changes_at=_first(part.changes_at for part in parts), parts=parts)

    def leaf(self, rule: said.Rule, place: said.Place, at: datetime) -> Told:
        if isinstance(rule, said.InSegment) and isinstance(inside := self.segments[rule.segment], Told):
            met = inside.holds is (rule.op == "in")
            return Told(place, met, rule, inside.holds, changes_at=inside.changes_at)
        holds, value, source = self.ask(rule, at)
        coming = sorted({moment for moment in self.moments(rule, at) if moment > at})
        for tried, moment in enumerate(coming):
            if tried >= TRIED or self.ask(rule, moment)[0] is not holds:
                return Told(place, holds, rule, value, source, moment)
        return Told(place, holds, rule, value, source)

    def ask(self, rule: said.Rule, at: datetime) -> tuple[bool, Any, str]:
        """Return whether a rule holds, what was seen, and the source of it."""
        if isinstance(rule, said.Happened):
            return self.happened(rule, at)
        if isinstance(rule, said.Person):
            return self.person(rule, at)
        if isinstance(rule, said.Brands):
            return self.brands(rule)
        if isinstance(rule, said.Consent):
            return self.consent(rule, at)
        if isinstance(rule, said.Score):
            return self.score(rule, at)
        if isinstance(rule, said.Sequence):
            return self.sequence(rule, at)
        if isinstance(rule, said.InSegment):
            inside = self.segments[rule.segment]
            told = self.group(inside, (), at) if isinstance(inside, said.Group) else inside
            held = told.holds if isinstance(told, Told) else told
            return held is (rule.op == "in"), held, ""
        if isinstance(rule, said.InList):
            held = self.facts.id in {self.leads.get(one, one) for one in rule.people}
            return held is (rule.op == "in"), held, ""
        drawn = ids.record_key(rule.salt, self.facts.id) % 10_000
        return rule.first <= drawn <= rule.last, drawn, ""

    # --- what is known of a person ------------------------------------------------------------------------------------

    def person(self, rule: said.Person, at: datetime) -> tuple[bool, Any, str]:
        records = self.facts.seen(self.facts.records, "identity")
        if rule.field == "deceased":
            dead = [row for row in records if row.get("deceased")]
            return bool(dead) is rule.value, bool(dead), dead[0].get("source", "") if dead else ""
        op, contrary = CONTRARY.get(rule.op, rule.op), rule.op in CONTRARY
        if rule.field == "known_since":
            since = self._since(records)
            met = since is not None and operators.dated(since[0], op, rule.value, at)
            return met is not contrary, since[0] if since else None, since[1] if since else ""
        seen = self._values(rule)
        those = [one for one in seen if operators.known(one[0], rule.field, op, rule.value, at)]
        shown = those[0] if those else seen[0] if seen else (None, "")
        return bool(those) is not contrary, shown[0], shown[1]

    def _since(self, records: Sequence[Row]) -> tuple[datetime, str] | None:
        dated = [(row.get("created_at") or row.get("recorded_at"), row.get("source", "")) for row in records]
        return min(((at, source) for at, source in dated if at is not None), default=None)

    def _values(self, rule: said.Person) -> list[tuple[str, str]]:
        attribute = put.field_of("person", rule.field).attribute
        rows = [row for row in self.facts.values if row["attribute"] == attribute and row["value"] is not None]
        rows = self.facts.seen(rows, "identity")
        if not rule.any:
            rows = sorted(rows, key=lambda row: (row["rank"], -(row["at"].timestamp() if row.get("at") else 0)))[:1]
        found = [(operators.part(row["value"], rule.field), row.get("source", "")) for row in rows]
        return [(value, source) for value, source in found if value is not None]

    def brands(self, rule: said.Brands) -> tuple[bool, Any, str]:
        records = [row for row in self.facts.seen(self.facts.records, "identity") if row["brand"] in rule.brands]
        held = sorted({row["brand"] for row in records})
        met = len(held) == len(set(rule.brands)) if rule.op == "all" else bool(held) is (rule.op == "any")
        return met, held, records[0].get("source", "") if records else ""

    def consent(self, rule: said.Consent, at: datetime) -> tuple[bool, Any, str]:
        entity, brand = rule.entity or self.entity, rule.brand or self.brand

        def began(row: Row, column: str) -> bool:
            return row["entity"] == entity and (row[column] is None or row[column] <= at)

        orders = [row for row in self.facts.rows.get("orders", ()) if began(row, "ordered_at")]
        contracts = [row for row in self.facts.rows.get("contracts", ()) if began(row, "started_at")]
        owed, forbidding = self.facts.held, held_by(rule.purpose, rule.channel)
        owed = [row for row in owed if row["entity"] == entity]
        late = [row["due_at"] for row in owed if row["forbids"] == "" and row["due_at"] < at]
        barred = [row["until"] for row in owed if row["forbids"] in forbidding and at <= row["until"]]
        told = may_i(
            self.facts.consents, entity=entity, brand=brand, purpose=rule.purpose, channel=rule.channel, at=at,
            customer=bool(orders or contracts),
            subscriber=any(row["ended_at"] is None or row["ended_at"] > at for row in contracts),
            held=("promise", min(late)) if late else None,
            promised=("promise", max(barred)) if barred else None,
        )  # fmt: skip
        met = told.allow is rule.allowed and (not rule.reasons or told.reason in rule.reasons)
        return met, told.reason, told.rule

    def score(self, rule: said.Score, at: datetime) -> tuple[bool, Any, str]:
        rows = [row for row in self._scores() if row["score"] == rule.score and (row.get("brand") or "") == rule.brand]
        first = rows[0] if rows else {}
        if rule.field == "stale":
            stale = [operators.stale(row, at) for row in rows]
            return rule.value in stale, stale[0] if stale else None, first.get("model", "")
        op, contrary = CONTRARY.get(rule.op, rule.op), rule.op in CONTRARY
        asked = put.field_of("score", rule.field)
        met = any(operators.compared(row.get(rule.field), asked, op, rule.value) for row in rows)
        return met is not contrary, first.get(rule.field), first.get("model", "")

    def _scores(self) -> list[Row]:
        if self.facts.pairs is None:
            return list(self.facts.scores)
        category = TABLES["scores"].category if "scores" in TABLES else "behaviour"
        entities = {entity for entity, _ in self.facts.pairs.get(category, ())}
        return [row for row in self.facts.scores if row["entity"] in entities]

    # --- what happened ------------------------------------------------------------------------------------------------

    def happened(self, rule: said.Happened, at: datetime) -> tuple[bool, Any, str]:
        by = rule.dated_by or put.usual_date(rule.on)
        begun = (row for row in self._begun(rule.on, at) if self._meets(rule, row, at))
        rows = [row for row in begun if operators.within(row[by], rule, at)]
        rows.sort(key=lambda row: (row[by] is not None, row[by] or at))
        source = rows[-1].get("source", "") if rows else ""
        if rule.measure in ("first", "last"):
            dates = [row[by] for row in rows if row[by] is not None]
            seen = None if not dates else min(dates) if rule.measure == "first" else max(dates)
            return seen is not None and operators.dated(seen, rule.op, rule.value, at), seen, source
        if rule.measure == "count":
            found: Any = len(rows)
        elif rule.measure == "distinct":
            found = len({row[rule.of] for row in rows if row[rule.of] is not None})
        else:
            found = sum((Decimal(str(row[rule.of])) for row in rows if row[rule.of] is not None), Decimal(0))
        limit = put.amount(rule.value) if rule.measure == "sum" else rule.value
        met = found >= limit if rule.op == "at_least" else found <= limit if rule.op == "at_most" else found == limit
        return bool(met), found, source

    def _begun(self, table: str, at: datetime) -> list[Row]:
        began = put.usual_date(table)
        return [row for row in self.facts.of(table) if row[began] is None or row[began] <= at]

    def _meets(self, rule: said.Happened, row: Row, at: datetime) -> bool:
        if rule.currency and row["currency"] != rule.currency:
            return False
        return all(operators.meets(rule.on, row, one, at) for one in rule.where)

    def sequence(self, rule: said.Sequence, at: datetime) -> tuple[bool, Any, str]:
        placed = (row for row in self._begun("events", at) if row["at"] is not None)
        rows = [row for row in placed if operators.within(row["at"], rule, at)]
        steps: dict[datetime, set[int]] = {}
        for row in rows:
            for number, step in enumerate(rule.steps):
                if all(operators.meets("events", row, one, at) for one in step.where):
                    steps.setdefault(row["at"], set()).add(number)
        # the latest beginning from which each step was reached by an earlier event
        best: list[datetime | None] = [None] * len(rule.steps)
        reached, last = None, len(rule.steps) - 1
        for moment in sorted(steps):
            here = {0: moment} | {n: best[n - 1] for n in steps[moment] if n}
            for number in steps[moment]:
                begun = here[number]
                known = best[number]
                if begun is not None and (known is None or begun > known):
                    best[number] = begun
                if number == last and begun is not None and moment - begun <= timedelta(days=rule.span_days):
                    reached = moment
        source = rows[-1].get("source", "") if rows else ""
        return (reached is not None) is (rule.op == "did"), reached, source

    # --- when time alone may change an answer -------------------------------------------------------------------------

    def moments(self, rule: said.Rule, at: datetime) -> Iterator[datetime]:
        """Yield every moment at which the passing of time may change what ``ask`` says, in no order."""
        if isinstance(rule, said.Happened):
            yield from self._of_rows(rule, at)
        elif isinstance(rule, said.Sequence):
            for row in self.facts.of("events"):
                yield from _of_window(row["at"], rule)
                yield from _some(row["at"])
        elif isinstance(rule, said.Person):
            yield from self._of_person(rule, at)
        elif isinstance(rule, said.Score):
            for row in self.facts.scores:
                yield from _some(row.get("stale_since"))
        elif isinstance(rule, said.Consent):
            for table, names in (("orders", ("ordered_at",)), ("contracts", ("started_at", "ended_at"))):
                for row in self.facts.rows.get(table, ()):
                    for name in names:
                        yield from _some(row[name])
            for row in self.facts.consents:
                yield from _some(row.get("at"))
            for row in self.facts.held:
                yield row["until" if row["forbids"] else "due_at"] + _INSTANT
            for default in DEFAULTS:
                yield from (default.start, *_some(default.until))
        elif isinstance(rule, said.InSegment):
            inside = self.segments[rule.segment]
            if isinstance(inside, said.Group):
                yield from _some(self.group(inside, (), at).changes_at)

    def _of_rows(self, rule: said.Happened, at: datetime) -> Iterator[datetime]:
        began, by = put.usual_date(rule.on), rule.dated_by or put.usual_date(rule.on)
        for row in self.facts.of(rule.on):
            yield from _some(row[began])
            yield from _of_window(row[by], rule)
            if rule.measure in ("first", "last"):
                yield from _of_moment(row[by], rule.op, rule.value, at)
            for one in rule.where:
                if one.field == "running":
                    yield from _some(row["ended_at"])
                elif put.field_of(rule.on, one.field).type == "moment":
                    yield from _of_moment(row[one.field], one.op, one.value, at)

    def _of_person(self, rule: said.Person, at: datetime) -> Iterator[datetime]:
        kind = put.field_of("person", rule.field).type
        if rule.field == "known_since":
            since = self._since(self.facts.seen(self.facts.records, "identity"))
            if since is not None:
                yield from _of_moment(since[0], rule.op, rule.value, at)
        elif kind in ("day", "number"):
            for value, _ in self._values(rule):
                yield from _of_day(value, rule.field, rule.op, rule.value, at)


def _first(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _some(moment: datetime | None) -> tuple[datetime, ...]:
    return () if moment is None else (moment,)


def _of_window(moment: datetime | None, window: said.Window) -> Iterator[datetime]:
    if moment is None:
        return
    if window.within_days is not None:
        yield from (moment, moment + timedelta(days=window.within_days))
    if window.next_days is not None:
        yield from (moment - timedelta(days=window.next_days), moment)


def _of_moment(moment: datetime | None, op: str, asked: Any, at: datetime) -> Iterator[datetime]:
    if moment is not None and op in OF_DAYS:
        days = timedelta(days=asked)
        yield from (moment, moment + days, moment - days)


def _of_day(value: str, name: str, op: str, asked: Any, at: datetime) -> Iterator[datetime]:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return
    if name == "age":
        for year in (put.today(at).year, put.today(at).year + 1):
            try:
                yield put.start_of(day.replace(year=year))
            except ValueError:  # 29 February: the day after the 28th
                yield put.start_of(date(year, 3, 1))
    elif op == "anniversary":
        yield put.end_of(put.today(at))
    elif op in OF_DAYS:
        for days in (-asked, 0, asked):
            yield put.start_of(day + timedelta(days=days))
