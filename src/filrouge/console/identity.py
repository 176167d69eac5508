"""How good identity is, in words and small drawings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p

from filrouge.console import names, words
from filrouge.console.templatetags import say
from filrouge.store.queries.identity_quality import Band, Doubted, Measure, Quality

_WIDTH, _HEIGHT, _MARGIN = 240.0, 56.0, 5.0
_TINTS = (0.01, 0.05, 0.15, 0.3, 0.5)  # shares from which a cell of the matrix is one step darker


def context(found: Quality) -> dict[str, Any]:
    """Return what the page shows of the figures."""
    return {
        "now": found.now,
        "mean": found.mean,
        "several": found.several,
        "brands": found.brands,
        "matrix": _matrix(found),
        "sources": [one for one in sorted(found.sources, key=lambda one: -one.duplicates) if one.duplicates],
        "clean": sum(1 for one in found.sources if not one.duplicates),
        "sizes": _bars(found.sizes),
        "shared": [
            {"kind": one.kind, "values": one.values, "most": one.most,
             "bearers": [(_band(low, high), count) for low, high, count in one.bearers if count]}
            for one in found.shared
        ],
        "charts": _charts(found.runs) if len(found.runs) > 1 else [],
        "runs": list(reversed(found.runs)),
        "model": _model(found.model),
        "evaluation": found.evaluation,
    }  # fmt: skip


def doubts(found: Quality, chosen: str) -> list[dict[str, Any]]:
    """Return each kind of doubt with how many people bear it, and whether the list is narrowed to it."""
    return [
        {"code": code, "people": count, "current": code == chosen}
        for code, count in found.doubts.items()
        if code != "people" and count
    ]


def doubted(some: Iterable[Doubted]) -> list[dict[str, Any]]:
    """Return people worth a look, each with why in words and the page where their records are."""
    return [
        {
            "name": one.view.name or _("Name unknown"),
            "address": reverse("person-records", args=[one.person]),
            "records": one.records,
            "why": [_doubt(code, figure) for code, figure in one.doubts],
        }
        for one in some
        if one.view is not None
    ]


def _doubt(code: str, figure: float) -> str:
    digits = 1 if code == "weak_pair" else 0
    return words.say(code, "doubt") % {"n": say.number(figure, digits)}


def _band(low: int, high: int | None) -> str:
    if high is None:
        return _("over %(n)s") % {"n": low - 1}
    return str(low) if low == high else _("%(low)s to %(high)s") % {"low": low, "high": high}


def _bars(sizes: Sequence[Band]) -> list[dict[str, Any]]:
    total, most = sum(count for *_, count in sizes), max((count for *_, count in sizes), default=0)
    return [
        {"label": _band(low, high), "count": count, "share": count / total if total else 0.0,
         "width": f"{max(100 * count / most, 0.6) if count else 0:.1f}"}
        for low, high, count in sizes
    ]  # fmt: skip


def _matrix(found: Quality) -> list[dict[str, Any]]:
    order = [one.brand for one in found.brands]
    lines = []
    for one in order:
        cells: list[dict[str, Any] | None] = []
        for other in order:
            both = found.overlap.get((one, other))
            if both is None:
                cells.append(None)
                continue
            told = _("%(people)s people of %(one)s are known by %(other)s too: %(share)s") % {
                "people": say.number(both.people), "one": names.brand(one).name, "other": names.brand(other).name,
                "share": say.percent(both.share, 1),
            }  # fmt: skip
            tint = sum(both.share >= step for step in _TINTS)
            cells.append({"people": both.people, "share": both.share, "tint": tint, "told": told})
        lines.append({"brand": one, "cells": cells})
    return lines


# --- drawings ---------------------------------------------------------------------------------------------------------


def _charts(runs: Sequence[Measure]) -> list[dict[str, Any]]:
    drawn: list[tuple[str, Callable[[Measure], float], int]] = [
        (_("People"), lambda one: one.people, 0),
        (_("Records per person"), lambda one: one.mean, 2),
        (_("New people"), lambda one: one.new_people, 0),
        (_("People joined"), lambda one: one.merges, 0),
        (_("People separated"), lambda one: one.splits, 0),
        (_("Pairs to review"), lambda one: one.reviews, 0),
    ]
    return [_chart(title, [float(value(one)) for one in runs], digits) for title, value, digits in drawn]


def _chart(title: str, values: Sequence[float], digits: int) -> dict[str, Any]:
    """Return a line through ``values``, with what it says for whoever does not see it."""
    low, high = min(values), max(values)
    step = (_WIDTH - 2 * _MARGIN) / (len(values) - 1)
    middle = high == low

    def y(value: float) -> float:
        return _HEIGHT / 2 if middle else _MARGIN + (_HEIGHT - 2 * _MARGIN) * (high - value) / (high - low)

    # as text: the templates would write a number in the reader's language
    points = [(f"{_MARGIN + step * at:.1f}", f"{y(value):.1f}") for at, value in enumerate(values)]
    first, last = say.number(values[0], digits), say.number(values[-1], digits)
    told = _("%(title)s: from %(first)s to %(last)s over %(n)s resolutions, between %(low)s and %(high)s") % {
        "title": title, "first": first, "last": last, "n": len(values),
        "low": say.number(low, digits), "high": say.number(high, digits),
    }  # fmt: skip
    line = " ".join(f"{x},{y_}" for x, y_ in points)
    return {"title": title, "last": last, "line": line, "dot": points[-1], "told": told}


# --- the model --------------------------------------------------------------------------------------------------------


def _model(told: Mapping[str, Any]) -> dict[str, Any]:
    columns = []
    for one in told.get("comparisons", ()):
        levels = [(words.say(level["label"], "level"), _bits(level["bits"])) for level in one["levels"]]
        weights = [level["bits"] for level in one["levels"]]
        if weights:
            columns.append({
                "name": words.say(one["name"], "compared"), "levels": levels,
                "for": _bits(max(weights)), "against": _bits(min(weights)),
            })  # fmt: skip
    notes = list(dict.fromkeys(_note(note) for note in told.get("notes", ())))
    return {"version": told.get("version", ""), "healthy": told.get("healthy"), "columns": columns, "notes": notes}


def _bits(bits: float) -> str:
    sign = "+" if bits > 0 else "−" if bits < 0 else ""
    return f"{sign}{say.number(abs(bits), 1)}"


def _note(note: Mapping[str, Any]) -> str:
    column = note.get("column") or ""
    columns = note.get("columns") if isinstance(note.get("columns"), list) else []
    said = [words.say(_plain(name), "compared") for name in ([column] if column else columns or [])]
    text = words.say(note["code"], "model_note")
    plus = _p("several columns taken together", " and ").join(said)
    counts = {name: say.number(note.get(name, 0)) for name in ("records", "pairs", "reviewed")}
    return text % {"column": plus, **counts}


def _plain(column: str) -> str:
    """Return the name of what is compared, from that of a match column."""
    known = {"given_key": "given", "family_key": "family", "born": "birth_date", "postcode": "place", "city": "place"}
    return known.get(column, column)
