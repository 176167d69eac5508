"""The register of processing: what is held, why, by what right, for how long, from whom, and who sees it."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from filrouge.base import clock
from filrouge.console import names, words
from filrouge.console.profiled import span
from filrouge.console.templatetags import say
from filrouge.console.who import require
from filrouge.domain.privacy.register import SENSITIVITIES, Apart, Held
from filrouge.store.queries import register as found


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show the register; it prints as it stands."""
    asking = require(request, "privacy")
    held = found.register(asking)
    lines = [_told(row) for row in held.held]
    parts = [
        {"title": _("Customer data"), "lines": [line for line in lines if line["whose"] == "customer"]},
        {"title": _("Staff data"), "lines": [line for line in lines if line["whose"] == "staff"]},
        {"title": _("Data about nobody"), "lines": [line for line in lines if line["whose"] in ("company", "nobody")]},
    ]
    return render(
        request,
        "console/register/register.html",
        {
            "parts": [part for part in parts if part["lines"]],
            "sensitivities": SENSITIVITIES,
            "sights": [(role, [seen[name] for name in SENSITIVITIES]) for role, seen in held.sights.items()],
            "agreements": _agreed(held.agreements),
            "now": clock.now(),
        },
    )


@login_required
def as_csv(request: HttpRequest) -> HttpResponse:
    """Give the register as a CSV file, in the reader's language."""
    asking = require(request, "privacy")
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="register-{clock.now():%Y-%m-%d}.csv"'
    answer.write("\ufeff")  # a spreadsheet reads UTF-8 only when told so
    writer = csv.writer(answer, delimiter=";")
    writer.writerow([
        _("Data"), _("Whose"), _("Categories"), _("Columns"), _("Purpose"), _("Legal basis"),
        pgettext("retention", "Kept"), _("Sources"), _("Entities"), _("Held apart"),
    ])  # fmt: skip
    for line in map(_told, found.register(asking).held):
        writer.writerow([
            line["title"], words.say(line["whose"], "whose"), line["categories"], ", ".join(line["columns"]),
            line["purpose"], line["basis"], line["kept"], ", ".join(line["sources"]), ", ".join(line["entities"]),
            " / ".join(f"{one['source']} · {one['what']} · {one['held']}" for one in line["apart"]),
        ])  # fmt: skip
    return answer


def _agreed(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the agreements, those of one entity that differ only by who receives in one line."""
    lines: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = (row.giver.name, row.category, row.purpose, row.valid_from.date(), row.valid_until, row.evidence)
        lines.setdefault(key, {"row": row, "receivers": []})["receivers"].append(row.receiver.name)
    return list(lines.values())


def _told(row: Held) -> dict[str, Any]:
    """Return a kind of data in words."""
    return {
        "title": words.say(row.name, "held"),
        "name": row.name,
        "whose": row.whose,
        "categories": words.together("sensitivity", row.categories),
        "columns": [words.say(name, "column") for name in row.columns],
        "purpose": words.say(row.purpose, "purpose"),
        "basis": words.say(row.basis, "basis") if row.whose in ("customer", "staff") else "",
        "kept": _kept(row),
        "sources": [names.source(name) for name in row.sources],
        "entities": [names.entity(slug) for slug in row.entities],
        "apart": [_apart(one, row) for one in row.apart],
    }


def _apart(one: Apart, row: Held) -> dict[str, str]:
    """Say of a column held apart from its table: which source, what it tells, why and how long."""
    fills = [words.say(name, "column") for name in one.columns]
    return {
        "source": names.source(one.source),
        "what": f"{one.column} ({', '.join(fills)})" if fills else one.column,
        "held": _("%(purpose)s, %(time)s")
        % {
            "purpose": words.say(one.purpose or row.purpose, "purpose"),
            "time": span(one.days if one.days is not None else row.days or 0),
        },
    }


def _kept(row: Held) -> str:
    """Say how long, and from when."""
    if not row.kept:
        return _("as long as it serves")
    told = words.say(row.kept, "kept")
    if row.days is not None:
        told = f"{say.duration(row.days * 86_400)} {told}"
    if row.replaced_days is not None:
        told += " · " + _("earlier versions %(time)s") % {"time": say.duration(row.replaced_days * 86_400)}
    return told
