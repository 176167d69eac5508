"""How many events a second the collector acknowledges, durably, against the least that could be served in its place.

Server and clients have a core each. The yardstick, served by the same granian in the same run, reads the JSON whole and
commits in groups, nothing else; the collector also authenticates, judges each event and tells so. Targets: batches of
100 over 16 connections at least half of the yardstick and 10,000 events a second; single events over 64 connections
5,000. Beside it: what an enforced tracking plan costs, what slow large bodies do to memory, and what kill -9 leaves of
what was acknowledged.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from statistics import median

from bench import sending
from bench.figures import Skipped, keep, percentiles, tree_mb, tree_seconds

CASES = {"batch_100_x16": (100, 16), "single_x64": (1, 64)}
TURNS = 3  # the machine changes its pace: the two take turns, and each median counts
SLOW = 200  # connections that each send a large body slowly


def run(given: argparse.Namespace) -> None:
    """Measure, and keep the figure ``collect``."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise Skipped("server and clients need a core each")
    folder = Path(tempfile.mkdtemp(prefix="filrouge-bench-", dir=given.scratch))
    try:
        os.sched_setaffinity(0, {cores[1]})
        speeds = _speeds(folder, cores[0], given.seconds)
        overload = _overload(folder, cores[0])
    finally:
        os.sched_setaffinity(0, cores)
    try:
        killed = sending.kill_rounds(folder / "killed", given.rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    keep("collect", **speeds, overload=overload, killed=asdict(killed))


def _speeds(folder: Path, core: int, seconds: float) -> dict[str, object]:
    """Return what is acknowledged a second, by the yardstick and by the collector in turns."""
    rates: dict[tuple[str, str], list[float]] = {}
    busy: dict[tuple[str, str], list[float]] = {}  # processor time of an event: others on the machine do not change it
    waits: dict[str, list[float]] = {}
    memory: list[float] = []
    for turn in range(TURNS):
        for factory in ("limit", "collector", "planned"):
            home = sending.published(folder / f"{factory}{turn}", planned=factory == "planned")
            serves = "collector" if factory == "planned" else factory
            with sending.serving(home, factory=serves, core=core) as server:
                for name, (events, lines) in CASES.items():
                    said = sending.batch(events) if events > 1 else sending.single()
                    asyncio.run(sending.load(server.port, said, lines=lines, seconds=1))
                    before, since = tree_mb(server.process.pid), tree_seconds(server.process.pid)
                    heard = asyncio.run(sending.load(server.port, said, lines=lines, seconds=seconds))
                    assert set(heard.statuses) == {200}, heard.statuses
                    rates.setdefault((factory, name), []).append(heard.statuses[200] * events / heard.elapsed)
                    spent = tree_seconds(server.process.pid) - since
                    busy.setdefault((factory, name), []).append(spent / (heard.statuses[200] * events))
                    if factory == "collector":
                        waits.setdefault(name, []).extend(heard.seconds)
                        memory += [before, tree_mb(server.process.pid)]
            shutil.rmtree(home)
    found: dict[str, object] = {}
    for name in CASES:
        limit, ours = median(rates["limit", name]), median(rates["collector", name])
        limit_busy, ours_busy = median(busy["limit", name]), median(busy["collector", name])
        planned_busy = median(busy["planned", name])
        found[name] = {
            "events_per_second": round(ours), "limit_events_per_second": round(limit), "ratio": round(ours / limit, 3),
            "cpu_ratio": round(limit_busy / ours_busy, 3), "cpu_microseconds_per_event": round(ours_busy * 1e6, 1),
            "with_a_plan": {"events_per_second": round(median(rates["planned", name])),
                            "cpu_ratio": round(limit_busy / planned_busy, 3),
                            "cpu_microseconds_per_event": round(planned_busy * 1e6, 1)},
            "each": [round(rate) for rate in rates["collector", name]],
            "limit_each": [round(rate) for rate in rates["limit", name]], "milliseconds": percentiles(waits[name]),
        }  # fmt: skip
    return {**found, "seconds": seconds, "server_mb": {"least": min(memory), "most": max(memory)}}


def _overload(folder: Path, core: int) -> dict[str, object]:
    """Send large bodies slowly over many connections; return what was answered and what memory it took."""
    home = sending.published(folder / "overload")
    with sending.serving(home, core=core) as server:
        heard = asyncio.run(sending.load(server.port, sending.batch(100), lines=16, seconds=2))
        before = tree_mb(server.process.pid)
        statuses, told, most = asyncio.run(_slowly(server))
        after = asyncio.run(sending.load(server.port, sending.batch(100), lines=16, seconds=2))
        return {
            "connections": SLOW, "body_mb": 3.9, "answers": {str(status): n for status, n in sorted(statuses.items())},
            "told_when_to_come_back": told, "before_mb": before, "most_mb": most,
            "afterwards_mb": tree_mb(server.process.pid),
            "events_per_second": {"before": round(heard.statuses[200] * 100 / heard.elapsed),
                                  "afterwards": round(after.statuses[200] * 100 / after.elapsed)},
        }  # fmt: skip


async def _slowly(server: sending.Server) -> tuple[Counter[int], int, float]:
    """Return the answers by status, how many 429 say when to come back, and the most memory seen."""
    filler = [{**sending.event(number), "properties": {"text": "x" * 30_000}} for number in range(128)]
    said = sending.request("/v1/batch", sending.packed_batch(filler))
    half = len(said) // 2
    statuses, told, most, arrived = Counter[int](), 0, 0.0, 0
    everybody = asyncio.Event()

    async def one() -> None:
        nonlocal told, arrived
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        try:
            writer.write(said[:half])
            await asyncio.wait([asyncio.ensure_future(writer.drain())], timeout=10)
            arrived += 1
            if arrived == SLOW:
                everybody.set()
            await everybody.wait()
            await asyncio.sleep(1)
            writer.write(said[half:])
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
            statuses[int(head[9:12])] += 1
            told += b"retry-after" in head.lower() and head[9:12] == b"429"
        except (ConnectionError, asyncio.IncompleteReadError):
            statuses[0] += 1
        finally:
            writer.close()

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, tree_mb(server.process.pid))
            await asyncio.sleep(0.1)

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(one() for _ in range(SLOW)))
    watching.cancel()
    return statuses, told, most
