"""The collector as it is served: alone, in a process that loads no Django, or before the site in one process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from filrouge.base import settings
from filrouge.collector import Collector
from filrouge.collector.committer import Committer
from filrouge.collector.keys import Keys
from filrouge.collector.pace import Pace
from filrouge.site.leaving import Application, Leaving
from filrouge.spool import open_spool

BELOW = ("/v1/", "/pixel/", "/beacon/", "/api/s/")
ADDRESSES = frozenset({"/sourceConfig", "/sourceConfig/", "/health"})


def collector() -> Collector:
    """Return the collector of this home: what it is sent waits in the spool, its write keys stand in a file."""
    here = settings.get()
    here.spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    spool = open_spool(here.spool, here.database_url)
    return Collector(Committer(spool), Keys(here.write_keys), Pace(here.collect_rate))


def alone() -> Application:
    """Return the collector as the only application of its process."""
    return Leaving(collector())


class Doors:
    """Two applications behind one address: the collector at its addresses, the site at all others.

    The life of the process is told to the collector alone: it has a spool to close, the site has nothing to end.
    """

    def __init__(self, site: Application, collects: Application) -> None:
        self._site, self._collects = site, collects

    async def __call__(
        self, scope: dict[str, Any], receive: Callable[..., Awaitable[Any]], send: Callable[..., Awaitable[None]]
    ) -> None:
        own = scope["type"] == "lifespan" or collected(scope["path"])
        await (self._collects if own else self._site)(scope, receive, send)


def collected(path: str) -> bool:
    """Tell whether an address is the collector's."""
    return path.startswith(BELOW) or path in ADDRESSES
