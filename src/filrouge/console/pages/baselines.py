"""Baselines: each figure as found on day one, and as it stands now."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from filrouge.console.templatetags import say
from filrouge.console.who import require
from filrouge.store.queries import baselines as found


@login_required
def index(request: HttpRequest) -> HttpResponse:
    require(request, *found.ROLES)
    figures = [
        {
            "figure": row.figure,
            "first": _said(row.first.value, row.unit),
            "first_at": row.first.at,
            "latest": _said(row.latest.value, row.unit),
            "latest_at": row.latest.at,
            "count": row.count,
            "details": list(row.latest.details.items()),
        }
        for row in found.all_figures()
    ]
    return render(
        request,
        "console/baselines/baselines.html",
        {"figures": figures},
    )


def _said(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    if unit in ("share", "ratio", "%"):
        return say.percent(value, 1)
    if unit in ("seconds", "s"):
        return say.duration(value)
    if unit in ("days", "day"):
        return say.duration(value * 86400)
    return say.number(round(value, 1))
