"""People over the API: find, read, and act for them."""

from __future__ import annotations

import dataclasses
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import FileResponse, HttpRequest
from ninja import Header, Query, Router, Schema, Status
from pydantic import Field

from filrouge.api.door import caller, start_of
from filrouge.base import clock
from filrouge.base.errors import NotFound, UsageError
from filrouge.connect.sheets import TYPES
from filrouge.domain.profiles.filters import Filters
from filrouge.store.queries import moments as thread
from filrouge.store.queries import people, search
from filrouge.work import access, consents, corrections, erasures, exports, followups, lengths, notes, promises
from filrouge.work import people as newcomers

router = Router(tags=["people"])
PAGE = 50
Slug = Annotated[str, Field(max_length=lengths.SLUG)]
Owner = Annotated[str, Field(max_length=lengths.OWNER)]
Kind = Annotated[str, Field(max_length=lengths.KIND)]
Evidence = Annotated[str, Field(max_length=lengths.EVIDENCE)]
Reason = Annotated[str, Field(max_length=lengths.REASON)]


class Found(Schema):
    id: str
    name: str
    brands: list[str]
    score: float
    city: str = ""
    email: str = ""
    phone: str = ""


class FoundPage(Schema):
    items: list[Found]
    total: int
    more: bool
    next: str | None = None


class NoteIn(Schema):
    text: str
    entity: Slug = ""
    brand: Slug = ""


class PromiseIn(Schema):
    text: str
    due_at: datetime
    bars: Literal["", "calls", "offers", "contact"] = ""
    owner: Owner = ""
    entity: Slug = ""
    brand: Slug = ""


class FollowUpIn(Schema):
    subject: str
    due_at: datetime
    anyway: bool = False  # though a promise forbids it
    kind: Kind = "call"
    owner: Owner = ""
    entity: Slug = ""
    brand: Slug = ""


class ConsentIn(Schema):
    purpose: str
    channel: str
    state: str
    entity: Slug = ""
    brand: Slug = ""
    evidence: Evidence = ""


class CorrectionIn(Schema):
    attribute: str
    value: str
    reason: Reason = ""
    entity: Slug = ""


class PersonIn(Schema):
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    phone: str = ""
    entity: str
    brand: str


class ExportIn(Schema):
    purpose: str
    channel: str
    entity: str
    brand: str
    format: Literal["csv", "xlsx"] = "csv"
    q: str = ""
    known_by_brand: str = ""
    place: str = ""
    system: str = ""
    subscription: str = ""
    complaint: str = ""


class Made(Schema):
    id: str


class Answer(Schema):
    allow: bool
    reason: str
    rule: str
    evidence: str


