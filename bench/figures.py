"""What the measures share: clocks, memory of a process tree, percentiles, and the file a figure is written to."""

from __future__ import annotations

import json
import os
import platform
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
_PAGE, _TICK = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")


class Skipped(Exception):
    """A figure cannot be measured here; the message says why."""


def keep(name: str, **figure: Any) -> None:
    """Write a figure, with the machine and the moment, and print it."""
    RESULTS.mkdir(exist_ok=True)
    machine = {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    whole = {"figure": name, "at": datetime.now(UTC).isoformat(timespec="seconds"), **figure, "machine": machine}
    (RESULTS / f"{name}.json").write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{name}: {json.dumps(figure, ensure_ascii=False)}")


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p95, p99 and the longest, in milliseconds."""
    ordered = sorted(seconds)

    def at(part: float) -> float:
        return round(ordered[min(int(part * len(ordered)), len(ordered) - 1)] * 1000, 1)

    return {"p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": at(1.0)}


class Peak:
    """Watches the resident memory of a process and of all its children while it is open; ``mb`` is the most seen.

    Pages that processes share are counted once for each, as a limit on memory would not: the figure errs upward.
    """

    def __init__(self, pid: int | None = None, every: float = 0.2) -> None:
        self._pid = pid or os.getpid()
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.mb = 0.0

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(self._every):
            self.mb = max(self.mb, tree_mb(self._pid))


def tree_mb(root: int) -> float:
    """Return the resident memory of the process ``root`` and all that descend from it, in MB."""
    pages, _ = _tree(root)
    return round(pages * _PAGE / 1e6, 1)


def tree_seconds(root: int) -> float:
    """Return the processor time of the process ``root`` and all that descend from it."""
    _, ticks = _tree(root)
    return ticks / _TICK


def _tree(root: int) -> tuple[int, int]:
    parents: dict[int, int] = {}
    pages: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
                pages[int(entry.name)] = int((entry / "statm").read_text().split()[1])
                ticks[int(entry.name)] = int(stat[11]) + int(stat[12])
                parents[int(entry.name)] = int(stat[1])
            except (OSError, ValueError, IndexError):
                continue
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(pages.get(pid, 0) for pid in family), sum(ticks.get(pid, 0) for pid in family)


class Watch:
    """A stop-watch that also tells what each named step took, and the processor time of this process."""

    def __init__(self) -> None:
        self._began = self._since = time.perf_counter()
        self._busy = time.process_time()
        self.seconds = self.cpu = 0.0
        self.steps: dict[str, float] = {}
        self._step = "start"

    def step(self, name: str) -> None:
        """End the step that runs, and begin the one called ``name``."""
        if name != self._step:
            now = time.perf_counter()
            self.steps[self._step] = round(self.steps.get(self._step, 0) + now - self._since, 2)
            self._step, self._since = name, now

    def stop(self) -> None:
        """End the last step."""
        self.step("")
        self.seconds = round(time.perf_counter() - self._began, 2)
        self.cpu = round(time.process_time() - self._busy, 2)
