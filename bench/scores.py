"""Features and all scores of ``--people`` made-up people, twenty events each on average, in a home folder of their own.

Half of them read, a third subscribe, a third order; the lake's tables are laid by DuckDB in one go, so that what is
measured is the scores alone: features as of today and of a month ago, every score with its reasons, the table with its
history, and the copy that pages read. A second run follows, over the table that the first one left. Then the models
are trained. Target at 1,000,000 people and 20,000,000 events: 120 s for features and all scores.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path

import duckdb

from bench.figures import Peak, Watch, keep

EVENTS = 20  # a person
PERSON = "printf('0190a000-0000-7000-8000-%012x', {n})"
COMMON = """'{source}' AS source, 'north' AS entity, 'red' AS brand, {key} AS record_key, 'bench' AS run_id,
    now() - INTERVAL 900 DAY AS recorded_at"""
# What each table holds; ``hash`` draws, always alike. Times spread over the past, more of them lately.
TABLES = {
    "person_records": "SELECT {common}, 'C' || n AS source_id FROM range({people}) t(n)",
    "links": "SELECT {common}, {person} AS person, 'rule' AS decision, now() - INTERVAL 900 DAY AS decided_at "
    "FROM range({people}) t(n)",
    "events": "SELECT {common}, 'page' AS type, 2 * n % {people} AS person_key, 'city' AS topic, "
    "now() - to_seconds(CAST(pow((hash(n) % 1000000) / 1e6, 1.5) * 200 * 86400 AS BIGINT)) AS at "
    "FROM range({people} * {events}) t(n)",
    "contracts": "SELECT {common}, n AS person_key, 'Daily' AS offer, ['P1M', 'P3M', 'P1Y'][1 + n % 3] AS term, "
    "CAST(15 AS DECIMAL(18, 4)) AS price, 'EUR' AS currency, started_at, "
    "CASE WHEN hash(n, 2) % 100 < 30 THEN started_at + (now() - started_at) * ((hash(n, 3) % 1000) / 1000.0) END "
    "AS ended_at, "
    "['wanted', 'payment', 'other'][CAST(1 + hash(n, 4) % 3 AS INTEGER)] AS end_reason FROM (SELECT n, "
    "now() - to_days(CAST(30 + hash(n, 1) % 1500 AS INTEGER)) AS started_at FROM range({people}) t(n)) WHERE n % 3 = 0",
    "payments": "SELECT {common}, n % {people} AS person_key, "
    "CASE WHEN hash(n, 5) % 30 = 0 THEN 'failed' ELSE 'paid' END AS outcome, "
    "now() - to_days(CAST(hash(n, 6) % 700 AS INTEGER)) AS paid_at FROM range({people} * 2) t(n)",
    "orders": "SELECT {common}, n % {people} AS person_key, CAST(10 + hash(n, 7) % 90 AS DECIMAL(18, 4)) AS total, "
    "'EUR' AS currency, 'web' AS sales_channel, now() - to_days(CAST(hash(n, 8) % 900 AS INTEGER)) AS ordered_at "
    "FROM range({people} * 2) t(n) WHERE hash(n % {people}, 9) % 3 = 0",
    "contacts": "SELECT {common}, n % {people} AS person_key, 'email' AS channel, "
    "CASE WHEN hash(n, 10) % 4 = 0 THEN 'opened' ELSE 'delivered' END AS outcome, "
    "now() - to_days(CAST(hash(n, 11) % 300 AS INTEGER)) AS at FROM range({people} * 5) t(n)",
    "interactions": "SELECT {common}, n % {people} AS person_key, ['ticket', 'complaint', 'call'][1 + n % 3] AS kind, "
    "'in' AS direction, 'phone' AS channel, now() - to_days(CAST(hash(n, 12) % 400 AS INTEGER)) AS at "
    "FROM range({people} // 2) t(n)",
}


def run(given: argparse.Namespace) -> None:
    """Measure, and keep the figure ``scores``."""
    folder = Path(tempfile.mkdtemp(prefix="filrouge-bench-", dir=given.scratch))
    try:
        from filrouge.base import settings

        settings.use(FILROUGE_HOME=str(folder), FILROUGE_LAKE=str(folder / "lake"))
        from filrouge.work.ready import ready

        ready()
        keep("scores", **_measure(folder, given.people))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(folder: Path, people: int) -> dict[str, object]:
    from filrouge.store.live import Live
    from filrouge.work import groups, installation, score_models, scores

    installation.ready()
    groups.add_entity("north", "North", by="bench")
    groups.add_brand("red", "Red", "north", by="bench")
    events = _lay(folder, people)
    Live().create()
    Live().insert("meta", [("version", _version())], columns=2)
    figures: dict[str, object] = {"people": people, "events": events, "target_s": 120}
    with Peak(os.getpid()) as peak:
        for name in ("first", "again"):
            watch = Watch()
            made = scores.run(by="bench", progress=lambda step, *_: watch.step(step))  # noqa: B023 - used at once
            watch.stop()
            figures[name] = {"seconds": watch.seconds, "cpu": watch.cpu, "steps": watch.steps}
        figures["scores"] = made.figures["scores"]
        began = time.perf_counter()
        score_models.train(by="bench")
        figures["training_s"] = round(time.perf_counter() - began, 1)
    return {**figures, "peak_mb": peak.mb}


def _version() -> str:
    from filrouge.store.live import VERSION

    return VERSION


def _lay(folder: Path, people: int) -> int:
    """Write the tables of the lake; return the number of events."""
    from filrouge.store.lake import SQL_TYPES
    from filrouge.tables import TABLES as PLAN
    from filrouge.work import runs

    con = duckdb.connect(config={"memory_limit": "2000MB", "threads": 2, "temp_directory": str(folder / "spill")})
    con.execute("SET TimeZone = 'UTC'")
    count = 0
    for name, select in TABLES.items():
        common = COMMON.format(source=name, key="n")
        sql = select.format(common=common, person=PERSON.format(n="n"), people=people, events=EVENTS)
        held = {row[0] for row in con.execute(f"DESCRIBE {sql}").fetchall()}
        cells = ((f"q.{c.name}" if c.name in held else "NULL", SQL_TYPES[c.type], c.name) for c in PLAN[name].every)
        columns = ", ".join(f'CAST({cell} AS {kind}) AS "{column}"' for cell, kind, column in cells)
        path = folder / f"{name}.parquet"
        rows = con.execute(f"COPY (SELECT {columns} FROM ({sql}) q) TO '{path}' (FORMAT parquet)").fetchall()[0][0]
        runs.lake().append(name, [path], run="bench")
        path.unlink()
        count = rows if name == "events" else count
    con.close()
    return int(count)
