"""A collector and a live worker as they are served: minutes at a steady pace, and the same events many times over."""

from __future__ import annotations

import argparse
import http.client
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from statistics import linear_regression, median
from typing import Any

from bench.drained import (
    BRAND,
    ENTITY,
    MADE,
    SOURCE,
    answers,
    child,
    counted_events,
    done,
    on_page,
    same_state,
    until,
    visit,
)
from bench.figures import keep, percentiles, tree_mb
from bench.sending import free_port

PER_SECOND, LOT, EVERY = 1_000, 100, 10  # events a second, in a request, and seconds between two looks at memory
COPIED = "from filrouge.cli import set_up; set_up()\nfrom filrouge.work import live; live.rebuild()"
REPEATED = 10_000  # events that are sent ten times by eight clients


def minutes(given: argparse.Namespace) -> None:
    """Send at a steady pace for ``--minutes``, and keep the figure ``steady``: memory, and how long pages take."""
    folder = Path(tempfile.mkdtemp(prefix="filrouge-bench-", dir=given.scratch))
    try:
        keep("steady", per_second=PER_SECOND, minutes=given.minutes, **_steady(folder / "home", given.minutes * 60))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def repeated(given: argparse.Namespace) -> None:
    """Send the same events once, then ten times, shuffled, by eight clients; keep the figure ``repeated``."""
    folder = Path(tempfile.mkdtemp(prefix="filrouge-bench-", dir=given.scratch))
    began = time.monotonic()
    try:
        once, often = same_state(folder, count=REPEATED)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    keep(
        "repeated", events=REPEATED, times=10, clients=8, same=once["state"] == often["state"], once=once, often=often,
        seconds=round(time.monotonic() - began),
    )  # fmt: skip


def _steady(home: Path, seconds: float) -> dict[str, Any]:
    word = done(child(home, MADE.format(entity=ENTITY, brand=BRAND, source=SOURCE))).split()[-1]
    done(child(home, COPIED))
    port = free_port()
    serving = f"import sys; sys.argv = ['filrouge', 'serve', '--roles', 'collect,worker', '--port', '{port}']"
    began = time.monotonic()
    server = child(home, f"{serving}\nfrom filrouge.cli import main\nmain()", heard=False)
    try:
        until(lambda: answers(port))
        _first(home, port, word)
        begins = round(time.monotonic() - began, 1)
        memory = _Memory(server)
        said = _send(home, port, word, seconds, memory)
        with suppress(RuntimeError):
            until(lambda: counted_events(home) > said["sent"])
        said["in_lake"] = counted_events(home) - 1  # the first one apart
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
    third = max(len(memory.seen) // 3, 1)
    first, last = memory.seen[:third], memory.seen[-third:]
    slope, _ = linear_regression([at / 60 for at, _ in memory.seen], [mb for _, mb in memory.seen])
    late, _ = linear_regression([at / 60 for at, _ in last], [mb for _, mb in last])
    return {
        **said, "start_to_first_page_seconds": begins, "drained_seconds_after": round(memory.since() - seconds, 1),
        "memory_mb": {
            "first_third": median(mb for _, mb in first), "last_third": median(mb for _, mb in last),
            "most": max(mb for _, mb in memory.seen), "slope_a_minute": round(slope, 2),
            "slope_a_minute_of_last_third": round(late, 2), "each": [mb for _, mb in memory.seen],
        },
    }  # fmt: skip


def _first(home: Path, port: int, word: str) -> None:
    """Send one event and wait until it is on its page: from then on a server is at work, not on its way up."""
    event = visit("first", random.Random(4))
    post(http.client.HTTPConnection("127.0.0.1", port, timeout=60), word, [event])
    with sqlite3.connect(f"file:{home / 'live.db'}?mode=ro", uri=True, timeout=30) as con:
        until(lambda: on_page(con, event))


class _Memory:
    """The memory of a process and of all that descend from it, looked at every few seconds."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._pid, self._began = server.pid, time.monotonic()
        self.seen: list[tuple[float, float]] = []

    def since(self) -> float:
        """Return the seconds since it was begun."""
        return time.monotonic() - self._began

    def look(self) -> None:
        """Look when it is time to."""
        if self.since() >= EVERY * (len(self.seen) + 1):
            self.seen.append((self.since(), tree_mb(self._pid)))


def _send(home: Path, port: int, word: str, seconds: float, memory: _Memory) -> dict[str, Any]:
    """Send lots at the pace; return how they were answered, and how long one event a second takes to its page."""
    dice, answered, behind = random.Random(5), Counter[int](), 0.0
    waits: dict[str, float] = {}
    stopping = threading.Event()
    asked: list[tuple[dict[str, Any], float]] = []
    watching = threading.Thread(target=_watch, args=(home, asked, waits, stopping), daemon=True)
    watching.start()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    sent = 0
    while (now := memory.since()) < seconds:
        if sent > now * PER_SECOND:
            time.sleep(0.01)
        else:
            events = [visit(f"m{sent + at}", dice) for at in range(LOT)]
            began = time.monotonic()
            answered[post(line, word, events)] += 1
            if sent % PER_SECOND == 0:
                asked.append((events[-1], began))
            sent += LOT
            behind = max(behind, now - sent / PER_SECOND)
        memory.look()
    with suppress(RuntimeError):  # whatever does not get there is counted
        until(lambda: len(waits) == len(asked), seconds=120)
    stopping.set()
    watching.join()
    return {
        "sent": sent, "answers": {str(status): count for status, count in sorted(answered.items())},
        "sender_behind_seconds": round(behind, 1), "asked_for": len(asked), "on_page": len(waits),
        "milliseconds_to_page": percentiles(list(waits.values())),
    }  # fmt: skip


def post(line: http.client.HTTPConnection, word: str, events: Sequence[dict[str, Any]]) -> int:
    head = {"X-Write-Key": word, "Content-Type": "application/json"}
    line.request("POST", "/v1/batch", json.dumps({"batch": list(events)}), head)
    answer = line.getresponse()
    answer.read()
    return answer.status


def _watch(
    home: Path, asked: Sequence[tuple[dict[str, Any], float]], waits: dict[str, float], stopping: threading.Event
) -> None:
    """Note when each event asked for is on its page."""
    with sqlite3.connect(f"file:{home / 'live.db'}?mode=ro", uri=True, timeout=30) as con:
        while not stopping.is_set():
            for event, began in [one for one in asked if one[0]["messageId"] not in waits]:
                if on_page(con, event):
                    waits[event["messageId"]] = time.monotonic() - began
            time.sleep(0.02)
