"""The definition that would read an unknown table of people: a mapping guessed from names and values, to be looked at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from filrouge.base.text import fold
from filrouge.domain.sources.columns import TELLING
from filrouge.domain.sources.holding import births
from filrouge.domain.sources.meaning import Held, Meant, by_name, meant
from filrouge.domain.sources.writing import way

# What of a record of a person is told by the meaning of one column.
_PLAIN = TELLING | {"birth_name", "sex", "postcode", "city", "title", "country", "language"}
SURE = 0.9
SEEN = (
    ("updated_at", r"(date )?(de )?(derniere )?(maj|mise a jour|mis a jour|modif(ication)?|modifie)( le)?|updated?( at| on)?|last (update|modified|seen)|modified( at| on)?|maj le"),
    ("created_at", r"(date )?(de |d )?(creation|crea|inscription|cree le|inscrit le)|created?( at| on)?|(sign ?up|registration)( date)?"),
)  # fmt: skip


@dataclass(frozen=True)
class Guess:
    """A guessed mapping: canonical column -> cell, the columns that name a row, and those passed over."""

    map: dict[str, Any]
    key: tuple[str, ...]
    left: tuple[str, ...]


def guessed(columns: Sequence[Held]) -> Guess:
    """Return how a table of people with these columns would be read; consents are never guessed."""
    told = {held.name: (held, meant(held)) for held in columns}
    cells: dict[str, Any] = {}
    for held, what in _surest(told.values()):
        if what.meaning in _PLAIN and what.by != "shape" and held.distinct:
            cells.setdefault(what.meaning, held.name)
    if "given_name" in cells and "family_name" in cells:
        cells.pop("full_name", None)
    lines = [name for name, (held, what) in told.items() if what.meaning in ("house", "address_line") and held.distinct]
    if any(told[name][1].meaning == "address_line" for name in lines):
        lines.sort(key=lambda name: told[name][1].meaning != "house")
        cells["address_line"] = lines[0] if len(lines) == 1 else {"columns": lines}
    if "loyalty_id" not in cells:
        national = [name for name, (held, what) in told.items() if what.meaning == "national_id" and held.distinct]
        if national:
            cells["loyalty_id"] = national[0]
    used = {name for cell in cells.values() for name in (cell["columns"] if isinstance(cell, dict) else [cell])}
    for column, pattern in SEEN:
        for held in columns:
            if column not in cells and held.name not in used and held.distinct and re.fullmatch(pattern, _folded(held)):
                cells[column] = held.name
                used.add(held.name)
    for column in ("birth_date", "updated_at", "created_at"):
        if column in cells:
            held = told[cells[column]][0]
            written = way(held.sample)
            if column == "birth_date" and by_name(held.name) != "birth_date" and not births(held):
                written = None
            if written is None:
                used.discard(cells.pop(column))
            elif written:
                cells[column] = {"column": cells[column], "format": written}
    key = keyed(columns, used)
    if len(key) == 1:
        cells = {"source_id": key[0], **cells}
    left = tuple(held.name for held in columns if held.name not in used and held.name not in key)
    order = [name for name in told if name in used]
    return Guess(cells, key or tuple(order), left)


def _folded(held: Held) -> str:
    return fold(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", held.name))


def _surest(told: Any) -> list[tuple[Held, Meant]]:
    """Return the columns, those that their name tells first, the surest of them first."""
    return sorted(told, key=lambda one: (one[1].by not in ("name", "both"), -one[1].confidence))


def spared(columns: Sequence[Held], left: Sequence[str]) -> tuple[str, ...]:
    """Return the columns among ``left`` that nobody here has a use for and that harm whoever they are of: accounts."""
    return tuple(
        held.name for held in columns
        if held.name in left and (what := meant(held)).meaning == "bank_account" and what.confidence >= SURE
    )  # fmt: skip


def keyed(columns: Sequence[Held], used: set[str]) -> tuple[str, ...]:
    """Return the column that names each row: an identifier by its name first, else any code that is never repeated."""
    free = [held for held in columns if held.name not in used]
    # a row may stand twice in an export, or lack its number: the import says so of each
    named = [held for held in free if by_name(held.name) == "identifier" and held.distinct >= 0.9 * held.rows]
    alone = [held for held in free if held.filled >= 1 and held.distinct == held.rows]
    codes = [held for held in alone if all(re.fullmatch(r"\S{1,64}", value) for value in held.sample)]
    for found in (named, codes):
        if found and found[0].rows:
            return (found[0].name,)
    return ()
