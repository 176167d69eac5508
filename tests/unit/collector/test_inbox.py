"""The collector over PostgreSQL: whatever befalls the server, what was answered 200 is there, the rest was told 503."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from tests.postgres import Server
from tests.unit.collector.test_collector import PAGE, basic, publish

from filrouge.collector import Collector
from filrouge.collector.committer import Committer
from filrouge.collector.keys import Keys
from filrouge.spool.kept import unpacked
from filrouge.spool.postgres import PostgresSpool

AWAY = 5  # seconds; ``bench inbox`` has the minute
PATIENCE = 1.0
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'filrouge spool'"


@pytest.fixture
def own(server: Server) -> Iterator[Server]:
    """Return a server that this test alone stops."""
    made = Server("fsync=off")
    yield made
    made.thaw()
    made.remove()


class Senders:
    """Clients that post event after event, remember each answer, and never send again what was refused."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client, self._stopping, self._last = client, False, 0
        self.answers: dict[str, int] = {}
        self.waits = Counter[str]()

    async def post(self) -> int:
        """Post one more event; return the status of its answer."""
        self._last += 1
        name = f"m{self._last}"
        said = {"batch": [{**PAGE, "messageId": name}]}
        answer = await self._client.post("/v1/batch", json=said, headers=basic("key:"))
        self.answers[name] = answer.status_code
        if answer.status_code == 503:
            self.waits[answer.headers["retry-after"]] += 1
            assert answer.json()["code"] == "unavailable"
        return answer.status_code

    async def go_on(self) -> None:
        while not self._stopping:
            if await self.post() != 200:
                await asyncio.sleep(0.05)

    def stop(self) -> None:
        self._stopping = True

    def count(self, status: int) -> int:
        return sum(1 for one in self.answers.values() if one == status)

    async def until(self, status: int, more: int) -> None:
        """Wait until ``more`` answers of a status came."""
        before = self.count(status)
        async with asyncio.timeout(30):
            while self.count(status) < before + more:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def sending(spool: PostgresSpool, keys: Path) -> AsyncIterator[Senders]:
    """Serve a collector over ``spool`` to senders."""
    publish(keys, "key")
    transport = httpx.ASGITransport(Collector(Committer(spool), Keys(keys)))
    async with httpx.AsyncClient(transport=transport, base_url="http://collect.test") as client:
        yield Senders(client)


def stored(server: Server) -> Counter[str]:
    spool, found = PostgresSpool(server.address()), Counter[str]()
    for file in spool.files():
        for one in spool.read(file, 0, 100_000):
            found.update(event.message_id for event in unpacked(one.entry.payload).events)
    spool.close()
    return found


def through(server: Server, folder: Path, trouble: Callable[[Senders], Awaitable[None]]) -> Senders:
    """Return what senders heard while ``trouble`` came and went, once it is sure that nothing was lost or doubled."""

    async def main() -> Senders:
        spool = PostgresSpool(server.address(), patience=PATIENCE)
        async with sending(spool, folder / "keys.json") as senders:
            going = [asyncio.create_task(senders.go_on()) for _ in range(8)]
            await senders.until(200, 50)
            await trouble(senders)
            await senders.until(200, 50)  # by itself
            senders.stop()
            async with asyncio.timeout(30):
                await asyncio.gather(*going)
        spool.close()
        return senders

    senders = asyncio.run(main())
    found = stored(server)
    kept = {name for name, status in senders.answers.items() if status == 200}
    assert set(senders.answers.values()) <= {200, 503}
    assert kept - set(found) == set(), "nothing that was answered 200 is lost"
    assert set(found) <= set(senders.answers)
    assert max(found.values()) == 1, "nothing is there twice"
    assert all(int(wait) > 0 for wait in senders.waits), "each refusal says when to come back"
    return senders


def test_a_server_that_is_stopped_loses_nothing_that_was_answered(own: Server, tmp_path: Path) -> None:
    async def trouble(senders: Senders) -> None:
        await asyncio.to_thread(own.stop)
        await senders.until(503, 20)
        before = senders.count(200)
        await asyncio.sleep(AWAY)
        assert senders.count(200) == before, "nothing is answered 200 while nothing can be kept"
        await asyncio.to_thread(own.start)

    assert through(own, tmp_path, trouble).count(503) > 20


def test_a_server_that_is_frozen_loses_nothing_and_nobody_hangs(own: Server, tmp_path: Path) -> None:
    async def trouble(senders: Senders) -> None:
        own.freeze()
        await senders.until(503, 8)
        await asyncio.sleep(AWAY)
        own.thaw()

    assert through(own, tmp_path, trouble).count(503) >= 8


def test_backends_that_are_killed_at_any_moment_lose_nothing(own: Server, tmp_path: Path) -> None:
    async def trouble(senders: Senders) -> None:
        def kill() -> None:
            with psycopg.connect(own.address(), autocommit=True) as con:
                con.execute(CUT)

        for _ in range(20):
            await asyncio.to_thread(kill)
            await senders.until(200, 3)

    through(own, tmp_path, trouble)


def test_a_backend_that_is_killed_in_the_middle_of_a_transaction_keeps_nothing_of_it(
    own: Server, tmp_path: Path
) -> None:
    async def main() -> tuple[int, list[int], int]:
        spool = PostgresSpool(own.address(), patience=20)
        async with sending(spool, tmp_path / "keys.json") as senders:
            first = await senders.post()
            with psycopg.connect(own.address()) as holder, psycopg.connect(own.address(), autocommit=True) as killer:
                holder.execute("LOCK TABLE spool.entries IN SHARE MODE")
                waiting = [asyncio.create_task(senders.post()) for _ in range(5)]
                async with asyncio.timeout(10):
                    while not killer.execute(f"{CUT} AND wait_event_type = 'Lock'").fetchall():
                        await asyncio.sleep(0.01)
                    while not any(one.done() for one in waiting):
                        await asyncio.sleep(0.01)
            refused = list(await asyncio.gather(*waiting))
            last = await senders.post()
            assert stored(own) == Counter(name for name, status in senders.answers.items() if status == 200)
        spool.close()
        return first, refused, last

    first, refused, last = asyncio.run(main())
    assert (first, last) == (200, 200)
    assert 503 in refused
    assert set(refused) <= {200, 503}, "those who came in the next group are kept once the table is free"
