"""Which countries, languages and sexes there are: kept as codes, chosen from lists that doors say by name."""

from __future__ import annotations

from functools import cache

from babel import Locale

_NOWHERE = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})  # unions, parts of the sea, marks of the unknown


@cache
def codes(attribute: str) -> frozenset[str]:
    """Return the codes that a value of ``attribute`` is chosen from, none when it is written freely."""
    names = Locale.parse("en")
    if attribute == "country":  # ISO 3166-1, two letters
        return frozenset(code for code in map(str, names.territories) if len(code) == 2 and code.isalpha()) - _NOWHERE
    if attribute == "language":  # ISO 639-1
        return frozenset(code for code in map(str, names.languages) if len(code) == 2)
    return frozenset({"f", "m"}) if attribute == "sex" else frozenset()


def code_of(attribute: str, said: str) -> str:
    """Return the code of ``attribute`` that ``said`` is in any case, nothing when there is none."""
    code = said.strip().upper() if attribute == "country" else said.strip().lower()
    return code if code in codes(attribute) else ""
