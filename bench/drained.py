"""The live worker as it is served, fed through its spool: killed at any moment, and measured."""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from bench.figures import Peak, keep, percentiles, tree_seconds
from bench.sending import free_port
from filrouge.base.ids import record_key
from filrouge.domain.events import parse
from filrouge.spool import Entry, Spool, open_spool
from filrouge.spool.kept import packed

SOURCE, ENTITY, BRAND = "till", "groupe", "horizon"
# What a child does before anything else: flushes are hurried, so that kills fall into them.
SERVED = "from filrouge.cli import set_up; set_up()\nfrom filrouge.work import draining\ndraining.run()"
HURRIED = "from filrouge.cli import set_up; set_up()\nfrom filrouge.work import draining\ndraining.AFTER = 0.2\n"
MADE = """from filrouge.cli import set_up; set_up()
from filrouge.work import access, groups, installation, senders
installation.ready()
groups.add_entity({entity!r}, "Groupe SA", by="bench")
groups.add_brand({brand!r}, "Horizon", {entity!r}, by="bench")
print(senders.make_key(access.OWNER, source={source!r}, brand={brand!r})[1])
"""
COUNTED = """from filrouge.cli import set_up; set_up()
import json
from filrouge.engines import open_engine
from filrouge.store.models import Ledger
from filrouge.store.live import Live
from filrouge.store.views import current
from filrouge.work import draining, live, runs, waiting
spool = waiting.opened()
drain = draining.Drain(spool)
while drain.turn(): pass
drain.finish()
waiting = spool.waiting()
drain.close()
engine = open_engine()
rows = current(engine, runs.lake(), "events", hidden=runs.hidden())
events = rows.select("event_id").to_pyarrow()["event_id"].to_pylist()
engine.close()
def pages():
    copies = Live()
    records = [row[0] for row in copies.rows("SELECT record FROM accounts ORDER BY record")]
    people = sorted({row[0] for row in copies.rows("SELECT person FROM accounts")})
    told = {}
    for person in people:
        document = copies.document(copies.current(person)) or {"records": []}
        for moment in copies.moments(copies.current(person), [row["key"] for row in document["records"]]):
            told[moment["ref"]] = moment["at"]
    return records, told
before = pages()
live.rebuild()
after = pages()
rows = [[row.received, row.accepted, row.duplicate, row.quarantined] for row in Ledger.objects.all()]
print(json.dumps({"events": events, "ledger": [sum(part) for part in zip(*rows)], "waiting": waiting,
                  "pages_equal": before == after, "on_pages": len(after[1])}))
"""


