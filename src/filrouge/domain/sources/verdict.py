"""Whether a run looks right: volume, rejects and freshness against what its owner expects and what came before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from filrouge.domain.sources.form import duration
from filrouge.domain.sources.spec import Expect


@dataclass(frozen=True)
class Counts:
    """What became of the rows of a run: read = new + changed + unchanged + rejected, and nothing is lost."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    matched: int = 0
    vanished: int = 0
    warned: int = 0

    @property
    def lost(self) -> int:
        return self.read - self.new - self.changed - self.unchanged - self.rejected

    def plain(self) -> dict[str, int]:
        """Return the counts in the order people read them."""
        return {
            "read": self.read,
            "new": self.new,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "matched": self.matched,
            "vanished": self.vanished,
            "lost": self.lost,
        }


@dataclass(frozen=True)
class Finding:
    """Something a run's owner should look at: a code and the parameters of its sentence."""

    code: str
    params: dict[str, Any]


def judge(
    counts: Counts, expect: Expect, *, before: Sequence[int] = (), newest: datetime | None = None, at: datetime
) -> tuple[str, list[Finding]]:
    """Return "right" or "doubtful" and why.

    ``before``: rows read by earlier runs, latest first; ``newest``: latest date seen in the rows.
    """
    found: list[Finding] = []
    if counts.lost:
        found.append(Finding("rows_lost", {"lost": counts.lost}))
    if expect.rows.min is not None and counts.read < expect.rows.min:
        found.append(Finding("too_few_rows", {"read": counts.read, "min": expect.rows.min}))
    if expect.rows.max is not None and counts.read > expect.rows.max:
        found.append(Finding("too_many_rows", {"read": counts.read, "max": expect.rows.max}))
    if counts.read and counts.rejected / counts.read > expect.rejects_below:
        found.append(Finding("many_rejects", {"share": round(counts.rejected / counts.read, 4)}))
    if before and counts.read < 0.5 * before[0]:
        found.append(Finding("volume_fell", {"read": counts.read, "before": before[0]}))
    if expect.fresh_within and newest is not None:
        allowed = duration(expect.fresh_within)
        if allowed is not None and at - newest > allowed:
            hours = int((at - newest).total_seconds() // 3600)
            found.append(Finding("stale", {"hours": hours, "newest": newest.isoformat()}))
    return ("doubtful" if found else "right"), found
