"""Companies over the API: find one, and read what every system says of it."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from filrouge.api.door import caller, start_of
from filrouge.base import clock
from filrouge.base.errors import NotFound
from filrouge.store.queries import companies as reads
from filrouge.work import access

router = Router(tags=["companies"])
READERS = ("advisor", "sales", "finance", "privacy", "marketer", "engineer")


@router.get("", summary="Find companies by a word of their name, their registration number or their site")
def find(
    request: HttpRequest, q: str = "", cursor: str = "", limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> dict[str, Any]:
    asking = caller(request)
    access.must(asking, *READERS, scope="people:read")
    start = start_of(cursor)
    found = reads.find(q, asking, limit=limit, after="" if start is None else str(start))
    return {
        "items": [dataclasses.asdict(line) for line in found.lines],
        "total": found.total,
        "more": found.more,
        "next": found.next or None,
    }


@router.get("/{company}", summary="One company: facts with their sources, records, people, opportunities")
def one(request: HttpRequest, company: str) -> dict[str, Any]:
    asking = caller(request)
    access.must(asking, *READERS, scope="people:read")
    page = reads.page(company, asking, at=clock.now())
    if page is None:
        raise NotFound("No company is here.", hint="Look it up by name or number.")
    shown = {name: getattr(page, name) for name in ("key", "name", "brands", "records", "people", "opportunities")}
    return {**shown, "facts": {name: dataclasses.asdict(fact) for name, fact in page.facts.items()}}
