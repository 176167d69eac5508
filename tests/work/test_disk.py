"""A full disk is a sentence; nothing is half-imported, and what was promised goes on once there is room."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.world import COLUMNS, World, person

from filrouge.base import settings
from filrouge.base.errors import StorageError
from filrouge.store.lake import Lake
from filrouge.store.models import Run
from filrouge.work import runs, sources


@pytest.fixture
def tiny(world: World, tmp_path: Path) -> Iterator[Path]:
    """Put the staging folder on a disk of 2 MB."""
    folder = settings.get().home / "staging"
    folder.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], check=False,
                             capture_output=True)  # fmt: skip
    if mounted.returncode:
        pytest.skip("only root may mount the small disk that this test fills")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def many(count: int) -> list[dict[str, str]]:
    return [person(str(at), f"Ada{at}", f"Byron{at * 7919}", mail=f"a{at * 104729}@example.com") for at in range(count)]


def test_an_import_that_fills_the_disk_leaves_nothing_behind_and_says_so(world: World, tiny: Path) -> None:
    name = world.people(*many(60_000), run=False)
    with pytest.raises(StorageError, match="The disk is full"):
        sources.run(name, by="test")
    run = Run.objects.get()
    assert run.state == Run.State.FAILED
    assert "disk is full" in run.problem
    assert world.rows("SELECT count(*) AS n FROM person_records") == [{"n": 0}]
    assert [path for path in tiny.rglob("*") if path.is_file()] == []
    world.write("crm.csv", COLUMNS, many(3))
    assert sources.run(name, by="test").new == 3, "and it works again once there is room"


def test_what_was_promised_waits_for_room_and_goes_on_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    name = world.people(*many(3), run=False)
    append = Lake.append

    def full(self: Any, table: str, *args: Any, **named: Any) -> None:
        if table == "source_records":
            raise OSError(errno.ENOSPC, "No space left on device")
        append(self, table, *args, **named)

    monkeypatch.setattr(Lake, "append", full)
    with pytest.raises(StorageError, match="kept aside"):
        sources.run(name, by="test")
    assert Run.objects.get().state == Run.State.STAGED
    assert world.rows("SELECT count(*) AS n FROM person_records") == [{"n": 0}], "half a run is not shown"
    runs.recover()
    assert Run.objects.get().state == Run.State.STAGED, "still full: it waits, and stops nobody"
    monkeypatch.setattr(Lake, "append", append)
    runs.recover()
    assert Run.objects.get().state == Run.State.COMMITTED
    assert world.rows("SELECT count(*) AS n FROM person_records") == [{"n": 3}]
    assert sources.run(name, by="test").unchanged == 3
