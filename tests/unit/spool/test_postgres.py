"""The spool in PostgreSQL: a server that stops, freezes, or drops a line loses nothing that was answered."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from tests.postgres import Server
from tests.spooling import entry, numbers

from filrouge.spool import SpoolAway, SpoolFull
from filrouge.spool.postgres import PostgresSpool


@pytest.fixture
def spool(database: str) -> Iterator[PostgresSpool]:
    made = PostgresSpool(database, patience=1)
    yield made
    made.close()


@pytest.fixture
def own(server: Server) -> Iterator[Server]:
    """Return a server that this test alone stops."""
    made = Server("fsync=off")
    yield made
    made.thaw()
    made.remove()


class Sender(threading.Thread):
    """Appends entry after entry and remembers which were answered; what was refused is never sent again."""

    def __init__(self, spool: PostgresSpool) -> None:
        super().__init__(daemon=True)
        self.spool, self.answered, self.refused, self.longest = spool, list[int](), list[int](), 0.0
        self.stopping = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.stopping.is_set():
            number, began = number + 1, time.monotonic()
            try:
                self.spool.append([entry(number)])
                self.answered.append(number)
            except SpoolAway:
                self.refused.append(number)
                self.stopping.wait(0.02)
            self.longest = max(self.longest, time.monotonic() - began)

    def until(self, happens: Callable[[], bool]) -> None:
        for _ in range(1_500):
            if happens():
                return
            time.sleep(0.02)
        raise AssertionError("it does not happen")

    def end(self) -> None:
        self.stopping.set()
        self.join(30)
        assert not self.is_alive()


def sent_through(server: Server, trouble: Callable[[Sender], None]) -> Sender:
    """Return what a sender heard while ``trouble`` came and went."""
    spool = PostgresSpool(server.address(), patience=1)
    sender = Sender(spool)
    sender.start()
    sender.until(lambda: len(sender.answered) > 20)
    trouble(sender)
    before = len(sender.answered)
    sender.until(lambda: len(sender.answered) > before + 20)
    sender.end()
    found = numbers(spool)
    assert len(found) == len(set(found)), "nothing is there twice"
    assert set(sender.answered) <= set(found), "nothing that was answered is lost"
    assert set(found) <= set(sender.answered) | set(sender.refused)
    spool.close()
    return sender


def test_a_server_that_stops_and_starts_again_loses_nothing_and_is_found_again(own: Server) -> None:
    def trouble(sender: Sender) -> None:
        own.stop()
        seen = len(sender.refused)
        sender.until(lambda: len(sender.refused) > seen + 5)
        own.start()

    assert sent_through(own, trouble).longest < 10


def test_a_server_that_freezes_is_told_in_time_and_what_was_answered_is_there(own: Server) -> None:
    def trouble(sender: Sender) -> None:
        own.freeze()
        sender.until(lambda: len(sender.refused) >= 2)
        own.thaw()

    assert sent_through(own, trouble).longest < 10, "nobody hangs"


def test_a_line_cut_at_any_moment_loses_nothing(own: Server) -> None:
    def trouble(sender: Sender) -> None:
        with psycopg.connect(own.address(), autocommit=True) as con:
            for round_ in range(20):
                con.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'filrouge spool'"
                )
                sender.until(lambda due=5 * round_: len(sender.answered) > due)

    sent_through(own, trouble)


def test_a_line_cut_in_the_middle_of_an_append_keeps_nothing_of_it(database: str, spool: PostgresSpool) -> None:
    spool.append([entry(1)])
    refused: list[Exception] = []

    def append() -> None:
        try:
            spool.append([entry(2), entry(3)])
        except SpoolAway as away:
            refused.append(away)

    with psycopg.connect(database) as holder, psycopg.connect(database, autocommit=True) as killer:
        holder.execute("LOCK TABLE spool.entries IN SHARE MODE")
        waiting = threading.Thread(target=append)
        waiting.start()
        for _ in range(500):
            found = killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'filrouge spool' AND wait_event_type = 'Lock'"
            ).fetchall()
            if found:
                break
            time.sleep(0.01)
        waiting.join(10)
    assert len(refused) == 1
    spool.append([entry(4)])
    assert numbers(spool) == [1, 4]
    assert len(spool.files()) == 2, "after a fault another file is begun"


def test_an_append_that_waits_for_somebody_is_given_up_in_time(database: str, spool: PostgresSpool) -> None:
    spool.append([entry(1)])
    with psycopg.connect(database) as holder:
        holder.execute("LOCK TABLE spool.entries IN SHARE MODE")
        with pytest.raises(SpoolAway):
            spool.append([entry(2)])
    spool.append([entry(3)])
    assert numbers(spool) == [1, 3]


def test_a_commit_is_on_the_disk_whatever_the_database_says(database: str, spool: PostgresSpool) -> None:
    with psycopg.connect(database, autocommit=True) as con:
        con.execute("ALTER ROLE postgres SET synchronous_commit = off")
        try:
            with psycopg.connect(database) as other:
                assert other.execute("SHOW synchronous_commit").fetchone() == ("off",)
            for line in (spool._writing, spool._reading):
                assert line.ask(lambda own: own.execute("SHOW synchronous_commit").fetchone()) == ("on",)
        finally:
            con.execute("ALTER ROLE postgres RESET synchronous_commit")


def test_several_who_begin_at_once_make_one_table(database: str) -> None:
    spools = [PostgresSpool(database) for _ in range(8)]
    faults: list[Exception] = []

    def begin(spool: PostgresSpool, number: int) -> None:
        try:
            spool.append([entry(number)])
        except Exception as fault:  # noqa: BLE001 told below
            faults.append(fault)

    threads = [threading.Thread(target=begin, args=(spool, n)) for n, spool in enumerate(spools)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(numbers(spools[0])) == list(range(8))
    for spool in spools:
        spool.close()


@pytest.fixture
def small_place() -> Iterator[Path]:
    """Return a folder on a disk of 8 MB, which the server may write."""
    if os.geteuid() or shutil.which("mount") is None:
        pytest.skip("a disk of its own needs root and mount")
    place = Path("/tmp") / f"filrouge-disk-{os.getpid()}"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=777", "tmpfs", str(place)], capture_output=True)
    if made.returncode:
        place.rmdir()
        pytest.skip("this machine lets nobody mount a small disk")
    inner = place / "tables"
    inner.mkdir()
    shutil.chown(inner, "nobody")
    inner.chmod(0o700)
    yield inner
    subprocess.run(["umount", "-l", str(place)], check=True)
    place.rmdir()


def test_a_full_disk_of_the_server_says_so_and_what_was_answered_stays(own: Server, small_place: Path) -> None:
    ballast = small_place.parent / "ballast"
    ballast.write_bytes(bytes(2_000_000))
    spool, kept = PostgresSpool(own.address()), 0
    spool.append([entry(kept)])
    with psycopg.connect(own.address(), autocommit=True) as con:
        con.execute(f"CREATE TABLESPACE small LOCATION '{small_place}'")
        con.execute("ALTER TABLE spool.entries SET TABLESPACE small")
    full = False
    while not full and kept < 100_000:
        try:
            spool.append([entry(kept + 1, size=5_000)])
            kept += 1
        except SpoolFull:
            full = True
    assert full
    assert kept > 100
    ballast.unlink()
    spool.append([entry(kept + 2)])
    assert numbers(spool) == [*range(kept + 1), kept + 2]
    spool.close()
