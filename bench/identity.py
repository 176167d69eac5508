"""How long it takes to settle a few records among the many, on the person records of a home folder (``--home``).

A thousand records are held back, the rest is resolved whole and memory laid; then the thousand are settled, one of
them, none, and two people are joined. The yardstick is the whole resolution of the same run. Targets at 1,000,000
people: a thousand records in 2 s, peak 4 GB.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from bench.figures import Peak, Skipped, keep
from filrouge.domain import identity
from filrouge.store.lake import Lake

AT = datetime(2026, 1, 1, tzinfo=UTC)
HELD = 1_000


def run(given: argparse.Namespace) -> None:
    """Measure, and keep the figure ``identity``."""
    files = Lake(given.home / "lake").files("person_records")
    if not files:
        raise Skipped(f"there is no person record in {given.home}")
    folder = Path(tempfile.mkdtemp(prefix="filrouge-bench-", dir=given.scratch))
    try:
        with Peak(os.getpid()) as peak:
            figures = _measure(files, folder)
        keep("identity", **figures, peak_mb=peak.mb)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(files: list[str], folder: Path) -> dict[str, object]:
    con = duckdb.connect(config={"memory_limit": "2500MB", "temp_directory": str(folder / "spill")})
    listed = ", ".join(f"'{file}'" for file in files)
    con.execute(
        f"""CREATE VIEW current_records AS SELECT * FROM read_parquet([{listed}], union_by_name = true)
        WHERE superseded_at IS NULL"""
    )
    con.execute(f"CREATE TABLE held AS SELECT record_key FROM current_records ORDER BY hash(record_key) LIMIT {HELD}")
    con.execute("CREATE VIEW records AS SELECT * FROM current_records ANTI JOIN held USING (record_key)")
    late = con.execute("SELECT r.* FROM current_records r SEMI JOIN held USING (record_key)").to_arrow_table()
    began = time.perf_counter()
    found = identity.resolve(con, "main.records", at=AT, remember=folder / "memory")
    whole = time.perf_counter() - began
    began = time.perf_counter()
    memory = identity.Memory(folder / "memory")
    opened = time.perf_counter() - began
    seconds, told = [], []
    for records in (late, late.slice(0, 1), late.slice(0, 0)):
        began = time.perf_counter()
        told.append(identity.settle(con, memory, records, at=AT))
        seconds.append(time.perf_counter() - began)
    left, right = (int(key) for key in memory.keys[[0, memory.records // 2]])
    joined = identity.HumanDecision(left=left, right=right, kind="must_link", by="bench")
    people = sorted({known.person for key in (left, right) if (known := memory.of_key(key)) is not None})
    began = time.perf_counter()
    identity.settle(con, memory, pa.table(late.slice(0, 0)), around=people, decisions=[joined], at=AT)
    verdict = time.perf_counter() - began
    size = sum(path.stat().st_size for path in (folder / "memory").iterdir())
    return {
        "records": memory.records, "people": found.counts["people"], "whole_seconds": round(whole, 1),
        "open_seconds": round(opened, 4), f"settle_{HELD}_seconds": round(seconds[0], 2),
        "looked_at": told[0].resolution.counts["records"], "settle_1_seconds": round(seconds[1], 3),
        "settle_0_seconds": round(seconds[2], 3), "verdict_seconds": round(verdict, 3),
        "ratio": round(seconds[0] / whole, 5), "memory_mb": round(size / 1e6, 1),
    }  # fmt: skip
