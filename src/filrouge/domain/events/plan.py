"""A tracking plan: which events a sender sends, and what each holds; and the judge that is made of it once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import jsonschema_rs
import pydantic

from filrouge.base.errors import DefinitionError
from filrouge.base.spec import Spec
from filrouge.domain.events.schemas import fault, judge
from filrouge.domain.events.verdicts import Reason

Mode = Literal["watch", "enforce"]
PlannedKind = Literal["identify", "track", "page", "screen", "group"]
NAMED = frozenset({"track", "page", "screen"})  # kinds of which there are several, by name
ANY = "*"  # every name of a kind that the plan does not name by itself
SECTION: Mapping[str, str] = {
    "track": "properties", "page": "properties", "screen": "properties", "identify": "traits", "group": "traits",
}  # fmt: skip
MOST = 2_000  # events of a plan
NOTED = 1_000  # violations told apart by one judge before it is emptied
_WORD = 60  # characters of what was expected
_FIELD = 200


class PlannedEvent(Spec):
    """One event: its kind, its name (``*``: any other of the kind), the JSON Schema of what it holds.

    ``seen`` and ``shares`` tell from how many events it was inferred, and in which share of them each field stood.
    """

    kind: PlannedKind
    name: Annotated[str, pydantic.Field(max_length=300)] = ""
    schema_: dict[str, Any] = pydantic.Field(default_factory=dict, alias="schema")
    seen: Annotated[int, pydantic.Field(ge=0)] = 0
    shares: dict[str, float] = pydantic.Field(default_factory=dict)


class PlanSpec(Spec):
    """A plan. ``mode``: violations are told (watch), or their events are set aside (enforce).

    ``unknown`` says what becomes of an event that the plan does not name, once it is enforced.
    """

    mode: Mode = "watch"
    unknown: Literal["allow", "quarantine"] = "allow"
    events: Annotated[tuple[PlannedEvent, ...], pydantic.Field(max_length=MOST)] = ()

    @classmethod
    def checked(cls, data: Any, *, what: str = "") -> PlanSpec:
        """Return the plan held in ``data``, its schemas tried. Raises DefinitionError with every fault at once."""
        plan = cls.parse(data, what=what)
        faults, known = [], set[tuple[str, str]]()
        for number, event in enumerate(plan.events, start=1):
            where = f"events.{number} ({event.kind} {event.name})".replace(" )", ")")
            if (event.kind, event.name) in known:
                faults.append(f"{where}: stands twice")
            known.add((event.kind, event.name))
            if wrong := fault(event.schema_):
                faults.append(f"{where}: {wrong}")
        if faults:
            raise DefinitionError(
                "The plan {what} holds faults: {count}.",
                faults=faults,
                hint="Mend the lines named below and try again.",
                what=what,
                count=len(faults),
            )
        return plan


class Violation(NamedTuple):
    """What a plan found: in which event, why, where, and what it expected there."""

    kind: str
    name: str
    code: str
    field: str
    expected: str


class Checker:
    """A plan, compiled: judges an event in microseconds, and counts what it finds until somebody takes the counts."""

    def __init__(self, plan: PlanSpec, *, source: str = "", version: int = 0) -> None:
        self.plan, self.source, self.version = plan, source, version
        self.enforced = plan.mode == "enforce"
        self.noted: Counter[Violation] = Counter()
        self._judges: dict[tuple[str, str], jsonschema_rs.Draft202012Validator] = {
            (event.kind, event.name): judge(event.schema_) for event in plan.events
        }

    def check(self, kind: str, name: str, event: Mapping[str, Any]) -> Reason | None:
        """Return why an event is to be set aside; nothing when it is right, or when the plan only watches.

        What is wrong is counted in ``noted`` either way.
        """
        found = self.violation(kind, name, event)
        if found is None:
            return None
        if found in self.noted or len(self.noted) < NOTED:
            self.noted[found] += 1
        return _reason(found) if self.enforced else None

    def violation(self, kind: str, name: str, event: Mapping[str, Any]) -> Violation | None:
        """Return what the plan finds wrong with an event, nothing when it is right."""
        held = section(kind, event)
        if held is None or not self._judges:
            return None
        name = name if kind in NAMED else ""
        of = self._judges.get((kind, name))
        name = name if of is not None else ANY
        of = of or self._judges.get((kind, ANY))
        if of is None:
            return Violation(kind, ANY, "plan_unknown_event", "", "") if self.plan.unknown == "quarantine" else None
        if of.is_valid(held):
            return None
        wrong = min(_told(one, SECTION[kind]) for one in of.iter_errors(held))
        return Violation(kind, name, "plan_violated", *wrong)


def section(kind: str, event: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the part of an event that a plan speaks of, None when it speaks of none."""
    if kind not in SECTION:
        return None
    held = event.get(SECTION[kind])
    return held if isinstance(held, Mapping) else {}


def name_of(kind: str, event: Mapping[str, Any]) -> str:
    """Return the name of an event, as a plan calls it."""
    if kind == "track":
        said = event.get("event")
    elif kind in ("page", "screen"):
        said = event.get("name") or (section(kind, event) or {}).get("name")
    else:
        said = ""
    return said[:300] if isinstance(said, str) else ""


def _reason(found: Violation) -> Reason:
    if found.code == "plan_unknown_event":
        return Reason(found.code, {"kind": found.kind})
    return Reason(found.code, {"field": found.field, "expected": found.expected})


def _told(error: jsonschema_rs.ValidationError, part: str) -> tuple[str, str]:
    """Return where a schema is not met, and what it expects there in a short word."""
    kind, said = error.kind.name, error.kind.as_dict()
    where = [part, *(str(step) for step in error.instance_path)]
    expected = kind
    if kind == "type":
        expected = " | ".join(said["types"])
    elif kind == "required":
        where, expected = [*where, str(said["property"])], "present"
    elif kind == "format":
        expected = str(said["format"])
    elif kind in ("additionalProperties", "unevaluatedProperties"):
        expected = "known_fields"
    elif kind in ("enum", "const"):
        expected = "known_value"
    return ".".join(where)[:_FIELD], expected[:_WORD]
