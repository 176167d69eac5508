"""The audit and the baselines over the API."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from filrouge.api.door import caller, start_of
from filrouge.store.queries import audits
from filrouge.store.queries import baselines as figures
from filrouge.work import access, audit

router = Router(tags=["trust"])


@router.get("/audit", summary="Audit lines, the latest first, by cursor pages")
def lines(
    request: HttpRequest,
    by: str = "",
    action: str = "",
    person: str = "",
    cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    asking = caller(request)
    access.must(asking, "privacy", scope="audit:read")
    before = start_of(cursor)
    if person and not access.knows(asking, person):
        return {"items": [], "next": None}
    rows = audits.lines(by=(by,) if by else (), action=action, person=person, before=before, limit=limit + 1)
    shown = rows[:limit]
    more = len(rows) > limit
    return {"items": [dataclasses.asdict(row) for row in shown], "next": str(shown[-1].seq) if more else None}


@router.get("/audit/verify", summary="Read the whole chain again: how many lines, what is wrong, the signed head")
def verify(request: HttpRequest) -> dict[str, Any]:
    access.must(caller(request), "privacy", scope="audit:read")
    return audit.verify()


@router.get("/baselines", summary="Each figure as found on the first day, and at its latest measure")
def baselines(request: HttpRequest) -> dict[str, Any]:
    access.must(caller(request), *figures.ROLES, scope="figures:read")
    return {
        "items": [
            {
                "figure": row.figure, "unit": row.unit, "measures": row.count,
                "first": {"value": row.first.value, "at": row.first.at},
                "latest": {"value": row.latest.value, "at": row.latest.at},
            }
            for row in figures.all_figures()
        ]
    }  # fmt: skip
