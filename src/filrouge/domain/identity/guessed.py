"""The definition that would read an unknown table of people: a mapping guessed from names and values, to be looked at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from filrouge.base.text import fold
from filrouge.domain.identity.meaning import Profile, by_name, guess

# Of a record of a person, what a name of a column may say beside who they are.
BESIDE = ("title", "country", "language")
SEEN = (
    ("updated_at", r"(date )?(de )?(derniere )?(maj|mise a jour|modif(ication)?|modifie( le)?)|updated?( at| on)?|last (update|modified|seen)|modified( at| on)?"),
    ("title", r"civ|titre"),
    ("birth_name", r"nom (de )?(jf|jeune fille|naissance)"),
    ("created_at", r"(date )?(de |d )?(creation|crea|inscription|cree le)|created?( at| on)?|(sign ?up|registration)( date)?"),
)  # fmt: skip
_DAYS = ("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d")
FORMATS = tuple(day + hour for day in _DAYS for hour in ("", " %H:%M", " %H:%M:%S"))
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
ENOUGH = 0.9  # share of the dates of a column that one way of writing them must read


@dataclass(frozen=True)
class Guess:
    """A guessed mapping: canonical column -> cell, the columns that name a row, and those passed over."""

    map: dict[str, Any]
    key: tuple[str, ...]
    left: tuple[str, ...]


def guessed(profiles: Sequence[Profile]) -> Guess:
    """Return how a table of people with these columns would be read; consents are never guessed."""
    told = {profile.name: profile for profile in profiles}
    meaning = guess(list(profiles), never=set())
    cells: dict[str, Any] = {}
    for column, names in meaning.columns.items():
        if column in ("source",):
            continue
        cells[column] = names[0] if len(names) == 1 else {"columns": list(names)}
    used = {name for names in meaning.columns.values() for name in names}
    for profile in profiles:
        if profile.name in used or not profile.distinct:
            continue
        by = by_name(profile.name)
        if by in BESIDE and by not in cells:
            cells[by] = profile.name
            used.add(profile.name)
            continue
        for column, pattern in SEEN:
            if column not in cells and re.fullmatch(pattern, fold(profile.name)):
                cells[column] = profile.name
                used.add(profile.name)
    for column in ("birth_date", "updated_at", "created_at"):
        if column in cells:
            written = way(told[cells[column]].sample) if isinstance(cells[column], str) else None
            if column == "birth_date" and not _births(told[str(cells[column])]):
                written = None
            if written is None:
                used.discard(str(cells.pop(column)))
            elif written:
                cells[column] = {"column": cells[column], "format": written}
    key = _key(profiles, used)
    if len(key) == 1:
        cells = {"source_id": key[0], **cells}
    left = tuple(profile.name for profile in profiles if profile.name not in used and profile.name not in key)
    return Guess(cells, key or tuple(name for name in told if name in used), left)


def _births(profile: Profile) -> bool:
    """Tell whether dates are those of births: by the name of their column, else by years that lie far apart."""
    if by_name(profile.name) == "birth_date":
        return True
    years = sorted(int(year) for value in profile.sample for year in re.findall(r"(?:19|20)\d\d", value)[:1])
    return bool(years) and years[-1] - years[0] >= 20


def way(values: Sequence[str]) -> str | None:
    """Return how dates are written ("" when in ISO 8601), None when in no way known; day first where both ways fit."""
    if not values:
        return None
    best, share = None, 0.0
    for form in ("", *FORMATS):
        read = sum(_reads(value, form) for value in values) / len(values)
        if read > share + 1e-9:
            best, share = form, read
    return best if share >= ENOUGH else None


def _reads(value: str, form: str) -> bool:
    if not form:
        return _ISO.fullmatch(value.strip()) is not None
    try:
        datetime.strptime(value.strip(), form)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True


def _key(profiles: Sequence[Profile], used: set[str]) -> tuple[str, ...]:
    """Return the column that names each row: an identifier by its name first, else any code that is never repeated."""
    free = [p for p in profiles if p.name not in used]
    # a row may stand twice in an export, or lack its number: the import says so of each
    named = [p for p in free if by_name(p.name) == "identifier" and p.distinct >= 0.9 * p.rows]
    alone = [p for p in free if p.filled >= 1 and p.distinct == p.rows]
    codes = [p for p in alone if all(re.fullmatch(r"\S{1,64}", value) for value in p.sample)]
    for found in (named, codes):
        if found:
            return (found[0].name,)
    return ()
