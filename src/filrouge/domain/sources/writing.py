"""How dates and numbers are written: which comes first, the day or the month; a comma or a point before decimals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal

Kind = Literal["whole", "code", "decimal", "scientific", "date", "datetime", "compact", "time", "other"]
Order = Literal["day_first", "month_first", "year_first"]
_DAYS = ("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d")
FORMATS = tuple(day + hour for day in _DAYS for hour in ("", " %H:%M", " %H:%M:%S"))
ENOUGH = 0.9  # share of the dates of a column that one way of writing them must read
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
_TIME = r"0{1,2}[:hH]00(?::00(?:[.,]0+)?)?(?: ?[AaPp]\.?[Mm]\.?)?"
_HOURS = rf"(?:[T ,]+{_TIME} ?(?:Z|UTC|[+-]00:?00)?)?"
_PARTED = re.compile(rf"0{{1,2}}(?P<mark>[-/. ])0{{1,2}}(?P=mark)(?:0000|00)(?P<time>{_HOURS})")
_YEAR_FIRST = re.compile(rf"0000(?P<mark>[-/. ])0{{1,2}}(?P=mark)0{{1,2}}(?P<time>{_HOURS})")
_ONLY_TIME = re.compile(_TIME)
_WHOLE = re.compile(r"-?(?:0+|0{1,3}(?P<mark>[ '\u00a0\u202f])000(?:(?P=mark)000)*)")
_THOUSANDS = re.compile(r"[-+]?0{1,3}(?:(?:\.000){2,}|(?:,000){2,})")
_EITHER = re.compile(r"[-+]?0{1,3}[.,]000")
_DECIMAL = re.compile(r"[-+]?(?:0{1,3}(?:[ .,'\u00a0\u202f]000)+|0*)(?P<mark>[.,])0+")
_SCIENTIFIC = re.compile(r"[-+]?0+(?:[.,]0+)?[eE][-+]?0+")


@dataclass(frozen=True)
class Shape:
    """What a value looks like once its digits are all 0: its kind, and the decimal mark it proves ("" when it may be
    either, or none)."""

    kind: Kind
    decimal: str = ""
    either: bool = False
    order: str = ""  # "parted" (day and month before the year) or "year_first"


@lru_cache(maxsize=20_000)
def shape(text: str) -> Shape:
    """Return what the digits-as-zeros ``text`` looks like: ``00/00/0000`` is a date, ``0 000,00`` a decimal."""
    for pattern, order in ((_PARTED, "parted"), (_YEAR_FIRST, "year_first")):
        if found := pattern.fullmatch(text):
            return Shape("datetime" if found["time"] else "date", order=order)
    if _ONLY_TIME.fullmatch(text):
        return Shape("time")
    bare = text.strip("€$£% \u00a0\u202f")
    if bare == "00000000":
        return Shape("compact")
    if _WHOLE.fullmatch(bare):
        return Shape("whole")
    if _THOUSANDS.fullmatch(bare):
        return Shape("whole", decimal="," if "." in bare else ".")
    if _EITHER.fullmatch(bare):
        return Shape("decimal", either=True)
    if found := _DECIMAL.fullmatch(bare):
        mark = found["mark"]
        before = bare[: bare.rindex(mark)]
        if mark in before:  # 1,234,56 is written in no way
            return Shape("other")
        return Shape("decimal", decimal=mark)
    if _SCIENTIFIC.fullmatch(bare):
        return Shape("scientific")
    return Shape("other")


def zeros(text: str) -> str:
    """Return ``text`` with each of its digits as 0."""
    return re.sub(r"[0-9]", "0", text)


@dataclass(frozen=True)
class Days:
    """Rows of dates whose parts prove the day first, the month first, or neither; ``year_first`` prove themselves."""

    day_first: int = 0
    month_first: int = 0
    either: int = 0
    year_first: int = 0

    def __add__(self, other: Days) -> Days:
        return Days(
            self.day_first + other.day_first,
            self.month_first + other.month_first,
            self.either + other.either,
            self.year_first + other.year_first,
        )

    def order(self) -> tuple[Order | None, bool]:
        """Return the order of most dates (None without any), and whether it is proven: nothing speaks against it."""
        parted = self.day_first + self.month_first + self.either
        if not parted:
            return ("year_first", True) if self.year_first else (None, True)
        if self.day_first == self.month_first:
            return "day_first", False
        first: Order = "day_first" if self.day_first > self.month_first else "month_first"
        return first, min(self.day_first, self.month_first) * 20 <= max(self.day_first, self.month_first)


@dataclass(frozen=True)
class Marks:
    """Rows of numbers whose writing proves a decimal comma, a decimal point, or could be either (``1,234``)."""

    comma: int = 0
    point: int = 0
    either: int = 0

    def __add__(self, other: Marks) -> Marks:
        return Marks(self.comma + other.comma, self.point + other.point, self.either + other.either)

    def mark(self) -> tuple[str | None, bool]:
        """Return the decimal mark of most numbers (None without any), and whether it is proven."""
        if not self.comma and not self.point:
            return (".", False) if self.either else (None, True)
        mark = "," if self.comma > self.point else "."
        return mark, min(self.comma, self.point) * 20 <= max(self.comma, self.point)


def marks(values: Iterable[str]) -> Marks:
    """Return what numbers prove of the decimal mark that they are written with."""
    told = Marks()
    for value in values:
        seen = shape(zeros(value.strip()))
        told += Marks(seen.decimal == ",", seen.decimal == ".", seen.either)
    return told


def way(values: Sequence[str]) -> str | None:
    """Return how dates are written ("" when in ISO 8601), None when in no way known; day first where both ways fit."""
    if not values:
        return None
    best, share = None, 0.0
    for form in ("", *FORMATS):
        read = sum(reads(value, form) for value in values) / len(values)
        if read > share + 1e-9:
            best, share = form, read
    return best if share >= ENOUGH else None


def reads(value: str, form: str) -> bool:
    """Tell whether one way of writing dates ("" for ISO 8601) reads a value."""
    if not form:
        return _ISO.fullmatch(value.strip()) is not None
    try:
        datetime.strptime(value.strip(), form)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True
