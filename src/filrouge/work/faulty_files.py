"""The faulty rows of a draft as a file, a line a wrong cell; the corrections that come back in that file, told by line.

A line says where its cell stands (``place``, ``row``, ``column``), why it is wrong, and its ``value`` as whoever took
the file may see it. A value that is typed over is a correction; ``do`` has a row left out, or taken as it is parted.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, BinaryIO, cast

import python_calamine as calamine
from django.db import transaction

from filrouge.base import settings
from filrouge.base.cells import bare, neutral
from filrouge.base.errors import Conflict, NotFound, UsageError
from filrouge.base.text import whole
from filrouge.connect import own, sheets
from filrouge.connect.excel import cell_text
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import mask
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources import mending as mends
from filrouge.domain.sources.sighted import Sighted
from filrouge.store.models import SourceDraft
from filrouge.store.queries import drafts as found
from filrouge.work import access, audit, correcting, draft_files, drafts, faulty, mending
from filrouge.work.correcting import Typed
from filrouge.work.faulty import Row

TITLES = ("row", "column", "reason", "value", "do", "place", "seen")
LEAVE_OUT, TAKE = "leave_out", "take_as_parted"  # what ``do`` may hold
LARGEST = 20 << 20  # bytes of a file of corrections
LINES = 200_000


@dataclass(frozen=True)
class Line:
    """One line of corrections. ``line``: its number in the file, from 1; ``value`` None when it says nothing of it.

    ``filed``: it comes from a file, of which a spreadsheet may have written cells otherwise.
    """

    line: int
    row: int | None
    column: str = ""
    value: str | None = None
    do: str = ""
    place: str = ""
    seen: str = ""
    filed: bool = False


@dataclass(frozen=True)
class Refusal:
    """A line that was not kept, and the code of why."""

    line: int
    row: int | None
    column: str
    code: str


@dataclass(frozen=True)
class Kept:
    """What became of corrections: rows that were saved, lines that change nothing, lines that were refused."""

    rows: int
    unchanged: int
    refused: tuple[Refusal, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        names = ("line", "row", "column", "code")
        told = [{name: getattr(one, name) for name in names} for one in self.refused]
        return {"rows": self.rows, "unchanged": self.unchanged, "refused": told}


def lines(asking: Caller, draft: SourceDraft) -> Iterator[dict[str, Any]]:
    """Yield a line a wrong cell, every cell of a row that could not be parted; as ``asking`` may see them.

    Raises Conflict when the draft was not tried as it stands, UsageError when its rows are not corrected here.
    """
    rows, sees = _rows(draft), draft_files.sighted(draft, asking)
    for row in rows:
        yield from _lines(row, sees)


def page(asking: Caller, draft: SourceDraft, *, cursor: str, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return ``limit`` lines from ``cursor`` on, and the cursor of the next. Raises what ``lines`` raises."""
    start = whole(cursor) if cursor else 0
    if start is None:
        raise UsageError("This cursor is not one that was given.", hint="Start again without a cursor.")
    found_ = list(islice(lines(asking, draft), start, start + limit + 1))
    return found_[:limit], str(start + limit) if len(found_) > limit else None


def write(asking: Caller, key: str, *, form: sheets.Form, delimiter: str = ";") -> BinaryIO:
    """Return the file of the faulty rows, open at its beginning and without a name on the disk; it bears an audit line.

    Raises what ``lines`` raises, and NotFound when no row is faulty.
    """
    access.must(asking, *found.KEEPERS)
    draft = found.draft(key, asking)
    told = list(lines(asking, draft))
    if not told:
        raise NotFound("The dry run found no faulty row.", hint="There is nothing to correct.")
    folder = settings.get().home / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    safe = form == "csv"
    header = [*TITLES[:-1], own.signed(TITLES[-1], shielded=safe)]
    cells = ([neutral(text) if safe else text for text in (str(one[name]) for name in TITLES)] for one in told)
    stream = cast(BinaryIO, tempfile.TemporaryFile(dir=folder))  # noqa: SIM115 - whoever reads it closes it
    try:
        if safe:
            sheets.write_csv(stream, header, cells, delimiter=delimiter, notes=lambda: ())
        else:
            about = [["Type over the value, or write leave_out or take_as_parted under do."]]
            sheets.write_xlsx(
                stream, header, cells, titles=("faulty", "about"), folder=folder, notes=lambda: about, texts=True
            )
        with transaction.atomic():
            audit.record("source.faulty", by=asking.by, kind="export", subject=str(draft.pk), form=form)
    except BaseException:
        stream.close()
        raise
    stream.seek(0)
    return stream


