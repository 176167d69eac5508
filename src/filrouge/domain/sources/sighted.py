"""Which wrong values of a source are read by a role that sees contact values masked: those that can tell of nobody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from filrouge.domain.sources.meaning import MEANINGS
from filrouge.domain.sources.spec import SourceSpec
from filrouge.tables import TABLES

CLOSED = frozenset({"contact", "personal", "text", "opinion"})  # sensitivities of which a wrong value is masked
BORN = "birth_date"  # personal, and yet read: a day that is wrong is put right by whoever reads it
# What a consent is written with: shown in clear to whoever sees what columns hold masked.
PLAIN = frozenset((
    "oui", "non", "o", "n", "yes", "no", "y", "true", "false", "vrai", "faux", "0", "1", "x", "ok", "ko", "optin",
    "optout", "opt in", "opt out", "accepte", "refuse", "accord", "granted", "denied", "withdrawn", "objected",
    "subscribed", "unsubscribed", "inscrit", "desinscrit", "abonne", "desabonne", "actif", "inactif",
))  # fmt: skip
_ADDRESS = re.compile(r"@|%40|\(at\)", re.IGNORECASE)
_DIGITS = 9  # from which what a value holds may be a telephone, an account or a card


@dataclass(frozen=True)
class Sighted:
    """What one reader sees of wrong values: every one (``shown``), else those of the columns that are ``open_``."""

    shown: bool
    open_: frozenset[str] = frozenset()

    def clear(self, column: str, text: str | None) -> bool:
        """Tell whether the text of a wrong cell is read as it stands."""
        return self.shown or not text or (column in self.open_ and not telling(text))


def telling(text: str) -> bool:
    """Tell whether ``text`` may hold an address or a number that reaches somebody."""
    return bool(_ADDRESS.search(text)) or sum(letter.isdigit() for letter in text) >= _DIGITS


def sighted(spec: SourceSpec, meanings: Mapping[str, str], *, shown: bool) -> Sighted:
    """Return what is read of the wrong values of ``spec``.

    ``meanings``: what was found by the names and values of its columns, whatever the definition calls them. A column
    is open when neither that nor the definition makes it one of a person.
    """
    kinds = {column.name: column.sensitivity for column in TABLES[spec.reads].columns}
    said = {
        name for target, cell in spec.map.items() if target != BORN and kinds.get(target, "none") in CLOSED
        for name in cell.reads()
    }  # fmt: skip
    found = {
        name for name, meaning in meanings.items() if meaning == BORN or MEANINGS.get(meaning) not in (None, *CLOSED)
    }
    return Sighted(shown, frozenset(found - said))
