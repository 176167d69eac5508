"""A collector as it is served, and lean clients that remember every answer: for figures, and to kill it on."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from filrouge.domain.events.keys import digest
from filrouge.spool import open_spool
from filrouge.spool.kept import unpacked

ROOT = Path(__file__).resolve().parent.parent
KEY = "wk_bench"
SCHEMA = {  # of the events below
    "type": "object",
    "required": ["product_id", "name", "price", "currency"],
    "properties": {"product_id": {"type": "string"}, "price": {"type": "number"}, "currency": {"enum": ["EUR", "CHF"]}},
}
MARK = b"@@@@@@@@@@@@"  # where the number of a request stands in it


def published(home: Path, *, planned: bool = False) -> Path:
    """Make a home folder whose collector knows ``KEY``, and a plan that its events meet when ``planned``; return it."""
    home.mkdir(parents=True, exist_ok=True)
    aside = home / "write-keys.next"
    keys = {digest(KEY): {"source": "web", "entity": "north", "brand": "red"}}
    plans = {"web": {"enforced": True, "events": [["track", "Product Viewed", SCHEMA]]}} if planned else {}
    aside.write_text(json.dumps({"keys": keys, "plans": plans}))
    aside.replace(home / "write-keys.json")
    return home


@dataclass
class Server:
    """A served collector."""

    port: int
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """End every process of it at once, as a machine that stops does."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def launch(home: Path, *, database: str = "", factory: str = "collector", core: int | None = None) -> Server:
    """Serve ``factory`` of ``bench.served`` with granian over a home folder, and wait until it answers."""
    port = free_port()
    environment = {
        **os.environ, "FILROUGE_HOME": str(home), "DATABASE_URL": database or f"sqlite:///{home}/filrouge.db",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    }  # fmt: skip
    command = [
        sys.executable, "-m", "granian", "--interface", "asgi", "--factory", f"bench.served:{factory}",
        "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--no-ws", "--log-level", "warning",
        "--http1-buffer-size", "65536",  # what a line may hold before the collector counts it
    ]  # fmt: skip
    with (home / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True,
            preexec_fn=None if core is None else lambda: os.sched_setaffinity(0, {core}),
        )  # fmt: skip
    for _ in range(300):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return Server(port, process)
        assert process.poll() is None, (home / "server.log").read_text()
        time.sleep(0.1)
    raise RuntimeError("The collector does not start.")


@contextmanager
def serving(home: Path, **how: object) -> Iterator[Server]:
    """Serve a collector for a while."""
    server = launch(home, **how)  # type: ignore[arg-type]
    try:
        yield server
    finally:
        server.process.terminate()
        try:
            server.process.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def request(path: str, body: bytes) -> bytes:
    """Return a request as it goes on the wire; it bears ``KEY``."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: collect\r\nContent-Type: application/json\r\nX-Write-Key: {KEY}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def event(number: int) -> dict[str, object]:
    """Return an event as a page of a shop sends it; ``MARK`` stands for the number of the request."""
    return {
        "type": "track", "event": "Product Viewed", "messageId": f"ajs-{MARK.decode()}-{number:03}",
        "anonymousId": f"5f0c8a52-9d2b-4c3e-8a77-{number:012}", "userId": f"u-{number:06}",
        "timestamp": "2026-11-26T10:00:00.123Z",
        "properties": {"product_id": f"p-{number:05}", "name": "Café moulu 250 g", "price": 4.9, "currency": "EUR"},
        "context": {"page": {"path": "/cafe", "title": "Cafés"}, "locale": "fr", "library": {"name": "analytics.js"}},
    }  # fmt: skip


def packed_batch(events: Sequence[dict[str, object]]) -> bytes:
    """Return the body of a batch."""
    said = {"sentAt": "2026-11-26T10:00:00.500Z", "batch": events}
    return json.dumps(said, ensure_ascii=False).encode()


def batch(events: int) -> bytes:
    """Return the request of a batch."""
    return request("/v1/batch", packed_batch([event(number) for number in range(events)]))


def single() -> bytes:
    """Return the request of one event."""
    return request("/v1/track", json.dumps(event(0), ensure_ascii=False).encode())


class Line(asyncio.Protocol):
    """One connection: a request at a time; ``ended`` is what is called with the status of each answer."""

    def __init__(self, ended: Callable[[Line, int, bytes], None]) -> None:
        self._ended, self._read = ended, bytearray()
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.number, self.began = 0, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def ask(self, said: bytes, number: int) -> None:
        """Send a request, numbered ``number``."""
        self.number, self.began = number, time.perf_counter()
        self._transport.write(said.replace(MARK, b"%012d" % number))

    def data_received(self, data: bytes) -> None:
        self._read += data
        head = self._read.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self._read.lower().find(b"content-length:", 0, head)
        size = int(self._read[at + 15 : self._read.find(b"\r\n", at)])
        if len(self._read) >= head + 4 + size:
            whole = bytes(self._read)
            self._read.clear()
            self._ended(self, int(whole[9:12]), whole)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)

    def close(self) -> None:
        self._transport.close()


@dataclass
class Load:
    """What clients heard: how many answers of each status, and how long each took."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    elapsed: float = 0.0


