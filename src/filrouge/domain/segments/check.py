"""Whether a segment means something: every fault at once, each a sentence with its place; and what is worth saying."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import pydantic

from filrouge.base.errors import DefinitionError
from filrouge.domain.privacy.may_i import STRICTNESS
from filrouge.domain.privacy.perimeter import CHANNELS, PURPOSES
from filrouge.domain.segments import fields
from filrouge.domain.segments.spec import (
    BRANCHES,
    Brands,
    Bucket,
    Consent,
    Filter,
    Group,
    Happened,
    InList,
    InSegment,
    Person,
    Place,
    Rule,
    Score,
    Sequence,
    Window,
)
from filrouge.tables import TABLES

RULES, DEEP = 500, 10
APART = 60  # rules that each read tables by themselves
LONGEST = 36_500  # days of a window
VALUES, LISTED = 1_000, 10_000  # values of one rule; people of one list
LETTERS = 500
BUCKETS = 10_000
STEPS = 5
REASONS = ("consented", "existing_customer", "running_contract", "default_allow", "no_consent", "promise_overdue",
           "promised", "unknown_purpose", *STRICTNESS)  # fmt: skip
_TAGS = {kind.__name__ for kind in BRANCHES.values()} | {"group"}
Fault = tuple[Place, str]


@dataclass(frozen=True)
class Known:
    """What a rule may name here; None where that is not known, and not looked at."""

    brands: frozenset[str] | None = None
    entities: frozenset[str] | None = None
    scores: frozenset[str] | None = None  # empty: there is no score here yet
    segments: Mapping[str, frozenset[str]] | None = None  # each with those that it names
    name: str = ""  # of this segment, when it has one
    scoped: bool = True  # it stands for an entity and a brand, which a rule on consents may leave out


@dataclass(frozen=True)
class Remark:
    """Something worth saying that is no fault: a code, its place, and the parameters of its sentence."""

    code: str
    place: str
    params: Mapping[str, Any] = field(default_factory=dict)


def parse(data: Any, known: Known | None = None, *, what: str = "") -> Group:
    """Return the segment that ``data`` writes down. Raises DefinitionError with every fault at once."""
    faults = list(_shape(data))
    spec: Group | None = None
    if not faults:
        try:
            spec = data if isinstance(data, Group) else Group.model_validate(data)
        except pydantic.ValidationError as error:
            faults = [
                (tuple(part for part in fault["loc"] if part not in _TAGS), f"{fault['msg']}.")
                for fault in error.errors(include_input=False, include_url=False, include_context=False)
            ]
    if spec is not None:
        faults = list(_faults(spec, known or Known()))
    if faults or spec is None:
        raise DefinitionError(
            "The segment {what} holds faults: {count}.",
            hint="Mend the places named below and try again.",
            faults=[f"{written(place)}: {said}" for place, said in faults],
            what=what or "as it is written",
            count=len(faults),
        )
    return spec


def written(place: Place) -> str:
    """Return a place as it is told: ``rules.0.value``."""
    return ".".join(str(part) for part in place) or "(whole)"


def _shape(data: Any) -> Iterator[Fault]:
    """Yield what is wrong with the tree itself; without recursion, for it may be as deep as somebody pleases."""
    if isinstance(data, Group):
        return
    waiting: list[tuple[Place, Any, int]] = [((), data, 1)]
    rules = 0
    while waiting:
        place, node, depth = waiting.pop()
        if not isinstance(node, dict):
            yield place, "A rule or a group is written as an object with names."
        elif "rules" in node or "on" not in node:
            if depth > DEEP:
                yield place, f"Groups stand in one another {DEEP} deep at most."
                continue
            held = node.get("rules")
            if not isinstance(held, list | tuple):
                yield place, "A group holds a list of rules; a rule says what it is on."
            elif not held:
                yield (*place, "rules"), "This group is empty: add a rule, or take the group away."
            else:
                waiting += [((*place, "rules", at), one, depth + 1) for at, one in enumerate(held[: RULES + 1])]
        else:
            rules += 1
            if not isinstance(node["on"], str) or node["on"] not in BRANCHES:
                yield (*place, "on"), f"No rule is on {shown(node['on'])}. There are: {', '.join(BRANCHES)}."
        if rules > RULES:
            yield (), f"A segment holds {RULES} rules at most: keep some as a segment of their own and name it here."
            return


def shown(value: Any) -> str:
    """Return a value of the definition as a message quotes it."""
    text = str(value)
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"


def _faults(spec: Group, known: Known) -> Iterator[Fault]:
    apart = set()
    for place, rule in spec.walk():
        if (
            not isinstance(rule, Person | Happened)
            or getattr(rule, "measure", "") == "distinct"
            or rule.on == "contracts"
        ):
            apart.add(rule)
        for inner, said in _of_rule(rule, known):
            yield (*place, *inner), said
    if len(apart) > APART:
        yield (
            (),
            (
                f"A segment holds {APART} different rules at most that are not on what people are or did: "
                "keep some as a segment of their own and name it here."
            ),
        )


def _of_rule(rule: Rule, known: Known) -> Iterator[Fault]:
    if isinstance(rule, Person):
        yield from _asked("person", rule.field, rule.op, rule.value)
        if rule.any and rule.field in ("age", "deceased", "known_since"):
            yield ("any",), "This field has one value."
    elif isinstance(rule, Score):
        yield from _asked("score", rule.field, rule.op, rule.value)
        yield from _name(rule.score, known.scores, "score", ("score",))
        if rule.brand:
            yield from _name(rule.brand, known.brands, "brand", ("brand",))
    elif isinstance(rule, Brands):
        if not rule.brands:
            yield ("brands",), "Name a brand."
        for at, brand in enumerate(rule.brands):
            yield from _name(brand, known.brands, "brand", ("brands", at))
    elif isinstance(rule, Consent):
        yield from _of_consent(rule, known)
    elif isinstance(rule, Happened):
        yield from _of_window(rule)
        yield from _of_happened(rule)
    elif isinstance(rule, Sequence):
        yield from _of_window(rule)
        yield from _of_sequence(rule)
    elif isinstance(rule, InSegment):
        yield from _of_segment(rule, known)
    elif isinstance(rule, InList):
        yield from _of_list(rule)
    else:
        yield from _of_bucket(rule)


def _name(name: str, known: Iterable[str] | None, what: str, place: Place) -> Iterator[Fault]:
    if known is None or name in set(known):
        return
    there = sorted(known)
    if there:
        yield place, f"There is no {what} {shown(name)}. There are: {', '.join(there[:40])}."
    else:
        yield place, f"There is no {what} here yet."


def _of_consent(rule: Consent, known: Known) -> Iterator[Fault]:
    yield from _name(rule.purpose, PURPOSES, "purpose", ("purpose",))
    yield from _name(rule.channel, CHANNELS, "channel", ("channel",))
    for at, reason in enumerate(rule.reasons):
        yield from _name(reason, REASONS, "reason", ("reasons", at))
    if bool(rule.entity) != bool(rule.brand) or not (rule.entity or known.scoped):
        yield (), "A consent is asked for an entity and a brand: name both, or give them to the segment."
    elif rule.entity:
        yield from _name(rule.entity, known.entities, "entity", ("entity",))
        yield from _name(rule.brand, known.brands, "brand", ("brand",))


def _of_window(rule: Window) -> Iterator[Fault]:
    said = [name for name in ("within_days", "next_days") if getattr(rule, name) is not None]
    if len(said) + (rule.since is not None or rule.until is not None) > 1:
        yield (), "A rule has one window: the last days, the next days, or between two days."
    for name in said:
        yield from _days(getattr(rule, name), (name,))
    if rule.since is not None and rule.until is not None and rule.since > rule.until:
        yield ("until",), "The window ends before it begins."


def _days(days: Any, place: Place, *, most: int = LONGEST, least: int = 1) -> Iterator[Fault]:
    if not isinstance(days, int) or isinstance(days, bool) or not least <= days <= most:
        yield place, f"Write a number of days from {least} to {most:,}."


def _of_happened(rule: Happened) -> Iterator[Fault]:
    yield from _where(rule.on, rule.where, ("where",))
    if rule.dated_by and rule.dated_by not in fields.DATES[rule.on]:
        yield from _name(rule.dated_by, fields.DATES[rule.on], "date", ("dated_by",))
    if rule.next_days is not None and rule.on != "contracts":
        yield ("next_days",), "Only contracts have dates to come: ask for the last days instead."
    money = [one.field for one in rule.where if _type(rule.on, one.field) == "money"]
    if rule.measure in ("distinct", "sum"):
        found = fields.field(rule.on, rule.of)
        wanted = ("money", "number") if rule.measure == "sum" else tuple(fields.OPERATORS)
        if found is None or found.type not in wanted:
            there = [one.name for one in fields.CATALOGUE[rule.on].values() if one.type in wanted]
            yield ("of",), f"A {rule.measure} is of a field. There are: {', '.join(there) or 'none on this table'}."
        elif found.type == "money":
            money.append(rule.of)
    elif rule.of:
        yield ("of",), "Only a sum and a count of distinct values are of a field."
    if money and not rule.currency:
        yield ("currency",), "Amounts of several currencies do not compare: name the currency, for instance EUR."
    if rule.currency and not money:
        yield ("currency",), "No amount is looked at here: leave the currency out."
    if rule.currency and not (len(rule.currency) == 3 and rule.currency.isascii() and rule.currency.isupper()):
        yield ("currency",), "A currency is written in three capitals, as EUR."
    sizes = ("at_least", "at_most", "exactly")
    if rule.measure in ("first", "last"):
        if rule.op in sizes:
            yield ("op",), "A date is within_last or longer_ago some days, before or after a day."
        elif rule.op in ("before", "after"):
            yield from _day(rule.value, ("value",))
        else:
            yield from _days(rule.value, ("value",))
    elif rule.op not in sizes:
        yield ("op",), f"A {rule.measure} is at_least, at_most or exactly a number."
    elif rule.measure == "sum":
        yield from _amount(rule.value, ("value",))
    elif not isinstance(rule.value, int) or isinstance(rule.value, bool) or not 0 <= rule.value <= 10**9:
        yield ("value",), "Write a whole number from 0 to 1,000,000,000."
    elif rule.op == "at_least" and rule.value == 0:
        yield ("value",), "Everybody did this at least 0 times: write 1 or more."


def _type(on: str, name: str) -> str:
    found = fields.field(on, name)
    return found.type if found else ""


def _of_sequence(rule: Sequence) -> Iterator[Fault]:
    if not 2 <= len(rule.steps) <= STEPS:
        yield ("steps",), f"A sequence has 2 to {STEPS} steps."
    if rule.next_days is not None:
        yield ("next_days",), "Events have no dates to come: ask for the last days instead."
    yield from _days(rule.span_days, ("span_days",))
    for at, step in enumerate(rule.steps):
        if not step.where:
            yield ("steps", at, "where"), "Say which event this step is."
        yield from _where("events", step.where, ("steps", at, "where"))


def _of_segment(rule: InSegment, known: Known) -> Iterator[Fault]:
    if known.segments is None:
        return
    if rule.segment not in known.segments and rule.segment != known.name:
        yield from _name(rule.segment, known.segments, "segment", ("segment",))
        return
    if known.name and (way := _way(rule.segment, known.name, known.segments)):
        chain = " → ".join([known.name, *way])
        yield ("segment",), f"A segment cannot rest on itself: {chain}."


def _way(start: str, end: str, named: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the way from ``start`` to ``end`` through the segments that each names; an empty one without any."""
    came: dict[str, str | None] = {start: None}
    waiting = [start]
    while waiting:
        here = waiting.pop(0)
        if here == end:
            way: list[str] = []
            at: str | None = here
            while at is not None:
                way.append(at)
                at = came[at]
            return way[::-1]
        for further in sorted(named.get(here, ())):
            if further not in came:
                came[further] = here
                waiting.append(further)
    return []


