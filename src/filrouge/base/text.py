"""Folding of text: what search, matching and keys mean by "the same letters"."""

from __future__ import annotations

import unicodedata

_SPECIAL = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i"})


def fold(text: str) -> str:
    """Return ``text`` in lower case without accents, apostrophes and hyphens turned to single spaces."""
    lowered = text.casefold().translate(_SPECIAL)
    bare = "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in bare).split())