async def load(port: int, said: bytes, *, lines: int, seconds: float) -> Load:
    """Send ``said`` over ``lines`` connections for a while, each anew as soon as it is answered."""
    found, stopping, numbers = Load(), False, iter(range(10**12))

    def ended(line: Line, status: int, _: bytes) -> None:
        found.statuses[status] += 1
        found.seconds.append(time.perf_counter() - line.began)
        if stopping:
            line.close()
        else:
            line.ask(said, next(numbers))

    loop = asyncio.get_running_loop()
    open_ = [(await loop.create_connection(lambda: Line(ended), "127.0.0.1", port))[1] for _ in range(lines)]
    began = time.perf_counter()
    for line in open_:
        line.ask(said, next(numbers))
    await asyncio.sleep(seconds)
    stopping = True
    await asyncio.wait([line.lost for line in open_], timeout=30)
    found.elapsed = time.perf_counter() - began
    return found


@dataclass
class Killed:
    """What rounds of kill -9 left: of the events that were acknowledged, how many are stored, lost, or there twice."""

    rounds: int
    acknowledged: int
    stored: int
    lost: int
    doubled: int


def kill_rounds(home: Path, rounds: int, *, database: str = "", seed: int = 1) -> Killed:
    """Kill the collector ``rounds`` times while clients post, and count in the spool what it had acknowledged."""
    published(home)
    dice = random.Random(seed)
    told: set[str] = set()
    numbers = iter(range(10**12))
    for _ in range(rounds):
        server = launch(home, database=database)  # on a port of its own: nobody speaks to the one before
        told |= asyncio.run(_until_killed(server, dice.uniform(0.02, 0.3), numbers))
    return Killed(rounds=rounds, **counted(told, stored(home, database)))


def stored(home: Path, database: str) -> Counter[str]:
    """Return how often each event stands in the spool of a home folder, by its id."""
    spool = open_spool(home / "spool", database)
    found: Counter[str] = Counter()
    for file in spool.files():
        after = 0
        while some := spool.read(file, after, 500):
            after = some[-1].place.number
            for one in some:
                found.update(event.message_id for event in unpacked(one.entry.payload).events)
    spool.close()
    return found


def counted(told: set[str], found: Counter[str]) -> dict[str, int]:
    """Return of the ids that were acknowledged how many are stored, lost, or there twice."""
    here = sum(1 for name in told if found[name])
    doubled = sum(1 for name in told if found[name] > 1)
    return {"acknowledged": len(told), "stored": here, "lost": len(told) - here, "doubled": doubled}


def acknowledged(answer: bytes) -> list[str]:
    """Return the ids that an answer of the collector acknowledges."""
    return [one["messageId"] for one in json.loads(answer[answer.index(b"\r\n\r\n") :])["events"]]


async def _until_killed(server: Server, seconds: float, numbers: Iterator[int]) -> set[str]:
    """Post batches and single events until the server is killed; return the ids that were acknowledged."""
    told: set[str] = set()
    several, one = batch(7), single()
    started = asyncio.Event()

    def ended(line: Line, status: int, answer: bytes) -> None:
        assert status == 200, answer
        told.update(acknowledged(answer))
        started.set()
        number = next(numbers)
        line.ask(several if number % 3 else one, number)

    loop = asyncio.get_running_loop()
    open_ = [(await loop.create_connection(lambda: Line(ended), "127.0.0.1", server.port))[1] for _ in range(8)]
    for line in open_:
        line.ask(several, next(numbers))
    try:
        await asyncio.wait_for(started.wait(), 30)
    except TimeoutError:
        server.kill()
        lost = sum(line.lost.done() for line in open_)
        raise RuntimeError(f"nothing was acknowledged in 30 seconds; {lost} of 8 lines were dropped") from None
    await asyncio.sleep(seconds)
    await loop.run_in_executor(None, server.kill)
    await asyncio.wait([line.lost for line in open_], timeout=30)
    return told
