"""Pushes: people of a segment given to another tool, and taken back from it."""

from __future__ import annotations

from filrouge.domain.pushes.columns import COLUMNS, KEYS, choosable, faults
from filrouge.domain.pushes.plan import Plan, plan, wanted
from filrouge.domain.pushes.spec import KINDS, DestinationSpec

__all__ = ["COLUMNS", "KEYS", "KINDS", "DestinationSpec", "Plan", "choosable", "faults", "plan", "wanted"]
