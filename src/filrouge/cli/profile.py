"""``filrouge source profile FILE``: how a file is written, what its columns hold and mean, what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from filrouge.cli.asking import Key, caller
from filrouge.cli.source import AsJson, print_json

WIDTH = 100
DATES = {"day-first": "day_first", "month-first": "month_first"}
DECIMALS = {"comma": ",", "point": ".", ",": ",", ".": "."}
TYPES = {
    "text": "text", "whole": "whole number", "decimal": "decimal", "date": "date", "datetime": "date and time",
    "yes_no": "yes/no", "empty": "empty",
}  # fmt: skip
MEANINGS = {
    "identifier": "identifier", "loyalty_id": "loyalty number", "national_id": "national number", "sex": "gender",
    "registration_id": "company number", "bank_account": "bank account", "address_line": "address",
    "address_more": "more of the address", "house": "house number", "url": "web address", "text": "free text",
    "yes_no": "yes or no", "nested": "nested data", "source": "system", "state": "region",
}  # fmt: skip
SHAPES = {"csv": "text", "excel": "workbook", "ndjson": "one JSON object a line", "parquet": "Parquet"}
MARKS = {"\t": "tab", "": "none", ",": "comma", ".": "point", ";": "semicolon", "|": "bar"}
QUOTES = {'"': "double", "'": "single", "": "none"}
ORDERS = {"day_first": "day first", "month_first": "month first", "year_first": "year first"}
FAULTS = {
    "placeholders": "a placeholder, as {value}",
    "stray_spaces": "stray spaces",
    "garbled": "letters garbled by a wrong encoding",
    "mixed_types": "values that are no {type}, most of them {other}",
    "mixed_orders": "dates that contradict the {order} order",
    "impossible_dates": "dates that stand in no calendar",
    "dates_outside": "dates before 1900 or more than ten years ahead",
    "order_doubt": "dates where nothing proves which comes first, day or month; read {order}",
    "mixed_decimals": "numbers that contradict the decimal {mark}",
    "decimal_doubt": "numbers that may be thousands or decimals; read with a decimal {mark}",
    "digits_lost": "numbers rounded by a spreadsheet (1,23E+11)",
    "zero_lost": "values that lost the zero they begin with",
    "not_emails": "values that are no e-mail address",
    "emails_inside": "e-mail addresses where none were expected",
    "phones_inside": "telephone numbers where none were expected",
    "accounts_inside": "bank accounts where none were expected",
    "cards_inside": "payment cards where none were expected",
    "numbers_inside": "social security numbers where none were expected",
    "key_repeated": "an identifier that another row has",
    "key_missing": "no identifier",
    "too_few_fields": "fewer fields than columns, not read; the first at {places}",
    "too_many_fields": "more fields than columns, not read; the first at {places}",
    "wrong_bytes": "bytes that do not fit the encoding, not read; the first at {places}",
    "not_json": "no JSON, not read; the first at {places}",
    "not_an_object": "JSON but no object, not read; the first at {places}",
    "too_long": "too long to be held, not read; the first at {places}",
}


def profile(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, Excel, NDJSON or Parquet file.")],
    encoding: Annotated[str | None, typer.Option(help="How its letters are written: utf-8, cp1252…")] = None,
    delimiter: Annotated[str | None, typer.Option(help="What stands between fields; \\t for a tab.")] = None,
    quote: Annotated[str | None, typer.Option(help="What stands around fields; empty for nothing.")] = None,
    header_row: Annotated[int | None, typer.Option(min=1, help="The row of column names.")] = None,
    sheet: Annotated[str | None, typer.Option(help="The sheet of a workbook.")] = None,
    dates: Annotated[str, typer.Option(help="day-first or month-first.")] = "",
    decimal: Annotated[str, typer.Option(help="comma or point.")] = "",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Say how a file is written, what each column holds and seems to mean, and what is wrong; keep nothing."""
    from filrouge.base.errors import UsageError
    from filrouge.cli import talk
    from filrouge.cli.progress import shown
    from filrouge.work import profiling

    if dates and dates not in DATES:
        raise UsageError("{said} is no order of dates.", hint="Write day-first or month-first.", said=dates)
    if decimal and decimal not in DECIMALS:
        raise UsageError("{said} is no decimal mark.", hint="Write comma or point.", said=decimal)
    asking = caller(key)
    form = {
        "encoding": encoding, "delimiter": "\t" if delimiter == "\\t" else delimiter, "quote": quote,
        "header_row": header_row, "sheet": sheet,
    }  # fmt: skip
    with shown(talk) as progress:
        found = profiling.profile(
            asking, file, form=form, date_order=DATES.get(dates, ""), decimal=DECIMALS.get(decimal, ""),
            progress=progress,
        )  # fmt: skip
    if as_json:
        print_json(found.plain() | {"seen_as": sorted(asking.roles)})
        return
    _print(found)
    masked = sorted({column.sight for column in found.columns} - {"show"})
    told = {"hide": "left out", "mask": "masked"}
    talk.print(
        f"Values are shown as the role {', '.join(sorted(asking.roles))} may see them"
        + (f": some are {' or '.join(told[one] for one in masked)}." if masked else ".")
    )


