"""Segments: kept, counted, built, and asked why."""

from __future__ import annotations

from filrouge.work.segments.asking import Counted, Overlap, Why, count, members, overlap, why
from filrouge.work.segments.building import Built, ask, build, build_as
from filrouge.work.segments.desk import Desk, Scope
from filrouge.work.segments.verbs import archive, delete, forget, own, parsed, save, scores

__all__ = [
    "Built", "Counted", "Desk", "Overlap", "Scope", "Why", "archive", "ask", "build", "build_as", "count", "delete",
    "forget", "members", "overlap", "own", "parsed", "save", "scores", "why",
]  # fmt: skip
