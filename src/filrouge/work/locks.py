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
    with _asked(name, fcntl.LOCK_EX):
        yield


@contextmanager
def tried(name: str) -> Iterator[bool]:
    """Hold the lock ``name`` unless another has it, without waiting; tell whether it is held."""
    with _asked(name, fcntl.LOCK_EX | fcntl.LOCK_NB) as mine:
        yield mine


@contextmanager
def _asked(name: str, how: int) -> Iterator[bool]:
    path = settings.get().home / f"{name}.lock"
    own: set[str] = _mine.__dict__.setdefault("names", set())
    if str(path) in own:
        yield True
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as stream:
        try:
            fcntl.flock(stream, how)
        except BlockingIOError:
            mine = False
        else:
            mine = True
            own.add(str(path))
        try:
            yield mine
        finally:
            if mine:
                own.discard(str(path))
