"""The names of the events that came, for whoever writes a rule on one."""

from __future__ import annotations

import time
from functools import lru_cache

from filrouge.base import settings
from filrouge.domain.privacy.caller import Caller
from filrouge.engines import open_engine
from filrouge.store.gathering import hidden
from filrouge.store.lake import Lake
from filrouge.store.views import current

MOST = 300
FRESH = 600  # seconds for which they are believed


def event_names(asking: Caller) -> list[str]:
    """Return the names of events at the brands of the caller, the most frequent first, ``MOST`` at most."""
    found: dict[str, None] = {}
    for name, entity, brand in _names(str(settings.get().lake), int(time.monotonic() // FRESH)):
        if asking.perimeter.everything or asking.perimeter.acts(entity, brand, "marketer", "analyst", "sales", "privacy"):
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
