"""How a name sounds in French: what is spelt by ear over the phone is found by ear."""

from __future__ import annotations

import re

# Capitals are sounds without a letter of their own: A I O nasal, U ou, E eu, S ch, N gn, W oi, Z an é at the end.
_RULES = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"[^a-z]", ""),
        (r"(.)\1+", r"\1"),  # letters doubled
        (r"ph", "f"),
        (r"sch|sh|ch(?=[aeiouy]|$)", "S"),
        (r"ch|ck|q[u]?|k", "k"),
        (r"(?<=[aeiouy])gn|gn(?=[aeiouy])", "N"),
        (r"gu(?=[eiy])", "G"),
        (r"ge(?=[aou])|g(?=[eiy])", "j"),
        (r"sc(?=[eiy])|c(?=[eiy])|(?<=n)c(?=ois$)|[zx]", "s"),  # françois, its cedilla folded
        (r"c", "k"),
        (r"h", ""),
        (r"w", "v"),
        (r"bv", "v"),
        (r"(?<=[aeiou])y(?=[aeiou])", "i"),
        (r"eaul?(?=[dtsx]|$)|aul?(?=[dtsx]|$)|eau|au", "o"),
        (r"oeu|eu", "E"),
        (r"ou", "U"),
        (r"(?:ai|ei|i|y)[nm](?=[^aeiouyEUnm]|$)|u[nm](?=[^aeiouyEUnm]|$)", "I"),
        (r"ien(?=[^aeiouyEUnm]|$)", "iI"),
        (r"e?a[nm](?=[^aeiouyEUnm]|$)|e[nm](?=[^aeiouyEUnm]|$)", "A"),
        (r"o[nm](?=[^aeiouyEUnm]|$)", "O"),
        (r"oi|oy", "W"),
        (r"ai|ei|ay|ey", "e"),
        (r"y", "i"),
        (r"(?<=.)(?:er|et|ez)$", "Z"),
        (r"(?<=.)[tds]+$", ""),
        (r"(?<=..)e$", ""),
        (r"(.)\1+", r"\1"),
    )
)


def sound(word: str) -> str:
    """Return how a folded word sounds, in letters of our own: words written otherwise that sound alike give the same.

    ``rouso`` and ``rousseau`` are one, ``dupond`` and ``dupont`` too. Rough on purpose: silent endings fall, vowels are
    told apart where French does.
    """
    for pattern, said in _RULES:
        word = pattern.sub(said, word)
    return word


def skeleton(word: str) -> str:
    """Return the consonants of how a folded word sounds: vowels are what the ear mistakes first (Stefan, Stéphane)."""
    said = sound(word)
    return "".join(_BONES.get(letter, letter) for letter in said if letter not in "aeiouUEZ")


_BONES = {"A": "n", "I": "n", "O": "n", "W": "v", "N": "n"}
