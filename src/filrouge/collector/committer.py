"""Group commit: requests that wait together are made durable together, and each is answered once it is."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from filrouge.collector.room import Room
from filrouge.spool import Entry, Spool, SpoolAway

_log = logging.getLogger(__name__)


class Committer:
    """Appends to ``spool`` on a thread of its own; while one append is under way the next one gathers."""

    def __init__(self, spool: Spool, room: Room | None = None) -> None:
        self._spool, self.room = spool, room or Room()
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "spool")
        self._away = False

    async def keep(self, entry: Entry) -> None:
        """Return once ``entry`` is on the disk. Raises Overloaded, SpoolFull, SpoolAway."""
        with self.room.hold() as hold:
            hold.more(len(entry.payload))
            done = asyncio.get_running_loop().create_future()
            self._waiting.append((entry, done))
            if self._task is None:
                self._task = asyncio.create_task(self._commit())
            await done

    async def _commit(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            together, self._waiting = self._waiting, []
            fault: BaseException | None = None
            try:
                await loop.run_in_executor(self._thread, self._spool.append, [entry for entry, _ in together])
            except Exception as wrong:  # noqa: BLE001 each of those who wait is told, and answers for it
                fault = wrong
            self._tell(fault)
            for _, done in together:
                if done.done():  # whoever asked went away; what they sent is kept all the same
                    continue
                if fault is None:
                    done.set_result(None)
                else:
                    done.set_exception(fault)
        self._task = None

    def _tell(self, fault: BaseException | None) -> None:
        """Log once that the spool went away, and once that it is back: senders ask many times in between."""
        away = isinstance(fault, SpoolAway)
        if away and not self._away:
            _log.error("The spool cannot be reached, senders are asked to come back: %s", fault)
        elif self._away and fault is None:
            _log.warning("The spool is reached again.")
        self._away = away or (self._away and fault is not None)

    async def close(self) -> None:
        """Wait for what is under way, then let go of the spool."""
        if self._task is not None:
            await self._task
        self._thread.shutdown()
        self._spool.close()
