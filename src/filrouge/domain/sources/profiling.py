"""From counted columns to a profile: types, conventions, meanings, faults. The same figures make the same profile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from filrouge.domain.sources import known
from filrouge.domain.sources.counting import LONGEST, TOP, Counted
from filrouge.domain.sources.guessed import keyed
from filrouge.domain.sources.holding import Held
from filrouge.domain.sources.meaning import Meant, meant
from filrouge.domain.sources.profile import ColumnProfile, Convention, Fault, Profile, Type, Value
from filrouge.domain.sources.writing import Days, Marks, shape

MOST_TOP, MOST_EXAMPLES = 5, 3
_SHOWN = 80  # characters of a value that are shown
_ROUNDED = re.compile(r"0[.,]0+[eE]\+?00")  # as a spreadsheet shows a number too long for its cell
MAIN = 0.8  # share of the values that makes the type of a column
_TYPED = {
    "whole": "whole", "compact": "whole", "decimal": "decimal", "scientific": "decimal", "date": "date",
    "datetime": "datetime",
}  # fmt: skip
# Meanings whose values are told by digits, letters or both without anything being wrong.
_MIXED = frozenset({
    "house", "postcode", "identifier", "phone", "loyalty_id", "address_line", "address_more", "national_id", "text",
    "label",
    "registration_id", "bank_account", "nested", "category", "consent", "yes_no", "state", "url", "source", "full_name",
    "company", "title", "sex", "language", "country", "city",
})  # fmt: skip
_WORDS = frozenset({"na", "nc", "nd", "nil", "sans"})  # codes of countries and states, names: no placeholders there


@dataclass(frozen=True)
class Told:
    """What is said rather than found: the decimal mark, the order of days, the values known of this installation."""

    decimal: str = ""
    date_order: str = ""
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Ways:
    """How the whole file writes days and decimals, and whether somebody said so."""

    order: str
    order_given: bool
    mark: str
    mark_given: bool

    def order_of(self, own: Days) -> str:
        """Return the order of one column's dates: what is said, else what they prove, else that of the file."""
        order, proven = own.order()
        if self.order_given or order is None or order == "year_first" or not proven:
            return self.order or "day_first"
        return order if own.day_first or own.month_first else self.order or order

    def mark_of(self, own: Marks) -> str:
        mark, proven = own.mark()
        return self.mark if self.mark_given or mark is None or not proven else mark


def profiled(
    name: str,
    kind: str,
    columns: Sequence[Counted],
    *,
    rows: int,
    conventions: Sequence[Convention] = (),
    faults: Sequence[Fault] = (),
    told: Told | None = None,
) -> Profile:
    """Return the profile of a file from its ``columns``, counted over every row; ``told`` is not guessed again."""
    said = told or Told()
    holdings = [_held(column, said) for column in columns]
    days = reduce(Days.__add__, (column.dated.days for column in columns), Days())
    marks = reduce(Marks.__add__, map(_marks, columns), Marks())
    ways = _Ways(
        said.date_order or days.order()[0] or "", bool(said.date_order),
        said.decimal or marks.mark()[0] or "", bool(said.decimal),
    )  # fmt: skip
    meanings = [meant(held) for held in holdings]
    used = {held.name for held, what in zip(holdings, meanings, strict=True) if what.meaning not in _KEYS}
    key = keyed(holdings, used) if rows else ()
    made = tuple(_column(column, what, ways, key) for column, what in zip(columns, meanings, strict=True))
    found = [*conventions, *_written(days, marks, ways)]
    return Profile(name, kind, rows, made, tuple(found), tuple(faults), key)


_KEYS = frozenset({"identifier", "loyalty_id", "unknown", "number", "label", "registration_id"})


def _held(column: Counted, told: Told) -> Held:
    empty = {value for value, _ in column.placeholders}
    sample = tuple(value for value in column.sample if value not in empty)
    return Held(
        column.name,
        column.filled / column.rows if column.rows else 0.0,
        column.distinct,
        column.rows,
        sample or column.sample,
        told.known,
    )


def _written(days: Days, marks: Marks, ways: _Ways) -> Iterator[Convention]:
    if ways.order:
        evidence = {
            "day_first": days.day_first, "month_first": days.month_first, "either": days.either,
            "year_first": days.year_first,
        }  # fmt: skip
        yield Convention("date_order", ways.order, ways.order_given or days.order()[1], ways.order_given, evidence)
    if ways.mark:
        evidence = {"comma": marks.comma, "point": marks.point, "either": marks.either}
        yield Convention("decimal", ways.mark, ways.mark_given or marks.mark()[1], ways.mark_given, evidence)


