"""Who is who over the API: say that people are one or records somebody else's, take it back, read what was decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from filrouge.api.door import caller
from filrouge.base.errors import NotFound
from filrouge.store.queries import identity, identity_quality
from filrouge.store.queries import verdicts as reads
from filrouge.work import access, verdicts

router = Router(tags=["identity"])


class SplitIn(Schema):
    records: list[str]  # keys are beyond what JavaScript counts exactly: they travel as text
    reason: str = ""


class MergeIn(Schema):
    other: str
    reason: str = ""


class Gesture(Schema):
    gesture: str


class Verdict(Schema):
    gesture: str
    kind: str
    going: list[str]
    staying: list[str]
    by: str
    at: datetime
    reason: str
    undone_at: datetime | None
    undone_by: str
    settled: bool


@router.post("/people/{person}/split", response={202: Gesture}, summary="Some records are somebody else's")
def split(request: HttpRequest, person: str, said: SplitIn) -> Status[dict[str, str]]:
    return Status(202, {"gesture": verdicts.split(caller(request), person, said.records, reason=said.reason)})


@router.post("/people/{person}/merge", response={202: Gesture}, summary="Two people are one")
def merge(request: HttpRequest, person: str, said: MergeIn) -> Status[dict[str, str]]:
    return Status(202, {"gesture": verdicts.merge(caller(request), person, said.other, reason=said.reason)})


@router.post("/verdicts/{gesture}/undo", response={202: Gesture}, summary="Take a split or a merge back")
def undo(request: HttpRequest, gesture: str) -> Status[dict[str, str]]:
    verdicts.undo(caller(request), gesture)
    return Status(202, {"gesture": gesture})


@router.get("/people/{person}/verdicts", response=list[Verdict], summary="What people decided of a person's records")
def decided(request: HttpRequest, person: str) -> Any:
    asking = caller(request)
    access.must(asking, scope="people:read")
    view = access.person(asking, person, opening="api").view
    told = reads.about([record.key for record in view.records], asking)
    return [
        {
            **{name: getattr(one, name) for name in Verdict.model_fields if name not in ("going", "staying")},
            "going": [str(key) for key in one.going],
            "staying": [str(key) for key in one.staying],
        }
        for one in told
    ]


@router.get("/people/{person}/history", summary="The life of an id: records that came, joined, left")
def history(request: HttpRequest, person: str) -> dict[str, Any]:
    asking = caller(request)
    access.must(asking, scope="people:read")
    access.person(asking, person, opening="api")
    return {"items": [vars(chapter) for chapter in identity.history(person, asking)]}


@router.get("/identity/quality", summary="How good identity is: figures of the last resolution, and drift")
def quality(request: HttpRequest) -> dict[str, Any]:
    asking = caller(request)
    access.must(asking, *identity_quality.ROLES, scope="figures:read")
    found = identity_quality.latest(asking)
    if found is None:
        raise NotFound("Identity was not measured yet.", hint="It is at the end of `filrouge identity resolve`.")
    return found.plain()
