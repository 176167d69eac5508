"""What a rule asks of a field: whether its value is one, of the right kind and within bounds, told in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from filrouge.base.errors import Phrase
from filrouge.domain.segments import fields
from filrouge.domain.segments.spec import Filter, Place

LONGEST = 36_500  # days of a window
VALUES = 1_000  # values of one rule
LETTERS = 500
Fault = tuple[Place, Phrase]


def shown(value: Any) -> str:
    """Return a value of the definition as a message quotes it."""
    text = str(value)
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"


def where(on: str, where: tuple[Filter, ...], place: Place) -> Iterator[Fault]:
    if len(where) > 50:
        yield place, Phrase("A rule has 50 conditions at most.")
    for at, one in enumerate(where):
        for inner, said in asked(on, one.field, one.op, one.value):
            yield (*place, at, *inner), said


def asked(on: str, name: str, op: str, value: Any) -> Iterator[Fault]:
    """Yield what is wrong with asking ``op`` and ``value`` of a field."""
    found = fields.field(on, name)
    if found is None:
        if on == "events" and name.startswith(fields.PROPERTY):
            yield ("field",), Phrase("The property {name} has a name that no rule can hold.", name=shown(name))
            return
        there = ", ".join(fields.CATALOGUE[on]) + (", properties.…" if on == "events" else "")
        yield (
            ("field",),
            Phrase("There is no field {name} on {on}. There are: {there}.", name=shown(name), on=on, there=there),
        )
    elif op not in found.operators:
        yield (
            ("op",),
            Phrase(
                "{op} cannot be asked of {name}. There are: {there}.",
                op=shown(op),
                name=name,
                there=", ".join(found.operators),
            ),
        )
    elif op in fields.WITHOUT_VALUE:
        if value is not None:
            yield ("value",), Phrase("{op} takes no value.", op=op)
    elif op in ("one_of", "none_of"):
        if not isinstance(value, tuple) or not value:
            yield ("value",), Phrase("{op} takes a list of values.", op=op)
        elif len(value) > VALUES:
            yield ("value",), Phrase("A rule holds {most} values at most.", most=f"{VALUES:,}")
        else:
            for at, one in enumerate(value):
                yield from text(one, ("value", at))
    elif isinstance(value, tuple):
        yield ("value",), Phrase("{op} takes one value.", op=op)
    else:
        yield from _one_value(found, op, value)


def _one_value(found: fields.Field, op: str, value: Any) -> Iterator[Fault]:
    place: Place = ("value",)
    if op == "anniversary":
        yield from days(value, place, most=365, least=0)
    elif op in fields.OF_DAYS:
        yield from days(value, place)
    elif found.type in ("day", "moment"):
        yield from day(value, place)
    elif found.type == "yes_no":
        if not isinstance(value, bool):
            yield place, Phrase("Write true or false.")
    elif found.type == "money":
        yield from amount(value, place)
    elif found.type == "number" or op in ("at_least", "at_most", "above", "below"):
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 10**15:
            yield place, Phrase("Write a number.")
        elif found.name == "age" and (not isinstance(value, int) or not 0 <= value <= 150):
            yield place, Phrase("An age is a whole number from 0 to 150.")
    else:
        yield from text(value, place)


def text(value: Any, place: Place, *, empty: bool = False) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield place, Phrase("Write a text.")
    elif not value and not empty:
        yield place, Phrase("This text is empty: ask for empty or filled instead.")
    elif len(value) > LETTERS:
        yield place, Phrase("A text has {most} letters at most.", most=LETTERS)
    elif any(letter == "\x00" or 0xD800 <= ord(letter) <= 0xDFFF for letter in value):
        yield place, Phrase("This text holds a sign that no database keeps.")


def day(value: Any, place: Place) -> Iterator[Fault]:
    try:
        found = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        found = None
    if found is None or not 1 < found.year < 9999:
        yield place, Phrase("Write a day as 2026-01-31.")


def amount(value: Any, place: Place) -> Iterator[Fault]:
    try:
        found = Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite() or abs(found) >= 10**12 or found != found.quantize(Decimal("0.0001")):
        yield place, Phrase("Write an amount, with four decimals at most.")


def days(days: Any, place: Place, *, most: int = LONGEST, least: int = 1) -> Iterator[Fault]:
    if not isinstance(days, int) or isinstance(days, bool) or not least <= days <= most:
        yield place, Phrase("Write a number of days from {least} to {most}.", least=least, most=f"{most:,}")
