"""A tracking plan: which events a sender sends, and what each holds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pydantic

from filrouge.base.errors import DefinitionError
from filrouge.base.spec import Spec
from filrouge.domain.events.checking import PublishedPlan
from filrouge.domain.events.schemas import fault

Mode = Literal["watch", "enforce"]
PlannedKind = Literal["identify", "track", "page", "screen", "group"]
MOST = 2_000  # events of a plan


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

    def published(self) -> PublishedPlan:
        """Return what of the plan events are judged by."""
        events = tuple((event.kind, event.name, event.schema_) for event in self.events)
        return PublishedPlan(events, self.mode == "enforce", self.unknown)

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