def read(data: bytes, *, decimal: str = ".") -> list[Line]:
    """Return the lines of a file of corrections, CSV or workbook; numbers of a workbook by the ``decimal`` sign of the
    source. Raises UsageError when it is none."""
    if len(data) > LARGEST:
        raise UsageError("This file of corrections is larger than {size} MB.", size=LARGEST >> 20)
    table = _workbook(data, decimal) if data[:2] == b"PK" else _text(data)
    titles = [title.strip() for title in table[0]] if table else []
    signed = next((title for title in titles if own.sign([title])), "")  # a column may have been added behind it
    shielded = signed.endswith(own.BEHIND)
    names = [TITLES[-1] if title == signed and signed else title.casefold() for title in titles]
    if "row" not in names or not {"value", "do"} & {*names}:
        raise UsageError(
            "This is no file of corrections.",
            hint="Its first line names its columns: row, column and value, or row and do.",
        )
    if len(table) > LINES:
        raise UsageError("This file of corrections has more than {most} lines.", most=LINES)
    made = []
    for number, cells in enumerate(table[1:], start=2):
        held = dict(zip(names, [bare(cell) for cell in cells] if shielded else cells, strict=False))
        if any(cells):
            made.append(replace(of_plain(number, held), filed=True))
    return made


def correct_by_file(asking: Caller, key: str, data: bytes) -> Kept:
    """Keep what a file of corrections says of faulty rows. Raises what ``read`` and ``correct`` raise."""
    draft = found.draft(key, asking)
    decimal = (draft.spec.get("format") or {}).get("decimal") or "."
    return correct(asking, key, read(data, decimal=decimal))


def of_plain(number: int, held: Mapping[str, str | None]) -> Line:
    """Return the line of corrections that ``held`` says."""
    text = {name: held.get(name) or "" for name in TITLES}
    value = text["value"] if text["column"] and held.get("value") is not None else None
    return Line(
        number, whole(text["row"].strip()), text["column"], value, text["do"].strip().casefold(), text["place"],
        text["seen"].strip(),
    )  # fmt: skip


def correct(asking: Caller, key: str, told: Sequence[Line]) -> Kept:
    """Keep what lines say of faulty rows, and have the file tried again; what cannot be kept is told line by line.

    A cell that holds what the file showed of it, masked or not, changes nothing. Raises what ``lines`` raises.
    """
    access.must(asking, *found.KEEPERS)
    draft = drafts.open_one(asking, key)
    judged = _Judged(draft, asking)
    for one in told:
        judged.take(one)
    saved = correcting.correct(asking, key, typed) if (typed := judged.typed()) else correcting.Saved(0)
    late = {*saved.late}
    gone = [Refusal(one.line, one.row, one.column, "changed") for one in judged.changing if one.row in late]
    refused = sorted([*judged.refused, *gone], key=lambda one: one.line)
    return Kept(saved.rows, judged.unchanged, tuple(refused))


def said(asking: Caller, draft: SourceDraft) -> list[dict[str, Any]]:
    """Return what was said of rows already: where, by whom, when, the new cells as ``asking`` may see them."""
    shown = draft_files.sighted(draft, asking).shown
    return [
        {
            "row": mend.row, "place": mend.place, "by": mend.by, "at": mend.at, "out": mend.out, "applies": applies,
            "cells": {name: text if shown else mask(text) for name, text in mend.cells.items()},
        }
        for mend, applies in correcting.corrections(draft)
    ]  # fmt: skip


# --- the steps --------------------------------------------------------------------------------------------------------


