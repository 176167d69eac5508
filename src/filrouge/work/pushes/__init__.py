"""Pushes: segments given to other tools, confirmed row by row, and taken back from them."""

from __future__ import annotations

from filrouge.work.pushes.asking import Delivered, rows
from filrouge.work.pushes.destinations import check, keep_destination, remove_destination
from filrouge.work.pushes.owing import held_of, owe
from filrouge.work.pushes.running import ask, run, run_as, take_up
from filrouge.work.pushes.verbs import empty, keep, pause, remove, resume, wake

__all__ = [
    "Delivered", "ask", "check", "empty", "held_of", "keep", "keep_destination", "owe", "pause", "remove",
    "remove_destination", "resume", "rows", "run", "run_as", "take_up", "wake",
]  # fmt: skip
