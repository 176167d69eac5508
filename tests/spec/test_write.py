"""What an engine writes is all there, in one file or in several."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest


@pytest.mark.parametrize("largest", [0, 400_000])
def test_every_row_is_in_exactly_one_of_the_files(engine: Any, largest: int, tmp_path: Path) -> None:
    rows = 400_000
    numbers = engine.load("numbers", pa.table({"n": pa.array(range(rows), pa.int64())}))
    written = engine.write(numbers.mutate(word=numbers.n.cast("string")), str(tmp_path / "a.parquet"), largest=largest)
    files = sorted(tmp_path.glob("a.*parquet"))
    assert written == rows
    assert tmp_path / "a.parquet" in files
    assert [path.name for path in tmp_path.iterdir() if path not in files] == []
    found = pa.concat_tables([pq.read_table(path, columns=["n"]) for path in files])["n"].to_pylist()
    assert sorted(found) == list(range(rows))
    assert len(files) == 1 or largest


def test_nothing_to_write_is_one_file_without_rows(engine: Any, tmp_path: Path) -> None:
    none = engine.load("none", pa.table({"n": pa.array([1], pa.int64())})).filter(ibis.literal(False))
    assert engine.write(none, str(tmp_path / "a.parquet"), largest=1_000_000) == 0
    assert pq.read_metadata(tmp_path / "a.parquet").num_rows == 0
