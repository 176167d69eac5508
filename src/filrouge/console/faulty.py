"""The grid of a dry run's faulty rows: each cell as it stands, why it is wrong, and what was typed in a form of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p

from filrouge.base.text import whole
from filrouge.console import words
from filrouge.domain.privacy.perimeter import mask
from filrouge.domain.sources.mending import Mend
from filrouge.domain.sources.sighted import Sighted
from filrouge.work import correcting
from filrouge.work.correcting import Typed
from filrouge.work.faulty import Row
from filrouge.work.mending import Key

LINES = 50  # of what was corrected, on a page
_CELL = re.compile(r"r:(\d{1,4}):c:(\d{1,4})")


def lines(rows: Iterable[Row], sees: Sighted, *, file: str) -> list[dict[str, Any]]:
    """Return the rows as a form shows them: the wrong cells first, each with why; ``file`` is not named as a place."""
    return [_line(number, row, sees, file=file) for number, row in enumerate(rows)]


def typed(form: Any) -> list[Typed]:
    """Return what a form says of the rows of its page."""
    cells: dict[str, dict[int, str]] = {}
    for name, text in form.items():
        if found := _CELL.fullmatch(name):
            cells.setdefault(found[1], {})[int(found[2])] = text
    told = []
    for name, text in form.items():
        number = name.removeprefix("r:").removesuffix(":at")
        if name == f"r:{number}:at" and (key := _key(text)):
            seen, out, so = (form.get(f"r:{number}:{word}", "") for word in ("seen", "out", "so"))
            told.append(Typed(*key, seen, cells.get(number, {}), out=out == "yes", so=so == "yes"))
    return told


def ticked(form: Any) -> list[Key]:
    """Return the rows that are ticked to be taken back."""
    return [key for text in form.getlist("back") if (key := _key(text))]


def corrected(found: list[tuple[Mend, bool]], request: HttpRequest, *, shown: bool, file: str) -> Page[Any]:
    """Return a page of what was said of rows: by whom, when, the new cells, masked where the role asks for it."""
    page: Page[Any] = Paginator(found, LINES).get_page(request.GET.get("page"))
    page.object_list = [
        {
            "row": mend.row, "place": "" if mend.place == file else mend.place, "at": _at(mend.key), "by": mend.by,
            "when": mend.at, "out": mend.out, "applies": applies,
            "cells": [(name, text if shown else mask(text)) for name, text in mend.cells.items()],
        }
        for mend, applies in page.object_list
    ]  # fmt: skip
    return page


def sums(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return what a dry run says of the rows: the first figure is the sum of those after."""
    read, rejected = counted.get("read", 0), counted.get("rejected", 0)
    warned, left = counted.get("warned", 0), counted.get("left_out", 0)
    found = [
        (_("read"), read), (_("ready"), read - rejected - warned), (_("with warnings"), warned),
        (_("rejected"), rejected - left),
    ]  # fmt: skip
    return [*found, (_p("rows", "left out"), left)] if left else found


def _line(number: int, row: Row, sees: Sighted, *, file: str) -> dict[str, Any]:
    names, open_to, seen = correcting.as_typed(row, sees)
    reasons: dict[str, list[str]] = {}
    whole_row = [words.say(one.code, "reject") for one in row.told if not set(one.columns) & set(names)]
    for one in row.told:
        for name in one.columns:
            reasons.setdefault(name, []).append(words.say(one.code, "reject"))
    cells = [
        {
            "id": f"r{number}c{at}", "name": f"r:{number}:c:{at}", "column": name, "open": name in open_to,
            "value": _value(text, clear := sees.shown or (name in reasons and sees.clear(name, text))),
            "masked": name in open_to and not clear, "reasons": reasons.get(name, []),
            "long": clear and ("\n" in (text or "") or len(text or "") > 80),
        }
        for at, (name, text) in enumerate(row.cells.items())
    ]  # fmt: skip
    wrong = [cell for cell in cells if cell["reasons"]]
    return {
        "number": number, "row": row.row, "place": "" if row.place == file else row.place, "at": _at(row.key),
        "seen": seen, "by": row.by, "rejected": row.rejected, "barred": row.barred,
        "erased": row.erased, "reasons": whole_row,
        "text": _value(row.text, sees.shown), "unparted": bool(row.text) and bool(open_to),
        "wrong": cells if row.text else wrong, "others": [] if row.text else [c for c in cells if not c["reasons"]],
        "open": bool(open_to),
    }  # fmt: skip


def _value(text: str | None, shown: bool) -> str:
    return (text or "") if shown else mask(text or "")


def _at(key: Key) -> str:
    return f"{key[1]}:{key[0]}"


def _key(text: str) -> Key | None:
    number, _colon, place = text.partition(":")
    row = whole(number)
    return None if row is None else (place, row)
