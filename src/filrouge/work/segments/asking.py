"""How many, who, and why this one: segments asked by somebody, who is told of the people whom they may see."""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from filrouge.base import clock
from filrouge.base.errors import NotFound, UsageError
from filrouge.domain import segments
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import mask
from filrouge.domain.segments.fields import field
from filrouge.domain.segments.spec import Happened, Person
from filrouge.store import members as kept
from filrouge.store.live import Live, number
from filrouge.store.models import Segment
from filrouge.store.queries import people
from filrouge.store.queries import segments as found
from filrouge.store.queries.search import Hit, hits
from filrouge.work import access
from filrouge.work.segments.desk import Desk, Scope
from filrouge.work.segments.facts import facts_of
from filrouge.work.segments.verbs import allowed, parsed

SAMPLE = 10


@dataclass(frozen=True)
class Counted:
    """How many are in, of how many; some of them; and how many may not be reached, by reason."""

    people: int
    everybody: int
    sample: tuple[Hit, ...]
    left_out: Mapping[str, int]
    reached: int | None
    seconds: float
    remarks: tuple[segments.Remark, ...]

    def plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "people": self.people, "everybody": self.everybody, "reached": self.reached,
            "left_out": dict(self.left_out),
            "sample": [{"id": one.id, "name": one.name, "brands": list(one.brands)} for one in self.sample],
            "seconds": round(self.seconds, 3), "remarks": [dataclasses.asdict(one) for one in self.remarks],
        }  # fmt: skip


@dataclass(frozen=True)
class Overlap:
    """How many people are in two segments, and in both."""

    left: int
    right: int
    both: int


@dataclass(frozen=True)
class Why:
    """Whether somebody is in a segment now, rule by rule; since when, and when they last left, by its builds."""

    person: str
    holds: bool
    since: datetime | None
    left: datetime | None
    built_at: datetime | None
    told: segments.Told

    def plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        rules = [
            {"place": segments.check.written(leaf.place), "holds": leaf.holds, "rule": leaf.rule.dump(),
             "value": leaf.value, "source": leaf.source, "changes_at": leaf.changes_at}
            for leaf in self.told.leaves()
        ]  # fmt: skip
        return {
            "person": self.person, "in": self.holds, "since": self.since, "left": self.left,
            "built_at": self.built_at, "changes_at": self.told.changes_at, "rules": rules,
        }  # fmt: skip


def count(
    asking: Caller, what: str | Any, scope: Scope | None = None, *, as_of: datetime | None = None, sample: int = SAMPLE
) -> Counted:
    """Return who is in a segment (its name, or rules with their ``scope``), as far as the caller sees people.

    With a channel, everybody in it is asked ``may_i``. Raises NotFound, Refused, DefinitionError, UsageError.
    """
    access.must(asking, *found.READERS, scope="segments:read")
    began = time.monotonic()
    row, spec, scope = _asked(asking, what, scope)
    if as_of is not None and not 1900 <= as_of.year <= 2200:
        raise UsageError("Write a day as 2026-01-31.")
    with Desk(as_of=as_of) as desk:
        inside = desk.segment(row) if row is not None and as_of is None else desk.people(spec, scope)
        seen = _seen(desk, asking, scope)
        inside = seen.semi_join(inside, "person")
        # kept for the questions that follow: one computation of the segment serves the count, the sample, may_i
        table = desk.engine.load("inside", inside.select("person").to_pyarrow())
        number_of = desk.count(table)
        chosen = _chosen(desk, table, sample)
        left_out, reached = _reachable(desk, table, scope, number_of)
        everybody = desk.count(seen)
    told = hits(Live(), [(number(one), (1.0, "")) for one in chosen], asking, limit=sample, brand="", at=clock.now())
    return Counted(number_of, everybody, tuple(told), left_out, reached, time.monotonic() - began,
                   tuple(segments.remarks(spec)))  # fmt: skip


def overlap(asking: Caller, left: str, right: str) -> Overlap:
    """Return how many people two segments share, as far as the caller sees people. Raises NotFound, Refused."""
    access.must(asking, *found.READERS, scope="segments:read")
    rows = [found.segment(name, asking) for name in (left, right)]
    with Desk() as desk:
        sets = []
        for row in rows:
            seen = _seen(desk, asking, Scope.of(row))
            held = seen.semi_join(desk.segment(row), "person").select("person").to_pyarrow()
            sets.append(desk.engine.load("inside", held))
        both = desk.count(sets[0].semi_join(sets[1], "person"))
        return Overlap(desk.count(sets[0]), desk.count(sets[1]), both)


def members(asking: Caller, name: str, *, after: str = "", limit: int | None = None) -> pa.Table:
    """Return (person, entered_at) of who was in a segment at its last build, by id, as far as the caller sees people.

    One that was never built is computed now, without dates. Raises NotFound, Refused.
    """
    access.must(asking, *found.READERS, scope="segments:read")
    row = found.segment(name, asking)
    with Desk() as desk:
        seen = _seen(desk, asking, Scope.of(row))
        inside = desk.members(row.name) if row.built_at is not None else desk.segment(row)
        named = desk.laid.ids.semi_join(seen.semi_join(inside, "person"), "person").select("id")
        held = desk.read("memberships")
        dated = held.filter((held.segment == row.name) & held.left_at.isnull()).select(
            id=held.person, at=held.entered_at
        )
        told = named.left_join(dated, "id")
        shown = told.select(person=told.id, entered_at=told.at).filter(lambda t: t.person > after).order_by("person")
        return (shown.limit(limit) if limit is not None else shown).to_pyarrow()


