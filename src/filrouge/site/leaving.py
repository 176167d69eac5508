"""How a process that served leaves: at once, as soon as what it served has ended.

The server's own threads may still ask for the interpreter while it is being taken down; Python answers by ending the
thread, and the server, which cannot unwind there, aborts the whole process with a panic. So it is never taken down: the
application has ended by then, and what was acknowledged is on disk.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Message = Mapping[str, Any]
Application = Callable[[dict[str, Any], Callable[..., Awaitable[Any]], Callable[..., Awaitable[None]]], Awaitable[None]]


class Leaving:
    """An application whose process leaves without ceremony once the application said that it has shut down."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(
        self, scope: dict[str, Any], receive: Callable[..., Awaitable[Any]], send: Callable[..., Awaitable[None]]
    ) -> None:
        if scope["type"] != "lifespan":
            await self.application(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "lifespan.shutdown.complete":
                atexit.register(_leave)
            await send(message)

        await self.application(scope, receive, told)


def _leave() -> None:
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)
