"""Destinations and pushes, for whoever acts for the entity and the brand that they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import Q

from filrouge.base.errors import NotFound
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.pushes import DestinationSpec
from filrouge.store import members
from filrouge.store.live import Live
from filrouge.store.models import Brand, ConsentEvent, Destination, Entity, Erasure, Push, PushRemoval, PushRun
from filrouge.store.queries.segments import READERS, WRITERS, reads

__all__ = ["KEEPERS", "READERS", "WRITERS", "reads"]
KEEPERS = ("engineer",)  # who may keep a destination: it bears an address and a secret


def destinations(asking: Caller) -> list[Destination]:
    """Return the destinations that the caller may know of, by name."""
    rows = Destination.objects.order_by("name")
    return [row for row in rows if reads(asking, row.entity, row.brand, *READERS, *KEEPERS)]


def destination(name: str, asking: Caller, *roles: str) -> Destination:
    """Return the destination called ``name``. Raises NotFound when the caller may not know of it."""
    row = Destination.objects.filter(name=name).first()
    if row is None or not reads(asking, row.entity, row.brand, *(roles or (*READERS, *KEEPERS))):
        raise NotFound("No destination is called {name}.", name=name[:60])
    return row


def spec_of(row: Destination) -> DestinationSpec:
    """Return the definition of a destination; it was checked when it was kept."""
    return DestinationSpec.model_validate(row.spec)


def takes(row: Destination, entity: str, brand: str) -> bool:
    """Tell whether a destination takes people on behalf of an entity and a brand (none: all of the entity)."""
    return row.entity == entity and row.brand in ("", brand)


def pushes(asking: Caller, *, segment: str = "", destination: str = "") -> list[Push]:
    """Return the pushes that the caller may know of, by name; those of one segment or destination if one is named."""
    rows = Push.objects.select_related("segment", "destination").order_by("name")
    if segment:
        rows = rows.filter(segment__name=segment)
    if destination:
        rows = rows.filter(destination__name=destination)
    return [row for row in rows if reads(asking, row.entity, row.brand)]


def push(name: str, asking: Caller, *roles: str) -> Push:
    """Return the push called ``name``. Raises NotFound when the caller may not know of it."""
    row = Push.objects.select_related("segment", "destination").filter(name=name).first()
    if row is None or not reads(asking, row.entity, row.brand, *roles):
        raise NotFound("No push is called {name}.", name=name[:60])
    return row


def runs(row: Push, *, most: int = 50) -> list[PushRun]:
    """Return the runs of a push, the latest first."""
    return list(PushRun.objects.filter(push=row).order_by("-started_at")[:most])


def run(row: Push, run_id: str) -> PushRun:
    """Return one run of a push. Raises NotFound."""
    found = PushRun.objects.filter(push=row, pk=run_id).first()
    if found is None:
        raise NotFound("This push has no such run.")
    return found


def last_runs(rows: Sequence[Push]) -> dict[str, PushRun]:
    """Return the last run of each push, by name."""
    last = {row.name: PushRun.objects.filter(push=row).order_by("-started_at").first() for row in rows}
    return {name: run for name, run in last.items() if run is not None}


def owed(row: Push) -> int:
    """Return how many people who were erased here are still to be taken back."""
    return PushRemoval.objects.filter(push=row).count()


def moved(row: Push) -> bool:
    """Tell whether the segment of a push, or what people of it allow, may have changed since the push last looked."""
    since = row.looked_at
    if since is None:
        return True
    built = row.segment.built_at
    if built is not None and built > since:
        return True
    if ConsentEvent.objects.filter(created_at__gt=since).exists() or PushRemoval.objects.filter(push=row).exists():
        return True
    return any(at > members.micros(since) for _, at in members.moved(Live(), row.segment.name).values())


def objected(since: datetime) -> set[str]:
    """Return the people who allowed or refused something since a moment."""
    told = set(ConsentEvent.objects.filter(created_at__gt=since).order_by().values_list("person", flat=True))
    live = Live()
    return set(live.current_of(told).values()) if live.ready() else told


def of_erasure(erasure: str, owed: Mapping[str, int]) -> list[tuple[str, bool]]:
    """Return the destinations from which an erased person is taken back, and whether that is confirmed."""
    waiting = set(PushRemoval.objects.filter(erasure=erasure).values_list("push__name", flat=True))
    known = {row.name: row for row in Push.objects.filter(name__in=owed).select_related("destination")}
    return [(known[name].destination.title if name in known else name, name not in waiting) for name in sorted(owed)]


def erasing() -> bool:
    """Tell whether an erasure waits to be carried out, or is."""
    return Erasure.objects.filter(Q(state="planned") | Q(state="running")).exists()


def free(name: str, *, place: bool = False) -> str:
    """Return ``name``, with a number when a push (or a destination) bears it already."""
    model = Destination if place else Push
    held = set(model.objects.filter(name__startswith=name).values_list("name", flat=True))
    return next(one for one in (name, *(f"{name}-{n}" for n in range(2, 10_000))) if one not in held)


def kept_entities(asking: Caller) -> list[tuple[str, str]]:
    """Return the entities for which the caller may keep destinations, and their names."""
    brands = list(Brand.objects.select_related("entity"))
    return [
        (row.slug, row.name)
        for row in Entity.objects.order_by("name")
        if reads(asking, row.slug, "", *KEEPERS)
        or any(reads(asking, row.slug, one.slug, *KEEPERS) for one in brands if one.entity.slug == row.slug)
    ]


def kept_brands(asking: Caller) -> list[tuple[str, str]]:
    """Return the brands for which the caller may keep destinations, and their names."""
    return [
        (row.slug, row.name)
        for row in Brand.objects.select_related("entity").order_by("name")
        if reads(asking, row.entity.slug, row.slug, *KEEPERS)
    ]
