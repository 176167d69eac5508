"""The collector as granian serves it, killed at any moment: what it answered 200 is there, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import sending


@pytest.mark.slow
def test_a_collector_killed_twenty_times_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    left = sending.kill_rounds(tmp_path / "home", 20)
    assert left.acknowledged > 1_000
    assert (left.stored, left.lost, left.doubled) == (left.acknowledged, 0, 0)


@pytest.mark.slow
def test_nor_does_one_whose_spool_is_in_postgresql(tmp_path: Path, database: str) -> None:
    left = sending.kill_rounds(tmp_path / "home", 5, database=database)
    assert left.acknowledged > 100
    assert (left.stored, left.lost, left.doubled) == (left.acknowledged, 0, 0)
    assert not (tmp_path / "home/spool").exists()
