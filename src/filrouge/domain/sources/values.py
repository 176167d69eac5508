"""Text to typed value, the same on every engine: each gives an expression and the code of what is wrong, or null."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import ibis
from ibis.expr import types as ir

from filrouge.engines.base import Engine

_ISO_DATE = r"^\d{4}-\d{2}-\d{2}$"
_ISO_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$"
_ISO_ZONED = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)$"
_PARTS = {"%d": r"(\d{1,2})", "%m": r"(\d{1,2})", "%Y": r"(\d{4})", "%H": r"(\d{1,2})", "%M": r"(\d{2})", "%S": r"(\d{2})"}
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
    iso = ibis.cases(
        (text.re_search(_ISO_DATE) | text.re_search(_ISO_TIME) | text.re_search(_ISO_ZONED), text.replace("T", " ")),
        *((text.re_search(pattern), text.re_replace(pattern, shape)) for pattern, shape in map(_shape, formats)),
        else_=ibis.null("string"),
    )
    zoned = iso.re_search(_ISO_ZONED.replace("[T ]", " "))
    if kind == "date":
        value: ir.Value = _padded(iso).substr(0, 10).try_cast("date")
        year = value.year()
    else:
        naive = _padded(iso).try_cast("timestamp")
        value = ibis.ifelse(zoned, iso.try_cast("timestamp('UTC')"), how.engine.to_utc(naive, how.zone))
        year = value.year()
    out = value.notnull() & ((year < 1900) | (year > how.at.year + 10))
    fault = ibis.cases(
        (text.notnull() & value.isnull(), "not_a_date"), (out, "date_out_of_range"), else_=ibis.null("string")
    )
    return Typed(ibis.ifelse(out, ibis.null(value.type()), value), fault)


def _padded(iso: ir.StringValue) -> ir.StringValue:
    """Give one-digit days, months and hours their zero."""
    for pattern, shape in (
        (r"^(\d{4})-(\d)-", r"\1-0\2-"),
        (r"^(\d{4}-\d{2})-(\d)($| )", r"\1-0\2\3"),
        (r"^(\d{4}-\d{2}-\d{2}) (\d):", r"\1 0\2:"),
    ):
        iso = iso.re_replace(pattern, shape)
    return iso


def _shape(form: str) -> tuple[str, str]:
    """Return a pattern for ``%d/%m/%Y %H:%M`` and the replacement that makes it ISO."""
    order: dict[str, int] = {}
    pattern = ""
    for token in re.findall(r"%[a-zA-Z]|[^%]+", form):
        if token in _PARTS:
            order[token] = len(order) + 1
            pattern += _PARTS[token]
        else:
            pattern += re.escape(token).replace("\\ ", " ").replace("\\/", "/").replace("\\-", "-")
    day = "-".join(f"\\{order[part]}" for part in ("%Y", "%m", "%d"))
    if "%H" in order:
        clock = [f"\\{order[part]}" for part in ("%H", "%M", "%S") if part in order]
        return f"^{pattern}$", f"{day} {':'.join(clock)}"
    return f"^{pattern}$", day
