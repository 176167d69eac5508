"""What whoever writes a segment may choose from: entities, brands, events that came, a free name."""

from __future__ import annotations

import time
from functools import lru_cache

from filrouge.base import settings
from filrouge.domain.privacy.caller import Caller
from filrouge.engines import open_engine
from filrouge.store.gathering import hidden
from filrouge.store.lake import Lake
from filrouge.store.models import Brand, Entity, Segment
from filrouge.store.queries.segments import WRITERS, reads
from filrouge.store.views import current

MOST = 300
FRESH = 600  # seconds for which they are believed


def entities(asking: Caller) -> list[tuple[str, str]]:
    """Return (slug, name) of the entities on behalf of which the caller writes segments."""
    rows = Entity.objects.order_by("number").values_list("slug", "name")
    return [(slug, name) for slug, name in rows if _writes(asking, slug)]


def _writes(asking: Caller, entity: str) -> bool:
    return reads(asking, entity, "", *WRITERS) or bool(brands(asking, entity))


def brands(asking: Caller, entity: str) -> list[tuple[str, str]]:
    """Return (slug, name) of the brands of an entity for which the caller writes segments."""
    rows = Brand.objects.filter(entity__slug=entity).order_by("name").values_list("slug", "name")
    return [(slug, name) for slug, name in rows if reads(asking, entity, slug, *WRITERS)]


def every_brand() -> list[tuple[str, str]]:
    """Return (slug, name) of every brand of the group."""
    return list(Brand.objects.order_by("name").values_list("slug", "name"))


def free(start: str) -> str:
    """Return a name that no segment has, ``start`` itself when it is free."""
    taken = set(Segment.objects.filter(name__startswith=start).values_list("name", flat=True))
    return next(name for at in range(1, 100_000) if (name := start if at == 1 else f"{start}-{at}") not in taken)


def event_names(asking: Caller) -> list[str]:
    """Return the names of events at the brands of the caller, the most frequent first, ``MOST`` at most."""
    found: dict[str, None] = {}
    for name, entity, brand in _names(str(settings.get().lake), int(time.monotonic() // FRESH)):
        if asking.perimeter.everything or asking.perimeter.acts(
            entity, brand, "marketer", "analyst", "sales", "privacy"
        ):
            found.setdefault(name)
    return list(found)[:MOST]


@lru_cache(2)
def _names(lake: str, _stretch: int) -> tuple[tuple[str, str, str], ...]:
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        events = current(engine, Lake(settings.get().lake), "events", hidden=hidden())
        named = events.filter(events.name.notnull() & (events.name != ""))
        rows = named.group_by("name", "entity", "brand").aggregate(n=named.count())
        told = rows.order_by(rows.n.desc(), "name").limit(10 * MOST).to_pyarrow().to_pylist()
    finally:
        engine.close()
    return tuple((row["name"], row["entity"] or "", row["brand"] or "") for row in told)
