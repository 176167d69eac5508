"""Which new columns are likely to be one that is never kept, under another name."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Literal

from filrouge.domain.sources.naming import by_name, words

if TYPE_CHECKING:
    from filrouge.domain.sources.shapes import Sketch

Named = Literal["same_name", "same_meaning", "like_name"]
LIKE = 0.7  # how like a name is from which a column is taken for one that is never kept
CAREFUL = frozenset({"bank_account", "national_id"})  # what a column that is never kept most often holds
VAGUE = frozenset({"", "label", "text", "unknown", "category", "number", "identifier", "yes_no", "nested", "date"})


def likely(held: Sketch, gone: Sequence[str]) -> bool:
    """Tell whether a column is likely to be one of those never kept that are ``gone``: by its name or what it holds."""
    means = {held.meaning, held.content} - VAGUE
    return any(named(was, held.name)[0] >= LIKE or by_name(was) in means for was in gone)


def named(was: str, other: str) -> tuple[float, Named]:
    """Return how like two names are (0 to 1), and in what."""
    one, two = words(was).replace(" ", ""), words(other).replace(" ", "")
    if one and one == two:
        return 1.0, "same_name"
    if (meaning := by_name(was)) is not None and meaning == by_name(other) and meaning not in VAGUE:
        return 0.85, "same_meaning"
    like = SequenceMatcher(None, one, two).ratio() if one and two else 0.0
    if min(len(one), len(two)) >= 3 and (one in two or two in one):
        like = max(like, 0.7)
    return like, "like_name"