@router.get("", response=FoundPage, summary="Find people by text, by filters, or by one identifier (type:value)")
def find(
    request: HttpRequest,
    q: str = "",
    identifier: str = "",
    brand: str = "",
    place: str = "",
    system: str = "",
    subscription: str = "",
    complaint: str = "",
    cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> dict[str, Any]:
    asking = caller(request)
    access.must(asking, scope="people:read")
    if identifier:
        kind, colon, value = identifier.partition(":")
        if not colon:
            raise UsageError("An identifier is written type:value.", hint="For instance email:ada@example.com.")
        hits = [
            hit
            for hit in people.search(value, asking, limit=limit, brand=brand, at=clock.now())
            if hit.matched in (kind, "")
        ]
    else:
        filters = Filters(brand=brand, place=place, system=system, subscription=subscription, complaint=complaint)
        after = str(start_of(cursor) or "")
        told = search.find(q, filters, asking, limit=limit, after=after, at=clock.now())
        return {"items": told.hits, "total": told.total, "more": told.more, "next": told.next or None}
    return {"items": hits, "total": len(hits), "more": False, "next": None}


@router.post("", response={201: Made, 200: Made}, summary="Create a person; an Idempotency-Key makes a repeat harmless")
def create(
    request: HttpRequest, said: PersonIn, idempotency_key: Annotated[str, Header(alias="Idempotency-Key")] = ""
) -> Status[dict[str, str]]:
    newcomer = newcomers.Newcomer(**said.model_dump())
    made = newcomers.create(caller(request), newcomer, token=idempotency_key[:200])
    return Status(201 if made.new else 200, {"id": made.id})


@router.post("/exports", summary="Take people out as a file: those of a search whom may_i allows, for a purpose")
def export(request: HttpRequest, said: ExportIn) -> FileResponse:
    filters = Filters(
        brand=said.known_by_brand, place=said.place, system=said.system, subscription=said.subscription,
        complaint=said.complaint,
    )  # fmt: skip
    order = exports.Order(said.q, filters, said.purpose, said.channel, said.entity, said.brand)
    stream, counts = exports.write(caller(request), order, form=said.format, say=lambda code, kind: code)
    answer = FileResponse(stream, as_attachment=True, filename=f"people.{said.format}", content_type=TYPES[said.format])
    answer["X-Found"], answer["X-Exported"] = str(counts.found), str(counts.exported)
    answer["Cache-Control"] = "no-store"
    return answer


@router.get("/{person}", summary="One person: every value with its source, records, contracts, orders, consents")
def one(request: HttpRequest, person: str) -> dict[str, Any]:
    page = _page(request, person)
    said = page.view.plain()
    said.pop("moments")
    return {**said, "as_of": page.as_of, "redirected_from": page.redirected_from}


@router.get("/{person}/events", summary="The timeline, latest first, by cursor pages, to its very beginning")
def events(
    request: HttpRequest, person: str, cursor: str = "", limit: Annotated[int, Query(ge=1, le=200)] = PAGE
) -> dict[str, Any]:
    page = _page(request, person)
    told = thread.stretch(page, caller(request).perimeter, after=cursor, limit=limit)
    return {"items": [asdict(moment) for moment in told.moments], "next": told.next or None}


@router.get(
    "/{person}/may-i", response=Answer, summary="May this entity reach this person, for this purpose, by this channel?"
)
def may_i(request: HttpRequest, person: str, entity: str, brand: str, purpose: str, channel: str) -> Any:
    page = _page(request, person)
    asking = caller(request)
    if not (asking.perimeter.everything or entity in asking.perimeter.acting):
        raise NotFound("You do not act for this entity.")
    said = consents.may_i(page.view.id, entity=entity, brand=brand, purpose=purpose, channel=channel)
    reads = asking.perimeter.sight("text", entity, brand, "interaction") == "show"
    return said if reads else dataclasses.replace(said, evidence="")


@router.post("/{person}/notes", response={201: Made}, summary="Leave a note")
def note(request: HttpRequest, person: str, said: NoteIn) -> Status[dict[str, str]]:
    made = notes.add(caller(request), person, said.text, entity=said.entity, brand=said.brand)
    return Status(201, {"id": str(made.id)})


@router.post("/{person}/promises", response={201: Made}, summary="Record a promise")
def promise(request: HttpRequest, person: str, said: PromiseIn) -> Status[dict[str, str]]:
    made = promises.make(
        caller(request),
        person,
        said.text,
        said.due_at,
        owner=said.owner,
        entity=said.entity,
        brand=said.brand,
        bars=said.bars,
    )
    return Status(201, {"id": str(made.id)})


@router.post("/{person}/follow-ups", response={201: Made}, summary="Plan a follow-up")
def follow_up(request: HttpRequest, person: str, said: FollowUpIn) -> Status[dict[str, str]]:
    made = followups.add(
        caller(request), person, said.subject, said.due_at, kind=said.kind, owner=said.owner, entity=said.entity,
        brand=said.brand, anyway=said.anyway,
    )  # fmt: skip
    return Status(201, {"id": str(made.id)})


@router.post(
    "/{person}/consents", response={201: Made}, summary="Record a consent, a refusal, an objection or a restriction"
)
def consent(request: HttpRequest, person: str, said: ConsentIn) -> Status[dict[str, str]]:
    made = consents.record(
        caller(request), person, purpose=said.purpose, channel=said.channel, state=said.state, entity=said.entity,
        brand=said.brand, method="api", evidence=said.evidence,
    )  # fmt: skip
    return Status(201, {"id": str(made.id)})


@router.post("/{person}/corrections", response={201: Made}, summary="Correct a value")
def correction(request: HttpRequest, person: str, said: CorrectionIn) -> Status[dict[str, str]]:
    made = corrections.correct(
        caller(request), person, said.attribute, said.value, reason=said.reason, entity=said.entity
    )
    return Status(201, {"id": str(made.id)})


@router.post("/{person}/erasure", response={202: Made}, summary="Ask for the erasure of a person")
def erase(request: HttpRequest, person: str, reason: str = "") -> Status[dict[str, str]]:
    access.must(caller(request), "privacy", scope="people:write")
    return Status(202, {"id": str(erasures.request(caller(request), person, reason=reason).id)})


def _page(request: HttpRequest, person: str) -> people.Page:
    asking = caller(request)
    access.must(asking, scope="people:read")
    return access.person(asking, person, opening="api")
