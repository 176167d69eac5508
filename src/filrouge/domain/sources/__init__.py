"""Sources: what a system's rows are, how they become canonical rows, and whether a run looks right."""

from __future__ import annotations

from filrouge.domain.sources.spec import SourceSpec

__all__ = ["SourceSpec"]
