"""Text to typed value, the same on every engine: each gives an expression and the code of what is wrong, or null."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import ibis
from ibis.expr import types as ir

from filrouge.engines.base import Engine

_ISO_DATE = r"^\d{4}-\d{2}-\d{2}$"
_ISO_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$"
_ISO_ZONED = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)$"
_PARTS = {
    "%d": r"(\d{1,2})",
    "%m": r"(\d{1,2})",
    "%Y": r"(\d{4})",
    "%H": r"(\d{1,2})",
    "%M": r"(\d{2})",
    "%S": r"(\d{2})",
}
_YES = ("1", "true", "t", "yes", "y", "oui", "o", "vrai", "x")
_NO = ("0", "false", "f", "no", "n", "non", "faux")


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
    return text.replace("\u00a0", " ").replace("\u202f", " ").strip().nullif("")


def typed(text: ir.StringValue, kind: str, how: Conventions, formats: Sequence[str] = ()) -> Typed:
    """Return ``text`` (cleaned) as ``kind``, a type of ``tables.base.Type``."""
    if kind == "decimal":
        return _number(text, how, "decimal(18, 4)")
    if kind == "float64":
        return _number(text, how, "float64")
    if kind == "int64":
        return _tried(text, _plain_number(text, how).re_replace(r"\.0+$", "").try_cast("int64"), "not_a_number")
    if kind == "boolean":
        lowered = text.lower()
        value = ibis.cases((lowered.isin(_YES), True), (lowered.isin(_NO), False), else_=ibis.null("boolean"))
        return _tried(text, value, "not_a_yes_or_no")
    if kind in ("date", "timestamp"):
        return _moment(text, kind, how, tuple(formats) or how.dates)
    return Typed(text, ibis.null("string"))


def _tried(text: ir.StringValue, value: ir.Value, code: str) -> Typed:
    return Typed(value, ibis.cases((text.notnull() & value.isnull(), code), else_=ibis.null("string")))


def _plain_number(text: ir.StringValue, how: Conventions) -> ir.StringValue:
    bare = text.re_replace(r"[\s€$£]", "")
    return bare.replace(".", "").replace(",", ".") if how.decimal == "," else bare.replace(",", "")


def _number(text: ir.StringValue, how: Conventions, kind: str) -> Typed:
    if how.decimal == ",":
        # A source with decimal commas may still hold plain "12.50": a dot with one or two digits after is a decimal.
        dotted = text.re_search(r"^-?\d+\.\d{1,2}$")
        bare = ibis.ifelse(dotted, text, _plain_number(text, how))
    else:
        bare = _plain_number(text, how)
    right = bare.re_search(r"^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$")
    return _tried(text, ibis.ifelse(right, bare, ibis.null("string")).try_cast(kind), "not_a_number")


def _moment(text: ir.StringValue, kind: str, how: Conventions, formats: tuple[str, ...]) -> Typed:
    shapes = [_shape(form) for form in formats]
    spaced = text.replace("T", " ")
    iso = ibis.cases(
        (text.re_search(_ISO_DATE) | text.re_search(_ISO_TIME) | text.re_search(_ISO_ZONED), spaced),
        *((text.re_search(pattern), _in_order(text, pattern, order)) for pattern, order in shapes),
        else_=ibis.null("string"),
    )
    if kind == "date":
        value: ir.Value = iso.substr(0, 10).try_cast("date")
    else:
        zoned = iso.re_search(_ISO_ZONED.replace("[T ]", " "))
        local = ibis.ifelse(zoned, ibis.null("string"), iso).try_cast("timestamp")
        value = ibis.ifelse(zoned, iso.try_cast("timestamp('UTC')"), how.engine.to_utc(local, how.zone))
    year = value.year()
    out = value.notnull() & ((year < 1900) | (year > how.at.year + 10))
    fault = ibis.cases(
        (text.notnull() & value.isnull(), "not_a_date"), (out, "date_out_of_range"), else_=ibis.null("string")
    )
    return Typed(ibis.ifelse(out, ibis.null(value.type()), value), fault)


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
