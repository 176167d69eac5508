"""Segments, for whoever acts for the entity and the brand that they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from filrouge.base.errors import NotFound
from filrouge.domain import segments as domain
from filrouge.domain.privacy import perimeter as rules
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import Perimeter
from filrouge.store.models import Brand, Entity, FollowUpRule, Push, Segment, SegmentDay, SegmentVersion
from filrouge.store.queries import group
from filrouge.tables import TABLES

READERS = ("marketer", "analyst", "sales", "privacy")
WRITERS = ("marketer", "analyst", "privacy")


@dataclass(frozen=True)
class Dependant:
    """Something that rests on a segment: of what kind, and under which name."""

    kind: str
    name: str


def reads(asking: Caller, entity: str, brand: str, *roles: str) -> bool:
    """Tell whether the caller may know of what stands for an entity and a brand (none: all of the entity)."""
    sees = asking.perimeter
    held = roles or READERS
    return sees.everything or (sees.acts(entity, brand, *held) if brand else entity in sees.holds(*held))


def segments(asking: Caller, *, archived: bool = False) -> list[Segment]:
    """Return the segments that the caller may know of, by name."""
    rows = Segment.objects.filter(archived_at__isnull=not archived).order_by("name")
    return [row for row in rows if reads(asking, row.entity, row.brand)]


def segment(name: str, asking: Caller, *roles: str) -> Segment:
    """Return the segment called ``name``. Raises NotFound when the caller may not know of it."""
    row = Segment.objects.filter(name=name).first()
    if row is None or not reads(asking, row.entity, row.brand, *roles):
        raise NotFound("No segment is called {name}.", name=name[:60])
    return row


def versions(row: Segment) -> list[SegmentVersion]:
    """Return every version of a segment, the latest first."""
    return list(SegmentVersion.objects.filter(segment=row).order_by("-version"))


def growth(row: Segment, *, days: int = 400) -> list[SegmentDay]:
    """Return how many people a segment held, came and went, day after day, the earliest first."""
    return list(SegmentDay.objects.filter(segment=row).order_by("-day")[:days])[::-1]


def dependants(name: str) -> list[Dependant]:
    """Return what rests on a segment."""
    rows = Segment.objects.exclude(name=name).order_by("name")
    named = [Dependant("segment", row.name) for row in rows if name in spec_of(row).segments]
    pushes = Push.objects.filter(segment__name=name).order_by("name").values_list("name", flat=True)
    rules = FollowUpRule.objects.filter(spec__when="segment", spec__segment=name).order_by("name")
    return [
        *named,
        *(Dependant("push", push) for push in pushes),
        *(Dependant("rule", rule) for rule in rules.values_list("name", flat=True)),
    ]


def named() -> Mapping[str, frozenset[str]]:
    """Return every segment with those that it names."""
    return {row.name: spec_of(row).segments for row in Segment.objects.all()}


def spec_of(row: Segment) -> domain.Spec:
    """Return the rules of a segment; they were checked when they were kept."""
    return domain.Spec.model_validate(row.spec)


def known(asking: Caller, *, name: str = "", entity: str = "", scores: Sequence[str] = ()) -> domain.Known:
    """Return what a rule may name when the caller writes it."""
    mine = {row.name for row in segments(asking)}
    return domain.Known(
        brands=frozenset(Brand.objects.values_list("slug", flat=True)),
        entities=frozenset(Entity.objects.values_list("slug", flat=True)),
        scores=frozenset(scores) if "scores" in TABLES else frozenset(),
        segments={held: inside for held, inside in named().items() if held in mine or held == name},
        name=name,
        scoped=bool(entity),
    )


def sight_of(entity: str, brand: str, purpose: str, *, at: datetime) -> Perimeter:
    """Return what a segment may look at: what its entity may use for its purpose, its brand alone if it has one."""
    cap = frozenset({brand}) if brand else frozenset[str]()
    return group.perimeter_of([rules.Grant("administrator", entity, cap)], at=at, purpose=purpose)
