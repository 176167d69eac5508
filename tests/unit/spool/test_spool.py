"""What was appended is there after whatever happens; what was forgotten is gone; nobody waits for anybody."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.spooling import entry, numbers

from filrouge.spool import Spool
from filrouge.spool.base import TOGETHER

Opened = Callable[[], Spool]


def test_what_is_appended_is_read_in_order_by_whoever_looks(opened: Opened) -> None:
    spool = opened()
    spool.append([entry(1), entry(2)])
    spool.append([entry(3, size=300_000)])
    other = opened()
    assert numbers(other) == [1, 2, 3]
    assert other.waiting() == 3
    (file,) = other.files()
    assert [stored.place.number for stored in other.read(file, 1, 1)] == [2]
    assert [stored.entry for stored in other.read(file, 0, 9)] == [entry(1), entry(2), entry(3, size=300_000)]


def test_however_long_requests_are_no_more_is_read_at_once_than_memory_holds(opened: Opened) -> None:
    spool, third = opened(), TOGETHER // 3 + 1
    spool.append([entry(1, size=third), entry(2, size=third), entry(3, size=third), entry(4, size=third)])
    (file,) = spool.files()
    read = [stored.place.number for stored in spool.read(file, 0, 200)]
    assert read == [1, 2, 3]
    assert [stored.place.number for stored in spool.read(file, 3, 200)] == [4]
    spool.append([entry(5, size=TOGETHER + 1), entry(6)])
    assert [stored.place.number for stored in spool.read(file, 4, 200)] == [5], "one at least, however long"


def test_a_spool_that_nobody_wrote_holds_nothing(opened: Opened) -> None:
    spool = opened()
    spool.sweep()
    assert (list(spool.files()), spool.waiting(), list(spool.read("gone", 0, 9))) == ([], 0, [])


def test_what_had_its_effect_is_forgotten_and_nothing_else(opened: Opened) -> None:
    spool, reader = opened(), opened()
    spool.append([entry(1), entry(2), entry(3)])
    (file,) = reader.files()
    reader.forget(reader.read(file, 0, 10)[1].place)
    assert (numbers(reader), reader.waiting()) == ([3], 1)
    spool.append([entry(4)])
    assert numbers(reader) == [3, 4]
    spool.close()
    place = reader.read(file, 0, 10)[-1].place
    for _ in range(2):  # twice is once
        reader.forget(place)
    reader.sweep()
    assert list(reader.files()) == []


def test_a_number_is_never_given_twice_in_a_file(opened: Opened) -> None:
    spool = opened()
    spool.append([entry(1)])
    (file,) = spool.files()
    first = spool.read(file, 0, 10)[0].place
    spool.forget(first)
    spool.append([entry(2)])
    assert spool.read(file, first.number, 10), "whoever drains goes on from where they were"


def test_files_are_told_the_oldest_first(opened: Opened) -> None:
    spools = [opened() for _ in range(5)]
    for number, spool in enumerate(spools):
        spool.append([entry(number)])
    assert numbers(spools[0]) == list(range(5))


def test_whoever_reads_from_where_they_were_misses_nothing_of_several_who_write_at_once(opened: Opened) -> None:
    spools, reader, found = [opened() for _ in range(3)], opened(), dict[str, list[int]]()

    def write(which: int) -> None:
        for number in range(40):
            spools[which].append([entry(which * 1_000 + number * 2), entry(which * 1_000 + number * 2 + 1)])

    threads = [threading.Thread(target=write, args=(which,)) for which in range(3)]
    for thread in threads:
        thread.start()
    while True:
        alive = any(thread.is_alive() for thread in threads)
        for file in reader.files():
            for stored in reader.read(file, 0, 7):
                found.setdefault(file, []).append(int(stored.entry.payload.split(b":")[0]))
                reader.forget(stored.place)
        if not alive and not reader.waiting():
            break
    assert sorted(found.values()) == [[which * 1_000 + number for number in range(80)] for which in range(3)]


WRITER = """
import sys
from pathlib import Path
from filrouge.spool import Entry, open_spool
spool, number = open_spool(Path(sys.argv[1]), sys.argv[2]), int(sys.argv[3])
while True:
    spool.append([Entry("web", 0, 1, b"%d:%s" % (number + n, b"." * 300)) for n in range(5)])
    sys.stdout.write(f"{number + 4}\\n")
    sys.stdout.flush()
    number += 5
"""


def test_a_writer_killed_at_any_moment_loses_nothing_that_it_answered(place: tuple[Path, str], opened: Opened) -> None:
    dice, acknowledged, start = random.Random(3), set[int](), 0
    rounds = 20 if place[1].startswith("sqlite") else 8  # to load the library of the server takes its time
    for _ in range(rounds):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(place[0]), place[1], str(start)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            answered = [int(writer.stdout.readline())]
            time.sleep(dice.uniform(0, 0.05))
            writer.send_signal(signal.SIGKILL)
            told = writer.stdout.read().splitlines(keepends=True)
        answered += [int(line) for line in told if line.endswith("\n")]
        acknowledged |= set(range(start, answered[-1] + 1))
        start = answered[-1] + 1_000_001
    spool = opened()
    found = numbers(spool)
    assert len(found) == len(set(found)), "nothing is there twice"
    assert acknowledged <= set(found), "nothing that was answered is lost"
    extra = len(found) - len(acknowledged)
    assert 0 <= extra <= rounds * 5, "at most the append under way"
    for file in spool.files():
        spool.forget(spool.read(file, 0, 1_000_000)[-1].place)
    assert list(spool.files()) == [], "what a killed writer left is nobody's"
