"""Who goes first where a file has one writer at a time: events on their way to pages, then what may take its time.

SQLite lets whoever asks again at the right moment write next, so that a turn of ten short transactions would wait ten
times for one who writes all along. A lock file of the home folder tells the others that such a turn is under way.
Nothing hangs on it but speed: it is never waited for longer than ``PATIENCE``.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from filrouge.base import settings

PATIENCE = 1.0  # seconds that whoever is in no hurry lets others go first, at most
AGAIN = 0.005  # seconds between two looks


@contextmanager
def first() -> Iterator[None]:
    """Let those who are in no hurry wait with what they would write next."""
    with _file() as file:
        _locked(file, fcntl.LOCK_EX, 10 * AGAIN)
        yield  # closing the file lets go of the lock


def give_way() -> None:
    """Wait while somebody is in a hurry, ``PATIENCE`` at most."""
    with _file() as file:
        _locked(file, fcntl.LOCK_SH, PATIENCE)


def _file() -> IO[bytes]:
    path = settings.get().home / "hurry.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("ab")


def _locked(file: IO[bytes], how: int, patience: float) -> None:
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return
            time.sleep(AGAIN)
        else:
            return