def _marks(column: Counted) -> Marks:
    found = {",": 0, ".": 0, "either": 0}
    for text, _, rows in column.shapes:
        seen = shape(text)
        if seen.decimal or seen.either:
            found[seen.decimal or "either"] += rows
    counts = Marks(found[","], found["."], found["either"])
    numbers = sum(rows for text, _, rows in column.shapes if shape(text).kind in ("decimal", "whole"))
    # 10.5.2 and 1,2 inside words say nothing of how numbers are written
    return counts if numbers >= MAIN * max(column.filled - _empties(column, ""), 1) else Marks()


def _placeholders(column: Counted, meaning: str) -> tuple[tuple[str, int], ...]:
    """Return the values that stand for nothing in a column of ``meaning``: NA is a country, 99999 may be a number."""
    usual = column.filled / max(column.distinct, 1)
    kept = []
    for value, rows in column.placeholders:
        lowered = value.lower()
        if lowered in _WORDS and meaning in ("country", "state", "family_name", "given_name", "language", "currency"):
            continue
        if value.isdigit() and not (
            (meaning in ("phone", "postcode") and len(set(value)) < 3)
            or (meaning in ("date", "birth_date") and len(value) == 8)
        ):
            continue
        if "1970" in value and rows < max(5, 10 * usual):  # some are born that day
            continue
        kept.append((value, rows))
    return tuple(kept)


def _empties(column: Counted, meaning: str) -> int:
    return sum(rows for _, rows in _placeholders(column, meaning))


# --- one column -------------------------------------------------------------------------------------------------------


def _column(column: Counted, what: Meant, ways: _Ways, key: Sequence[str]) -> ColumnProfile:
    own_days, own_marks = column.dated.days, _marks(column)
    order, mark = ways.order_of(own_days), ways.mark_of(own_marks)
    kinds = _kinds(column, what.meaning, mark)
    typed = _type(column, kinds, what.meaning)
    faults = [*_faults(column, what, kinds, typed, order, mark)]
    if tuple(key) == (column.name,):
        faults += _key_faults(column)
    shown = tuple(Value(value[:_SHOWN], rows) for value, rows in column.top[:MOST_TOP])
    first = {one.value for one in shown}
    examples = tuple(v for v in dict.fromkeys(value[:_SHOWN] for value in column.sample) if v not in first)
    dates = typed in ("date", "datetime") and own_days != Days()
    return ColumnProfile(
        name=column.name, type=typed, rows=column.rows, filled=column.filled, distinct=column.distinct,
        longest=column.longest, meaning=what.meaning, confidence=what.confidence, by=what.by, others=what.others,
        top=shown, examples=examples[:MOST_EXAMPLES] or tuple(one.value for one in shown[:MOST_EXAMPLES]),
        date_order=("year_first" if own_days.order()[0] == "year_first" else order) if dates else "",
        decimal=mark if typed == "decimal" and own_marks != Marks() else "",
        faults=tuple(faults), values=_values(column),
    )  # fmt: skip


def _values(column: Counted) -> tuple[Value, ...]:
    """Return every value of a column that holds few, and none so long that it was cut."""
    if column.distinct > TOP or column.longest > LONGEST:
        return ()
    return tuple(Value(value, rows) for value, rows in column.top)


def _kinds(column: Counted, meaning: str, mark: str) -> dict[str, int]:
    """Return the rows by type of their value; what holds letters is text, and so are numbers if some begin by 0."""
    found: dict[str, int] = {}
    led_rows = sum(rows for text, led, rows in column.shapes if led and set(text) == {"0"} and len(text) > 1)
    coded = led_rows and meaning not in ("amount", "number")
    for text, _, rows in column.shapes:
        kind = shape(text).kind
        plain = _TYPED.get(kind, "text")
        if shape(text).either and mark and mark not in text:
            plain = "whole"  # 1,234 where decimals follow a point
        if plain == "whole" and coded and (kind == "whole" or not column.dated.compact):
            plain = "text"  # 00123 is a code, and 12345 beside it
        found[plain] = found.get(plain, 0) + rows
    placed = 0
    for value, rows in _placeholders(column, meaning):
        plain = _TYPED.get(shape(re.sub("[0-9]", "0", value)).kind, "")
        if plain in found:
            found[plain] = max(found[plain] - rows, 0)
        elif not re.search("[0-9]", value):
            placed += rows
    seen = sum(rows for _, _, rows in column.shapes)
    found["text"] = found.get("text", 0) + max(column.filled - seen - placed, 0)
    return {kind: rows for kind, rows in found.items() if rows}


def _type(column: Counted, kinds: Mapping[str, int], meaning: str) -> Type:
    if not column.filled:
        return "empty"
    total = sum(kinds.values())
    if not total:
        return "text"
    words = {value.lower() for value in column.sample} if column.distinct <= 6 else set()
    if words and words <= known.YES | known.NO and _both(words) and meaning not in ("number", "amount", "sex"):
        return "yes_no"
    if column.dated.compact >= 0.95 * total and meaning in ("birth_date", "date"):
        return "date"
    numbers = kinds.get("whole", 0) + kinds.get("decimal", 0)
    days = kinds.get("date", 0) + kinds.get("datetime", 0)
    if days >= MAIN * total:
        return "datetime" if kinds.get("datetime", 0) > kinds.get("date", 0) else "date"
    if numbers >= MAIN * total:
        return "decimal" if kinds.get("decimal", 0) else "whole"
    return "text"


