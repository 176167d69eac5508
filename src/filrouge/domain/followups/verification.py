"""Verifying a caller: what is typed is compared with what is known, with tolerance; what is known is never shown.

The rules of agreement are conventions, written down in docs/how-to/take-a-call.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from filrouge.base.text import fold
from filrouge.domain.identity.keys import email_key
from filrouge.domain.profiles import PersonView

TAIL = 5  # letters of the end of a contract number that are enough
_MONTHS = (
    ("janvier", "january"), ("fevrier", "february"), ("mars", "march"), ("avril", "april"), ("mai", "may"),
    ("juin", "june"), ("juillet", "july"), ("aout", "august"), ("septembre", "september"), ("octobre", "october"),
    ("novembre", "november"), ("decembre", "december"),
)  # fmt: skip


@dataclass(frozen=True)
class Agreed:
    """What an entity asks: questions in order, how many must be right, tries, and minutes for which it holds."""

    questions: tuple[str, ...] = ("birth_date", "postcode", "last_order", "contract")
    needed: int = 2
    tries: int = 3
    minutes: int = 30


def askable(person: PersonView, questions: Iterable[str]) -> list[str]:
    """Return those of ``questions`` to which an answer is known and may be compared by this reader."""
    return [code for code in questions if code in QUESTIONS and _KNOWN[code](person)]


def right(person: PersonView, question: str, typed: str) -> bool:
    """Tell whether ``typed`` answers ``question``: any value that a source holds is right."""
    said = typed.strip()
    return bool(said) and any(_AGREES[question](said, known) for known in _KNOWN[question](person))


def _values(person: PersonView, name: str) -> list[str]:
    attribute = person.attributes.get(name)
    if attribute is None or attribute.best.masked:
        return []
    return [value.value for value in (attribute.best, *attribute.others) if value.value and not value.masked]


def _postcodes(person: PersonView) -> list[str]:
    found = []
    for value in _values(person, "address"):
        try:
            place = json.loads(value)
        except ValueError:
            continue
        if isinstance(place, dict) and place.get("postcode"):
            found.append(str(place["postcode"]))
    return found


def _last_order(person: PersonView) -> list[str]:
    dated = [order for order in person.orders if order.get("at")]
    if not dated:
        return []
    last = max(dated, key=lambda order: (str(order["at"]), str(order.get("ref"))))
    return [str(last[name]) for name in ("ref", "total") if last.get(name)]


def _contracts(person: PersonView) -> list[str]:
    return [str(one["ref"]) for one in person.contracts if one.get("ref") and not one.get("ended_at")]


def _bare(text: str) -> str:
    return "".join(char for char in fold(text) if char.isalnum())


def _same_day(typed: str, known: str) -> bool:
    """A day in any order that says it: 3/4/1980, 1980-04-03, 3 avril 1980, 03 04 80."""
    try:
        day = date.fromisoformat(known[:10])
    except ValueError:
        return False
    words = re.findall(r"[a-z]+|[0-9]+", fold(typed))
    for number, names in enumerate(_MONTHS, start=1):
        words = [str(number) if word in names else word for word in words]
    numbers = [int(word) for word in words if word.isdigit()]
    if len(numbers) == 1 and len(words[0]) == 8:  # 03041980
        numbers = [int(words[0][:2]), int(words[0][2:4]), int(words[0][4:])]
    if len(numbers) != 3:
        return False
    if numbers[0] > 31:
        numbers.reverse()
    said_day, month, year = numbers
    return (said_day, month) == (day.day, day.month) and year in (day.year, day.year % 100)


def _same_order(typed: str, known: str) -> bool:
    """The number, whatever separates it; or the amount to the unit, as people remember it."""
    try:
        amount = Decimal(known)
        said = Decimal(re.sub(r"[^0-9,.]", "", typed).replace(",", "."))
    except InvalidOperation:
        return _bare(typed) == _bare(known)
    return abs(amount - said) < 1 if "." in known else _bare(typed) == _bare(known)


def _same_number(typed: str, known: str) -> bool:
    said, held = _bare(typed), _bare(known)
    return said == held or (len(said) >= TAIL and held.endswith(said))


_KNOWN: Mapping[str, Callable[[PersonView], Sequence[str]]] = {
    "birth_date": lambda person: _values(person, "birth_date"),
    "postcode": _postcodes,
    "last_order": _last_order,
    "contract": _contracts,
    "email": lambda person: _values(person, "email"),
}
_AGREES: Mapping[str, Callable[[str, str], bool]] = {
    "birth_date": _same_day,
    "postcode": lambda typed, known: _bare(typed) == _bare(known),
    "last_order": _same_order,
    "contract": _same_number,
    "email": lambda typed, known: bool(email_key(typed)) and email_key(typed) == email_key(known),
}
QUESTIONS = tuple(_KNOWN)
