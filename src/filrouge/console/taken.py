"""The first rows of a file as a dry run read them, in the reader's words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from filrouge.console import names, words
from filrouge.console.templatetags import say
from filrouge.work.taken import Taken

_SAID: dict[str, Callable[[str], str]] = {
    "date": say.day, "timestamp": say.exact, "int64": say.number, "float64": say.number, "decimal": say.number,
    "brand": lambda slug: names.brand(slug).name,
    "boolean": lambda value: _("yes") if value == "True" else _("no"),
}  # fmt: skip


def taken(rows: Sequence[int], columns: Sequence[Taken]) -> dict[str, Any] | None:
    """Return the first rows as lines of a table, one a column; None where none was kept."""
    if not rows or not columns:
        return None
    lines = [
        {
            "said": words.say(one.column, "column"),
            "reads": ", ".join(one.reads),
            "values": [_said(value, one.type if one.column != "brand" else "brand") for value in one.values],
        }
        for one in columns
    ]
    return {"rows": list(rows), "lines": lines}


def _said(value: str | None, kind: str) -> str:
    return _SAID[kind](value) if value and kind in _SAID else value or ""