def child(home: Path, code: str, *, database: str = "", heard: bool = True) -> subprocess.Popen[str]:
    """Start a process that runs ``code`` over a home folder; what it prints is ``heard`` or lost."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FILROUGE_", "DJANGO_"))}
    environment.pop("DATABASE_URL", None)
    environment |= {"FILROUGE_HOME": str(home)} | ({"DATABASE_URL": database} if database else {})
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        text=True,
        stdout=subprocess.PIPE if heard else subprocess.DEVNULL,
    )


def done(process: subprocess.Popen[str]) -> str:
    """Return what a process printed. Raises RuntimeError when it failed."""
    said, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"A child of the bench ended with {process.returncode}.")
    return said


def event(number: int, dice: random.Random) -> dict[str, Any]:
    """Return one event of a few people, who sign in now and then."""
    who = dice.randrange(40)
    said: dict[str, Any] = {"type": "track", "event": "Seen", "messageId": f"k{number}", "anonymousId": f"a{who}"}
    if dice.random() < 0.2:
        said |= {"type": "identify", "userId": f"u{who}", "traits": {"firstName": f"Name{who}", "lastName": "Of"}}
    elif dice.random() < 0.4:
        said["userId"] = f"u{who}"
    return said


def append(spool: Spool, events: Sequence[dict[str, Any]]) -> None:
    """Keep events as the collector does: durable on return."""
    now = datetime.now(UTC)
    body = json.dumps({"batch": list(events)}).encode()
    batch = parse(body, kind="batch", received=now)
    micros = round(now.timestamp() * 1_000_000)
    spool.append([Entry(SOURCE, micros, len(batch.events), packed(batch, entity=ENTITY, brand=BRAND))])


@dataclass(frozen=True)
class Left:
    """What rounds of kill -9 left: of the events sent, how many are in the lake, lost, or there twice."""

    rounds: int
    sent: int
    repeats: int
    stored: int
    lost: int
    doubled: int
    unaccounted: int
    pages_equal: bool


def kill_rounds(home: Path, rounds: int, *, database: str = "", seed: int = 1) -> Left:
    """Kill the live worker ``rounds`` times while events come, let it finish, and count what it did."""
    done(child(home, MADE.format(entity=ENTITY, brand=BRAND, source=SOURCE), database=database))
    dice = random.Random(seed)
    spool = open_spool(home / "spool", database)
    number = received = 0
    for _ in range(rounds):
        worker = child(home, f"{HURRIED}draining.run()", database=database, heard=False)
        end = time.monotonic() + dice.uniform(0.5, 6)
        while time.monotonic() < end:
            size = dice.randrange(1, 40)
            batch = [event(number + at, dice) for at in range(size)]
            number += size
            repeated = [event(dice.randrange(number), dice) for _ in range(dice.randrange(4))]
            append(spool, [*batch, *repeated])
            received += size + len(repeated)
            time.sleep(dice.uniform(0, 0.05))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    spool.close()
    said = json.loads(done(child(home, COUNTED, database=database)).splitlines()[-1])
    events: list[str] = said["events"]
    heard, accepted, duplicate, quarantined = said["ledger"]
    return Left(
        rounds=rounds, sent=number, repeats=received - number, stored=len(set(events)), lost=number - len(set(events)),
        doubled=len(events) - len(set(events)),
        unaccounted=abs(received - heard) + abs(heard - accepted - duplicate - quarantined) + said["waiting"],
        pages_equal=said["pages_equal"],
    )  # fmt: skip


STATE = """from filrouge.cli import set_up; set_up()
import hashlib, json
from filrouge.engines import open_engine
from filrouge.store.live import Live
from filrouge.store.models import Ledger
from filrouge.store.views import current
from filrouge.work import draining, identity, runs, taking, waiting
drain = draining.Drain(waiting.opened())
while drain.turn(): pass
drain.finish()
drain.close()
taking.take(Live(), whole=True)  # what changed of accounts waits ten minutes, and nothing may be left to drain
identity.resolve(by="bench")
engine = open_engine()
def rows(table, columns):
    found = current(engine, runs.lake(), table, hidden=runs.hidden()).select(*columns).to_pyarrow().to_pylist()
    return sorted(json.dumps(row, default=str, sort_keys=True) for row in found)
events = rows("events", ("record_key", "type", "name", "user_ref", "person_key", "anonymous_id", "at", "properties"))
records = rows("person_records", ("source", "source_id", "given_name", "family_name", "account_ref", "created_at"))
copies, pages = Live(), []
for (number,) in copies.rows("SELECT person FROM documents"):
    document = copies.documents([number])[number]
    keys = [record["key"] for record in document["records"]]
    moments = [[moment["record_key"], moment["at"]] for moment in copies.moments(document["id"], keys)]
    pages.append(json.dumps([sorted(keys), moments]))
accounts = sorted(copies.rows("SELECT record, body FROM accounts"))
told = json.dumps([events, records, sorted(pages), accounts]).encode()
ledger = [[row.received, row.accepted, row.duplicate, row.quarantined] for row in Ledger.objects.all()]
print(json.dumps({"state": hashlib.sha256(told).hexdigest(), "events": len(events), "pages": len(pages),
                  "ledger": [sum(part) for part in zip(*ledger)]}))
"""


def same_state(folder: Path, *, count: int, times: int = 10, clients: int = 8) -> list[dict[str, Any]]:
    """Return what is left of ``count`` events sent once; then of the same sent ``times`` times, shuffled, by several
    clients at once, to a collector as it is served while the live worker drains."""
    dice = random.Random(17)
    began = datetime.now(UTC) - timedelta(days=2)
    events = [
        {**event(number, dice), "timestamp": (began + timedelta(seconds=dice.randrange(100_000))).isoformat()}
        for number in range(count)
    ]
    left = []
    for repeats, several in ((1, 1), (times, clients)):
        home = folder / f"sent-{repeats}"
        word = done(child(home, MADE.format(entity=ENTITY, brand=BRAND, source=SOURCE))).split()[-1]
        port = free_port()
        serving = f"import sys; sys.argv = ['filrouge', 'serve', '--roles', 'collect,worker', '--port', '{port}']"
        server = child(home, f"{serving}\nfrom filrouge.cli import main\nmain()", heard=False)
        try:
            until(lambda port=port: answers(port))  # type: ignore[misc]
            with ThreadPoolExecutor(several) as threads:
                lots = [dice.sample(events, count) for _ in range(repeats)]
                for sent in [threads.submit(_post, port, word, lot, seed) for seed, lot in enumerate(lots)]:
                    sent.result()
        finally:
            server.terminate()
            server.wait()
        left.append(json.loads(done(child(home, STATE)).splitlines()[-1]))
    return left


def answers(port: int) -> bool:
    """Tell whether a server answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
            return True
    except OSError:
        return False


