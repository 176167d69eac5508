"""Which wrong values of a source are read by a role that sees contact values masked: those that can tell of nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from filrouge.base.text import fold
from filrouge.domain.sources.coded import guessed
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


def openly(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition, as plain data, without the values of its columns that are no usual words: for whoever sees
    what columns hold masked."""
    made = deepcopy(dict(data))
    for target, cell in _valued(made):
        cell["values"] = {value: code for value, code in cell["values"].items() if _usual(made, target, value)}
    return made


def put_back(data: Mapping[str, Any], stands: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition that ``openly`` told of ``stands``, changed since, with the values that it left out."""
    made, stood = deepcopy(dict(data)), {(target, cell.get("column")): cell for target, cell in _valued(stands)}
    cells = dict(_valued(made, bare=True))
    for (target, column), cell in stood.items():
        now = cells.get(target)
        if now is not None and now.get("column") == column:
            hidden = {value: code for value, code in cell["values"].items() if not _usual(stands, target, value)}
            if hidden:
                now["values"] = {**hidden, **(now.get("values") or {})}
    return made


def _valued(data: Mapping[str, Any], *, bare: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the cells of a definition whose values are told (``bare``: or may be), each with what it makes."""
    cells = [("entity", data.get("entity")), ("brand", data.get("brand")), *(data.get("map") or {}).items()]
    told = data.get("consents")
    consents = [one for one in told if isinstance(one, dict)] if isinstance(told, (list, tuple)) else []
    cells += [(f"consent:{one.get('purpose')}:{one.get('channel')}", one.get("state")) for one in consents]
    for target, cell in cells:
        if isinstance(cell, dict) and (isinstance(cell.get("values"), dict) or (bare and "values" not in cell)):
            yield target, cell


def _usual(data: Mapping[str, Any], target: str, value: str) -> bool:
    return fold(value) in PLAIN or (
        not target.startswith("consent:") and guessed(str(data["reads"]), target, value) is not None
    )