def _both(words: set[str]) -> bool:
    """Tell whether the words say yes and no, or one of them in a way that is nothing else."""
    return bool(words & known.YES and words & known.NO) or any(len(word) > 1 or word in "xo" for word in words)


def _faults(
    column: Counted, what: Meant, kinds: Mapping[str, int], typed: Type, order: str, mark: str
) -> Iterator[Fault]:
    empty = _empties(column, what.meaning)
    if empty:
        yield Fault("placeholders", empty, {"value": _placeholders(column, what.meaning)[0][0]})
    if column.stray:
        yield Fault("stray_spaces", column.stray)
    if column.garbled:
        yield Fault("garbled", column.garbled)
    yield from _mixture(what, kinds, typed)
    if typed in ("date", "datetime"):
        yield from _date_faults(column, order)
    if typed == "decimal":
        own = _marks(column)
        other = own.point if mark == "," else own.comma
        if other:
            yield Fault("mixed_decimals", other, {"mark": mark})
        if own.either and not own.comma and not own.point:
            yield Fault("decimal_doubt", own.either, {"mark": mark or "."})
    exact = sum(rows for text, _, rows in column.shapes if _ROUNDED.fullmatch(text))
    if exact and what.meaning in ("phone", "identifier", "loyalty_id", "registration_id", "national_id"):
        yield Fault("digits_lost", exact)
    yield from _misfits(column, what, empty)
    yield from _inside(column, what)


def _mixture(what: Meant, kinds: Mapping[str, int], typed: Type) -> Iterator[Fault]:
    total = sum(kinds.values())
    if (what.meaning in _MIXED and typed == "text") or typed in ("empty", "yes_no"):
        return
    dates, numbers = {"date", "datetime"}, {"whole", "decimal"}
    own = dates if typed in dates else numbers if typed == "decimal" else {typed}
    if typed == "date" and what.meaning in ("birth_date", "date"):
        own = own | {"whole"} if not kinds.get("date") else own  # eight digits
    rest = {kind: rows for kind, rows in kinds.items() if kind not in own}
    odd = sum(rest.values())
    if odd and (typed != "text" or odd >= 0.1 * total):
        yield Fault("mixed_types", odd, {"type": typed, "other": max(rest, key=lambda kind: rest[kind])})


def _date_faults(column: Counted, order: str) -> Iterator[Fault]:
    dated = column.dated
    wrong = dated.impossible_month_first if order == "month_first" else dated.impossible_day_first
    other = dated.days.day_first if order == "month_first" else dated.days.month_first
    if other:
        yield Fault("mixed_orders", other, {"order": order})
    if wrong - other > 0:
        yield Fault("impossible_dates", wrong - other)
    if dated.outside:
        yield Fault("dates_outside", dated.outside)
    days = dated.days
    if days.either and not days.day_first and not days.month_first:
        yield Fault("order_doubt", days.either, {"order": order})


def _misfits(column: Counted, what: Meant, empty: int) -> Iterator[Fault]:
    if what.meaning == "email":
        wrong = column.filled - column.emails - empty
        if wrong > 0:
            yield Fault("not_emails", wrong)
    if what.meaning in ("postcode", "phone"):
        lengths: dict[tuple[int, bool], int] = {}
        for text, led, rows in column.shapes:
            if set(text) == {"0"}:
                lengths[len(text), led] = lengths.get((len(text), led), 0) + rows
        full = 5 if what.meaning == "postcode" else 10
        whole = sum(rows for (length, _), rows in lengths.items() if length == full)
        short = lengths.get((full - 1, False), 0)
        if short and (whole > 4 * short or (what.meaning == "phone" and whole)):
            yield Fault("zero_lost", short)


def _inside(column: Counted, what: Meant) -> Iterator[Fault]:
    inside = column.inside
    if what.meaning != "email":
        # whole addresses in a column of other things are as much of a person as those inside its sentences
        emails = inside.emails + column.emails
        if emails:
            yield Fault("emails_inside", emails)
    if inside.phones and what.meaning not in ("phone", "identifier", "url"):
        yield Fault("phones_inside", inside.phones)
    checked = (("accounts", inside.accounts), ("cards", inside.cards), ("numbers", inside.numbers))
    for code, rows in checked:
        if rows and what.meaning not in ("bank_account", "national_id"):
            yield Fault(f"{code}_inside", rows)


def _key_faults(column: Counted) -> Iterator[Fault]:
    if column.filled > column.distinct:
        yield Fault("key_repeated", column.filled - column.distinct)
    if column.rows > column.filled:
        yield Fault("key_missing", column.rows - column.filled)
