"""Group commit: requests that wait together are made durable together, and each is answered once it is."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from filrouge.spool import Entry, Spool

ROOM = 64 * 1024 * 1024  # bytes that may wait; beyond, senders are asked to come back


class Overloaded(Exception):
    """Too much waits already: nothing was kept."""


class Committer:
    """Appends to ``spool`` on a thread of its own; while one append is under way the next one gathers."""

    def __init__(self, spool: Spool, *, room: int = ROOM) -> None:
        self._spool, self._room = spool, room
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "spool")

    async def keep(self, entry: Entry) -> None:
        """Return once ``entry`` is on the disk. Raises Overloaded, SpoolFull."""
        size = len(entry.payload)
        if self._bytes + size > self._room:
            raise Overloaded
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, done))
        self._bytes += size
        if self._task is None:
            self._task = asyncio.create_task(self._commit())
        try:
            await done
        finally:
            self._bytes -= size

    async def _commit(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            together, self._waiting = self._waiting, []
            fault: BaseException | None = None
            try:
                await loop.run_in_executor(self._thread, self._spool.append, [entry for entry, _ in together])
            except Exception as wrong:  # noqa: BLE001 each of those who wait is told, and answers for it
                fault = wrong
            for _, done in together:
                if done.done():  # whoever asked went away; what they sent is kept all the same
                    continue
                if fault is None:
                    done.set_result(None)
                else:
                    done.set_exception(fault)
        self._task = None

    async def close(self) -> None:
        """Wait for what is under way, then let go of the spool."""
        if self._task is not None:
            await self._task
        self._thread.shutdown()
        self._spool.close()
