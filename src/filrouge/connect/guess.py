"""How an unknown file is written: kind, encoding, delimiter, the row of column names. A guess, told before its use."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import python_calamine as calamine

from filrouge.base.errors import Phrase, SourceError, UsageError
from filrouge.connect import own
from filrouge.connect.excel import cell_text
from filrouge.connect.packed import Part, parts
from filrouge.connect.paths import told
from filrouge.domain.sources.profile import Convention

KINDS = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".tab": "csv",
    ".xlsx": "excel", ".xlsm": "excel", ".xls": "excel", ".ods": "excel",
    ".ndjson": "ndjson", ".jsonl": "ndjson",
}  # fmt: skip
DELIMITERS = (";", ",", "\t", "|")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
HEAD = 256 << 10  # bytes looked at for the delimiter and the names
LOOKED = 40  # rows looked at
TOP = 10  # the names stand within the first rows


@dataclass(frozen=True)
class Found:
    """How a file is written: its kind, its ``format``, and what tells so."""

    kind: str
    form: dict[str, Any]
    told: tuple[Convention, ...] = ()


def conventions(path: Path, *, header_row: int | None = None) -> tuple[str, dict[str, Any]]:
    """Return the kind of ``path`` and its ``format``; the row of column names is looked for unless it is given.

    Raises UsageError when no connector reads such files, SourceError when it holds nothing that can be read.
    """
    found = detected(path, {"header_row": header_row} if header_row else {})
    return found.kind, found.form


def detected(path: Path, given: Mapping[str, Any] | None = None) -> Found:
    """Return how ``path`` is written and what tells so; what is ``given`` (keys of ``format``) is not looked for.

    Raises UsageError when no connector reads such files, SourceError when it holds nothing that can be read.
    """
    said = dict(given or {})
    with told(path):
        for part in parts(path, said.get("members")):
            return _detected(part, said)  # the first tells of all
    raise AssertionError("an archive of nothing was told of")


def _detected(part: Part, said: Mapping[str, Any]) -> Found:
    kind = KINDS.get(part.inner.suffix.lower())
    if kind is None:
        raise UsageError(
            "Files named {suffix} are not read.",
            hint="Export it as one of: {known}.",
            suffix=part.inner.suffix or Phrase("without an ending"),
            known=", ".join(sorted(KINDS)),
        )
    if kind == "csv":
        return _text(part, said)
    if kind == "excel":
        with part.laid(None) as laid:
            return _workbook(laid, part.name, said)
    form = {"encoding": said["encoding"]} if "encoding" in said else {}
    return Found(kind, form, (Convention("encoding", form.get("encoding", "utf-8"), given=bool(form)),))


def _text(part: Part, said: Mapping[str, Any]) -> Found:
    seen = _encoding(part)
    encoding = said.get("encoding") or seen.value
    with part.open() as stream:
        head = stream.read(HEAD)
    try:
        text = str(codecs.getincrementaldecoder(encoding)("replace").decode(head))
    except (LookupError, TypeError, ValueError):
        raise UsageError(
            "No encoding is called {encoding}.", hint="Write utf-8 or cp1252.", encoding=encoding
        ) from None
    text = text.removeprefix("\ufeff").replace("\0", "\ufffd")
    whole = len(head) < HEAD
    quote = said.get("quote", _quote(text))
    delimiters = (said["delimiter"],) if said.get("delimiter") else DELIMITERS
    best: tuple[float, int, str, list[list[str]]] = (0.0, 0, ";", [])
    fits = looked = 0
    for delimiter in delimiters:
        rows = _rows(text, delimiter, quote, whole=whole)
        filled = [row for row in rows if any(row)]
        wide, count = Counter(len(row) for row in filled).most_common(1)[0] if filled else (0, 0)
        if wide > 1 and (count / len(filled), wide) > best[:2]:
            best = (count / len(filled), wide, delimiter, rows)
            fits, looked = count, len(filled)
    alone = not best[3]
    rows = best[3] or _rows(text, delimiters[0] if len(delimiters) == 1 else ",", quote, whole=whole)
    delimiter = best[2] if best[3] else delimiters[0] if len(delimiters) == 1 else ","
    header = said.get("header_row") or _names(rows, part.name)
    form = {"encoding": encoding, "delimiter": delimiter, "header_row": header}
    if quote != '"':
        form["quote"] = quote
    quoted = len(re.findall(rf"(?:^|[{re.escape(delimiter)}\n]){re.escape(quote)}", text)) if quote else 0
    return Found(
        "csv",
        form,
        (
            replace(seen, value=encoding, sure=True, given=True) if said.get("encoding") else seen,
            Convention("delimiter", delimiter, bool(said.get("delimiter")) or (not alone and fits == looked),
                       bool(said.get("delimiter")), {"rows": fits, "of": looked}),
            Convention("quote", quote, given="quote" in said, evidence={"fields": quoted}),
            Convention("header_row", str(header), given=bool(said.get("header_row"))),
        ),
    )  # fmt: skip


def _rows(text: str, delimiter: str, quote: str, *, whole: bool) -> list[list[str]]:
    """Return the first rows of ``text``; the last, cut by the end of what was looked at, is left out."""
    rows: list[list[str]] = []
    try:
        lines = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=delimiter,
            quotechar=quote or None,
            quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        )
        for row in islice(lines, LOOKED):
            rows.append(row)  # noqa: PERF402 - what was read before a fault is kept
    except (
        csv.Error,
        TypeError,
    ):  # a field beyond all length; a delimiter of several characters, told by the connector
        return rows
    return rows if whole or len(rows) == LOOKED or len(rows) < 2 else rows[:-1]


def _quote(text: str) -> str:
    """Return the quote of most fields that open and close with one: the double one unless single ones prevail."""
    double, single = (
        len(re.findall(rf"(?:^|[;,\t|]){mark}[^{mark}\n]*{mark}(?=[;,\t|\r\n]|$)", text, re.MULTILINE))
        for mark in ('"', "'")
    )
    return "'" if single > 3 and not double else '"'


def _encoding(part: Part) -> Convention:
    """Return what the first bytes say when they say it, utf-8 when nearly all of the file is, else cp1252.

    A file of UTF-8 into which some lines of another encoding slipped stays UTF-8: those lines are told.
    """
    letters = wrong = 0
    with part.open() as stream:
        start = stream.peek(4)[:4]
        for bom, name in _BOMS:
            if start.startswith(bom):
                return Convention("encoding", name)
        rest = b""
        while block := stream.read(1 << 20):
            data = rest + block
            rest = b""
            if data.isascii():
                continue
            try:
                text, used = codecs.utf_8_decode(data, "strict", False)
            except UnicodeDecodeError:
                text, used = codecs.utf_8_decode(data, "replace", False)
                wrong += text.count("\ufffd") - data.count(b"\xef\xbf\xbd")
            rest = data[used:]
            letters += len(text) - len(text.encode("ascii", "ignore"))
        wrong += bool(rest)
    if not wrong:
        return Convention("encoding", "utf-8", evidence={"letters": letters})
    right = letters - wrong
    if right > 4 * wrong:
        return Convention("encoding", "utf-8", sure=False, evidence={"letters": right, "wrong": wrong})
    return Convention("encoding", "cp1252", sure=right < wrong, evidence={"letters": wrong, "wrong": max(right, 0)})


def _workbook(path: Path, called: str, said: Mapping[str, Any]) -> Found:
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
    except (calamine.CalamineError, OSError):
        raise SourceError(
            "The workbook {name} cannot be opened.", hint="Open it, save it again, and try once more.", name=called
        ) from None
    best: tuple[int, str, list[list[str]]] = (0, "", [])
    asked = said.get("sheet")
    for name in [asked] if asked in book.sheet_names else book.sheet_names:
        sheet = book.get_sheet_by_name(name)
        rows = [[cell_text(cell) or "" for cell in row] for row in islice(sheet.iter_rows(), LOOKED)]
        wide = max((sum(map(bool, row)) for row in rows), default=0)
        if rows and own.sign(rows[0]):  # ours: the other sheet says what it is about
            best = (wide * sheet.total_height, name, rows)
            break
        if wide * sheet.total_height > best[0]:  # a sheet of explanations is smaller than that of the people
            best = (wide * sheet.total_height, name, rows)
    if best[2]:
        header = said.get("header_row") or _names(best[2], called)
        title = str(asked or best[1])  # the connector says when there is none of that name
        return Found(
            "excel",
            {"sheet": title, "header_row": header},
            (
                Convention("sheet", title, sure=bool(asked) or len(book.sheet_names) == 1, given=bool(asked)),
                Convention("header_row", str(header), given=bool(said.get("header_row"))),
            ),
        )
    raise SourceError("The workbook {name} is empty.", hint="Check the export.", name=called)


def _names(rows: Sequence[Sequence[str]], called: str) -> int:
    """Return the number of the row of column names: the first that is full, without figures, addresses, many twice."""
    filled = [row for row in rows if any(row)]
    wide = max((sum(1 for cell in row if cell) for row in filled), default=0)
    usual = sorted(len(row) for row in filled)[len(filled) // 2] if filled else 0
    if rows and own.sign(rows[0]):
        return 1
    for number, row in enumerate(rows[:TOP], start=1):
        cells = [cell.strip() for cell in row if cell.strip()]
        full = len(cells) >= 0.8 * wide or len(cells) == len(row) >= usual
        if cells and full and len(set(cells)) >= 0.6 * len(cells) and not any(map(_value, cells)):
            return number
    raise SourceError(
        "The file {name} shows no row of column names.",
        hint="Add one, or say where it stands (`header_row`).",
        name=called,
    )


def _value(cell: str) -> bool:
    """Tell whether a cell holds a value rather than the name of a column: q12 is a name, and 2024 a value."""
    if re.fullmatch(r"[^\W\d]+_?\d{1,4}", cell):
        return False
    return "@" in cell or sum(letter.isdigit() for letter in cell) > len(cell) / 2
