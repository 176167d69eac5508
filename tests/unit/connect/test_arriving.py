"""Files are read once they are whole, and once each, whatever their name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.connect.places import read, rows, spec

from filrouge.base.errors import DefinitionError, SourceError
from filrouge.connect import Reach, connector
from filrouge.connect.paths import written

HEAD = "id,nom,ville,vu_le\n"


def lay(folder: Path, **files: str) -> None:
    for name, people in files.items():
        (folder / f"{name}.csv").write_text(HEAD + "".join(f"{one},,,\n" for one in people), encoding="utf-8")


def ids(source: Any, folder: Path) -> list[str]:
    return [found[1] for found in rows(read(source, Reach(folder)), "id")]


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], list[float]]:
    """Return what has something done between two looks; hold how long each would have waited."""

    def during(act: Callable[[], object]) -> list[float]:
        waits: list[float] = []

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            act()

        monkeypatch.setattr("filrouge.connect.paths.time.sleep", sleep)
        return waits

    return during


def test_a_file_that_still_grows_is_looked_at_again_until_it_does_not(
    tmp_path: Path, between: Callable[[Callable[[], object]], list[float]]
) -> None:
    lay(tmp_path, a="1")
    more = iter(["12", "123"])

    def grow() -> None:
        lay(tmp_path, a=next(more, "123"))
        os.utime(tmp_path / "a.csv", (1e9, 1e9))

    waits = between(grow)
    source = spec("csv", "a.csv", arrives={"settle": "10s"})
    assert ids(source, tmp_path) == ["1", "2", "3"]
    assert waits == [10, 10, 10]
    connector("csv").check(source, Reach(tmp_path))
    assert len(waits) == 3, "a check waits for nothing"


def test_a_file_that_never_stops_growing_is_told_and_nothing_is_read(
    tmp_path: Path, between: Callable[[Callable[[], object]], list[float]]
) -> None:
    lay(tmp_path, a="1", b="2")
    waits = between(lambda: lay(tmp_path, b="2" * (len(waits) + 2)))
    with pytest.raises(SourceError, match=r"The file b\.csv still changes after 6 looks, 2s apart") as told:
        ids(spec("csv", "*.csv", arrives={"settle": "2s"}), tmp_path)
    assert told.value.retryable


def test_a_file_without_its_marker_waits_and_the_marker_is_not_read(tmp_path: Path) -> None:
    lay(tmp_path, a="1", b="2")
    source = spec("csv", "*", arrives={"done": "{name}.done"})
    with pytest.raises(SourceError, match=r"none has its \{name\}\.done beside it") as told:
        ids(source, tmp_path)
    assert told.value.retryable
    (tmp_path / "b.csv.done").touch()
    assert ids(source, tmp_path) == ["2"]
    (tmp_path / "a.csv.done").touch()
    assert ids(source, tmp_path) == ["1", "2"]
    (tmp_path / "a.ok").touch()
    assert ids(spec("csv", "*.csv", arrives={"done": "{stem}.ok"}), tmp_path) == ["1"]


def test_the_same_file_under_two_names_is_read_once(tmp_path: Path) -> None:
    lay(tmp_path, a="12", b="34", c="12", d="1")
    chunks = read(spec("csv", "*.csv"), Reach(tmp_path))
    assert [found[1] for found in rows(chunks, "id")] == ["1", "2", "3", "4", "1"]
    assert [chunk.rows["_place"][0].as_py() for chunk in chunks] == ["a.csv", "b.csv", "d.csv"]
    assert connector("csv").count(spec("csv", "*.csv"), Reach(tmp_path)) == 5


def test_rows_are_as_of_when_the_files_that_are_whole_were_written(tmp_path: Path) -> None:
    lay(tmp_path, a="1", b="2")
    for at, name in enumerate(("a", "b")):
        os.utime(tmp_path / f"{name}.csv", (1_000 * (at + 1),) * 2)
    (tmp_path / "a.csv.done").touch()
    assert written(spec("csv", "*.csv"), Reach(tmp_path)).timestamp() == 2_000
    assert written(spec("csv", "*.csv", arrives={"done": "{name}.done"}), Reach(tmp_path)).timestamp() == 1_000


@pytest.mark.parametrize(
    ("kind", "arrives", "fault"),
    [
        ("csv", {"settle": "soon"}, "is not between 1s and 5m"),
        ("csv", {"settle": "0s"}, "is not between 1s and 5m"),
        ("csv", {"settle": "1h"}, "is not between 1s and 5m"),
        ("csv", {"done": ".done"}, "write {name} or {stem} once"),
        ("csv", {"done": "{name}"}, "write {name} or {stem} once"),
        ("csv", {"done": "../{name}.done"}, "and no folder"),
        ("rest", {"done": "{name}.done"}, "arrives: only a source of files takes it"),
    ],
)
def test_what_no_file_can_be_waited_for_by_is_told_with_the_definition(
    kind: str, arrives: dict[str, str], fault: str
) -> None:
    with pytest.raises(DefinitionError) as told:
        spec(kind, "https://x.example/people" if kind == "rest" else "*.csv", arrives=arrives)
    assert any(fault in one for one in told.value.faults)
