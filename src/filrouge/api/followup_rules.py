"""Rules of follow-ups over the API: listed, kept, tried, switched, worked."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from filrouge.api.door import caller
from filrouge.store.queries import followup_rules as reads
from filrouge.work import access, followup_rules, lengths

router = Router(tags=["follow-ups"])
Slug = Annotated[str, Field(max_length=lengths.SLUG)]


class RuleIn(Schema):
    spec: dict[str, Any]
    entity: Slug
    brand: Slug = ""
    title: Annotated[str, Field(max_length=120)] = ""
    name: Slug = ""


class SwitchIn(Schema):
    on: bool


@router.get("/rules", summary="Rules that make follow-ups")
def rules(request: HttpRequest) -> dict[str, Any]:
    asking = caller(request)
    access.must(asking, *reads.READERS, scope="people:read")
    return {"items": [_told(row) for row in reads.rules(asking)]}


@router.post("/rules", response={201: dict[str, Any]}, summary="Keep a rule, or change the one of this name")
def keep(request: HttpRequest, said: RuleIn) -> Status[dict[str, Any]]:
    row = followup_rules.keep(
        caller(request), said.spec, title=said.title, entity=said.entity, brand=said.brand, name=said.name
    )
    return Status(201, _told(row))


@router.post("/rules/try", summary="What a rule would make now; nothing is made")
def attempt(request: HttpRequest, said: RuleIn) -> dict[str, Any]:
    tried = followup_rules.attempt(caller(request), said.spec, entity=said.entity, brand=said.brand, name=said.name)
    return dataclasses.asdict(tried)


@router.post("/rules/{name}/switch", summary="Switch a rule on or off")
def switch(request: HttpRequest, name: str, said: SwitchIn) -> dict[str, Any]:
    return _told(followup_rules.switch(caller(request), name, on=said.on))


@router.post("/rules/{name}/remove", summary="Delete a rule; what it made stays")
def remove(request: HttpRequest, name: str) -> dict[str, str]:
    followup_rules.remove(caller(request), name)
    return {"name": name}


def _told(row: Any) -> dict[str, Any]:
    shown = ("name", "title", "entity", "brand", "spec", "off_at", "worked_at", "made", "edited_by", "edited_at")
    return {name: getattr(row, name) for name in shown}
