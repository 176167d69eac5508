"""How long the sample group takes from nothing to pages, and how much memory the whole process tree takes.

``filrouge demo --no-serve`` is run as anybody would, in an empty home folder, ``--people`` people. The yardstick is
plain DuckDB reading every CSV and NDJSON file of the sample into Parquet, in the same run. Targets: with 20,000 people,
``make demo`` in five minutes with its installs; with 1,000,000, never more than 4 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from bench.figures import Peak, Skipped, keep


def run(given: argparse.Namespace) -> None:
    """Measure, and keep the figure ``chain``."""
    folder = Path(tempfile.mkdtemp(prefix="filrouge-bench-", dir=given.scratch))
    try:
        command = [sys.executable, "-m", "filrouge.cli", "demo", "--people", str(given.people), "--no-serve"]
        began = time.perf_counter()
        chain = subprocess.Popen(
            command,
            env={**os.environ, "FILROUGE_HOME": str(folder / "home")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with Peak(chain.pid) as peak:
            code = chain.wait()
        seconds = time.perf_counter() - began
        if code:
            raise Skipped(f"the chain ended with {code}")
        again = _again(command, folder)
        sample = folder / "home-sample"
        rows = json.loads((sample / "built.json").read_text(encoding="utf-8"))["rows"]
        yardstick = _duckdb(sample, folder)
        keep(
            "chain",
            people=given.people,
            rows=rows,
            seconds=round(seconds, 1),
            again_seconds=round(again, 1),
            duckdb_files_seconds=round(yardstick, 2),
            ratio=round(seconds / yardstick, 1),
            peak_mb=peak.mb,
            home_mb=round(sum(f.stat().st_size for f in (folder / "home").rglob("*") if f.is_file()) / 1e6, 1),
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _again(command: list[str], folder: Path) -> float:
    began = time.perf_counter()
    subprocess.run(
        command,
        env={**os.environ, "FILROUGE_HOME": str(folder / "home")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began


def _duckdb(sample: Path, folder: Path) -> float:
    began = time.perf_counter()
    with duckdb.connect(config={"memory_limit": "1GB"}) as con:
        for at, path in enumerate(sorted([*sample.rglob("*.csv"), *sample.rglob("*.ndjson")])):
            into = folder / f"plain-{at}.parquet"
            reader = "read_csv" if path.suffix == ".csv" else "read_ndjson"
            more = ", all_varchar = true, encoding = 'latin-1', ignore_errors = true" if path.suffix == ".csv" else ""
            con.execute(f"COPY (SELECT * FROM {reader}('{path}'{more})) TO '{into}' (FORMAT parquet)")
    return time.perf_counter() - began