def _of_list(rule: InList) -> Iterator[Fault]:
    if not rule.people:
        yield ("people",), "This list is empty: name a person."
    elif len(rule.people) > LISTED:
        yield ("people",), f"A list names {LISTED:,} people at most."
    for at, one in enumerate(rule.people[:LISTED]):
        if not _is_id(one):
            yield ("people", at), f"{shown(one)} is no id of a person."


def _is_id(text: str) -> bool:
    parts = text.split("-")
    return [len(part) for part in parts] == [8, 4, 4, 4, 12] and all(
        sign in "0123456789abcdef" for part in parts for sign in part
    )


def _of_bucket(rule: Bucket) -> Iterator[Fault]:
    if not 0 <= rule.first <= rule.last < BUCKETS:
        yield ("from",), f"A share goes from 0 to {BUCKETS - 1:,}, its beginning first."
    yield from _text(rule.salt, ("salt",), empty=True)


# --- values -----------------------------------------------------------------------------------------------------------


def _where(on: str, where: tuple[Filter, ...], place: Place) -> Iterator[Fault]:
    if len(where) > 50:
        yield place, "A rule has 50 conditions at most."
    for at, one in enumerate(where):
        for inner, said in _asked(on, one.field, one.op, one.value):
            yield (*place, at, *inner), said


