"""A segment as it is written down: groups of rules that are true or false of each person, never unknown.

What a rule says of somebody without a value is settled here once. ``is_not``, ``none_of``, ``not_contains`` and
``empty`` hold of whoever has none; every other operator does not. ``exactly 0`` and ``at_most`` hold of whoever never
did. A sum over nothing is 0. A row without a date counts only where no window is asked. What is dated after the moment
of the question has not happened yet. Days are those of Paris, as on the screens.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from filrouge.base.spec import Spec as Base

Value = bool | int | float | str
On = Literal["events", "orders", "order_lines", "contracts", "contacts", "interactions"]
Place = tuple[str | int, ...]


class Filter(Base):
    """A condition on one field of a row."""

    field: str
    op: str
    value: Value | tuple[Value, ...] | None = None


class Person(Base):
    """What is known of a person: the value shown first, or ``any`` of those known."""

    on: Literal["person"]
    field: str
    op: str
    value: Value | tuple[Value, ...] | None = None
    any: bool = False


class Brands(Base):
    """Brands at which the person has a living record: ``any`` of them, ``all``, or ``none``."""

    on: Literal["brands"]
    brands: tuple[str, ...]
    op: Literal["any", "all", "none"] = "any"


class Consent(Base):
    """The answer of ``may_i`` for a purpose and a channel; ``reasons`` keeps those answered so for one of them."""

    on: Literal["consent"]
    purpose: str
    channel: str
    allowed: bool = True
    reasons: tuple[str, ...] = ()
    entity: str = ""
    brand: str = ""


class Score(Base):
    """A score in force: its value, band, trend (change over 30 days), or whether it is stale."""

    on: Literal["score"]
    score: str
    field: str = "value"
    op: str
    value: Value | tuple[Value, ...] | None = None
    brand: str = ""


class Window(Base):
    """When: within the last or the next days of 24 hours, or between two days, both included."""

    within_days: int | None = None
    next_days: int | None = None
    since: date | None = None
    until: date | None = None

    @property
    def open(self) -> bool:
        """Tell whether all times are meant."""
        return all(one is None for one in (self.within_days, self.next_days, self.since, self.until))


class Happened(Window):
    """What a person did or was told: rows of one table that meet ``where`` in the window, counted or measured.

    ``measure``: ``count`` of rows, ``distinct`` values or ``sum`` of ``of``, date of the ``first`` or the ``last``.
    """

    on: On
    where: tuple[Filter, ...] = ()
    measure: Literal["count", "distinct", "sum", "first", "last"] = "count"
    of: str = ""
    op: Literal["at_least", "at_most", "exactly", "within_last", "longer_ago", "before", "after"] = "at_least"
    value: int | float | str = 1
    dated_by: str = ""
    currency: str = ""


class Step(Base):
    """One step of a sequence: an event that meets ``where``."""

    where: tuple[Filter, ...]


class Sequence(Window):
    """Events one after the other: each strictly later than the one before, all within ``span_days`` of the first."""

    on: Literal["sequence"]
    steps: tuple[Step, ...]
    span_days: int
    op: Literal["did", "did_not"] = "did"


class InSegment(Base):
    """Being in another segment, as it is at the same moment; of a frozen one, as it was built."""

    on: Literal["segment"]
    segment: str
    op: Literal["in", "not_in"] = "in"


class InList(Base):
    """Being one of some people, named by id; an id that was merged away leads to where its records are."""

    on: Literal["list"]
    people: tuple[str, ...]
    op: Literal["in", "not_in"] = "in"


class Bucket(Base):
    """A share of everybody, drawn once for all: a salted hash of the id, from 0 to 9,999, both ends included."""

    on: Literal["bucket"]
    first: int = Field(alias="from")
    last: int = Field(alias="to")
    salt: str = ""


Rule = Person | Brands | Consent | Score | Happened | Sequence | InSegment | InList | Bucket
BRANCHES = {
    "person": Person, "brands": Brands, "consent": Consent, "score": Score, "sequence": Sequence,
    "segment": InSegment, "list": InList, "bucket": Bucket,
    **dict.fromkeys(("events", "orders", "order_lines", "contracts", "contacts", "interactions"), Happened),
}  # fmt: skip


def _kind(data: Any) -> str:
    if isinstance(data, Base):
        return "group" if isinstance(data, Group) else type(data).__name__
    if not isinstance(data, dict) or "on" not in data:
        return "group"
    found = BRANCHES.get(data["on"]) if isinstance(data["on"], str) else None
    return found.__name__ if found else "group"


class Group(Base):
    """Rules and groups of which all (``and``) or one at least (``or``) are true; ``not`` says the contrary of it."""

    combinator: Literal["and", "or"] = "and"
    not_: bool = Field(default=False, alias="not")
    rules: tuple[
        Annotated[
            Annotated[Person, Tag("Person")]
            | Annotated[Brands, Tag("Brands")]
            | Annotated[Consent, Tag("Consent")]
            | Annotated[Score, Tag("Score")]
            | Annotated[Happened, Tag("Happened")]
            | Annotated[Sequence, Tag("Sequence")]
            | Annotated[InSegment, Tag("InSegment")]
            | Annotated[InList, Tag("InList")]
            | Annotated[Bucket, Tag("Bucket")]
            | Annotated[Group, Tag("group")],
            Discriminator(_kind),
        ],
        ...,
    ]

    def walk(self, at: Place = ()) -> Iterator[tuple[Place, Rule]]:
        """Yield every rule with its place."""
        for number, node in enumerate(self.rules):
            here = (*at, "rules", number)
            if isinstance(node, Group):
                yield from node.walk(here)
            else:
                yield here, node

    @property
    def happenings(self) -> frozenset[str]:
        """The tables of what happened that its rules look at; those of segments that it names apart."""
        asked = (rule for _, rule in self.walk() if isinstance(rule, Happened | Sequence))
        return frozenset(rule.on if isinstance(rule, Happened) else "events" for rule in asked)

    @property
    def segments(self) -> frozenset[str]:
        """The other segments that it names."""
        return frozenset(rule.segment for _, rule in self.walk() if isinstance(rule, InSegment))


Spec = Group
