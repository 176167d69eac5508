"""Acquisitions over the API: their clocks, their checklists; a step said done, the counts, going live."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from filrouge.api.door import caller
from filrouge.base import clock
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries import acquisitions as found
from filrouge.work import access, acquisitions, lengths

router = Router(tags=["acquisitions"])
Slug = Annotated[str, Field(max_length=lengths.SLUG)]
Text = Annotated[str, Field(max_length=300)]


class SystemIn(Schema):
    name: Slug
    title: Annotated[str, Field(max_length=80)] = ""


class AcquisitionIn(Schema):
    title: Annotated[str, Field(max_length=120)]
    nature: Literal["share", "asset"]
    parent: Slug
    entity: Slug = ""
    brands: Annotated[list[Slug], Field(max_length=acquisitions.MOST, default_factory=list)]
    systems: Annotated[list[SystemIn], Field(max_length=acquisitions.MOST, default_factory=list)]
    started_on: date | None = None
    target_on: date | None = None
    owner: Annotated[str, Field(max_length=lengths.OWNER)] = ""


class AcquisitionNew(AcquisitionIn):
    name: Slug


class AcquisitionChange(AcquisitionIn):
    started_on: date
    target_on: date


class StepIn(Schema):
    state: Literal["done", "without", ""]
    note: Text = ""


class EntrustIn(Schema):
    owner: Annotated[str, Field(max_length=lengths.OWNER)] = ""
    due: date | None = None


class LiveIn(Schema):
    reason: Text = ""


@router.get("", summary="Acquisitions with their clocks, and the time to integrate over those that the key reads")
def every(request: HttpRequest) -> dict[str, Any]:
    asking, now = _reader(request), clock.now()
    rows = found.acquisitions(asking)
    return {
        "time_to_integrate": dataclasses.asdict(found.figure(rows, today=now.date())),
        "items": [found.brief(found.checklist(row, at=now), today=now.date()) for row in rows],
    }


@router.get("/{name}", summary="One acquisition: each step, the systems, the consents, who is known to other brands")
def one(request: HttpRequest, name: str) -> dict[str, Any]:
    return _told(_reader(request), name)


@router.post("", response={201: dict[str, Any]}, summary="Keep that a company was bought")
def start(request: HttpRequest, said: AcquisitionNew) -> Status[dict[str, Any]]:
    asking, about = caller(request), said.model_dump()
    acquisitions.start(asking, about.pop("name"), name=about.pop("title"), **about)
    return Status(201, _told(asking, said.name))


@router.put("/{name}", summary="Change what is known of an acquisition")
def change(request: HttpRequest, name: str, said: AcquisitionChange) -> dict[str, Any]:
    asking, about = caller(request), said.model_dump()
    acquisitions.change(asking, name, name=about.pop("title"), **about)
    return _told(asking, name)


@router.api_operation(["DELETE"], "/{name}", response={204: None}, summary="Remove an acquisition that is not live")
def remove(request: HttpRequest, name: str) -> Status[None]:
    acquisitions.remove(caller(request), name)
    return Status(204, None)


@router.put("/{name}/steps/{code}", summary="Say that a step is done, or does not apply and why, or take that back")
def say(request: HttpRequest, name: str, code: str, said: StepIn) -> dict[str, Any]:
    asking = caller(request)
    acquisitions.say(asking, name, code, said.state, note=said.note)
    return _told(asking, name)


@router.put("/{name}/steps/{code}/owner", summary="Say who has a step in hand, and until when")
def entrust(request: HttpRequest, name: str, code: str, said: EntrustIn) -> dict[str, Any]:
    asking = caller(request)
    acquisitions.entrust(asking, name, code, owner=said.owner, due_on=said.due)
    return _told(asking, name)


@router.post("/{name}/measure", summary="Count its people, its consents and who is known elsewhere, now")
def measure(request: HttpRequest, name: str) -> dict[str, Any]:
    asking = caller(request)
    acquisitions.measure(asking, name)
    return _told(asking, name)


@router.post("/{name}/live", summary="Say that it is live; a reason is asked for when steps are still open")
def go_live(request: HttpRequest, name: str, said: LiveIn) -> dict[str, Any]:
    asking = caller(request)
    acquisitions.go_live(asking, name, reason=said.reason)
    return _told(asking, name)


@router.api_operation(["DELETE"], "/{name}/live", summary="Take back that it is live: its clock runs again")
def take_back(request: HttpRequest, name: str) -> dict[str, Any]:
    asking = caller(request)
    acquisitions.take_back(asking, name)
    return _told(asking, name)


def _reader(request: HttpRequest) -> Caller:
    asking = caller(request)
    access.must(asking, *found.READERS, scope="sources:read")
    return asking


def _told(asking: Caller, name: str) -> dict[str, Any]:
    now = clock.now()
    return found.plain(found.checklist(found.acquisition(name, asking), at=now), asking, today=now.date())
