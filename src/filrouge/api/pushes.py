"""Destinations and pushes over the API: kept, run, paused, and what became of each row."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from filrouge.api.door import caller
from filrouge.store.queries import pushes as reads
from filrouge.work import access, lengths, pushes

router = Router(tags=["pushes"])
places = Router(tags=["destinations"])
Slug = Annotated[str, Field(max_length=lengths.SLUG)]
Title = Annotated[str, Field(max_length=120)]


class DestinationIn(Schema):
    spec: dict[str, Any]
    entity: Slug
    brand: Slug = ""
    title: Title = ""


class PushIn(Schema):
    segment: Slug
    destination: Slug
    columns: Annotated[list[Slug], Field(max_length=50)]
    purpose: Slug = ""
    channel: Slug = ""
    key: Slug = "id"
    gives: Literal["", "whole", "changes"] = ""
    timing: Annotated[str, Field(max_length=100)] = "change"
    title: Title = ""
    owner: Annotated[str, Field(max_length=lengths.OWNER)] = ""


class Asked(Schema):
    job: str


@places.get("", summary="Destinations, by name, with what their last check found")
def all_destinations(request: HttpRequest) -> dict[str, Any]:
    asking = caller(request)
    access.must(asking, *reads.READERS, *reads.KEEPERS, scope="pushes:read")
    return {"items": [_place(row) for row in reads.destinations(asking)]}


@places.get("/{name}", summary="One destination; its secret is named, never told")
def one_destination(request: HttpRequest, name: str) -> dict[str, Any]:
    asking = caller(request)
    access.must(asking, *reads.READERS, *reads.KEEPERS, scope="pushes:read")
    return _place(reads.destination(name, asking))


@places.put("/{name}", summary="Keep a destination under a name, or change it")
def keep_destination(request: HttpRequest, name: str, said: DestinationIn) -> dict[str, Any]:
    return _place(pushes.keep_destination(caller(request), name, **said.model_dump()))


@places.post("/{name}/check", summary="Try a destination without giving it anybody")
def check(request: HttpRequest, name: str) -> dict[str, Any]:
    return _place(pushes.check(caller(request), name))


@places.api_operation(
    ["DELETE"], "/{name}", response={204: None}, summary="Remove a destination on which nothing rests"
)
def remove_destination(request: HttpRequest, name: str) -> Status[None]:
    pushes.remove_destination(caller(request), name)
    return Status(204, None)


@router.get("", summary="Pushes, by name, each with its last run")
def all_pushes(request: HttpRequest, segment: str = "", destination: str = "") -> dict[str, Any]:
    rows = reads.pushes(_reader(request), segment=segment, destination=destination)
    last = reads.last_runs(rows)
    return {"items": [_line(row) | {"last": _run(last[row.name]) if row.name in last else None} for row in rows]}


@router.get("/{name}", summary="One push, its last runs, and how many erased people are still to be taken back")
def one(request: HttpRequest, name: str) -> dict[str, Any]:
    row = reads.push(name, _reader(request))
    return _line(row) | {"owed": reads.owed(row), "runs": [_run(run) for run in reads.runs(row)]}


@router.put("/{name}", summary="Keep a push under a name, or change it")
def keep(request: HttpRequest, name: str, said: PushIn) -> dict[str, Any]:
    return _line(pushes.keep(caller(request), name, **said.model_dump()))


@router.api_operation(
    ["DELETE"], "/{name}", response={204: None},
    summary="Remove a push; refused while its destination holds people, unless they are left there",
)  # fmt: skip
def remove(request: HttpRequest, name: str, leave: bool = False) -> Status[None]:
    pushes.remove(caller(request), name, leave=leave)
    return Status(204, None)


@router.post("/{name}/run", response={202: Asked}, summary="Have the worker run a push, whole or of what failed")
def run(request: HttpRequest, name: str, only: Literal["", "failed"] = "") -> Status[dict[str, str]]:
    return Status(202, {"job": pushes.ask(caller(request), name, only=only)})


@router.post("/{name}/pause", summary="Let nothing more go by itself")
def pause(request: HttpRequest, name: str) -> dict[str, Any]:
    return _line(pushes.pause(caller(request), name))


@router.post("/{name}/resume", summary="Let a push go on by itself")
def resume(request: HttpRequest, name: str) -> dict[str, Any]:
    return _line(pushes.resume(caller(request), name))


@router.post("/{name}/empty", summary="Pause a push and have everybody whom it gave taken back")
def empty(request: HttpRequest, name: str) -> dict[str, Any]:
    return _line(pushes.empty(caller(request), name))


@router.get("/{name}/runs/{run_id}/rows", summary="What became of each person in a run, by id, by cursor pages")
def rows(
    request: HttpRequest, name: str, run_id: UUID, outcome: Literal["", "sent", "removed", "withheld", "failed"] = "",
    cursor: str = "", limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> dict[str, Any]:  # fmt: skip
    told, more = pushes.rows(caller(request), name, str(run_id), outcome=outcome, after=cursor, limit=limit)
    return {"items": [one.plain() for one in told], "next": more or None}


def _reader(request: HttpRequest) -> Any:
    asking = caller(request)
    access.must(asking, *reads.READERS, scope="pushes:read")
    return asking


def _place(row: Any) -> dict[str, Any]:
    shown = (
        "name",
        "title",
        "kind",
        "entity",
        "brand",
        "spec",
        "by",
        "edited_by",
        "edited_at",
        "checked_at",
        "trouble",
    )
    return {name: getattr(row, name) for name in shown}


def _line(row: Any) -> dict[str, Any]:
    shown = (
        "name", "title", "entity", "brand", "purpose", "channel", "columns", "key", "gives", "timing", "owner",
        "enabled", "by", "created_at", "edited_by", "edited_at", "due_at", "held",
    )  # fmt: skip
    return {"segment": row.segment.name, "destination": row.destination.name} | {
        name: getattr(row, name) for name in shown
    }


def _run(run: Any) -> dict[str, Any]:
    shown = (
        "id", "state", "only", "by", "started_at", "finished_at", "ordered", "sent", "removed", "withheld", "failed",
        "unchanged", "waiting", "reasons", "trouble",
    )  # fmt: skip
    return {name: getattr(run, name) for name in shown}