@dataclass
class _Judged:
    """Lines of corrections, put to the faulty rows that they are of."""

    draft: SourceDraft
    asking: Caller
    refused: list[Refusal] = field(default_factory=list)
    unchanged: int = 0
    changing: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sees = draft_files.sighted(self.draft, self.asking)
        held = mending.held(draft_files.folder(self.draft), str(self.draft.pk))
        self.left = {key: mend.of for key, mend in held.items() if mend.out}
        self.rows: dict[int, list[Row]] = {}
        for row in _rows(self.draft):
            self.rows.setdefault(row.row, []).append(faulty.now(row, held.get(row.key)))
        self.made: dict[mending.Key, tuple[Row, dict[str, str], set[str]]] = {}
        self.typed_by: dict[tuple[mending.Key, str], Line] = {}

    def take(self, one: Line) -> None:
        found = [row for row in self.rows.get(one.row or 0, ()) if not one.place or row.place == one.place]
        code = self._refused(one, found)
        if code:
            self.refused.append(Refusal(one.line, one.row, one.column, code))
            return
        row = found[0]
        _names, open_to, seen = correcting.as_typed(row, self.sees)
        stood = row.cells.get(one.column)
        same = one.value is None or _as_shown(one, _shown(one.column, stood, row, self.sees))
        if same and not one.do:
            self.unchanged += 1
            return
        if one.seen and one.seen != seen:
            self.refused.append(Refusal(one.line, one.row, one.column, "changed"))
            return
        if not same and one.column not in open_to:
            self.refused.append(Refusal(one.line, one.row, one.column, "closed"))
            return
        if not same and self._said_otherwise(row.key, one):
            return
        _row, cells, does = self.made.setdefault(row.key, (row, {}, set()))
        cells |= {} if same else {one.column: one.value or ""}
        does |= {one.do} - {""}
        self.changing.append(one)

    def _said_otherwise(self, key: mending.Key, one: Line) -> bool:
        """Tell whether another line says something else of the same cell: then neither is kept."""
        first = self.typed_by.setdefault((key, one.column), one)
        if first.value == one.value:
            return False
        if first in self.changing:
            self.changing.remove(first)
            self.made[key][1].pop(one.column, None)
            self.refused.append(Refusal(first.line, first.row, first.column, "said_twice"))
        self.refused.append(Refusal(one.line, one.row, one.column, "said_twice"))
        return True

    def _refused(self, one: Line, found: Sequence[Row]) -> str:
        if one.row is None:
            return "no_row"
        if one.do not in ("", LEAVE_OUT, TAKE):
            return "unknown_do"
        if len(found) != 1:
            return "several_places" if found else "not_faulty"
        (row,) = found
        if row.barred:
            return "barred"
        if self.left.get(row.key) == row.of:
            return "left_out"
        if one.value is not None and one.column not in row.cells:
            return "no_column"
        return "not_unparted" if one.do == TAKE and not row.text else ""

    def typed(self) -> list[Typed]:
        """Return what the forms of the rows would have sent."""
        sent = []
        for row, cells, does in self.made.values():
            names, open_to, seen = correcting.as_typed(row, self.sees)
            filled = {
                at: cells.get(name, (row.cells[name] or "") if self.sees.clear(name, row.cells[name]) else "")
                for at, name in enumerate(names) if name in open_to
            }  # fmt: skip
            sent.append(Typed(row.place, row.row, seen, filled, out=LEAVE_OUT in does, so=TAKE in does))
        return sent


def _rows(draft: SourceDraft) -> list[Row]:
    if not draft_files.mendable(draft):
        raise UsageError("Its rows are not corrected here.", hint="Correct them where they come from.")
    if not draft_files.tried(draft):
        raise Conflict("It was not tried as it stands.", hint="Try it, then correct its rows.")
    names = [one.name for one in draft_files.seen(draft)]
    return list(faulty.every(draft_files.folder(draft), SourceSpec.parse(draft.spec), names))


def _lines(row: Row, sees: Sighted) -> Iterator[dict[str, Any]]:
    names, _open, seen = correcting.as_typed(row, sees)
    wrong: dict[str, list[str]] = {}
    for one in row.told:
        for name in [name for name in one.columns if name in names] or [""]:
            wrong.setdefault(name, []).append(one.code)
    shown: Iterable[str] = names if row.text else [name for name in names if name in wrong]
    for name in [*([""] if "" in wrong else []), *shown]:
        value = _shown(name, row.cells.get(name), row, sees) if name else ""
        reasons = ", ".join(code.replace("_", " ") for code in wrong.get(name, []))
        yield {
            "row": row.row, "column": name, "reason": reasons, "value": value, "do": "", "place": row.place,
            "seen": "" if row.barred else seen,
        }  # fmt: skip


def _shown(name: str, text: str | None, row: Row, sees: Sighted) -> str:
    """Return a cell as it is shown: of a cell that is not wrong, only to whoever sees every one."""
    wrong = any(name in one.columns for one in row.told)
    clear = sees.shown or (wrong and sees.clear(name, text))
    return (text or "") if clear else mask(text or "")


def _as_shown(one: Line, shown: str) -> bool:
    """Tell whether a cell holds what it showed: in a file, also as a spreadsheet writes a number without its first
    zeros, and with our apostrophe where the column that tells of it was cut out."""
    told, stood = mends.plain(one.value), mends.plain(shown)
    if not one.filed:
        return told == stood
    return told in (stood, neutral(stood)) or (
        stood.isdecimal() and stood.startswith("0") and told == stood.lstrip("0")
    )


def _workbook(data: bytes, decimal: str) -> list[list[str]]:
    try:
        sheet = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
    except Exception as error:  # noqa: BLE001 - the reader has no error of its own for every broken workbook
        raise UsageError("This workbook cannot be read: {kind}.", kind=type(error).__name__) from None
    return [[cell_text(cell, decimal) or "" for cell in row] for row in rows]


def _text(data: bytes) -> list[list[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")  # what a spreadsheet saves as CSV
    head = text.partition("\n")[0]
    sign = max(";,\t", key=head.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=sign))
    except csv.Error:
        raise UsageError("This file of corrections is not CSV.", hint="Save it as CSV or as a workbook.") from None