def why(asking: Caller, name: str, person: str) -> Why:
    """Return why somebody is in a segment or out of it, now, and since when.

    Raises NotFound when there is no such segment, or nobody whom the caller may see; Refused.
    """
    access.must(asking, *found.READERS, scope="segments:read")
    row = found.segment(name, asking)
    seen = people.named(str(uuid.UUID(person)), asking, at=clock.now()) if access.is_id(person) else None
    if seen is None or not asking.opens_pages():
        raise NotFound("No person is here.", hint="Look the person up by name, e-mail or phone.")
    access.opened(asking, seen.id, "segment")
    spec, scope = found.spec_of(row), Scope.of(row)
    with Desk() as desk:
        told = _told(desk, row, spec, scope, seen.id)
        held = desk.read("memberships")
        dated = desk.rows(
            held.filter((held.segment == name) & held.person.isin(_aliases(seen.id))).select("entered_at", "left_at")
        )
    entered = [one["entered_at"] for one in dated if one["left_at"] is None]
    left = [one["left_at"] for one in dated if one["left_at"] is not None]
    since, gone = min(entered, default=None), max(left, default=None)
    if (moved := _moved(name, seen.id)) is not None:  # since the last build
        since, gone = (moved[1], gone) if moved[0] else (since, moved[1])
    return Why(seen.id, told.holds, since, gone, row.built_at, _masked(told, asking, scope))


# --- within -----------------------------------------------------------------------------------------------------------


def _asked(asking: Caller, what: Any, scope: Scope | None) -> tuple[Segment | None, segments.Spec, Scope]:
    if isinstance(what, str):
        row = found.segment(what, asking)
        return row, found.spec_of(row), Scope.of(row)
    kept = allowed(asking, scope or Scope(""))
    return None, parsed(asking, what, kept), kept


def _seen(desk: Desk, asking: Caller, scope: Scope) -> ir.Table:
    """Return (person) of everybody whom the scope may look at and the caller sees."""
    everybody = desk.for_(scope).everybody()
    if asking.perimeter.everything:
        return everybody
    return everybody.semi_join(desk.narrowed(asking.perimeter).everybody(), "person")


def _chosen(desk: Desk, inside: ir.Table, most: int) -> list[str]:
    """Return the ids of some of them, always the same ones."""
    drawn = desk.laid.ids.semi_join(inside, "person")
    order = desk.engine.key64(ibis.literal("sample\t") + drawn.id)
    return [row["id"] for row in desk.rows(drawn.order_by(order).limit(most).select("id"))]


def _reachable(desk: Desk, inside: ir.Table, scope: Scope, number_of: int) -> tuple[dict[str, int], int | None]:
    """Return how many may not be reached, by reason, and how many may; without a channel nothing is asked."""
    if not scope.channel:
        return {}, None
    told = segments.answers(
        desk.laid,
        entity=scope.entity,
        brand=scope.brand,
        purpose=scope.purpose,
        channel=scope.channel,
        at=desk.at,
        among=inside,
    )
    refused = told.filter(~told.allow)
    rows = desk.rows(refused.group_by("reason").agg(n=refused.count()))
    left_out = {str(row["reason"]): int(row["n"]) for row in sorted(rows, key=lambda row: -row["n"])}
    return left_out, number_of - sum(left_out.values())


def _told(desk: Desk, row: Segment, spec: segments.Spec, scope: Scope, person: str) -> segments.Told:
    """Return what is told of one person, from everything that the scope may look at."""
    pairs = desk.for_(scope).pairs
    facts = dataclasses.replace(facts_of(desk, person), pairs=pairs)
    return segments.tell(
        spec, facts, at=desk.at, entity=scope.entity, brand=scope.brand, segments=_inside(desk, spec, person),
        leads=desk.leads(spec),
    )  # fmt: skip


def _inside(desk: Desk, spec: segments.Spec, person: str) -> dict[str, segments.Spec | segments.Told | bool]:
    """Return whether the person is in each of the segments that ``spec`` names: each looks at its own scope."""
    told: dict[str, segments.Spec | segments.Told | bool] = {}
    for row in Segment.objects.filter(name__in=spec.segments):
        if row.kind == Segment.Kind.FROZEN and row.built_at is not None:
            mine = desk.laid.ids.filter(desk.laid.ids.id == person)
            told[row.name] = desk.count(mine.semi_join(desk.members(row.name), "person")) > 0
        else:
            told[row.name] = _told(desk, row, found.spec_of(row), Scope.of(row), person)
    return told


def _moved(name: str, person: str) -> tuple[bool, datetime] | None:
    live = Live()
    last = kept.held(live, [person]).get((name, person)) if live.ready() else None
    return (last.inside, kept.moment(last.at)) if last is not None and last.at else None


def _aliases(person: str) -> Sequence[str]:
    live = Live()
    return live.aliases(person) if live.ready() else [person]


def _masked(told: segments.Told, asking: Caller, scope: Scope) -> segments.Told:
    """Return ``told`` with the values that the caller's role does not show masked or left out."""
    parts = tuple(_masked(part, asking, scope) for part in told.parts)
    rule, value = told.rule, told.value
    if isinstance(rule, Person | Happened) and value is not None:
        name = rule.field if isinstance(rule, Person) else rule.of
        asked = field(rule.on, name) if name else None
        sight = asking.perimeter.role_sight(asked.sensitivity) if asked is not None else "show"
        value = value if sight == "show" else mask(str(value)) if sight == "mask" else None
    return dataclasses.replace(told, parts=parts, value=value)