def _post(port: int, word: str, events: Sequence[dict[str, Any]], seed: int) -> None:
    """Send events in requests of several sizes, each again until it is answered 200."""
    dice, rest = random.Random(seed), list(events)
    head = {"Authorization": f"Basic {base64.b64encode(f'{word}:'.encode()).decode()}"}
    while rest:
        size = dice.randrange(1, 200)
        body = json.dumps({"batch": rest[:size]}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/batch", body, head)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                answer.read()
        except urllib.error.HTTPError as refused:
            if refused.code not in (429, 503):
                raise
            time.sleep(1)
            continue
        del rest[:size]


# --- figures ----------------------------------------------------------------------------------------------------------

EVENTS, PER_SECOND, TRIAL = 100_000, 1_000, 30  # of the sustained drain; then of the latency, and for how many seconds


def run(given: argparse.Namespace) -> None:
    """Measure on a copy of ``--home``, or on itself with ``--in-place``, and keep the figure ``drain``."""
    folder = Path(tempfile.mkdtemp(prefix="filrouge-bench-", dir=given.scratch))
    try:
        home = given.home if given.in_place else _copied(given.home, folder / "var")
        people = int(done(child(home, READY.format(entity=ENTITY, brand=BRAND, source=SOURCE))).splitlines()[-1])
        figures: dict[str, Any] = {"people": people, "new_accounts": _sustained(home)}  # nobody was heard of before
        for remembered in (1_000_000, 20_000_000):
            _remember(home / "idents" / "taken", remembered)
            figures[f"remembering_{remembered // 1_000_000}m"] = _sustained(home)
        slow, fast = (figures[f"remembering_{n}m"]["events_per_second"] for n in (20, 1))
        figures["ratio_20m_to_1m"] = round(slow / fast, 2)
        figures["latency"] = _latency(home)
        killed = kill_rounds(folder / "killed", given.rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    keep("drain", **figures, killed=asdict(killed))


READY = """from filrouge.cli import set_up; set_up()
from filrouge.work import access, groups, installation, live, senders
from filrouge.store.models import Brand
from filrouge.store.live import Live
installation.ready()
if not Brand.objects.filter(slug={brand!r}).exists():
    groups.add_entity({entity!r}, "Groupe SA", by="bench")
    groups.add_brand({brand!r}, "Horizon", {entity!r}, by="bench")
senders.make_key(access.OWNER, source={source!r}, brand={brand!r})
if not Live().ready(): live.rebuild()
print(Live().meta("people") or 0)
"""


def _copied(home: Path, into: Path) -> Path:
    """Copy a home folder; the files of the lake, which never change, are shared."""
    into.mkdir()
    for one in home.iterdir() if home.exists() else ():
        if one.name in ("lake", "identity"):
            shutil.copytree(one, into / one.name, copy_function=os.link)
        elif one.is_file() and one.suffix != ".lock":
            shutil.copy2(one, into / one.name)
    return into


def _remember(folder: Path, count: int) -> None:
    """Let the worker remember as many events that never were."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = np.unique(np.random.default_rng(count).integers(0, 1 << 60, count))
    np.save(folder / f"joined-{count}-bench.keys.npy", keys)


def _sustained(home: Path) -> dict[str, Any]:
    """Return how many events a second go from the spool to the pages and into the lake, and what memory that takes."""
    dice, spool = random.Random(9), open_spool(home / "spool", "")
    mark, before = dice.randrange(1 << 40), counted_events(home)
    for start in range(0, EVENTS, 100):
        append(spool, [visit(f"s{mark}-{before}-{start + at}", dice) for at in range(100)])
    worker = child(home, SERVED, heard=False)
    with Peak(worker.pid) as peak:
        until(lambda: _begun(home, f"s{mark}-{before}-"))
        began, busy = time.monotonic(), tree_seconds(worker.pid)
        until(lambda: counted_events(home) >= before + EVENTS, seconds=1_800)
        seconds, busy = time.monotonic() - began, tree_seconds(worker.pid) - busy
    worker.terminate()
    worker.wait()
    spool.close()
    return {
        "events": EVENTS, "events_per_second": round(EVENTS / seconds), "seconds": round(seconds, 1),
        "cpu_microseconds_per_event": round(busy / EVENTS * 1e6, 1), "worker_mb": round(peak.mb),
    }  # fmt: skip


def _latency(home: Path) -> dict[str, Any]:
    """Return how long an event takes to be on its page, at a steady pace."""
    dice, spool = random.Random(11), open_spool(home / "spool", "")
    mark = dice.randrange(1 << 40)
    worker = child(
        home, "from filrouge.cli import set_up; set_up()\nfrom filrouge.work import draining\ndraining.run()"
    )
    append(spool, [visit(f"s{mark}-warm", dice)])
    until(lambda: _begun(home, f"s{mark}-"))
    sent: dict[str, float] = {}
    seen: dict[str, float] = {}
    events: dict[str, dict[str, Any]] = {}
    began, count = time.monotonic(), 0
    with sqlite3.connect(f"file:{home / 'live.db'}?mode=ro", uri=True) as con:
        while (now := time.monotonic() - began) < TRIAL or len(seen) < len(sent):
            if now < TRIAL and count < now * PER_SECOND:
                batch = [visit(f"s{mark}-{count + at}", dice) for at in range(100)]
                append(spool, batch)
                ref = batch[-1]["messageId"]
                sent[ref], events[ref] = time.monotonic(), batch[-1]
                count += 100
            missing = [ref for ref in sent if ref not in seen]
            for ref in missing:
                if on_page(con, events[ref]):
                    seen[ref] = time.monotonic()
            if now > TRIAL + 60:
                break
            time.sleep(0.02)
    worker.terminate()
    worker.wait()
    spool.close()
    waits = [seen[ref] - sent[ref] for ref in seen]
    return {"per_second": PER_SECOND, "lost": len(sent) - len(seen), "milliseconds": percentiles(waits)}


def visit(message: str, dice: random.Random) -> dict[str, Any]:
    """Return an event of one of 50,000 readers, most of whom have an account; some say their name."""
    who = dice.randrange(50_000)
    said: dict[str, Any] = {
        "type": "track", "event": "Article read", "messageId": message, "anonymousId": f"a{who}",
        "properties": {"path": "/economy/a", "title": "A title", "topic": "economy", "position": dice.randrange(90)},
        "context": {"library": {"name": "analytics.js", "version": "2.1"}, "locale": "fr-FR"},
    }  # fmt: skip
    if dice.random() < 0.05:
        said |= {"type": "identify", "userId": f"u{who}", "traits": {"firstName": f"Name{who}", "lastName": "Of"}}
    elif dice.random() < 0.6:
        said["userId"] = f"u{who}"
    return said


def _begun(home: Path, mark: str) -> bool:
    """Tell whether an event of a run stands on a page."""
    with sqlite3.connect(f"file:{home / 'live.db'}?mode=ro", uri=True, timeout=30) as con:
        return con.execute("SELECT 1 FROM tail WHERE body LIKE ? LIMIT 1", (f'%"ref":"{mark}%',)).fetchone() is not None


def counted_events(home: Path) -> int:
    """Return how many events the ledger counts: these are in the lake."""
    with sqlite3.connect(f"file:{home / 'filrouge.db'}?mode=ro", uri=True, timeout=30) as con:
        found = con.execute("SELECT sum(received) FROM store_ledger WHERE source = ?", (SOURCE,)).fetchone()
    return int(found[0] or 0)


def on_page(con: sqlite3.Connection, event: Mapping[str, Any]) -> bool:
    """Tell whether an event stands on its page: looked up as a page does, by whom it is of."""
    kind, word = ("people", event["userId"]) if "userId" in event else ("visitors", event["anonymousId"])
    asked = (record_key(f"{SOURCE}_{kind}", word), record_key(SOURCE, event["messageId"]))
    return con.execute("SELECT 1 FROM tail WHERE record = ? AND moment = ?", asked).fetchone() is not None


def until(ready: Callable[[], bool], *, seconds: float = 600) -> None:
    """Wait for something. Raises RuntimeError when it takes too long."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise RuntimeError("The live worker does not get on.")
        time.sleep(0.3)
