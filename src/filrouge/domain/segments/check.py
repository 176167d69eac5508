"""Whether a segment means something: every fault at once, each a sentence with its place; and what is worth saying."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pydantic

from filrouge.base.errors import DefinitionError, Phrase
from filrouge.domain.privacy.may_i import STRICTNESS
from filrouge.domain.privacy.perimeter import CHANNELS, PURPOSES
from filrouge.domain.segments import fields, values
from filrouge.domain.segments.spec import (
    BRANCHES,
    Brands,
    Bucket,
    Consent,
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
from filrouge.domain.segments.values import Fault
from filrouge.tables import TABLES

RULES, DEEP = 500, 10
APART = 60  # rules that each read tables by themselves
LISTED = 10_000  # people of one list
BUCKETS = 10_000
STEPS = 5
REASONS = ("consented", "existing_customer", "running_contract", "default_allow", "no_consent", "promise_overdue",
           "promised", "unknown_purpose", *STRICTNESS)  # fmt: skip
_TAGS = {kind.__name__ for kind in BRANCHES.values()} | {"group"}


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
                (tuple(part for part in fault["loc"] if part not in _TAGS), Phrase("{said}.", said=fault["msg"]))
                for fault in error.errors(include_input=False, include_url=False, include_context=False)
            ]
    if spec is not None:
        faults = list(_faults(spec, known or Known()))
    if faults or spec is None:
        raise DefinitionError(
            "The segment {what} holds faults: {count}.",
            hint="Mend the places named below and try again.",
            faults=[at(place, said) for place, said in faults],
            what=what or "as it is written",
            count=len(faults),
        )
    return spec


def written(place: Place) -> str:
    """Return a place as it is told: ``rules.0.value``."""
    return ".".join(str(part) for part in place) or "(whole)"


def at(place: Place, said: Phrase) -> Phrase:
    """Return what is wrong with its place, as an error tells it."""
    return Phrase("{place}: {said}", place=written(place), said=said)


def _shape(data: Any) -> Iterator[Fault]:
    """Yield what is wrong with the tree itself; without recursion, for it may be as deep as somebody pleases."""
    if isinstance(data, Group):
        return
    waiting: list[tuple[Place, Any, int]] = [((), data, 1)]
    rules = 0
    while waiting:
        place, node, depth = waiting.pop()
        if not isinstance(node, dict):
            yield place, Phrase("A rule or a group is written as an object with names.")
        elif "rules" in node or "on" not in node:
            if depth > DEEP:
                yield place, Phrase("Groups stand in one another {deep} deep at most.", deep=DEEP)
                continue
            held = node.get("rules")
            if not isinstance(held, list | tuple):
                yield place, Phrase("A group holds a list of rules; a rule says what it is on.")
            elif not held:
                yield (*place, "rules"), Phrase("This group is empty: add a rule, or take the group away.")
            else:
                waiting += [((*place, "rules", at), one, depth + 1) for at, one in enumerate(held[: RULES + 1])]
        else:
            rules += 1
            if not isinstance(node["on"], str) or node["on"] not in BRANCHES:
                yield (
                    (*place, "on"),
                    Phrase(
                        "No rule is on {name}. There are: {there}.",
                        name=values.shown(node["on"]),
                        there=", ".join(BRANCHES),
                    ),
                )
        if rules > RULES:
            yield (
                (),
                Phrase(
                    "A segment holds {most} rules at most: keep some as a segment of their own and name it here.",
                    most=RULES,
                ),
            )
            return


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
                Phrase(
                    "A segment holds {most} different rules at most that are not on what people are or did: "
                    "keep some as a segment of their own and name it here.",
                    most=APART,
                )
            ),
        )


def _of_rule(rule: Rule, known: Known) -> Iterator[Fault]:
    if isinstance(rule, Person):
        yield from values.asked("person", rule.field, rule.op, rule.value)
        if rule.any and rule.field in ("age", "deceased", "known_since"):
            yield ("any",), Phrase("This field has one value.")
    elif isinstance(rule, Score):
        yield from values.asked("score", rule.field, rule.op, rule.value)
        yield from _name(rule.score, known.scores, Phrase("score"), ("score",))
        if rule.brand:
            yield from _name(rule.brand, known.brands, Phrase("brand"), ("brand",))
    elif isinstance(rule, Brands):
        if not rule.brands:
            yield ("brands",), Phrase("Name a brand.")
        for at, brand in enumerate(rule.brands):
            yield from _name(brand, known.brands, Phrase("brand"), ("brands", at))
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


def _name(name: str, known: Iterable[str] | None, what: Phrase, place: Place) -> Iterator[Fault]:
    if known is None or name in set(known):
        return
    there = sorted(known)
    if there:
        yield (
            place,
            Phrase(
                "There is no {what} {name}. There are: {there}.",
                what=what,
                name=values.shown(name),
                there=", ".join(there[:40]),
            ),
        )
    else:
        yield place, Phrase("There is no {what} here yet.", what=what)


def _of_consent(rule: Consent, known: Known) -> Iterator[Fault]:
    yield from _name(rule.purpose, PURPOSES, Phrase("purpose"), ("purpose",))
    yield from _name(rule.channel, CHANNELS, Phrase("channel"), ("channel",))
    for at, reason in enumerate(rule.reasons):
        yield from _name(reason, REASONS, Phrase("reason"), ("reasons", at))
    if bool(rule.entity) != bool(rule.brand) or not (rule.entity or known.scoped):
        yield (), Phrase("A consent is asked for an entity and a brand: name both, or give them to the segment.")
    elif rule.entity:
        yield from _name(rule.entity, known.entities, Phrase("entity"), ("entity",))
        yield from _name(rule.brand, known.brands, Phrase("brand"), ("brand",))


def _of_window(rule: Window) -> Iterator[Fault]:
    said = [name for name in ("within_days", "next_days") if getattr(rule, name) is not None]
    if len(said) + (rule.since is not None or rule.until is not None) > 1:
        yield (), Phrase("A rule has one window: the last days, the next days, or between two days.")
    for name in said:
        yield from values.days(getattr(rule, name), (name,))
    if rule.since is not None and rule.until is not None and rule.since > rule.until:
        yield ("until",), Phrase("The window ends before it begins.")


def _of_happened(rule: Happened) -> Iterator[Fault]:
    yield from values.where(rule.on, rule.where, ("where",))
    if rule.dated_by and rule.dated_by not in fields.DATES[rule.on]:
        yield from _name(rule.dated_by, fields.DATES[rule.on], Phrase("date"), ("dated_by",))
    if rule.next_days is not None and rule.on != "contracts":
        yield ("next_days",), Phrase("Only contracts have dates to come: ask for the last days instead.")
    money = [one.field for one in rule.where if _type(rule.on, one.field) == "money"]
    if rule.measure in ("distinct", "sum"):
        found = fields.field(rule.on, rule.of)
        wanted = ("money", "number") if rule.measure == "sum" else tuple(fields.OPERATORS)
        if found is None or found.type not in wanted:
            there = [one.name for one in fields.CATALOGUE[rule.on].values() if one.type in wanted]
            yield (
                ("of",),
                Phrase(
                    "A {measure} is of a field. There are: {there}.",
                    measure=rule.measure,
                    there=", ".join(there) or Phrase("none on this table"),
                ),
            )
        elif found.type == "money":
            money.append(rule.of)
    elif rule.of:
        yield ("of",), Phrase("Only a sum and a count of distinct values are of a field.")
    if money and not rule.currency:
        yield (
            ("currency",),
            Phrase("Amounts of several currencies do not compare: name the currency, for instance EUR."),
        )
    if rule.currency and not money:
        yield ("currency",), Phrase("No amount is looked at here: leave the currency out.")
    if rule.currency and not (len(rule.currency) == 3 and rule.currency.isascii() and rule.currency.isupper()):
        yield ("currency",), Phrase("A currency is written in three capitals, as EUR.")
    sizes = ("at_least", "at_most", "exactly")
    if rule.measure in ("first", "last"):
        if rule.op in sizes:
            yield ("op",), Phrase("A date is within_last or longer_ago some days, before or after a day.")
        elif rule.op in ("before", "after"):
            yield from values.day(rule.value, ("value",))
        else:
            yield from values.days(rule.value, ("value",))
    elif rule.op not in sizes:
        yield ("op",), Phrase("A {measure} is at_least, at_most or exactly a number.", measure=rule.measure)
    elif rule.measure == "sum":
        yield from values.amount(rule.value, ("value",))
    elif not isinstance(rule.value, int) or isinstance(rule.value, bool) or not 0 <= rule.value <= 10**9:
        yield ("value",), Phrase("Write a whole number from 0 to 1,000,000,000.")
    elif rule.op == "at_least" and rule.value == 0:
        yield ("value",), Phrase("Everybody did this at least 0 times: write 1 or more.")


def _type(on: str, name: str) -> str:
    found = fields.field(on, name)
    return found.type if found else ""


def _of_sequence(rule: Sequence) -> Iterator[Fault]:
    if not 2 <= len(rule.steps) <= STEPS:
        yield ("steps",), Phrase("A sequence has 2 to {most} steps.", most=STEPS)
    if rule.next_days is not None:
        yield ("next_days",), Phrase("Events have no dates to come: ask for the last days instead.")
    yield from values.days(rule.span_days, ("span_days",))
    for at, step in enumerate(rule.steps):
        if not step.where:
            yield ("steps", at, "where"), Phrase("Say which event this step is.")
        yield from values.where("events", step.where, ("steps", at, "where"))


def _of_segment(rule: InSegment, known: Known) -> Iterator[Fault]:
    if known.segments is None:
        return
    if rule.segment not in known.segments and rule.segment != known.name:
        yield from _name(rule.segment, known.segments, Phrase("segment"), ("segment",))
        return
    if known.name and (way := _way(rule.segment, known.name, known.segments)):
        chain = " → ".join([known.name, *way])
        yield ("segment",), Phrase("A segment cannot rest on itself: {chain}.", chain=chain)


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
        yield ("people",), Phrase("This list is empty: name a person.")
    elif len(rule.people) > LISTED:
        yield ("people",), Phrase("A list names {most} people at most.", most=f"{LISTED:,}")
    for at, one in enumerate(rule.people[:LISTED]):
        if not _is_id(one):
            yield ("people", at), Phrase("{name} is no id of a person.", name=values.shown(one))


def _is_id(text: str) -> bool:
    parts = text.split("-")
    return [len(part) for part in parts] == [8, 4, 4, 4, 12] and all(
        sign in "0123456789abcdef" for part in parts for sign in part
    )


def _of_bucket(rule: Bucket) -> Iterator[Fault]:
    if not 0 <= rule.first <= rule.last < BUCKETS:
        yield ("from",), Phrase("A share goes from 0 to {most}, its beginning first.", most=f"{BUCKETS - 1:,}")
    yield from values.text(rule.salt, ("salt",), empty=True)


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
