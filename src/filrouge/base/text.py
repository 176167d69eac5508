"""Folding of text: what search, matching and keys mean by "the same letters"."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from filrouge.base.sound import skeleton, sound

_SPECIAL = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i"})


def fold(text: str) -> str:
    """Return ``text`` in lower case without accents, apostrophes and hyphens turned to single spaces."""
    lowered = text.casefold().translate(_SPECIAL)
    bare = "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in bare).split())


_PARTICLES = frozenset({"de", "du", "des", "d", "en", "et", "les", "lès", "sous", "sur", "aux", "von", "van", "der"})
_WORD = re.compile(r"[^\W\d_]+")


def in_case(text: str) -> str:
    """Return a name or a town written all in capitals, or all small, as people write it; any other is left as it is.

    ``SAINT-ÉTIENNE SUR MER`` is told as ``Saint-Étienne sur Mer``.
    """
    if len(text) < 3 or not (text.isupper() or text.islower()):
        return text
    small = text.lower()

    def word(found: re.Match[str]) -> str:
        inside = found.start() > 0
        return found[0] if inside and found[0] in _PARTICLES else found[0].capitalize()

    return _WORD.sub(word, small)


def kept(value: Any) -> Any:
    """Return ``value`` (text, or plain data holding some) without what no database keeps: NUL and halves of letters."""
    if isinstance(value, str):
        return value.encode("utf-8", "ignore").decode().replace("\x00", "")
    if isinstance(value, dict):
        return {kept(name): kept(inner) for name, inner in value.items()}
    return [kept(inner) for inner in value] if isinstance(value, list) else value


def whole(text: str, most: int = 2**63 - 1) -> int | None:
    """Return the number that ``text`` writes in the digits 0 to 9, None when it writes none or one beyond ``most``."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        return None
    found = int(text)
    return found if found <= most else None


def grams(token: str) -> set[str]:
    """Return the three-letter pieces of a word, its ends marked."""
    padded = f"^{token}$"
    return {padded[at : at + 3] for at in range(len(padded) - 2)}


def heard(token: str) -> list[str]:
    """Return the marks under which a word is found by ear, the closest first; none when it sounds like too little."""
    marks = (("~", sound(token), 3), ("=", skeleton(token), 4))
    return [f"{sign}{said}" for sign, said, least in marks if len(said) >= least]


def traces(token: str) -> set[str]:
    """Return what a misspelling leaves of a word: its three-letter pieces and how it sounds."""
    return {*grams(token), *heard(token)}