def _asked(on: str, name: str, op: str, value: Any) -> Iterator[Fault]:
    """Yield what is wrong with asking ``op`` and ``value`` of a field."""
    found = fields.field(on, name)
    if found is None:
        if on == "events" and name.startswith(fields.PROPERTY):
            yield ("field",), f"The property {shown(name)} has a name that no rule can hold."
            return
        there = ", ".join(fields.CATALOGUE[on]) + (", properties.…" if on == "events" else "")
        yield ("field",), f"There is no field {shown(name)} on {on}. There are: {there}."
    elif op not in found.operators:
        yield ("op",), f"{shown(op)} cannot be asked of {name}. There are: {', '.join(found.operators)}."
    elif op in fields.WITHOUT_VALUE:
        if value is not None:
            yield ("value",), f"{op} takes no value."
    elif op in ("one_of", "none_of"):
        if not isinstance(value, tuple) or not value:
            yield ("value",), f"{op} takes a list of values."
        elif len(value) > VALUES:
            yield ("value",), f"A rule holds {VALUES:,} values at most."
        else:
            for at, one in enumerate(value):
                yield from _text(one, ("value", at))
    elif isinstance(value, tuple):
        yield ("value",), f"{op} takes one value."
    else:
        yield from _one_value(found, op, value)


