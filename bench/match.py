"""How long one record takes to be matched against everybody, on the person records of a home folder (``--home``).

Two thousand records are held back and memory laid of the rest (``--laid`` keeps it for the next time: a whole
resolution); then each of them is matched in process, and as many strangers, made of the names of one and the addresses
of another. The yardstick is one of them settled through the database; ``busy`` counts the processor's time alone, where
others use the machine. Target at 1,000,000 people: p99 <= 5 ms.

``arrival`` asks the same over HTTP, each record kept: it writes, so it reads no home folder but the copy ``home``
in the folder that ``--laid`` names, with a memory. Target: p99 <= 20 ms.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.figures import Skipped, keep
from bench.pages import served
from filrouge.domain import identity
from filrouge.store.lake import Lake

AT = datetime(2026, 1, 1, tzinfo=UTC)
HELD = 2_000
WHO = ("title", "given_name", "family_name", "full_name", "birth_name", "birth_date", "sex")
Record = Mapping[str, Any]


def run(given: argparse.Namespace) -> None:
    """Measure, and keep the figure ``match``."""
    files = Lake(given.home / "lake").files("person_records")
    if not files:
        raise Skipped(f"there is no person record in {given.home}")
    made = given.laid is None
    folder = given.laid or Path(tempfile.mkdtemp(prefix="filrouge-bench-", dir=given.scratch))
    try:
        if not (folder / "memory" / "memory.json").exists():
            lay(files, folder)
        keep("match", **_measure(folder))
    finally:
        if made:
            shutil.rmtree(folder, ignore_errors=True)


def arrival(given: argparse.Namespace) -> None:
    """Measure, and keep the figure ``arrival``."""
    home = given.laid and given.laid / "home"
    if home is None or not (home / "identity" / "current").is_file():
        raise Skipped(
            "it writes: put a copy of a home folder, with its memory, as home in the folder that --laid names"
        )
    late = texts(pq.read_table(given.laid / "held.parquet").slice(0, given.queries).to_pylist())
    with served(home) as (client, peak, people):
        from filrouge.work import access, groups, matches

        _, word = groups.make_key(
            access.OWNER, "bench", role="administrator", scopes=["people:read", "people:write"], entities=[]
        )
        client.headers["Authorization"] = f"Bearer {word}"
        asked = [{name: row[name] for name in matches.ATTRIBUTES if row[name]} | _where(row) for row in late]
        _posted(client, asked[:20], keep=False)
        yardstick = [_livez(client) for _ in asked]
        looked = _posted(client, asked, keep=False)
        kept = _posted(client, asked, keep=True)
        keep(
            "arrival", people=people, asked=len(asked), ms=_parts(looked), ms_kept=_parts(kept),
            livez_ms=_parts(yardstick), peak_mb=peak.mb,
        )  # fmt: skip


def _where(row: Record) -> Record:
    return {"entity": row["entity"], "brand": row["brand"]}


def _posted(client: httpx.Client, asked: Sequence[Record], *, keep: bool) -> list[float]:
    seconds = []
    for number, said in enumerate(asked):
        headers = {"Idempotency-Key": f"bench-{time.time_ns()}-{number}"} if keep else {}
        began = time.perf_counter()
        answer = client.post("/api/v1/people/match", json={**said, "keep": keep}, headers=headers)
        seconds.append(time.perf_counter() - began)
        if answer.status_code not in (200, 201):
            raise Skipped(f"the match answered {answer.status_code}: {answer.text[:200]}")
    return seconds


def _livez(client: httpx.Client) -> float:
    began = time.perf_counter()
    client.get("/livez")
    return time.perf_counter() - began


def lay(files: Sequence[str], folder: Path) -> None:
    """Lay ``memory`` in ``folder`` from all records but those of ``held.parquet``."""
    con = duckdb.connect(config={"memory_limit": "2500MB", "temp_directory": str(folder / "spill")})
    listed = ", ".join(f"'{file}'" for file in files)
    con.execute(
        f"""CREATE VIEW current_records AS SELECT * FROM read_parquet([{listed}], union_by_name = true)
        WHERE superseded_at IS NULL"""
    )
    con.execute(f"CREATE TABLE held AS SELECT record_key FROM current_records ORDER BY hash(record_key) LIMIT {HELD}")
    con.execute("CREATE VIEW records AS SELECT * FROM current_records ANTI JOIN held USING (record_key)")
    late = con.execute("SELECT r.* FROM current_records r SEMI JOIN held USING (record_key)").to_arrow_table()
    pq.write_table(late, folder / "held.parquet")
    identity.resolve(con, "main.records", at=AT, remember=folder / "memory")


def texts(rows: Sequence[Record]) -> list[Record]:
    """Return records as a program sends them."""
    return [{name: None if value is None else str(value) for name, value in row.items()} for row in rows]


def strangers(rows: Sequence[Record]) -> list[Record]:
    """Return as many records of nobody: the name of one, the addresses of another, numbers of their own."""
    dice = random.Random(5)
    made = []
    for row in rows:
        other = dice.choice(rows)
        named = {name: row[name] for name in WHO} | {
            "birth_date": row["birth_date"] and f"19{dice.randrange(40, 99)}-01-02"
        }
        made.append(
            {
                **other, **named, "birth_date": row["birth_date"] and f"19{dice.randrange(40, 99)}-01-02",
                "email": f"{dice.getrandbits(40):x}@example.org", "phone": f"+3363998{dice.randrange(10_000):04d}",
                "loyalty_id": None, "account_ref": None,
            }
        )  # fmt: skip
    return made


def _measure(folder: Path) -> dict[str, object]:
    began = time.perf_counter()
    memory = identity.Memory(folder / "memory")
    matcher = identity.Matcher(memory, identity.IdentitySpec())
    ready = time.perf_counter() - began
    held = pq.read_table(folder / "held.parquet")
    late = texts(held.to_pylist())
    cold, _, _ = _times(matcher, late)
    warm, busy, found = _times(matcher, late)
    others, _, taken = _times(matcher, strangers(late))
    con = duckdb.connect()
    began = time.perf_counter()
    identity.settle(con, memory, pa.table(held.slice(0, 1)), at=AT)
    settled = time.perf_counter() - began
    return {
        "records": memory.records, "asked": len(late), "found_share": round(found / len(late), 4),
        "ready_seconds": round(ready, 2), "ms_cold": _parts(cold), "ms": _parts(warm), "ms_busy": _parts(busy),
        "ms_strangers": _parts(others),
        "strangers_found_share": round(taken / len(late), 4), "settle_1_ms": round(settled * 1000, 1),
        "own_memory_mb": _own_mb(), "memory_on_disk_mb": round(_size(folder / "memory"), 1),
    }  # fmt: skip


def _times(matcher: identity.Matcher, rows: Sequence[Record]) -> tuple[list[float], list[float], int]:
    seconds: list[float] = []
    busy: list[float] = []
    found = 0
    for row in rows:
        key = int(row["record_key"])
        began, worked = time.perf_counter(), time.thread_time()
        answer = matcher.match(row, key=key)
        busy.append(time.thread_time() - worked)
        seconds.append(time.perf_counter() - began)
        found += answer.person is not None
    return seconds, busy, found


def _parts(seconds: Sequence[float]) -> dict[str, float]:
    told = np.percentile(np.array(seconds) * 1000, [50, 95, 99, 100]).round(2).tolist()
    return dict(zip(("p50", "p95", "p99", "max"), told, strict=True))


def _own_mb() -> float:
    """Return the resident memory of this process alone: pages of memory's files are shared by all."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1e3, 1)


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.iterdir()) / 1e6
