"""Two values side by side, what differs marked letter by letter."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from filrouge.base.text import fold

Piece = tuple[str, bool]  # some letters, and whether the other side does not have them
CLOSE = 0.7  # from here on, what differs may be a slip of the pen
LEAST = 3  # letters in a row, inside a word, that two values have in common and not by accident
ALIKE = 0.5  # below, two values are two values: marking letters would be noise


def pieces(mine: str, theirs: str) -> tuple[Sequence[Piece], Sequence[Piece]]:
    """Return both values in pieces; capitals and the order of words are no difference, accents are."""
    one, other = ("".join(_small(letter) for letter in text) for text in (mine, theirs))
    if one == other or _reordered(mine, theirs):
        return [(mine, False)], [(theirs, False)]
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.ratio() < ALIKE:
        return [(mine, False)], [(theirs, False)]
    blocks = matcher.get_opcodes()
    same = [
        tag == "equal" and (j - i >= LEAST or number in (0, len(blocks) - 1))
        for number, (tag, i, j, _, _) in enumerate(blocks)
    ]
    left: list[Piece] = []
    right: list[Piece] = []
    for (_, i, j, k, m), alike in zip(blocks, same, strict=True):
        _add(left, mine[i:j], not alike)
        _add(right, theirs[k:m], not alike)
    return left, right


def verdict(mine: str, theirs: str) -> str:
    """Return same, close or different; nothing when one of them is missing."""
    if not mine or not theirs:
        return ""
    if fold(mine) == fold(theirs) or _reordered(mine, theirs):
        return "same"
    short, long = sorted((fold(mine), fold(theirs)), key=len)
    if len(short) == 1 and long.startswith(short):  # an initial
        return "close"
    one, other = mine.casefold(), theirs.casefold()
    return "close" if SequenceMatcher(None, one, other, autojunk=False).ratio() >= CLOSE else "different"


def _reordered(mine: str, theirs: str) -> bool:
    """Tell whether both are the same words in another order, as a family name before or after the given one."""
    return sorted(fold(mine).split()) == sorted(fold(theirs).split())


def _add(pieces_: list[Piece], text: str, differs: bool) -> None:
    """Add some letters to a value, to the last piece when it is of the same kind."""
    if text and pieces_ and pieces_[-1][1] is differs:
        pieces_[-1] = (pieces_[-1][0] + text, differs)
    elif text:
        pieces_.append((text, differs))


def _small(letter: str) -> str:
    """Return a letter in lower case when that is one letter too, so that places stay the same."""
    low = letter.lower()
    return low if len(low) == 1 else letter
