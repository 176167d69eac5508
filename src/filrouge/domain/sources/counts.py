"""What became of the rows of a run."""

from __future__ import annotations

from dataclasses import dataclass


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
    left_out: int = 0  # of the rejected, by hand

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
