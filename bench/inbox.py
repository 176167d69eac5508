"""What a collector whose spool is in PostgreSQL acknowledges, and what it loses when the server is away: nothing.

The server is stopped as an operator does and started again after ``--away`` seconds, frozen for half as long, and its
lines are cut a hundred times in the middle of appends, while clients post over HTTP and remember every answer. A client
goes on after a 503 with another event, so that whatever is acknowledged was sent once.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
from tests.postgres import Server

from bench import sending
from bench.figures import Skipped, keep

Trouble = Callable[[Server], Awaitable[None]]


def run(given: argparse.Namespace) -> None:
    """Measure, and keep the figure ``inbox``."""
    try:
        server = Server()
    except RuntimeError as none:
        raise Skipped(str(none)) from none
    folder = Path(tempfile.mkdtemp(prefix="filrouge-bench-", dir=given.scratch))
    try:
        home = sending.published(folder / "home")
        with sending.serving(home, database=server.address()) as served:
            asyncio.run(sending.load(served.port, sending.batch(100), lines=16, seconds=1))
            heard = asyncio.run(sending.load(served.port, sending.batch(100), lines=16, seconds=given.seconds))
        troubles: dict[str, Trouble] = {
            "stopped": lambda server: _stopped(server, given.away),
            "frozen": lambda server: _frozen(server, given.away / 2),
            "cut": _cut,
        }
        found = {name: _through(server, folder / name, trouble) for name, trouble in troubles.items()}
        keep(
            "inbox", batch_100_x16=round(heard.statuses[200] * 100 / heard.elapsed), away_seconds=given.away,
            frozen_seconds=given.away / 2, **found,
        )  # fmt: skip
    finally:
        server.thaw()
        server.remove()
        shutil.rmtree(folder, ignore_errors=True)


async def _stopped(server: Server, seconds: float) -> None:
    await asyncio.to_thread(server.stop)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(server.start)


async def _frozen(server: Server, seconds: float) -> None:
    server.freeze()
    await asyncio.sleep(seconds)
    server.thaw()


async def _cut(server: Server) -> None:
    said = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'filrouge spool'"
    for _ in range(100):
        with psycopg.connect(server.address(), autocommit=True) as con:
            await asyncio.to_thread(con.execute, said)
        await asyncio.sleep(0.05)


def _through(server: Server, home: Path, trouble: Trouble) -> dict[str, object]:
    """Return what was acknowledged while ``trouble`` came and went, and what of it is stored."""
    with psycopg.connect(server.address(), autocommit=True) as con:
        con.execute("TRUNCATE spool.entries")
    with sending.serving(sending.published(home), database=server.address()) as served:
        acknowledged, statuses, longest = asyncio.run(_posted(served.port, server, trouble))
    stored = sending.stored(home, server.address())
    return {
        "answers": {str(status): count for status, count in sorted(statuses.items())},
        "longest_seconds": round(longest, 1), **sending.counted(acknowledged, stored),
    }  # fmt: skip


async def _posted(port: int, server: Server, trouble: Trouble) -> tuple[set[str], Counter[int], float]:
    acknowledged, statuses, longest, stopping = set[str](), Counter[int](), 0.0, False
    numbers = iter(range(10**12))
    said = sending.batch(7)
    loop = asyncio.get_running_loop()

    def ended(line: sending.Line, status: int, answer: bytes) -> None:
        nonlocal longest
        statuses[status] += 1
        longest = max(longest, time.perf_counter() - line.began)
        if status == 200:
            acknowledged.update(sending.acknowledged(answer))
        if stopping:
            line.close()
        else:  # whoever is told to come back waits a little
            loop.call_later(0.0 if status == 200 else 0.2, line.ask, said, next(numbers))

    lines = [(await loop.create_connection(lambda: sending.Line(ended), "127.0.0.1", port))[1] for _ in range(8)]
    for line in lines:
        line.ask(said, next(numbers))
    await asyncio.sleep(2)
    await trouble(server)
    before = statuses[200]
    for _ in range(200):
        await asyncio.sleep(0.1)
        if statuses[200] > before + 100:
            break
    stopping = True
    await asyncio.wait([line.lost for line in lines], timeout=30)
    return acknowledged, statuses, longest
