"""Locks between the processes of an installation: files of the home folder, let go of when their holder ends."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from filrouge.base import settings

_mine = threading.local()  # what this thread holds already: it may ask again


@contextmanager
def held(name: str) -> Iterator[None]:
    """Hold the lock ``name``, after waiting for whoever has it; a thread that holds it already goes on.

    Take it before a transaction, never inside one: its holder may be waiting for that very transaction.
    """
    path = settings.get().home / f"{name}.lock"
    own: set[str] = _mine.__dict__.setdefault("names", set())
    if str(path) in own:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        own.add(str(path))
        try:
            yield
        finally:
            own.discard(str(path))