def _print(found: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    out = Console(markup=False, highlight=False, width=WIDTH)
    out.print(
        f"{_line(found.name)}: {SHAPES[found.kind]}, {found.rows:,} rows, {len(found.columns)} columns", soft_wrap=True
    )
    for line in (*map(_convention, found.conventions), *(_fault(fault) for fault in found.faults)):
        out.print(f"  {line}")
    if found.key:
        out.print(f"  a row is named by {_line(', '.join(found.key))}")
    right = {"filled", "distinct", "sure"}
    widths = {"column": 20, "type": 13, "filled": 6, "distinct": 9, "means": 15, "sure": 4, "values": 27}
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for head, width in widths.items():
        last = head == "values"
        table.add_column(
            head, width=width, justify="right" if head in right else "left", no_wrap=last,
            overflow="ellipsis" if last else "fold",
        )  # fmt: skip
    for column in found.columns:
        table.add_row(
            _line(column.name), TYPES[column.type], f"{column.fill:.0%}", f"{column.distinct:,}",
            MEANINGS.get(column.meaning, column.meaning.replace("_", " ")), f"{column.confidence:.0%}",
            _line(" · ".join(_values(column))),
        )  # fmt: skip
    out.print(table)
    for column in found.columns:
        for fault in column.faults:
            out.print(f"{_line(column.name)}: {_fault(fault)}")


def _values(column: Any) -> Iterator[str]:
    if column.sight == "hide":
        yield "left out"
    elif column.distinct == column.filled:
        yield from column.examples
    else:
        yield from (one.value for one in column.top)


def _line(text: str) -> str:
    """Return ``text`` on one line, without what would move the cursor."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _convention(one: Any) -> str:
    seen = one.evidence
    if one.what == "date_order":
        proof = {"day_first": seen["day_first"], "month_first": seen["month_first"]}.get(one.value, seen["year_first"])
        told = f"dates: {ORDERS[one.value]}, proven by {proof:,} values"
        against = max(seen["day_first"], seen["month_first"]) - proof if one.value != "year_first" else 0
        told += f", contradicted by {against:,}" if against > 0 else ""
        told += f", {seen['either']:,} could be either" if seen["either"] else ""
    elif one.what == "decimal":
        proof = seen["comma" if one.value == "," else "point"]
        told = f"decimals: {MARKS[one.value]}, proven by {proof:,} values"
        other = seen["point" if one.value == "," else "comma"]
        told += f", contradicted by {other:,}" if other else ""
    elif one.what == "delimiter":
        told = f"delimiter: {MARKS.get(one.value, one.value)}"
        told += f", which fits {seen['rows']} of the first {seen['of']} rows" if seen.get("of") else ""
    elif one.what == "quote":
        told = f"quote: {QUOTES.get(one.value, one.value)}"
        told += "" if seen.get("fields") else ", which no field needs"
    elif one.what == "encoding":
        told = f"encoding: {one.value}"
        told += f", {seen['wrong']:,} letters do not fit" if seen.get("wrong") and one.value == "utf-8" else ""
    else:
        told = f"{one.what.replace('_', ' ')}: {one.value}"
    return told + (" (given)" if one.given else "" if one.sure else " (not sure)")


def _fault(fault: Any) -> str:
    said = {name: _said(name, value) for name, value in fault.params.items()}
    return f"{FAULTS[fault.code].format(**said)}: {fault.rows:,} row{'s' if fault.rows != 1 else ''}"


def _said(name: str, value: Any) -> str:
    if name in ("type", "other"):
        return TYPES[value]
    return ORDERS.get(value, MARKS.get(value, str(value)) if name == "mark" else str(value))
