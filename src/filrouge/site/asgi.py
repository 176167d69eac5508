"""The ASGI entry: Django on a fixed set of threads, each keeping its own connections from one request to the next.

The collector answers beside it, unless that role is played elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django
from asgiref.sync import ThreadSensitiveContext
from django.core.handlers.asgi import ASGIHandler

from filrouge.base import heap, settings
from filrouge.site.collect import Doors, collector
from filrouge.site.leaving import Application, Leaving

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class Site(ASGIHandler):
    """Django, each request on one of ``threads`` lasting threads.

    Django's own handler makes a thread for each request, and with it new connections to SQLite and to the engine.
    """

    def __init__(self, threads: int = 8) -> None:
        super().__init__()
        self._free: asyncio.LifoQueue[ThreadPoolExecutor] | None = None
        self._threads = threads

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if self._free is None:
            self._free = asyncio.LifoQueue()
            for number in range(self._threads):
                self._free.put_nowait(ThreadPoolExecutor(1, thread_name_prefix=f"site-{number}"))
        thread = await self._free.get()
        try:
            async with ThreadSensitiveContext(executor=thread):
                await self.handle(scope, receive, send)
        finally:
            self._free.put_nowait(thread)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            heap.lasts()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


if settings.variable("DJANGO_SETTINGS_MODULE") is None:
    settings.use(DJANGO_SETTINGS_MODULE="filrouge.site.settings")
django.setup(set_prefix=False)
from filrouge.console.streams import Streams  # noqa: E402 - it reads the settings that were set up above

application: Application = Streams(Site())
if "collect" in settings.get().roles:
    application = Doors(application, collector())
application = Leaving(application)
