"""Follow-ups and promises over the API: what is to do, and what became of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from filrouge.api.door import caller, start_of
from filrouge.base import clock
from filrouge.store.queries import followups as reads
from filrouge.work import access, followups, lengths, promises

router = Router(tags=["follow-ups"])
FURTHEST = 10**9  # rows; no list is longer


class Close(Schema):
    state: Literal["done", "cancelled"]
    outcome: Annotated[str, Field(max_length=lengths.EVIDENCE)] = ""


class ClosePromise(Schema):
    state: Literal["kept", "broken", "released"]
    outcome: Annotated[str, Field(max_length=lengths.EVIDENCE)] = ""


class Later(Schema):
    days: int = 7


@router.get("", summary="Follow-ups of a list: mine, due, overdue, unowned, all or done")
def todo(
    request: HttpRequest,
    list: Literal["mine", "due", "overdue", "unowned", "all", "done"] = "all",
    cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    order: Literal["due", "amount"] = "due",
    owner: str = "",
) -> dict[str, Any]:
    asking = caller(request)
    access.must(asking, "advisor", "sales", scope="people:read")
    start = min(start_of(cursor) or 0, FURTHEST)
    rows, total = reads.followups(
        asking, which=list, at=clock.now(), start=start, limit=limit, order=order, owner=owner
    )
    more = start + limit < total
    return {"items": [_line(row) for row in rows], "total": total, "next": str(start + limit) if more else None}


@router.get("/promises", summary="Promises that are still open, the nearest first")
def promised(
    request: HttpRequest, overdue: bool = False, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> dict[str, Any]:
    asking = caller(request)
    access.must(asking, "advisor", "sales", scope="people:read")
    rows, total = reads.promises(asking, at=clock.now(), overdue=overdue, limit=limit)
    return {"items": [_line(row) for row in rows], "total": total}


@router.post("/promises/{promise}/close", summary="Say that a promise was kept, not kept, or is no longer due")
def close_promise(request: HttpRequest, promise: UUID, said: ClosePromise) -> dict[str, str]:
    row = promises.close(caller(request), str(promise), said.state, outcome=said.outcome)
    return {"id": str(row.id), "state": str(row.state)}


@router.post("/{follow_up}/close", summary="Say that a follow-up is done or cancelled")
def close(request: HttpRequest, follow_up: UUID, said: Close) -> dict[str, str]:
    return _told(followups.close(caller(request), str(follow_up), said.state, outcome=said.outcome))


@router.post("/{follow_up}/reopen", summary="Put a follow-up back among those to do")
def reopen(request: HttpRequest, follow_up: UUID) -> dict[str, str]:
    return _told(followups.reopen(caller(request), str(follow_up)))


@router.post("/{follow_up}/postpone", summary="Move a follow-up by some days")
def postpone(request: HttpRequest, follow_up: UUID, said: Later) -> dict[str, str]:
    return _told(followups.postpone(caller(request), str(follow_up), said.days))


@router.post("/{follow_up}/take", summary="Make a follow-up one's own")
def take(request: HttpRequest, follow_up: UUID) -> dict[str, str]:
    return _told(followups.take(caller(request), str(follow_up)))


def _told(row: Any) -> dict[str, str]:
    return {"id": str(row.id), "state": str(row.state), "due_at": row.due_at.isoformat(), "owner": row.owner}


def _line(line: reads.Line) -> dict[str, Any]:
    row: Any = line.what
    shown = ("id", "person", "entity", "brand", "due_at", "owner", "state", "source", "closed_at", "closed_by")
    more = (
        ("company", "kind", "subject", "amount", "currency", "rule") if hasattr(row, "subject") else ("text", "made_at")
    )
    return {**{name: getattr(row, name) for name in (*shown, *more)}, "overdue": line.overdue,
            "person_name": line.person_name, "company_name": line.company_name}  # fmt: skip
