"""Who lives with whom and who works where, over the API: read, put right, taken back."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from filrouge.api.door import caller
from filrouge.work import access, households, roles

router = Router(tags=["households and companies"])


class Member(Schema):
    id: str
    name: str
    why: list[str]


class AwayIn(Schema):
    reason: str = ""
    entity: str = ""
    brand: str = ""


class WithIn(AwayIn):
    other: str


class RoleIn(AwayIn):
    company: str
    role: str = ""
    since: date | None = None


class EndIn(AwayIn):
    company: str
    role: str = ""
    until: date | None = None


class Gesture(Schema):
    gesture: str


class Kept(Schema):
    correction: str


@router.get("/people/{person}/household", response=list[Member], summary="Who lives with a person, and why")
def household(request: HttpRequest, person: str) -> Any:
    asking = caller(request)
    access.must(asking, scope="people:read")
    found = access.person(asking, person, opening="api").household
    return [{"id": one.id, "name": one.name, "why": list(one.why)} for one in found]


@router.post("/people/{person}/household/away", response={201: Gesture}, summary="They do not live there")
def away(request: HttpRequest, person: str, said: AwayIn) -> Status[dict[str, str]]:
    asking = caller(request)
    made = households.away(asking, person, reason=said.reason, entity=said.entity, brand=said.brand)
    return Status(201, {"gesture": made})


@router.post("/people/{person}/household/with", response={201: Gesture}, summary="They live with somebody")
def lives_with(request: HttpRequest, person: str, said: WithIn) -> Status[dict[str, str]]:
    asking = caller(request)
    made = households.lives_with(asking, person, said.other, reason=said.reason, entity=said.entity, brand=said.brand)
    return Status(201, {"gesture": made})


@router.post("/households/{gesture}/undo", response=Gesture, summary="Take back what was said of a household")
def undo_household(request: HttpRequest, gesture: str) -> dict[str, str]:
    households.undo(caller(request), gesture)
    return {"gesture": gesture}


@router.post("/people/{person}/roles", response={201: Kept}, summary="They work for a company")
def add_role(request: HttpRequest, person: str, said: RoleIn) -> Status[dict[str, str]]:
    made = roles.add(
        caller(request), person, said.company, said.role, since=said.since, reason=said.reason, entity=said.entity,
        brand=said.brand,
    )  # fmt: skip
    return Status(201, {"correction": str(made.pk)})


@router.post("/people/{person}/roles/end", response={201: Kept}, summary="They no longer have a role in a company")
def end_role(request: HttpRequest, person: str, said: EndIn) -> Status[dict[str, str]]:
    made = roles.end(
        caller(request), person, said.company, said.role, until=said.until, reason=said.reason, entity=said.entity,
        brand=said.brand,
    )  # fmt: skip
    return Status(201, {"correction": str(made.pk)})


@router.post("/roles/{correction}/undo", response=Kept, summary="Take back what was said of a role")
def undo_role(request: HttpRequest, correction: str) -> dict[str, str]:
    roles.undo(caller(request), correction)
    return {"correction": correction}
