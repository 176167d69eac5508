"""Faults that a long-lived process meets: whose they are, and what of them may be told."""

from __future__ import annotations

import traceback
from pathlib import Path

from django.db import InterfaceError, OperationalError

from filrouge.base.errors import StorageError
from filrouge.spool import SpoolAway


def away(error: BaseException) -> bool:
    """Tell whether a fault is of what the drainer stands on, a disk or a database, and not of what it reads."""
    if isinstance(error, OSError | SpoolAway | StorageError):
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)  # PostgreSQL's; a limit of the program is no absence
    return state is None or state[:2] in ("08", "25", "40", "53", "55", "57", "58")


def told(error: BaseException) -> str:
    """Return what may be told of a fault: its kind and place, as its words may hold what a sender sent."""
    kinds = [type(error).__name__, *([type(error.__cause__).__name__] if error.__cause__ else [])]
    frames = traceback.extract_tb((error.__cause__ or error).__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{' from '.join(kinds)}{where}"
