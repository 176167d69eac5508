"""People over the API: find, read, and act for them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from filrouge.api.door import caller
from filrouge.base import clock
from filrouge.base.errors import NotFound, UsageError
from filrouge.store.queries import moments as thread
from filrouge.store.queries import people
from filrouge.work import access, consents, corrections, erasures, followups, notes, promises

router = Router(tags=["people"])
PAGE = 50


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


class NoteIn(Schema):
    text: str
    entity: str = ""
    brand: str = ""


class PromiseIn(Schema):
    text: str
    due_at: datetime
    owner: str = ""
    entity: str = ""
    brand: str = ""


class FollowUpIn(Schema):
    subject: str
    due_at: datetime
    kind: str = "call"
    owner: str = ""
    entity: str = ""
    brand: str = ""


class ConsentIn(Schema):
    purpose: str
    channel: str
    state: str
    entity: str = ""
    brand: str = ""
    evidence: str = ""


class CorrectionIn(Schema):
    attribute: str
    value: str
    reason: str = ""
    entity: str = ""


class Made(Schema):
    id: str


class Answer(Schema):
    allow: bool
    reason: str
    rule: str
    evidence: str


@router.get("", response=FoundPage, summary="Find people by text, or by one identifier (type:value)")
def find(
    request: HttpRequest,
    q: str = "",
    identifier: str = "",
    brand: str = "",
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
        hits = people.search(q, asking, limit=limit, brand=brand, at=clock.now())
    return {"items": hits}


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
    return consents.may_i(page.view.id, entity=entity, brand=brand, purpose=purpose, channel=channel)


@router.post("/{person}/notes", response={201: Made}, summary="Leave a note")
def note(request: HttpRequest, person: str, said: NoteIn) -> tuple[int, dict[str, str]]:
    made = notes.add(caller(request), person, said.text, entity=said.entity, brand=said.brand)
    return 201, {"id": str(made.id)}


@router.post("/{person}/promises", response={201: Made}, summary="Record a promise")
def promise(request: HttpRequest, person: str, said: PromiseIn) -> tuple[int, dict[str, str]]:
    made = promises.make(
        caller(request), person, said.text, said.due_at, owner=said.owner, entity=said.entity, brand=said.brand
    )
    return 201, {"id": str(made.id)}


@router.post("/{person}/follow-ups", response={201: Made}, summary="Plan a follow-up")
def follow_up(request: HttpRequest, person: str, said: FollowUpIn) -> tuple[int, dict[str, str]]:
    made = followups.add(
        caller(request), person, said.subject, said.due_at, kind=said.kind, owner=said.owner, entity=said.entity,
        brand=said.brand,
    )  # fmt: skip
    return 201, {"id": str(made.id)}


@router.post(
    "/{person}/consents", response={201: Made}, summary="Record a consent, a refusal, an objection or a restriction"
)
def consent(request: HttpRequest, person: str, said: ConsentIn) -> tuple[int, dict[str, str]]:
    made = consents.record(
        caller(request), person, purpose=said.purpose, channel=said.channel, state=said.state, entity=said.entity,
        brand=said.brand, method="api", evidence=said.evidence,
    )  # fmt: skip
    return 201, {"id": str(made.id)}


@router.post("/{person}/corrections", response={201: Made}, summary="Correct a value")
def correction(request: HttpRequest, person: str, said: CorrectionIn) -> tuple[int, dict[str, str]]:
    made = corrections.correct(
        caller(request), person, said.attribute, said.value, reason=said.reason, entity=said.entity
    )
    return 201, {"id": str(made.id)}


@router.post("/{person}/erasure", response={202: Made}, summary="Ask for the erasure of a person")
def erase(request: HttpRequest, person: str, reason: str = "") -> tuple[int, dict[str, str]]:
    access.must(caller(request), "privacy", scope="people:write")
    return 202, {"id": str(erasures.request(caller(request), person, reason=reason).id)}


def _page(request: HttpRequest, person: str) -> people.Page:
    asking = caller(request)
    access.must(asking, scope="people:read")
    return access.person(asking, person, opening="api")
