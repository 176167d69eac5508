"""What DuckDB's functions on text and numbers answer, worked out in Python for one value at a time."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import Any

from rapidfuzz.distance import JaroWinkler, Levenshtein

Text = str | None
# a sign, or an e, with a blank behind is 0 to DuckDB
_NUMBER = re.compile(
    r"[ \t-\r]*([+-]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)|[+-](?=[ \t-\r]))"
    r"(?:[eE]([+-]?(?:\d+(?:_\d+)*\.?|(?=[ \t-\r]))))?[ \t-\r]*",
    re.ASCII,
)
_BASE = re.compile(r"[ \t-\r]*0(?:[xX]([0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)|[bB]([01]+(?:_[01]+)*))", re.ASCII)
_LARGEST_EXPONENT = 400
# letters whose other case takes several letters elsewhere, or none, and one in DuckDB
_LOWER, _UPPER = {"İ": "i"}, {"ß": "ẞ"}


def lower(text: Text) -> Text:
    """Return ``text`` in lower case, letter by letter."""
    if text is None or text.isascii():
        return None if text is None else text.lower()
    return "".join(map(_lower_letter, text))


def upper(text: Text) -> Text:
    """Return ``text`` in upper case, letter by letter."""
    if text is None or text.isascii():
        return None if text is None else text.upper()
    return "".join(map(_upper_letter, text))


@lru_cache(maxsize=4096)
def _lower_letter(letter: str) -> str:
    said = _LOWER.get(letter) or letter.lower()
    return said if len(said) == 1 else letter


@lru_cache(maxsize=4096)
def _upper_letter(letter: str) -> str:
    for said in (_UPPER.get(letter) or letter.upper(), letter.title()):
        if len(said) == 1:
            return said
    return letter


def strip_accents(text: Text) -> Text:
    """Return ``text`` without the marks that letters bear."""
    if text is None or text.isascii():
        return text
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.category(c).startswith("M"))
    return unicodedata.normalize("NFC", bare)


def trim(text: Text) -> Text:
    """Return ``text`` without the spaces at both ends; a tab is no space."""
    if text is None:
        return None
    if text.isascii():
        return text.strip(" ")
    start, end = 0, len(text)
    while start < end and unicodedata.category(text[start]) == "Zs":
        start += 1
    while end > start and unicodedata.category(text[end - 1]) == "Zs":
        end -= 1
    return text[start:end]


def left(text: Text, count: int) -> Text:
    """Return the first letters of ``text``; all but the last ones for a negative count."""
    return None if text is None else text[:count]


def right(text: Text, count: int) -> Text:
    """Return the last letters of ``text``; all but the first ones for a negative count."""
    if text is None:
        return None
    return text[-count:] if count else ""


def substr(text: Text, start: int, count: int | None = None) -> Text:
    """Return ``count`` letters of ``text`` from ``start``, the first being 1."""
    if text is None:
        return None
    return text[start - 1 :] if count is None else text[start - 1 : start - 1 + count]


def split_part(text: Text, mark: str, place: int) -> Text:
    """Return the part of ``text`` at ``place``, the first being 1; nothing beyond the last."""
    if text is None:
        return None
    parts = text.split(mark)
    return parts[place - 1] if place <= len(parts) else ""


def strpos(text: Text, mark: Text) -> int | None:
    """Return where ``mark`` first stands in ``text``, 0 when it does not."""
    return None if text is None or mark is None else text.find(mark) + 1


def contains(text: Text, part: Text) -> bool | None:
    """Tell whether ``text`` holds ``part``."""
    return None if text is None or part is None else part in text


def replace(text: Text, old: str, new: str) -> Text:
    """Return ``text`` with ``new`` for each ``old``."""
    return None if text is None else text.replace(old, new)


def split(text: Text, mark: str) -> list[str] | None:
    """Return the parts of ``text`` between marks."""
    return None if text is None else text.split(mark)


def joined(parts: list[str] | None, mark: str) -> Text:
    """Return ``parts`` with a mark between them."""
    return None if parts is None else mark.join(parts)


def length(text: Text) -> int | None:
    """Return the number of letters."""
    return None if text is None else len(text)


def absolute(number: Any) -> Any:
    """Return the number without its sign."""
    return None if number is None else abs(number)


def greatest(*values: Any) -> Any:
    """Return the greatest of the values that are there."""
    return max((value for value in values if value is not None), default=None)


def least(*values: Any) -> Any:
    """Return the least of the values that are there."""
    return min((value for value in values if value is not None), default=None)


def jaro_winkler(one: Text, other: Text) -> float | None:
    """Return the similarity of Jaro and Winkler, on bytes as DuckDB has it."""
    if one is None or other is None:
        return None
    if not one or not other:
        return 0.0
    if one.isascii() and other.isascii():
        return float(JaroWinkler.similarity(one, other))
    return float(JaroWinkler.similarity(one.encode(), other.encode()))


def levenshtein(one: Text, other: Text) -> int | None:
    """Return the number of letters to change, on bytes as DuckDB has it."""
    if one is None or other is None:
        return None
    if one.isascii() and other.isascii():
        return int(Levenshtein.distance(one, other))
    return int(Levenshtein.distance(one.encode(), other.encode()))


def whole(value: Any, bits: int) -> int | None:
    """Return what ``try_cast`` to a whole number of so many bits makes of a text or a truth, None when it is none."""
    if value is None or isinstance(value, int):
        return None if value is None else int(value)
    if value.isascii() and value.isdigit() and len(value) < 18:
        number = int(value)
    else:
        if based := _BASE.fullmatch(value):
            number = int(based[1] or based[2], 16 if based[1] else 2)
        elif found := _NUMBER.fullmatch(value):
            exact = _decimal(found[1]).scaleb(max(min(int(_decimal(found[2])), _LARGEST_EXPONENT), -_LARGEST_EXPONENT))
            number = int(exact.to_integral_value(ROUND_HALF_UP))
        else:
            return None
    return number if -(1 << (bits - 1)) <= number < 1 << (bits - 1) else None


def _decimal(said: str | None) -> Decimal:
    return Decimal(said) if said and any(letter.isdigit() for letter in said) else Decimal(0)


def both(one: Any, other: Any) -> bool | None:
    """``and`` of SQL: unknown unless one is false."""
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def either(one: Any, other: Any) -> bool | None:
    """``or`` of SQL: unknown unless one is true."""
    if one is True or other is True:
        return True
    return None if one is None or other is None else False


def opposite(value: Any) -> bool | None:
    """``not`` of SQL."""
    return None if value is None else not value


# --- regular expressions, of RE2 ---------------------------------------------------------------------------------------

_CASED = 0x1FFFF  # no letter beyond has a case
_SPACE = r"\t\n\f\r "
_NAMED = re.compile(r"\\(.)(?:\{(\w+)\})?")


@cache
def pattern(said: str) -> re.Pattern[str]:
    """Return an expression of RE2 as Python's, for the same matches. Raises ValueError when it may not match the same."""
    found: list[str] = []
    at, inside = 0, False
    said = said.replace(r"[^\p{L}\p{N}]", "\x00")  # the same as Python's own, which is quicker than its ranges
    while at < len(said):
        letter = said[at]
        if letter == "\\":
            name = _NAMED.match(said, at)
            if name is None:
                raise ValueError(said)
            if name[1] == "p" and name[2]:
                found.append(_class(name[2], inside))
                at = name.end()
            else:
                found.append(_escape(name[1], inside, said))
                at += 2
            continue
        if letter == "\x00":
            found.append(r"[\W_]")
            at += 1
            continue
        if letter == "[" and not inside:
            inside = True
            found.append("[")
            at += 1
            if said[at : at + 1] == "^":
                found.append("^")
                at += 1
            continue
        if letter == "]":
            inside = False
        if not inside and letter == "$":
            letter = r"\Z"
        if not inside and letter == "(" and said[at + 1 : at + 2] == "?" and said[at + 2 : at + 3] not in (":", "i"):
            raise ValueError(said)
        found.append("\\[" if letter == "[" else letter)
        at += 1
    return re.compile("".join(found))


