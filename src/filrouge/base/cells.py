"""Cells of a file that a spreadsheet opens: none is taken for a formula, and each is given back as it was."""

from __future__ import annotations

import re

# What could begin a formula, behind spaces; the apostrophes that somebody wrote before it count, so that none is lost.
RISKY = r"^'* *[=+\-@\t\r]"
SHIELDED = r"^'('* *[=+\-@\t\r])"
_RISKY, _SHIELDED = re.compile(RISKY), re.compile(SHIELDED)


def neutral(cell: str) -> str:
    """Return ``cell`` so that no spreadsheet takes it for a formula: an apostrophe before what could begin one.

    One that somebody wrote there gets another in front of it: ``bare`` gives back either as it was.
    """
    return f"'{cell}" if _RISKY.match(cell) else cell


def bare(cell: str) -> str:
    """Return a cell as it was before ``neutral``."""
    return _SHIELDED.sub(r"\1", cell)
