"""How long after an event somebody is in the segment that asks for it, before a server as it is served."""

from __future__ import annotations

import argparse
import http.client
import random
import shutil
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.drained import BRAND, ENTITY, MADE, SOURCE, answers, child, done, until, visit
from bench.figures import keep, percentiles
from bench.sending import free_port
from bench.steady import COPIED, post
from filrouge.base.ids import record_key

PER_SECOND, LOT = 100, 20  # events a second, and in a request
ASKED = "Cart opened"
FOLLOWED = """from filrouge.cli import set_up; set_up()
from filrouge.work import access, segments
rule = {{"on": "events", "where": [{{"field": "name", "op": "is", "value": {name!r}}}], "within_days": 7}}
segments.keep(access.OWNER, "carts", spec={{"rules": [rule]}}, entity={entity!r})
segments.build(["carts"], by="bench")
"""


def measure(given: argparse.Namespace) -> None:
    """Send for ``--minutes`` (two at most), and keep the figure ``membership``."""
    folder = Path(tempfile.mkdtemp(prefix="filrouge-bench-", dir=given.scratch))
    try:
        seconds = min(given.minutes, 2) * 60
        keep("membership", per_second=PER_SECOND, seconds=seconds, **_followed(folder / "home", seconds))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _followed(home: Path, seconds: float) -> dict[str, Any]:
    word = done(child(home, MADE.format(entity=ENTITY, brand=BRAND, source=SOURCE))).split()[-1]
    done(child(home, COPIED))
    done(child(home, FOLLOWED.format(name=ASKED, entity=ENTITY)))
    port = free_port()
    serving = f"import sys; sys.argv = ['filrouge', 'serve', '--roles', 'collect,worker', '--port', '{port}']"
    server = child(home, f"{serving}\nfrom filrouge.cli import main\nmain()", heard=False)
    try:
        until(lambda: answers(port))
        _send(home, port, word, 20, random.Random(1), [])  # on its way up, it is not measured
        asked: list[tuple[str, float]] = []
        waits = _send(home, port, word, seconds, random.Random(2), asked)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
    return {"asked_for": len(asked), "inside": len(waits), "milliseconds_to_segment": percentiles(list(waits.values()))}


def _send(
    home: Path, port: int, word: str, seconds: float, dice: random.Random, asked: list[tuple[str, float]]
) -> dict[str, float]:
    """Send events of visitors; once a second somebody new does what the segment asks. Return how long each took."""
    waits: dict[str, float] = {}
    stopping = threading.Event()
    watching = threading.Thread(target=_watch, args=(home, asked, waits, stopping), daemon=True)
    watching.start()
    line, began, sent = http.client.HTTPConnection("127.0.0.1", port, timeout=60), time.monotonic(), 0
    while (now := time.monotonic() - began) < seconds:
        if sent > now * PER_SECOND:
            time.sleep(0.01)
            continue
        events = [visit(f"{seconds}-{sent + at}", dice) for at in range(LOT)]
        if sent % PER_SECOND == 0:
            user = f"cart-{seconds}-{sent}"
            events.append({"type": "track", "event": ASKED, "userId": user, "messageId": user})
            asked.append((user, time.monotonic()))
        post(line, word, events)
        sent += LOT
    with suppress(RuntimeError):  # whoever never enters is counted
        until(lambda: len(waits) == len(asked), seconds=60)
    stopping.set()
    watching.join()
    return waits


def _watch(home: Path, asked: Sequence[tuple[str, float]], waits: dict[str, float], stopping: threading.Event) -> None:
    """Note when each person asked for is inside."""
    sql = (
        "SELECT 1 FROM accounts a JOIN members m ON m.person = a.person AND m.inside "
        "WHERE a.record = ? AND m.segment = 'carts'"
    )
    with sqlite3.connect(f"file:{home / 'live.db'}?mode=ro", uri=True, timeout=30) as con:
        while not stopping.is_set():
            for user, began in [one for one in asked if one[0] not in waits]:
                if con.execute(sql, [record_key(f"{SOURCE}_people", user)]).fetchone():
                    waits[user] = time.monotonic() - began
            time.sleep(0.02)