def _escape(letter: str, inside: bool, said: str) -> str:
    match letter:
        case "s":
            return _SPACE if inside else f"[{_SPACE}]"
        case "S" if not inside:
            return f"[^{_SPACE}]"
        case "d":
            return "0-9" if inside else "[0-9]"
        case _ if not letter.isalnum():
            return "\\" + letter
    raise ValueError(said)


@cache
def _class(name: str, inside: bool) -> str:
    """Return the letters of a general category as ranges."""
    ranges, start = [], None
    last = _CASED if name in ("Lu", "Ll", "Lt") else sys.maxunicode
    for code in range(last + 2):
        there = code <= last and unicodedata.category(chr(code)).startswith(name)
        if there and start is None:
            start = code
        elif not there and start is not None:
            ranges.append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start = None
    said = "".join(ranges)
    return said if inside else f"[{said}]"


def replacement(said: str) -> Callable[[re.Match[str]], str] | str:
    """Return what RE2 puts in the place of a match as Python has it."""
    return re.sub(r"\\(\d)", r"\\g<\1>", said) if "\\" in said else lambda _: said


def replaced(text: Text, said: re.Pattern[str], by: Any, count: int) -> Text:
    """Return ``text`` with its first ``count`` matches replaced, all of them for 0."""
    return None if text is None else said.sub(by, text, count)


def matches(text: Text, said: re.Pattern[str]) -> bool | None:
    """Tell whether the expression matches somewhere in ``text``."""
    return None if text is None else said.search(text) is not None


def extracted(text: Text, said: re.Pattern[str], group: int) -> Text:
    """Return what a group of the first match holds, nothing without a match."""
    if text is None:
        return None
    found = said.search(text)
    return (found[group] or "") if found else ""
