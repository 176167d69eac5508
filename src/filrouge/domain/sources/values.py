"""Text to typed value, the same on every engine: each gives an expression and the code of what is wrong, or null."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import ibis
from ibis.expr import types as ir

from filrouge.base.reached import EMAIL, fillers
from filrouge.engines.base import Engine

# What a value is that is kept as it was received although it reaches nobody: column -> code.
UNREACHING: Mapping[str, str] = {"email": "not_an_email", "phone": "not_a_phone"}
_FILLER = fillers()
_ZONE = r"(Z|[+-]\d{2}(:?\d{2})?)"
_ISO = rf"^\d{{4}}-\d{{2}}-\d{{2}}([T ]\d{{2}}:\d{{2}}(:\d{{2}}(\.\d+)?)?{_ZONE}?)?$"
_ZONED = rf":\d{{2}}(\.\d+)?{_ZONE}$"  # the end of an ISO time that says its zone
_PARTS = {
    "%d": r"(\d{1,2})",
    "%m": r"(\d{1,2})",
    "%Y": r"(\d{4})",
    "%H": r"(\d{1,2})",
    "%M": r"(\d{2})",
    "%S": r"(\d{2})",
}
# how a time is written that counts from 1970, and what makes seconds of it
UNIX = {"unix": 1, "unix_ms": 1_000, "unix_us": 1_000_000}
_LATEST = 253_402_300_800  # seconds to the year 10000, beyond which engines know no moment
MINOR = "minor"  # an amount in the smallest unit of its currency
_NO_CENTS = (
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
)  # fmt: skip
_THOUSANDTHS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
# Escaped for the expression's own reader: Spark reads the bare letters of "\v" and "\f" in the text of a query.
_BLANK = r"[ \t\n\r\x0b\x0c]"
_BLANKS = rf"^{_BLANK}|{_BLANK}$|[\x{{a0}}\x{{202f}}]"
_OUTER = rf"^{_BLANK}+|{_BLANK}+$"
YES = ("1", "true", "t", "yes", "y", "oui", "o", "vrai", "x")
NO = ("0", "false", "f", "no", "n", "non", "faux")


@dataclass(frozen=True)
class Typed:
    """A value expression, and the expression of its fault code (null when it is right)."""

    value: ir.Value
    fault: ir.StringValue


@dataclass(frozen=True)
class Conventions:
    """How a source writes numbers and dates; ``at`` is now, beyond which ten years are believed."""

    decimal: str
    dates: tuple[str, ...]
    zone: str
    at: datetime
    engine: Engine


def clean(text: ir.StringValue) -> ir.StringValue:
    """Return ``text`` without outer blanks (the no-break ones too), null when nothing is left."""
    plain = text.replace("\u00a0", " ").replace("\u202f", " ").re_replace(_OUTER, "")
    return ibis.ifelse(text.re_search(_BLANKS), plain, text).nullif("")  # few values need it, and asking is cheaper


def typed(text: ir.StringValue, kind: str, how: Conventions, formats: Sequence[str] = ()) -> Typed:
    """Return ``text`` (cleaned) as ``kind``, a type of ``tables.base.Type``."""
    value = valued(plain(text, kind, how, formats), kind, how)
    return Typed(believed(value, kind, how), fault(text, value, kind, how))


# The same in four steps, for whoever lays each down before the next: engines compute a step once, not once a use.


def plain(text: ir.StringValue, kind: str, how: Conventions, formats: Sequence[str] = ()) -> ir.StringValue:
    """Return ``text`` as engines read a value of ``kind``: 1234.5, 2026-01-02; null when it has no such shape."""
    if kind in ("decimal", "float64"):
        return _number(text, how)
    if kind == "timestamp" and formats and formats[0] in UNIX:
        return _unix(text, UNIX[formats[0]])
    if kind == "int64":
        return _plain_number(text, how).re_replace(r"\.0+$", "")
    if kind == "boolean":
        return text.lower()
    if kind in ("date", "timestamp"):
        return _iso(text, tuple(formats) or how.dates)
    return text


def whole_units(text: ir.StringValue, currency: ir.StringValue) -> ir.StringValue:
    """Return an amount written in the smallest unit of ``currency`` (ISO 4217) in the currency itself.

    One that is no whole number, or whose currency is not said, is left as it is with a mark that makes it wrong.
    """
    code = currency.upper()
    digits = text.replace("-", "").lpad(4, "0")
    sign = ibis.ifelse(text.startswith("-"), ibis.literal("-"), ibis.literal(""))
    size = digits.length()

    def cut(places: int) -> ir.StringValue:
        return sign + digits.substr(0, size - places) + "." + digits.substr(size - places, places)

    return ibis.cases(
        (text.isnull(), ibis.null("string")),
        (~text.re_search(r"^-?\d{4,17}$") & ~text.re_search(r"^-?\d{1,3}$") | code.isnull(), text + "?"),
        (code.isin(_NO_CENTS), text),
        (code.isin(_THOUSANDTHS), cut(3)),
        else_=cut(2),
    )


def _unix(text: ir.StringValue, parts: int) -> ir.StringValue:
    """Return a count of Unix as a time of UTC, null when it is none."""
    number = text.re_replace(r"\.\d+$", "").try_cast("int64")
    since = number // parts
    seconds = ibis.ifelse(since < _LATEST, since, ibis.null("int64")).as_timestamp("s")
    rest = (number % parts * (1_000_000 // parts)).cast("string").lpad(6, "0")
    told = seconds.strftime("%Y-%m-%d %H:%M:%S") + "." + rest + "Z"
    return ibis.ifelse(text.re_search(r"^\d{1,16}(\.\d+)?$"), told, ibis.null("string"))


def valued(text: ir.StringValue, kind: str, how: Conventions) -> ir.Value:
    """Return what a ``plain`` text says, null when it says nothing of ``kind``."""
    if kind == "decimal":
        return text.try_cast("decimal(18, 4)")
    if kind in ("float64", "int64"):
        return text.try_cast(kind)
    if kind == "boolean":
        return ibis.cases((text.isin(YES), True), (text.isin(NO), False), else_=ibis.null("boolean"))
    if kind == "date":
        return text.substr(0, 10).try_cast("date")
    if kind == "timestamp":
        zoned = text.re_search(_ZONED)
        local = ibis.ifelse(zoned, ibis.null("string"), text).try_cast("timestamp")
        return ibis.ifelse(zoned, text.try_cast("timestamp('UTC')"), how.engine.to_utc(local, how.zone))
    return text


def believed(value: ir.Value, kind: str, how: Conventions) -> ir.Value:
    """Return ``value`` unless it is a date that cannot be right."""
    if kind in ("date", "timestamp"):
        return ibis.ifelse(_out(value, how), ibis.null(value.type()), value)
    return value


def fault(text: ir.StringValue, value: ir.Value, kind: str, how: Conventions) -> ir.StringValue:
    """Return the code of what is wrong with ``text``, of which ``value`` was made; null when nothing is."""
    nothing = ibis.null("string")
    if kind in ("date", "timestamp"):
        return ibis.cases(
            (text.notnull() & value.isnull(), "not_a_date"), (_out(value, how), "date_out_of_range"), else_=nothing
        )
    code = "not_a_yes_or_no" if kind == "boolean" else "not_a_number"
    if kind in ("decimal", "float64", "int64", "boolean"):
        return ibis.cases((text.notnull() & value.isnull(), code), else_=nothing)
    return nothing


def typed_digits(text: ir.StringValue) -> ir.StringValue:
    """Return the digits and plus signs of ``text``, without the (0) that is not dialled from abroad."""
    return text.replace("(0)", "").re_replace(r"[^0-9+]+", "")


def unreaching(text: ir.StringValue, column: str, digits: ir.StringValue | None = None) -> ir.StringValue:
    """Return the code of why ``text``, read into ``column`` of ``UNREACHING``, is of no use to identity, or null.

    ``digits``: its ``typed_digits``, where they are laid down already.
    """
    if column == "email":
        wrong = ~text.re_search(EMAIL)
    else:
        wrong = (typed_digits(text) if digits is None else digits).re_search(_FILLER)
    return ibis.cases((text.notnull() & wrong, UNREACHING[column]), else_=ibis.null("string"))


def _out(value: ir.Value, how: Conventions) -> ir.BooleanValue:
    year = value.year()
    return value.notnull() & ((year < 1900) | (year > how.at.year + 10))


def _plain_number(text: ir.StringValue, how: Conventions) -> ir.StringValue:
    bare = text.re_replace(r"[\s€$£]", "")
    return bare.replace(".", "").replace(",", ".") if how.decimal == "," else bare.replace(",", "")


def _number(text: ir.StringValue, how: Conventions) -> ir.StringValue:
    if how.decimal == ",":
        # A source with decimal commas may still hold plain "12.50": a dot with one or two digits after is a decimal.
        dotted = text.re_search(r"^-?\d+\.\d{1,2}$")
        bare = ibis.ifelse(dotted, text, _plain_number(text, how))
    else:
        bare = _plain_number(text, how)
    right = bare.re_search(r"^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$")
    return ibis.ifelse(right, bare, ibis.null("string"))


def _iso(text: ir.StringValue, formats: tuple[str, ...]) -> ir.StringValue:
    shapes = [_shape(form) for form in formats]
    return ibis.cases(
        *((text.re_search(pattern), _in_order(text, pattern, order)) for pattern, order in shapes),
        (text.re_search(_ISO), text.replace("T", " ")),
        else_=ibis.null("string"),
    )


def _in_order(text: ir.StringValue, pattern: str, order: Mapping[str, int]) -> ir.StringValue:
    """Return ``text`` in ISO order, its parts found by number: engines write back-references differently."""

    def part(name: str, width: int) -> ir.StringValue:
        return text.re_extract(pattern, order[name]).lpad(width, "0")

    iso = part("%Y", 4) + "-" + part("%m", 2) + "-" + part("%d", 2)
    if "%H" in order:
        iso = iso + " " + part("%H", 2) + ":" + part("%M", 2)
        iso = iso + (":" + part("%S", 2) if "%S" in order else ":00")
    return iso


def _shape(form: str) -> tuple[str, dict[str, int]]:
    """Return a pattern for ``%d/%m/%Y %H:%M``, and which group holds which part."""
    order: dict[str, int] = {}
    pattern = ""
    for token in re.findall(r"%[a-zA-Z]|[^%]+", form):
        if token in _PARTS:
            order[token] = len(order) + 1
            pattern += _PARTS[token]
        else:
            pattern += "".join(c if c.isalnum() or c in " /-:_," else f"\\{c}" for c in token)
    return f"^{pattern}$", order
