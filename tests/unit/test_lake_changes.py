"""Versions are closed and rows replaced as asked, however many they are and wherever they stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from filrouge.store import lake as lakes
from filrouge.store.lake import Lake, arrow_schema

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TABLE = "links"


def append(lake: Lake, folder: Path, run: str, keys: list[int], *, person: str = "p") -> None:
    schema = arrow_schema(TABLE)
    told: dict[str, Any] = {"run_id": run, "recorded_at": NOW, "source": "s", "person": person}
    rows = [told | {"record_key": key} for key in keys]
    file = folder / f"{run}.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), file)
    lake.append(TABLE, [file], run=run)


def closing(keys: list[int]) -> pa.Table:
    at = pa.array([NOW + timedelta(days=1)] * len(keys), pa.timestamp("us", tz="UTC"))
    return pa.table({"record_key": pa.array(keys, pa.int64()), "superseded_at": at})


def standing(lake: Lake) -> set[tuple[str, int]]:
    rows = pq.read_table(lake.files(TABLE), columns=["run_id", "record_key", "superseded_at", "superseded_run"])
    for row in rows.to_pylist():
        assert (row["superseded_at"] is None) is (row["superseded_run"] is None)
    return {(row["run_id"], row["record_key"]) for row in rows.to_pylist() if row["superseded_at"] is None}


@pytest.mark.parametrize("few", [100, 1])
def test_the_versions_of_some_keys_are_closed_whichever_way_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(lakes, "FEW", few)
    lake = Lake(tmp_path / "lake")
    for run, keys in (("a", [1, 2, 3]), ("b", [4, 5]), ("c", [2, 4, 9])):
        append(lake, tmp_path, run, keys)
    lake.supersede(TABLE, closing([2, 4, 9]), run="c")
    assert standing(lake) == {("a", 1), ("a", 3), ("b", 5), ("c", 2), ("c", 4), ("c", 9)}
    before = lake.versions(TABLE)
    lake.supersede(TABLE, closing([2, 4, 9]), run="c")
    assert lake.versions(TABLE) == before, "asked again, nothing is done again"


def test_a_table_that_holds_none_of_the_keys_is_left_alone(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    append(lake, tmp_path, "a", [1, 2])
    before = lake.versions(TABLE)
    lake.supersede(TABLE, closing([7, 8]), run="b")
    assert lake.versions(TABLE) == before
    assert standing(lake) == {("a", 1), ("a", 2)}


@pytest.mark.parametrize("few", [100, 1])
def test_rows_of_some_people_go_whatever_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(lakes, "FEW", few)
    lake = Lake(tmp_path / "lake")
    for run, person in (("a", "o'brien"), ("b", "q"), ("c", "x' OR '1'='1")):
        append(lake, tmp_path, run, [ord(run)], person=person)
    assert lake.remove(TABLE, "person", pa.array(["o'brien", "nobody' OR 'a'='a"])) == 1
    assert {run for run, _ in standing(lake)} == {"b", "c"}


@pytest.mark.parametrize("few", [100, 1])
def test_versions_are_closed_in_files_that_were_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(lakes, "FEW", few)
    lake = Lake(tmp_path / "lake")
    append(lake, tmp_path, "a", [1, 2, 3, 4])
    for run, keys in (("b", [1, 2]), ("c", [2, 3]), ("d", [1, 4])):
        append(lake, tmp_path, run, keys)
        lake.supersede(TABLE, closing(keys), run=run)
    assert standing(lake) == {("c", 2), ("c", 3), ("d", 1), ("d", 4)}
