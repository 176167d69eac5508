"""The review queue over the API: what waits, both records of a pair, a decision and what takes it back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from filrouge.api.door import caller, start_of
from filrouge.domain.identity.anatomy import anatomy, probability
from filrouge.store.queries import reviews as reads
from filrouge.work import access, lengths, reviews

router = Router(tags=["identity"])
FURTHEST = 10**9  # rows; no list is longer


class Decide(Schema):
    decision: Literal["same", "different"]
    reason: Annotated[str, Field(max_length=lengths.REASON)] = ""


class Told(Schema):
    id: UUID
    state: str
    decision: str
    gesture: str


class Step(Schema):
    name: str
    level: str
    bits: float


class Review(Schema):
    id: UUID
    kind: str
    state: str
    records: list[str]  # keys are beyond what JavaScript counts exactly: they travel as text
    people: list[str]
    brands: list[str]
    score: float
    probability: float
    rule: str
    steps: list[Step]
    assigned: str
    decision: str
    decided_by: str
    decided_at: datetime | None


@router.get("", summary="Pairs of records that may be one person, the worthiest first")
def waiting(
    request: HttpRequest,
    kind: Literal["", "ambiguous", "bridge", "sample"] = "",
    brand: str = "",
    cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    asking = caller(request)
    access.must(asking, *reviews.ROLES, scope="people:read")
    start = min(start_of(cursor) or 0, FURTHEST)
    rows = reads.page(asking, reads.Asked(kind=kind, brand=brand), start=start, limit=limit + 1)
    return {
        "items": [_line(row) for row in rows[:limit]],
        "total": reads.waiting(asking),
        "next": str(start + limit) if len(rows) > limit else None,
    }


@router.get("/quality", summary="How good the links of each run are, from the pairs reviewed by chance")
def quality(request: HttpRequest, limit: Annotated[int, Query(ge=1, le=200)] = 30) -> dict[str, Any]:
    asking = caller(request)
    access.must(asking, *reads.READERS, scope="people:read")
    names = (
        "precision", "precision_low", "precision_high", "recall", "recall_low", "recall_high", "twice", "agreed",
        "kappa", "reviewed", "shift", "waiting", "strata",
    )  # fmt: skip
    rows = reads.assessments(limit=limit)
    return {"items": [{"at": row.created_at} | {name: getattr(row, name) for name in names} for row in rows]}


@router.get("/{review}", response=Review, summary="One pair, decided or not")
def one(request: HttpRequest, review: UUID) -> dict[str, Any]:
    asking = caller(request)
    access.must(asking, scope="people:read")
    return _line(reviews.look(asking, review).row)


@router.post("/{review}/decision", response={202: Told}, summary="Say that both records are one person, or two")
def decide(request: HttpRequest, review: UUID, said: Decide) -> Status[Any]:
    return Status(202, reviews.decide(caller(request), review, said.decision, reason=said.reason))


@router.post("/{review}/later", response=Told, summary="Put a pair off: it comes back after all others")
def later(request: HttpRequest, review: UUID) -> Any:
    return reviews.later(caller(request), review)


@router.post("/{review}/undo", response={202: Told}, summary="Take a decision back: the pair waits again")
def undo(request: HttpRequest, review: UUID) -> Status[Any]:
    return Status(202, reviews.undo(caller(request), review))


def _line(row: Any) -> dict[str, Any]:
    parts = anatomy(row.told, row.score, rule=row.rule)
    return {
        "id": row.pk,
        "kind": row.kind,
        "state": row.state,
        "records": [str(row.left), str(row.right)],
        "people": [row.left_person, row.right_person],
        "brands": [row.left_brand, row.right_brand],
        "score": row.score,
        "probability": round(probability(row.score), 4),
        "rule": row.rule,
        "steps": [{"name": p.name, "level": p.level, "bits": round(p.bits, 2)} for p in (parts.parts if parts else ())],
        "assigned": row.assigned.email if row.assigned else "",
        "decision": row.decision,
        "decided_by": row.decided_by,
        "decided_at": row.decided_at,
    }
