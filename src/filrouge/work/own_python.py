"""Somebody's own Python, called in a process of its own: it may fail, run for ever or take all memory alone.

It is given the guarded SQL door as it stood at a moment, and gives back a table.
"""

from __future__ import annotations

import contextlib
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather

from filrouge.base.errors import Refused, UsageError
from filrouge.store.queries.tables import Desk

FAILED = 3  # what the process ends with when the function raised, which it tells on its last line


def call(entry: str, desk: Desk, moments: tuple[Any, ...], *, seconds: float) -> pa.Table:
    """Return what the function ``module:name`` answers to (sql, *moments).

    Raises UsageError when it fails, Refused when it takes longer than ``seconds``.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answer.arrow"
        task = pickle.dumps((sys.path, entry, desk, moments, str(path)))
        try:
            done = subprocess.run(
                [sys.executable, "-m", "filrouge.work.own_python"], input=task, capture_output=True, timeout=seconds,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Refused(
                "The function {entry} ran longer than {seconds} seconds and was stopped.", hint="Make it quicker.",
                entry=entry, seconds=f"{seconds:g}",
            ) from None  # fmt: skip
        if done.returncode:
            last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            why = last[:200] if done.returncode == FAILED else f"the process ended with {done.returncode}"
            raise UsageError(
                "The function {entry} failed: {why}.", hint="Mend it, then try again.", entry=entry, why=why
            )
        return feather.read_table(path)


def answer(function: Callable[..., Any], desk: Desk, moments: tuple[Any, ...]) -> pa.Table:
    """Return what ``function`` answers, as a table."""
    from filrouge.domain.scores.own import as_table

    return as_table(function(desk.run, *moments))


def _serve() -> int:
    path, entry, desk, moments, into = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - from our own process
    sys.path[:] = path
    module, _, name = entry.partition(":")
    try:
        with contextlib.redirect_stdout(sys.stderr):
            table = answer(getattr(import_module(module), name), desk, moments)
    except Exception as error:  # noqa: BLE001 - told by its kind and its place: its words may hold somebody's data
        at = error.__traceback__
        while at is not None and at.tb_next is not None:
            at = at.tb_next
        where = f" at line {at.tb_lineno} of {Path(at.tb_frame.f_code.co_filename).name}" if at else ""
        sys.stderr.write(f"\n{type(error).__name__}{where}\n")
        return FAILED
    feather.write_feather(table, into)
    return 0


if __name__ == "__main__":
    raise SystemExit(_serve())
