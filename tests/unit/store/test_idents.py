"""Keys that were taken are known for good: across runs, joins and crashes; those of a run that failed are not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from filrouge.store.idents import TOGETHER, Idents


def keys(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def all_of(names: Iterable[str]) -> set[str]:
    return set(names)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(some.lists(some.sets(some.integers(0, 200), min_size=1, max_size=20), max_size=30))
def test_what_was_admitted_is_known_and_nothing_else(tmp_path: Path, runs: list[set[int]]) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    idents = Idents(folder)
    for at, run in enumerate(runs):
        idents.write(f"run-{at}", keys(*run))
        idents.admit(f"run-{at}")
    asked = np.arange(-1, 202)
    taken = set().union(*runs)
    assert idents.known(asked).tolist() == [int(key) in taken for key in asked]
    again = Idents(folder)
    again.open(counts=all_of)
    assert again.known(asked).tolist() == [int(key) in taken for key in asked]


def test_segments_of_like_size_are_joined(tmp_path: Path) -> None:
    idents = Idents(tmp_path)
    for at in range(TOGETHER * 3):
        idents.write(f"run-{at}", keys(at * 2, at * 2 + 1))
        idents.admit(f"run-{at}")
    assert len(list(tmp_path.glob("*.npy"))) <= TOGETHER + 2
    assert idents.count == TOGETHER * 6


def test_the_keys_of_a_run_that_came_to_nothing_are_forgotten(tmp_path: Path) -> None:
    idents = Idents(tmp_path)
    idents.write("good", keys(1))
    idents.write("bad", keys(2))
    (tmp_path / "half.part").write_bytes(b"cut short")
    again = Idents(tmp_path)
    again.open(counts=lambda names: {"good"} & set(names))
    assert again.known(keys(1, 2)).tolist() == [True, False]
    assert [path.name for path in tmp_path.iterdir()] == ["good.keys.npy"]
