"""Segments: kept, counted, built, and asked why."""

from __future__ import annotations

from filrouge.work.segments.asking import Counted, Overlap, Why, count, members, overlap, why
from filrouge.work.segments.building import Built, ask, build, build_as
from filrouge.work.segments.desk import Desk, Scope
from filrouge.work.segments.following import TOGETHER, ask_anew
from filrouge.work.segments.inside import Inside, of_person
from filrouge.work.segments.verbs import archive, forget, keep, own, parsed, remove, scores

__all__ = [
    "TOGETHER", "Built", "Counted", "Desk", "Inside", "Overlap", "Scope", "Why", "archive", "ask", "ask_anew", "build",
    "build_as", "count", "forget", "keep", "members", "of_person", "overlap", "own", "parsed", "remove", "scores",
    "why",
]  # fmt: skip
