"""What an operator means on a column. Only the positive ones stand here: their contraries are what is left.

Times are compared to the microsecond; days are those of ``ZONE``. ``one`` holds the same meanings for one person.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import ibis
from ibis.expr import types as ir

from filrouge.domain.segments import fields, texts
from filrouge.domain.segments.fields import CONTRARY, DATES, Field
from filrouge.domain.segments.spec import Filter, Window
from filrouge.engines.words import at_path

ADDRESS = {"city": "city", "postcode": "postcode", "address_line": "address_line"}
# Whose days are meant: those that the screens show.
ZONE = ZoneInfo("Europe/Paris")
Bound = tuple[datetime, bool]  # a moment, and whether it is itself outside


# --- shared with ``one`` ----------------------------------------------------------------------------------------------


def field_of(on: str, name: str) -> Field:
    """Return a field that ``check`` found to exist."""
    found = fields.field(on, name)
    if found is None:
        raise KeyError(name)
    return found


def usual_date(on: str) -> str:
    """Return the date by which rows of a table begin to exist."""
    return DATES[on][0]


def start_of(day: str | date) -> datetime:
    """Return the moment at which a day begins, in UTC."""
    found = date.fromisoformat(day) if isinstance(day, str) else day
    return datetime.combine(found, time(), ZONE).astimezone(UTC)


def end_of(day: str | date) -> datetime:
    """Return the moment at which the next day begins, in UTC."""
    found = date.fromisoformat(day) if isinstance(day, str) else day
    return start_of(found + timedelta(days=1))


def today(at: datetime) -> date:
    """Return the day that a moment is of."""
    return at.astimezone(ZONE).date()


def bounds(window: Window, at: datetime) -> tuple[Bound | None, Bound | None]:
    """Return the two ends of a window; None where it is open."""
    if window.within_days is not None:
        return (at - timedelta(days=window.within_days), True), (at, False)
    if window.next_days is not None:
        return (at, True), (at + timedelta(days=window.next_days), False)
    low = None if window.since is None else (start_of(window.since), False)
    high = None if window.until is None else (end_of(window.until), True)
    return low, high


def span(op: str, asked: Any, at: datetime) -> tuple[Bound | None, Bound | None]:
    """Return the two ends of what an operator of time means."""
    if op == "within_last":
        return (at - timedelta(days=asked), True), (at, False)
    if op == "within_next":
        return (at, True), (at + timedelta(days=asked), False)
    if op == "longer_ago":
        return None, (at - timedelta(days=asked), False)
    if op == "before":
        return None, (start_of(asked), True)
    return (end_of(asked), False), None  # after


def days_named(days: int, at: datetime) -> list[str]:
    """Return today and the next ``days`` days as ``MM-DD``; who was born on 29 February has 28 in other years."""
    found = []
    for more in range(days + 1):
        day = today(at) + timedelta(days=more)
        found.append(day.strftime("%m-%d"))
        if found[-1] == "02-28" and (day + timedelta(days=1)).day == 1:
            found.append("02-29")
    return found


def born(op: str, years: int, at: datetime) -> tuple[str, str]:
    """Return the days after which, and until which, somebody of such an age was born, as text that compares."""
    low, high = {
        "is": (years, years), "at_least": (years, None), "at_most": (None, years), "above": (years + 1, None),
        "below": (None, years - 1),
    }[op]  # fmt: skip
    now = today(at)

    def back(by: int) -> str:
        return f"{max(now.year - by, 0):04}-{now:%m-%d}"

    return ("" if high is None else back(high + 1)), ("9999" if low is None else back(low))


def amount(value: Any) -> Decimal:
    """Return a number of a definition as money."""
    return Decimal(str(value)).quantize(Decimal("0.0001"))


# --- columns ----------------------------------------------------------------------------------------------------------


def moment_of(at: datetime) -> ir.TimestampScalar:
    """Return a moment as an expression."""
    return ibis.literal(at.astimezone(UTC)).cast("timestamp('UTC')")


def between(column: ir.Value, low: Bound | None, high: Bound | None) -> list[ir.BooleanValue]:
    """Return that ``column`` lies between two ends."""
    terms = []
    if low is not None:
        terms.append(column > moment_of(low[0]) if low[1] else column >= moment_of(low[0]))
    if high is not None:
        terms.append(column < moment_of(high[0]) if high[1] else column <= moment_of(high[0]))
    return terms


def moment(column: ir.TimestampValue, op: str, asked: Any, at: datetime) -> ir.BooleanValue:
    """Return whether an operator of time holds of a moment."""
    if op == "filled":
        return column.notnull()
    return _every(between(column, *span(op, asked, at)))


def day(column: ir.StringValue, op: str, asked: Any, at: datetime) -> ir.BooleanValue:
    """Return whether an operator of time holds of a day kept as ISO text."""
    written = (column.length() == 10) & (column.substr(4, 1) == "-")
    now, some = today(at), timedelta(days=asked if op in fields.OF_DAYS else 0)
    if op == "filled":
        return column.notnull()
    if op == "is":
        return column == asked
    if op == "anniversary":
        return written & column.substr(5, 5).isin(days_named(asked, at))
    told = {
        "before": lambda: column < asked,
        "after": lambda: column > asked,
        "within_last": lambda: (column > (now - some).isoformat()) & (column <= now.isoformat()),
        "longer_ago": lambda: column <= (now - some).isoformat(),
        "within_next": lambda: (column > now.isoformat()) & (column <= (now + some).isoformat()),
    }
    return written & told[op]()


def person(column: ir.StringValue, name: str, op: str, asked: Any, at: datetime) -> ir.BooleanValue:
    """Return whether an operator holds of what is known of a person."""
    if name == "age" and op != "filled":
        after, until = born(op, asked, at)
        return (column.length() == 10) & (column.substr(4, 1) == "-") & (column > after) & (column <= until)
    found = field_of("person", name)
    if found.type in ("day", "number"):
        return day(column, op, asked, at)
    return value(column, found, op, asked)


def part(column: ir.StringValue, name: str) -> ir.StringValue:
    """Return the part of an address that a field is, or the value itself."""
    return at_path(column, f"$.{ADDRESS[name]}") if name in ADDRESS else column


def value(column: ir.Value, field: Field, op: str, asked: Any) -> ir.BooleanValue:
    """Return whether a positive operator holds of a column; NULL where there is no value."""
    if field.type == "property":
        return _property(column, op, asked)
    if op == "filled":
        return column.notnull()
    if field.type == "yes_no":
        return column == asked
    if field.type == "money":
        return _against(column, op, ibis.literal(amount(asked), type="decimal(18, 4)"))
    if field.type == "number":
        return _against(column, op, asked)
    if field.type == "text":
        return _text(column, op, asked)
    if op == "is":
        return column == asked
    if op == "one_of":
        return column.isin(list(asked))
    if op == "contains":
        return column.contains(asked)
    return column.startswith(asked) if op == "starts_with" else column.endswith(asked)


def _text(column: ir.StringValue, op: str, asked: Any) -> ir.BooleanValue:
    """Return whether an operator holds, case and accents apart.

    A text and its key have one length: only texts that are long enough are looked at letter by letter.
    """
    length = column.length()
    if op == "one_of":
        wanted = sorted({texts.key(one) for one in asked})
        return length.isin(sorted({len(one) for one in wanted})) & texts.keyed(column).isin(wanted)
    met = column.re_search(_matching(op, asked))
    return ((length == len(asked)) if op == "is" else (length >= len(asked))) & met


def _matching(op: str, asked: str, *, before: str = "") -> str:
    """Return the pattern of the texts of which an operator holds; ``before`` stands for what may come before it."""
    pattern = texts.pattern(asked)
    return {
        "is": rf"\A{pattern}\z", "starts_with": rf"\A{pattern}", "contains": before + pattern,
        "ends_with": rf"{before}{pattern}\z",
    }[op]  # fmt: skip


def _property(column: ir.StringValue, op: str, asked: Any) -> ir.BooleanValue:
    """Return whether an operator holds of a property: one that is an object or a list has no value.

    ``column`` is read from JSON, which costs more than all else: it stands once.
    """
    if op == "one_of":
        single = ibis.cases((column.re_search(r"\A[{\[]"), ibis.null("string")), else_=column)
        return _text(single, op, asked)
    if op == "filled":
        return column.re_search(r"\A([^{\[]|\z)")
    if op in ("at_least", "at_most", "above", "below"):
        number = column.re_extract(rf"\A({texts.NUMBER.pattern})\z", 1).try_cast("float64")
        return _against(number, op, float(asked))
    if asked[0] not in "{[":
        return column.re_search(_matching(op, asked, before=r"(?s)\A([^{\[].*)?"))
    if op in ("is", "starts_with"):
        return ibis.literal(False)
    return column.re_search(_matching(op, asked, before=r"(?s)\A[^{\[].*"))


def _against(column: ir.Value, op: str, limit: Any) -> ir.BooleanValue:
    return {
        "is": lambda: column == limit, "at_least": lambda: column >= limit, "at_most": lambda: column <= limit,
        "above": lambda: column > limit, "below": lambda: column < limit,
    }[op]()  # fmt: skip


def row(table: ir.Table, on: str, one: Filter, at: datetime) -> ir.BooleanValue:
    """Return whether a condition holds of a row; what it says of no value may be unknown, which keeps no row.

    Unknown is not made false: an engine passes over blocks of a file by a plain comparison, and by nothing else.
    """
    found = field_of(on, one.field)
    op, contrary = CONTRARY.get(one.op, one.op), one.op in CONTRARY
    if on == "contracts" and one.field == "running":
        running = table.ended_at.isnull() | (table.ended_at > moment_of(at))
        return running if one.value else ~running
    if found.type == "property":
        column = at_path(table.properties, ".".join(("$", *fields.path(one.field))))
    else:
        column = table[one.field]
    met = moment(column, op, one.value, at) if found.type == "moment" else value(column, found, op, one.value)
    return ~met.fill_null(False) if contrary else met


def _every(terms: list[ir.BooleanValue]) -> ir.BooleanValue:
    met = terms[0]
    for term in terms[1:]:
        met = met & term
    return met
