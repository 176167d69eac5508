"""The live worker, killed at any moment: what was acknowledged has its effect, once, and its pages are the lake's."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import drained


@pytest.mark.slow
def test_a_live_worker_killed_twenty_times_loses_nothing_and_does_nothing_twice(tmp_path: Path) -> None:
    left = drained.kill_rounds(tmp_path / "home", 20)
    assert left.sent > 1_000
    assert (left.stored, left.lost, left.doubled, left.unaccounted) == (left.sent, 0, 0, 0)
    assert left.pages_equal


@pytest.mark.slow
def test_the_same_events_sent_ten_times_by_eight_clients_leave_what_they_leave_once(tmp_path: Path) -> None:
    once, often = drained.same_state(tmp_path, count=1_000)
    assert often["state"] == once["state"]
    assert (once["events"], often["ledger"]) == (1_000, [10_000, 1_000, 9_000, 0])
