"""Calls over the API: what to say now, how it was received, how a call ended, whether the caller is verified."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from filrouge.api.door import caller
from filrouge.base import clock
from filrouge.store.queries import verifications
from filrouge.work import access, actions, calls, lengths, verification

router = Router(tags=["calls"])
Slug = Annotated[str, Field(max_length=lengths.SLUG)]


class Made(Schema):
    id: str


class AnswerIn(Schema):
    action: str
    cause: str
    said: Literal["accepted", "refused", "unsuited"]
    reason: Annotated[str, Field(max_length=lengths.REASON)] = ""
    follow_up: Annotated[str, Field(max_length=300)] = ""
    follow_up_in: int = 0


class CallIn(Schema):
    disposition: str
    text: str = ""
    direction: Literal["in", "out"] = "in"
    call_back: Annotated[str, Field(max_length=300)] = ""
    entity: Slug = ""
    brand: Slug = ""


class AnswersIn(Schema):
    answers: dict[str, Annotated[str, Field(max_length=100)]]
    entity: Slug = ""


class QuestionsIn(Schema):
    questions: list[str]
    needed: int = 2
    tries: int = 3
    minutes: int = 30


@router.get("/people/{person}/actions", summary="What to say now to a person, and what not to, each with its reason")
def to_say(request: HttpRequest, person: str) -> dict[str, Any]:
    asking = caller(request)
    access.must(asking, scope="people:read")
    page = access.person(asking, person, opening="api")
    told = actions.plain(actions.told(asking, page, at=clock.now()))
    shown = ("action", "subject", "cause", "said", "reason", "at", "by", "entity", "brand")
    answered = [{"id": str(row.id)} | {name: getattr(row, name) for name in shown} for row in page.outcomes]
    return told | {"answered": answered}


@router.post("/people/{person}/actions", response={201: Made}, summary="Keep how the person received what was said")
def answer(request: HttpRequest, person: str, said: AnswerIn) -> Status[dict[str, str]]:
    row = actions.answer(
        caller(request), person, said.action, said.cause, said.said, reason=said.reason, follow_up=said.follow_up,
        follow_up_in=said.follow_up_in,
    )  # fmt: skip
    return Status(201, {"id": str(row.id)})


@router.post("/actions/{outcome}/undo", response=Made, summary="Take an answer back")
def undo(request: HttpRequest, outcome: UUID) -> dict[str, str]:
    return {"id": str(actions.undo(caller(request), str(outcome)).id)}


@router.post("/people/{person}/calls", response={201: Made}, summary="Keep how a call ended")
def end(request: HttpRequest, person: str, said: CallIn) -> Status[dict[str, str]]:
    row = calls.end(
        caller(request), person, said.disposition, text=said.text, direction=said.direction, again=said.call_back,
        entity=said.entity, brand=said.brand,
    )  # fmt: skip
    return Status(201, {"id": str(row.id)})


@router.post("/calls/{call}/undo", response=Made, summary="Take the end of a call back")
def undo_call(request: HttpRequest, call: UUID) -> dict[str, str]:
    return {"id": str(calls.undo(caller(request), str(call)).id)}


@router.post("/people/{person}/verification", summary="Compare what a caller answered with what is known")
def verify(request: HttpRequest, person: str, said: AnswersIn) -> dict[str, Any]:
    asking = caller(request)
    passed = verification.check(asking, person, said.answers, entity=said.entity)
    page = access.person(asking, person, opening="api")
    entity, _brand = access.origin(asking, page, said.entity, roles=verification.ROLES)
    standing = verifications.standing(page.view.id, verifications.agreed(entity), at=clock.now())
    return {"verified": passed, "until": standing.until, "left": standing.left}


@router.put("/questions/{entity}", summary="Set what the callers of an entity are asked")
def agree(request: HttpRequest, entity: str, said: QuestionsIn) -> dict[str, Any]:
    row = verification.agree(
        caller(request), entity, said.questions, needed=said.needed, tries=said.tries, minutes=said.minutes
    )
    return {"entity": row.entity, "questions": row.questions, "needed": row.needed, "tries": row.tries,
            "minutes": row.minutes}  # fmt: skip
