"""Identity on the person records of a home folder (``--home``): the whole, a few records, and Splink beside it.

A thousand records are held back, the rest is resolved whole and memory laid; then the thousand are settled, one of
them, none, and two people are joined. Splink with its tutorial's settings trains, predicts and clusters the same
records in the same run: it is the yardstick. With ``--truth`` (``truth.parquet`` of the sample) both are compared with
who the records truly are. Targets at 1,000,000 people: a thousand records in 2 s, the whole in three times Splink's
own time, peak 4 GB, B-cubed precision .97, no person of more than 30 records.
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
import numpy as np
import pyarrow as pa

from bench.figures import Peak, Skipped, keep
from bench.tutorial import tutorial
from filrouge.domain import identity
from filrouge.domain.identity.evaluate import compare
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
            figures = _measure(files, folder, given)
        keep("identity", **figures, peak_mb=peak.mb)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(files: list[str], folder: Path, given: argparse.Namespace) -> dict[str, object]:
    con = duckdb.connect(config={"memory_limit": "2500MB", "temp_directory": str(folder / "spill")})
    listed = ", ".join(f"'{file}'" for file in files)
    con.execute(
        f"""CREATE VIEW current_records AS SELECT * FROM read_parquet([{listed}], union_by_name = true)
        WHERE superseded_at IS NULL"""
    )
    if given.share < 1:  # names stay together: people are whole, nearly
        kept = f"hash(left(lower(family_name), 3)) % 1000 < {int(given.share * 1000)}"
        con.execute(f"CREATE TABLE part AS SELECT record_key FROM current_records WHERE {kept}")
        con.execute("CREATE VIEW asked_records AS SELECT * FROM current_records SEMI JOIN part USING (record_key)")
    else:
        con.execute("CREATE VIEW asked_records AS SELECT * FROM current_records")
    con.execute(f"CREATE TABLE held AS SELECT record_key FROM asked_records ORDER BY hash(record_key) LIMIT {HELD}")
    con.execute("CREATE VIEW records AS SELECT * FROM asked_records ANTI JOIN held USING (record_key)")
    late = con.execute("SELECT r.* FROM asked_records r SEMI JOIN held USING (record_key)").to_arrow_table()
    began = time.perf_counter()
    with Peak(os.getpid()) as alone:
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
    ours = _against(con, found.assignment, given.truth)
    people_found = found.counts["people"]
    del found
    yardstick, cursor = tutorial(con, "main.records")
    theirs = _against(con, cursor.execute("SELECT record_key, person FROM found").to_arrow_table(), given.truth)
    cursor.close()
    size = sum(path.stat().st_size for path in (folder / "memory").iterdir())
    return {
        "records": memory.records, "people": people_found, "whole_seconds": round(whole, 1), "whole_peak_mb": alone.mb,
        "open_seconds": round(opened, 4), f"settle_{HELD}_seconds": round(seconds[0], 2),
        "looked_at": told[0].resolution.counts["records"], "settle_1_seconds": round(seconds[1], 3),
        "settle_0_seconds": round(seconds[2], 3), "verdict_seconds": round(verdict, 3),
        "splink_seconds": round(yardstick, 1), "ratio": round(whole / yardstick, 2), "memory_mb": round(size / 1e6, 1),
        "ours": ours, "splink": theirs,
    }  # fmt: skip


def _against(con: duckdb.DuckDBPyConnection, who: pa.Table, truth: Path | None) -> dict[str, object]:
    """Return how large people are, and how close they come to the truth where it is known."""
    con.register("who", who.select(["record_key", "person"]))
    (largest,) = con.execute("SELECT max(n) FROM (SELECT count(*) AS n FROM who GROUP BY person)").fetchall()[0]
    if truth is None:
        return {"largest": largest}
    rows = con.execute(
        f"""SELECT w.person AS mine, t.person::VARCHAR AS truly FROM who w JOIN records r USING (record_key)
        JOIN '{truth}' t ON t.source = r.source AND t.source_id = r.source_id"""
    ).to_arrow_table()
    mine, truly = (np.array(rows[name].to_pylist(), dtype=object) for name in ("mine", "truly"))
    return {"largest": largest, **compare(mine, truly)}
