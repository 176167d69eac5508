"""How many events a second a write key may send: beyond, its sender is asked to come back, and the others are not."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import ceil

AHEAD = 1.0  # seconds of events that may come at once
MOST = 10_000  # keys of which something is remembered; then those that owe nothing are forgotten


class Pace:
    """Counts by key until when what it sent takes, at ``rate`` events a second; 0 sets no bound.

    A batch is never cut: one that goes beyond is taken, and what follows it waits.
    """

    def __init__(self, rate: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self.rate, self._now = rate, now
        self._until: dict[str, float] = {}

    def wait(self, key: str) -> int:
        """Return after how many seconds the key may send again, 0 when it may now."""
        if not self.rate:
            return 0
        return max(0, ceil(self._until.get(key, 0.0) - self._now() - AHEAD))

    def took(self, key: str, count: int) -> None:
        """Say that ``count`` events came."""
        if not self.rate:
            return
        now = self._now()
        if len(self._until) >= MOST:
            self._until = {one: until for one, until in self._until.items() if until > now}
        self._until[key] = max(self._until.get(key, now), now) + count / self.rate
