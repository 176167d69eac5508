"""The spool in files: whose they are, when they go, and what a full disk does to them."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.spooling import entry, numbers

from filrouge.spool import SqliteSpool, sqlite


@pytest.fixture
def spool(tmp_path: Path) -> SqliteSpool:
    return SqliteSpool(tmp_path / "spool")


def test_what_had_its_effect_is_forgotten_and_an_empty_file_goes_once_nobody_writes_it(spool: SqliteSpool) -> None:
    spool.append([entry(1), entry(2), entry(3)])
    (file,) = spool.files()
    held = spool.read(file, 0, 10)
    spool.forget(held[1].place)
    assert numbers(spool) == [3]
    spool.forget(held[2].place)
    assert (numbers(spool), list(spool.files())) == ([], [file]), "its writer goes on in it"
    spool.append([entry(4)])
    spool.close()
    (left,) = spool.read(file, 0, 10)
    assert left.place.number > 0
    spool.forget(left.place)
    assert list(spool.files()) == []
    assert spool.read(file, 0, 10) == []
    assert list(spool.files()) == [], "reading does not make it anew"


def test_what_is_appended_while_somebody_forgets_is_never_lost(
    spool: SqliteSpool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = SqliteSpool(tmp_path / "spool")
    spool.append([entry(1)])
    (file,) = reader.files()
    place = reader.read(file, 0, 10)[0].place
    real = sqlite._asked

    def late(path: Path, sql: str, values: tuple[int, ...], **more: Any) -> Any:
        found = real(path, sql, values, **more)
        if sql.startswith("DELETE"):  # between the two, the writer keeps another and stops
            spool.append([entry(2)])
            spool.close()
        return found

    monkeypatch.setattr(sqlite, "_asked", late)
    reader.forget(place)
    assert numbers(reader) == [2]


def test_a_writer_whose_file_was_removed_goes_on_in_another(spool: SqliteSpool, tmp_path: Path) -> None:
    spool.append([entry(1)])
    for path in (tmp_path / "spool").iterdir():
        path.unlink()
    spool.append([entry(2)])
    assert numbers(spool) == [2], "what is answered is there"


def test_a_file_that_is_no_spool_any_more_is_left_and_the_next_append_goes_on(
    spool: SqliteSpool, tmp_path: Path
) -> None:
    spool.append([entry(1)])
    (file,) = spool.files()
    for path in (tmp_path / "spool").glob(f"{file}*"):
        path.write_bytes(b"no database" * 1_000)
    refused = 0
    for _ in range(3):
        try:
            spool.append([entry(2)])
        except sqlite3.DatabaseError:
            refused += 1
    assert refused == 1
    spool.append([entry(3)])
    assert len(spool.files()) == 2


def test_a_file_that_is_large_enough_is_followed_by_another(tmp_path: Path) -> None:
    spool = SqliteSpool(tmp_path / "spool", largest=100_000)
    for number in range(40):
        spool.append([entry(number, size=10_000)])
    assert len(spool.files()) > 2
    assert numbers(spool) == list(range(40))


FILLER = """
import resource, sys
from pathlib import Path
from filrouge.spool import Entry, SpoolFull, SqliteSpool
folder, most = Path(sys.argv[1]), int(sys.argv[2])
if most:
    import signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
spool, kept = SqliteSpool(folder), 0
try:
    while kept < 100_000:
        spool.append([Entry("web", 0, 1, b"%d:" % kept + bytes(5_000))])
        kept += 1
except SpoolFull:
    print("full", kept)
for _ in range(5):
    try:
        spool.append([Entry("web", 0, 1, bytes(most or 9_000_000))])
    except SpoolFull:
        pass
for file in sys.argv[3:]:
    Path(file).unlink()
if most:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
spool.append([Entry("web", 0, 1, b"%d:" % kept)])
print("again", kept)
"""


def filled(folder: Path, most: int, *ballast: Path) -> int:
    done = subprocess.run(
        [sys.executable, "-c", FILLER, str(folder), str(most), *map(str, ballast)], capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    full, again = done.stdout.splitlines()
    assert full.startswith("full ")
    kept = int(full.split()[1])
    assert again == f"again {kept}"
    spool = SqliteSpool(folder)
    assert numbers(spool) == list(range(kept + 1))
    spool.sweep()
    assert all(spool.read(file, 0, 1) for file in spool.files()), "what a full disk refused leaves no file behind"
    return kept


def test_a_file_that_may_grow_no_more_says_so_keeps_what_it_has_and_goes_on_later(tmp_path: Path) -> None:
    assert filled(tmp_path / "spool", 3_000_000) > 100


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() or shutil.which("mount") is None:
        pytest.skip("a disk of its own needs root and mount")
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)], capture_output=True)
    if made.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_says_so_keeps_what_it_has_and_goes_on_once_there_is_room(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(2_000_000))
    assert filled(small_disk / "spool", 0, ballast) > 100


def test_a_folder_that_is_gone_is_not_taken_for_a_full_disk(tmp_path: Path) -> None:
    spool = SqliteSpool(tmp_path / "spool")
    (tmp_path / "spool").rmdir()
    with pytest.raises(FileNotFoundError):
        spool.append([entry(1)])