def _one_value(found: fields.Field, op: str, value: Any) -> Iterator[Fault]:
    place: Place = ("value",)
    if op == "anniversary":
        yield from _days(value, place, most=365, least=0)
    elif op in fields.OF_DAYS:
        yield from _days(value, place)
    elif found.type in ("day", "moment"):
        yield from _day(value, place)
    elif found.type == "yes_no":
        if not isinstance(value, bool):
            yield place, "Write true or false."
    elif found.type == "money":
        yield from _amount(value, place)
    elif found.type == "number" or op in ("at_least", "at_most", "above", "below"):
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 10**15:
            yield place, "Write a number."
        elif found.name == "age" and (not isinstance(value, int) or not 0 <= value <= 150):
            yield place, "An age is a whole number from 0 to 150."
    else:
        yield from _text(value, place)


def _text(value: Any, place: Place, *, empty: bool = False) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield place, "Write a text."
    elif not value and not empty:
        yield place, "This text is empty: ask for empty or filled instead."
    elif len(value) > LETTERS:
        yield place, f"A text has {LETTERS} letters at most."
    elif any(letter == "\x00" or 0xD800 <= ord(letter) <= 0xDFFF for letter in value):
        yield place, "This text holds a sign that no database keeps."


def _day(value: Any, place: Place) -> Iterator[Fault]:
    try:
        found = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        found = None
    if found is None or not 1 < found.year < 9999:
        yield place, "Write a day as 2026-01-31."


def _amount(value: Any, place: Place) -> Iterator[Fault]:
    try:
        found = Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite() or abs(found) >= 10**12 or found != found.quantize(Decimal("0.0001")):
        yield place, "Write an amount, with four decimals at most."


# --- what is worth saying ---------------------------------------------------------------------------------------------


def remarks(spec: Group) -> list[Remark]:
    """Return what is worth saying of a segment that has no fault.

    ``beyond_retention``: rows older than ``kept`` days are destroyed, so a window of ``days`` looks at ``kept`` only.
    """
    found = []
    for place, rule in spec.walk():
        if isinstance(rule, Happened | Sequence) and rule.within_days is not None:
            on = "events" if isinstance(rule, Sequence) else rule.on
            kept = TABLES[on].retention_days
            if rule.within_days > kept and TABLES[on].kept == "dated":
                params = {"on": on, "days": rule.within_days, "kept": kept}
                found.append(Remark("beyond_retention", written((*place, "within_days")), params))
    return found
