"""Segments over the API: what a rule may ask, who is in one, why, and since when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from filrouge.api.door import caller
from filrouge.base.errors import UsageError
from filrouge.domain import segments as domain
from filrouge.store.queries import segments as reads
from filrouge.work import access, lengths, segments

router = Router(tags=["segments"])
Slug = Annotated[str, Field(max_length=lengths.SLUG)]


class SegmentIn(Schema):
    spec: dict[str, Any]
    entity: Slug
    brand: Slug = ""
    title: Annotated[str, Field(max_length=120)] = ""
    description: Annotated[str, Field(max_length=500)] = ""
    purpose: str = "marketing"
    channel: str = ""
    kind: Literal["dynamic", "frozen"] = "dynamic"
    owner: Annotated[str, Field(max_length=lengths.OWNER)] = ""


class CountIn(Schema):
    spec: dict[str, Any]
    entity: Slug
    brand: Slug = ""
    purpose: str = "marketing"
    channel: str = ""
    as_of: datetime | None = None


class Asked(Schema):
    job: str


@router.get("", summary="Segments, by name, with the people of their last build")
def all_segments(
    request: HttpRequest, cursor: str = "", limit: Annotated[int, Query(ge=1, le=200)] = 50, archived: bool = False
) -> dict[str, Any]:
    rows = [row for row in reads.segments(_reader(request), archived=archived) if row.name > cursor]
    more = rows[limit - 1].name if len(rows) > limit else None
    return {"items": [_line(row) for row in rows[:limit]], "next": more}


@router.get("/fields", summary="What a rule may speak of: fields, their operators and values")
def catalogue(request: HttpRequest) -> dict[str, Any]:
    _reader(request)
    return domain.fields.plain()


@router.post("/count", summary="Count who meets rules that are not kept, with some of them and who is left out")
def count_rules(request: HttpRequest, said: CountIn) -> dict[str, Any]:
    scope = segments.Scope(said.entity, said.brand, said.purpose, said.channel)
    return segments.count(caller(request), said.spec, scope, as_of=said.as_of).plain()


@router.get("/overlap", summary="How many people two segments share")
def overlap(request: HttpRequest, left: str, right: str) -> dict[str, int]:
    found = segments.overlap(caller(request), left, right)
    return {"left": found.left, "right": found.right, "both": found.both}


@router.get("/{name}", summary="One segment: its rules, versions, growth, and what rests on it")
def one(request: HttpRequest, name: str) -> dict[str, Any]:
    row = reads.segment(name, _reader(request))
    return {
        **_line(row), "description": row.description, "spec": row.spec, "trouble": row.trouble,
        "versions": [
            {"version": kept.version, "by": kept.by, "at": kept.created_at, "spec": kept.spec}
            for kept in reads.versions(row)[:50]
        ],
        "growth": [
            {"day": day.day, "people": day.people, "entered": day.entered, "left": day.left}
            for day in reads.growth(row)
        ],
        "dependants": [{"kind": held.kind, "name": held.name} for held in reads.dependants(name)],
    }  # fmt: skip


@router.put("/{name}", summary="Keep a segment under a name, or its next version")
def save(request: HttpRequest, name: str, said: SegmentIn) -> dict[str, Any]:
    return _line(segments.keep(caller(request), name, **said.model_dump()))


@router.api_operation(
    ["DELETE"], "/{name}", response={204: None}, summary="Delete a segment; refused while something rests on it"
)
def delete(request: HttpRequest, name: str) -> Status[None]:
    segments.remove(caller(request), name)
    return Status(204, None)


@router.post("/{name}/archive", summary="Put a segment away, or take it back")
def archive(request: HttpRequest, name: str, back: bool = False) -> dict[str, Any]:
    return _line(segments.archive(caller(request), name, back=back))


@router.post("/{name}/build", response={202: Asked}, summary="Have the worker build a segment")
def build(request: HttpRequest, name: str) -> Status[dict[str, str]]:
    return Status(202, {"job": segments.ask(caller(request), name)})


@router.get("/{name}/count", summary="Count who is in a segment now, with some of them and who is left out")
def count(request: HttpRequest, name: str, as_of: datetime | None = None) -> dict[str, Any]:
    return segments.count(caller(request), name, as_of=as_of).plain()


@router.get("/{name}/people", summary="Who was in a segment at its last build, by id, by cursor pages")
def people(
    request: HttpRequest, name: str, cursor: str = "", limit: Annotated[int, Query(ge=1, le=1000)] = 200
) -> dict[str, Any]:
    if cursor and not access.is_id(cursor):
        raise UsageError("This cursor is not one that was given.", hint="Start again without a cursor.")
    rows = segments.members(caller(request), name, after=cursor, limit=limit + 1).to_pylist()
    more = rows[limit - 1]["person"] if len(rows) > limit else None
    return {"items": rows[:limit], "next": more}


@router.get("/{name}/people/{person}/why", summary="Why somebody is in a segment or out of it, and since when")
def why(request: HttpRequest, name: str, person: UUID) -> dict[str, Any]:
    return segments.why(caller(request), name, str(person)).plain()


def _reader(request: HttpRequest) -> Any:
    asking = caller(request)
    access.must(asking, *reads.READERS, scope="segments:read")
    return asking


def _line(row: Any) -> dict[str, Any]:
    shown = (
        "name", "title", "entity", "brand", "purpose", "channel", "kind", "owner", "version", "by", "created_at",
        "edited_by", "edited_at", "archived_at", "people", "built_at", "built_version", "seconds",
    )  # fmt: skip
    return {name: getattr(row, name) for name in shown}
