"""When two texts are the same to a segment: one letter for one letter, so that every engine and Python agree.

Case and accents of the Latin letters, case of the Greek and Cyrillic ones, do not count. Nothing longer than one letter
is made of one (``œ`` stays), because the engines' own foldings differ there.
"""

from __future__ import annotations

import re
import unicodedata

import ibis
from ibis.expr import types as ir


def _bare(letter: str) -> str:
    decomposed = unicodedata.normalize("NFD", letter.lower())
    kept = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return kept if len(kept) == 1 else letter


# Latin letters of Europe, Greek and Cyrillic capitals: each letter more costs every text that is looked at.
_SPANS = (range(0x41, 0x5B), range(0xC0, 0x180), range(0x391, 0x3AA), range(0x400, 0x430))
_PAIRS = [(chr(at), _bare(chr(at))) for span in _SPANS for at in span if _bare(chr(at)) != chr(at)]
FROM, TO = "".join(pair[0] for pair in _PAIRS), "".join(pair[1] for pair in _PAIRS)
_TABLE = str.maketrans(FROM, TO)
_ALIKE: dict[str, str] = {}
for _letter, _key in _PAIRS:
    _ALIKE[_key] = _ALIKE.get(_key, _key) + _letter
# What reads as a number in a property: no exponent, no infinity, which engines write in their own ways.
NUMBER = re.compile(r"-?[0-9]{1,15}([.][0-9]{1,9})?")


def key(text: str) -> str:
    """Return what is the same in two texts that differ by case and accents only."""
    return text.translate(_TABLE)


def keyed(text: ir.StringValue) -> ir.StringValue:
    """Return the same as ``key``, of a column."""
    return ibis.cases((text.re_search(r"[^\x00-\x7f]"), text.translate(FROM, TO)), else_=text.lower())


def pattern(text: str) -> str:
    """Return a regular expression of the texts that have the same ``key``, as RE2 and Java read it.

    A column stands once where it is matched: what it costs to compute, such as a property of an event, is paid once.
    """
    return "".join(_one(letter) for letter in key(text))


def _one(letter: str) -> str:
    alike = _ALIKE.get(letter, letter)
    if len(alike) > 1:
        return "[" + "".join(sorted(alike)) + "]"
    return letter if letter.isalnum() else rf"\x{{{ord(letter):x}}}"


def number(text: str) -> float | None:
    """Return the number that ``text`` reads as, None when it reads as none."""
    return float(text) if NUMBER.fullmatch(text) else None
