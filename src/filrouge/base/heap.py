"""The memory of a process that lasts: what it no longer needs goes back to the machine, and is not waited for."""

from __future__ import annotations

import ctypes
import gc
import sys
import time
from functools import lru_cache
from typing import Any

EVERY = 3.0  # seconds between two times
_lasting = False
_last = float("-inf")  # when it was done last


def lasts() -> None:
    """Say that this process lasts: what is loaded by now stays, and is not looked through again and again."""
    global _lasting
    _lasting = True
    gc.collect()
    gc.freeze()


def let_go(*, at_once: bool = False) -> None:
    """Give back what nothing needs any more, where the process lasts.

    An engine that is closed stands in circles with what it held: hundreds of megabytes would wait for the collector.
    Whoever opens and closes one again and again spends no more than a moment of each few seconds on it; ``at_once``:
    what begins needs all that can be had.
    """
    global _last
    if not _lasting or (not at_once and time.monotonic() - _last < EVERY):
        return
    _last = time.monotonic()
    gc.collect()
    if (arrow := sys.modules.get("pyarrow")) is not None:  # which keeps what it freed for itself
        arrow.default_memory_pool().release_unused()
    if (trim := _trim()) is not None:
        trim(0)


@lru_cache(maxsize=1)
def _trim() -> Any:
    """Return what gives free memory back to the machine: glibc's; None where there is none."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return None
