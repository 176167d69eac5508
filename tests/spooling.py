"""Entries that bear a number, for tests of the spool in both its forms."""

from __future__ import annotations

import time
from collections.abc import Callable

from filrouge.spool import Entry, Spool


def entry(number: int, *, size: int = 20) -> Entry:
    return Entry("web", 1_700_000_000_000_000 + number, 1, f"{number}:".encode().ljust(size, b"."))


def numbers(spool: Spool) -> list[int]:
    """Return the numbers of what waits, in order."""
    return [
        int(stored.entry.payload.split(b":")[0]) for file in spool.files() for stored in spool.read(file, 0, 1_000_000)
    ]


def soon(happens: Callable[[], bool]) -> None:
    """Wait for what happens in another process. Raises AssertionError when it does not."""
    for _ in range(600):
        if happens():
            return
        time.sleep(0.05)
    raise AssertionError("it does not happen")
