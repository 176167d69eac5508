"""How fast search and the person page answer over HTTP, on the sample group of a home folder (``--home``).

A server of our own is started on that folder, an advisor of the whole group signs in, and asks: by name, by a misspelt
name, by the beginning of a name, by e-mail, by phone, by a number; then opens people taken at random. Every opening
leaves its audit line, as for anybody. The first question of each kind is not left out: p95 holds it. The yardstick is
the same server answering ``/livez`` in the same run. Targets at 1,000,000 people: search p95 < 100 ms, page < 150 ms.
"""

from __future__ import annotations

import argparse
import random
import re
import socket
import sqlite3
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from json import loads
from pathlib import Path
from typing import Any

import httpx

from bench.figures import Peak, Skipped, keep, percentiles

ADVISOR = "marie@example.com"


def search(given: argparse.Namespace) -> None:
    """Measure, and keep the figure ``search``."""
    with served(given.home) as (client, peak, people):
        dice = random.Random(7)
        asked = _questions(given.home, dice, given.queries)
        yardstick = [_timed(client, "/livez") for _ in range(given.queries)]
        kinds = {kind: [_timed(client, "/people", q=text) for text in texts] for kind, texts in asked.items()}
        palette = [_timed(client, "/search", q=text, partial=True) for text in (*asked["name"], *asked["beginning"])]
        alone = [seconds for found in kinds.values() for seconds in found]
        dice.shuffle(together := [text for texts in asked.values() for text in texts])
        four = _at_once(client, [("/people", text) for text in together])
        keep(
            "search",
            people=people,
            state="fresh server, files in the system's cache as the machine left them, audit on; one client, then four",
            queries=len(alone),
            ms=percentiles(alone),
            ms_by_kind={kind: percentiles(found) for kind, found in kinds.items()},
            ms_palette=percentiles(palette),
            ms_four_clients=percentiles(four),
            livez_ms=percentiles(yardstick),
            ratio=round(percentiles(alone)["p95"] / max(percentiles(yardstick)["p95"], 0.1), 1),
            peak_mb=peak.mb,
        )


def person(given: argparse.Namespace) -> None:
    """Measure, and keep the figure ``person``."""
    with served(given.home) as (client, peak, people):
        dice = random.Random(11)
        ids = [row[0] for row in _sampled(given.home, "SELECT id FROM documents", dice, given.queries)]
        busy = [
            row[0]
            for row in _rows(given.home, "SELECT d.id FROM moments m JOIN documents d USING (person) "
                                         "ORDER BY length(m.body) DESC LIMIT 20")
        ]  # fmt: skip
        yardstick = [_timed(client, "/livez") for _ in range(given.queries)]
        alone = [_timed(client, f"/people/{one}") for one in ids]
        longest = [_timed(client, f"/people/{one}") for one in busy]
        four = _at_once(client, [(f"/people/{one}", "") for one in ids])
        keep(
            "person",
            people=people,
            state="fresh server, files in the system's cache as the machine left them, audit on; one client, then four",
            pages=len(ids),
            ms=percentiles(alone),
            ms_longest_threads=percentiles(longest),
            ms_four_clients=percentiles(four),
            livez_ms=percentiles(yardstick),
            ratio=round(percentiles(alone)["p95"] / max(percentiles(yardstick)["p95"], 0.1), 1),
            peak_mb=peak.mb,
        )


# --- the server and its client ----------------------------------------------------------------------------------------


@contextmanager
def served(home: Path) -> Iterator[tuple[httpx.Client, Peak, int]]:
    """Serve ``home``, sign the advisor in, and hand over a client, the watch on memory and the number of people."""
    if not (home / "live.db").is_file():
        raise Skipped(f"no live copies stand in {home}: build the sample group there first, or name it with --home")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    from filrouge.base import settings

    settings.use(FILROUGE_HOME=str(home.resolve()))
    server = subprocess.Popen(
        [sys.executable, "-m", "filrouge.cli", "serve", "--roles", "web", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, follow_redirects=True) as client:
            _wait(client)
            _sign_in(client)
            with Peak(server.pid) as peak:
                yield client, peak, int(_rows(home, "SELECT count(*) FROM documents")[0][0])
    finally:
        server.terminate()
        server.wait(20)


def _wait(client: httpx.Client) -> None:
    for _ in range(240):
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.25)
    raise Skipped("the server did not come up")


def _sign_in(client: httpx.Client) -> None:
    from filrouge.work.ready import ready

    ready()
    from filrouge.work import demo

    login = next(one for one in demo.logins() if one.email == ADVISOR)
    page = client.get("/account/login/").text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    if token is None:
        raise Skipped("the sign-in page holds no form")
    answer = client.post(
        "/account/login/",
        data={"login": login.email, "password": login.password, "csrfmiddlewaretoken": token[1]},
        headers={"Referer": str(client.base_url)},
    )
    if "login" in str(answer.url):
        raise Skipped(f"{ADVISOR} of the sample group could not sign in: is the sample group in this home folder?")


def _timed(client: httpx.Client, path: str, *, q: str = "", partial: bool = False) -> float:
    began = time.perf_counter()
    answer = client.get(
        path, params={"q": q} if q else None, headers={"HX-Request": "true"} if partial else None,
        follow_redirects=False,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    if answer.status_code >= 400:
        raise Skipped(f"{path} answered {answer.status_code}")
    return seconds


def _at_once(client: httpx.Client, asked: Sequence[tuple[str, str]], clients: int = 4) -> list[float]:
    with ThreadPoolExecutor(clients) as threads:
        return list(threads.map(lambda one: _timed(client, one[0], q=one[1]), asked))


# --- what is asked ----------------------------------------------------------------------------------------------------


def _rows(home: Path, sql: str) -> list[tuple[Any, ...]]:
    con = sqlite3.connect(f"file:{home / 'live.db'}?mode=ro", uri=True)
    try:
        return con.execute(sql).fetchall()
    finally:
        con.close()


def _sampled(home: Path, sql: str, dice: random.Random, count: int) -> list[tuple[Any, ...]]:
    """Return ``count`` rows whose person's number lies next to numbers drawn by ``dice``."""
    found = []
    for _ in range(count):
        found += _rows(home, f"{sql} WHERE person >= {dice.getrandbits(62)} ORDER BY person LIMIT 1")
    return found


def _questions(home: Path, dice: random.Random, count: int) -> dict[str, list[str]]:
    asked: dict[str, list[str]] = {"name": [], "misspelt": [], "beginning": [], "email": [], "phone": [], "number": []}
    for (body,) in _sampled(home, "SELECT body FROM documents", dice, count):
        document = loads(zlib.decompress(body))
        best: dict[str, str] = {}
        for value in document["values"]:
            best.setdefault(value["attribute"], value["value"])
        given, family = best.get("given_name", ""), best.get("family_name", "")
        if given and len(family) > 4:
            asked["name"].append(f"{given} {family}")
            at = dice.randrange(1, len(family) - 2)
            asked["misspelt"].append(f"{given} {family[:at]}{family[at + 1]}{family[at]}{family[at + 2 :]}")
            asked["beginning"].append(f"{given} {family[:3]}")
        for kind in ("email", "phone"):
            if kind in best:
                asked[kind].append(best[kind])
        if orders := document["orders"]:
            asked["number"].append(orders[0]["ref"])
    return asked
