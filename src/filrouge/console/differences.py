"""Two values side by side, what differs marked letter by letter."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from filrouge.base.text import fold

Piece = tuple[str, bool]  # some letters, and whether the other side does not have them
CLOSE = 0.7  # from here on, what differs may be a slip of the pen
ALIKE = 0.5  # below, two values are two values: marking letters would be noise


def pieces(mine: str, theirs: str) -> tuple[Sequence[Piece], Sequence[Piece]]:
    """Return both values in pieces; capitals do not count as a difference, accents do."""
    one, other = ("".join(_small(letter) for letter in text) for text in (mine, theirs))
    if one == other:
        return [(mine, False)], [(theirs, False)]
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.ratio() < ALIKE:
        return [(mine, False)], [(theirs, False)]
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        if mine[i:j]:
            left.append((mine[i:j], tag != "equal"))
        if theirs[k:m]:
            right.append((theirs[k:m], tag != "equal"))
    return left, right


def verdict(mine: str, theirs: str) -> str:
    """Return same, close or different; nothing when one of them is missing."""
    if not mine or not theirs:
        return ""
    if fold(mine) == fold(theirs):
        return "same"
    one, other = mine.casefold(), theirs.casefold()
    return "close" if SequenceMatcher(None, one, other, autojunk=False).ratio() >= CLOSE else "different"


def _small(letter: str) -> str:
    """Return a letter in lower case when that is one letter too, so that places stay the same."""
    low = letter.lower()
    return low if len(low) == 1 else letter
