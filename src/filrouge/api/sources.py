"""Sources and runs over the API."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext
from ninja import Query, Router, Schema, Status
from pydantic import Field

from filrouge.api.door import caller, reading
from filrouge.base.errors import NotFound, told
from filrouge.store.queries import rulings
from filrouge.store.queries import sources as reads
from filrouge.work import access, definitions, holding, jobs, reshaping, schedules, shape_told

router = Router(tags=["sources"])
COUNTS = ("read", "new", "changed", "unchanged", "rejected", "vanished", "lost")


class Asked(Schema):
    job: str


class Decided(Schema):
    run: str


@router.get("", summary="Every source with its last run")
def all_sources(request: HttpRequest) -> dict[str, Any]:
    access.must(caller(request), scope="sources:read")
    return {"items": [_line(line, request) for line in reads.lines(caller(request))]}


@router.get("/{name}", summary="One source, its definition and its last run")
def one(request: HttpRequest, name: str) -> dict[str, Any]:
    access.must(caller(request), scope="sources:read")
    line = reads.line(name, caller(request))
    return {**_line(line, request), "definition": definitions.told(line.source, caller(request))}


@router.get("/{name}/runs", summary="The latest runs of a source")
def runs(request: HttpRequest, name: str, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> dict[str, Any]:
    access.must(caller(request), scope="sources:read")
    reads.line(name, caller(request))
    return {"items": [_run(row, request) for row in reads.runs(caller(request), source=name, limit=limit)]}


@router.post("/{name}/runs", response={202: Asked}, summary="Run a source: the worker imports it")
def run(request: HttpRequest, name: str) -> Status[dict[str, str]]:
    asking = caller(request)
    schedules.own(asking, name)
    return Status(202, {"job": str(jobs.ask("import", by=asking.by, key=f"import {name}", source=name).id)})


@router.post("/{name}/pause", summary="Leave a source alone until it is resumed")
def pause(request: HttpRequest, name: str) -> dict[str, Any]:
    schedules.pause(caller(request), name)
    return _line(reads.line(name, caller(request)), request)


@router.post("/{name}/resume", summary="Let the schedule read a paused source again")
def resume(request: HttpRequest, name: str) -> dict[str, Any]:
    schedules.resume(caller(request), name)
    return _line(reads.line(name, caller(request)), request)


@router.get("/{name}/runs/{run_id}/rejects", summary="What a run rejected, and why")
def rejects(
    request: HttpRequest, name: str, run_id: str, limit: Annotated[int, Query(ge=1, le=1000)] = 200
) -> dict[str, Any]:
    asking = caller(request)
    access.must(asking, *reads.READERS, scope="sources:read")
    made = reads.run(run_id, asking)
    if made.source is not None:
        schedules.whole(asking, made.source, *reads.READERS)
    found = reads.rejects(made, asking, limit=limit)
    shown = ("place", "row", "column", "source_column", "code", "warning", "value")
    return {"items": [{name: getattr(row, name) for name in shown} for row in found]}


class LetIn(Schema):
    because: str
    usual: bool = False


@router.post("/{name}/runs/{run_id}/let-in", response={202: Decided}, summary="Let a run in that waits for a person")
def let_in(request: HttpRequest, name: str, run_id: str, said: LetIn) -> Status[dict[str, str]]:
    _of(name, run_id, request)
    made = holding.ask(caller(request), run_id, because=said.because, usual=said.usual)
    return Status(202, {"run": str(made.id)})


@router.post("/{name}/runs/{run_id}/give-up", summary="Let go of a run that waits for a person")
def give_up(request: HttpRequest, name: str, run_id: str) -> dict[str, Any]:
    _of(name, run_id, request)
    return _run(holding.give_up(caller(request), run_id), request)


class Told(Schema):
    to: list[str]
    says: list[str] = Field(default_factory=list)


class Chosen(Schema):
    columns: dict[str, Told] = Field(default_factory=dict)
    dates: dict[str, str] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)


@router.get(
    "/{name}/runs/{run_id}/shape", summary="What changed at the source of a run that waits, and what is proposed"
)
def shape(request: HttpRequest, name: str, run_id: str) -> dict[str, Any]:
    """Tell the columns that are lacking, dates written otherwise, values never seen, and the choice as it stands."""
    _of(name, run_id, request)
    asking = caller(request)
    return shape_told.told(asking, reshaping.of(asking, run_id))


@router.post(
    "/{name}/runs/{run_id}/shape", response={202: Decided}, summary="Choose a mapping for a run that waits: it is tried"
)
def reshape(request: HttpRequest, name: str, run_id: str, said: Chosen) -> Status[dict[str, str]]:
    """Keep a choice; once the worker has tried it, ``tried`` tells what importing the run so would count."""
    _of(name, run_id, request)
    asking = caller(request)
    reshaping.choose(asking, run_id, shape_told.chosen(asking, reshaping.of(asking, run_id), said.model_dump()))
    return Status(202, {"run": run_id})


@router.post(
    "/{name}/runs/{run_id}/shape/accept", response={202: Decided}, summary="Read the source so, and let the run in"
)
def accept(request: HttpRequest, name: str, run_id: str) -> Status[dict[str, str]]:
    _of(name, run_id, request)
    return Status(202, {"run": str(reshaping.accept(caller(request), run_id).id)})


@router.get("/{name}/quality", summary="The rules of a source, and what they said in its latest runs")
def quality(request: HttpRequest, name: str) -> dict[str, Any]:
    access.must(caller(request), scope="sources:read")
    return {"items": [one.plain() for one in rulings.kept(name, caller(request))]}


def _of(name: str, run_id: str, request: HttpRequest) -> None:
    if reads.run(run_id, caller(request)).source_name != name:
        raise NotFound("There is no such run.")


def _line(line: reads.SourceLine, request: HttpRequest) -> dict[str, Any]:
    source = line.source
    shown = ("name", "system", "kind", "reads", "entity", "brand", "as_of")
    last = _run(line.last, request) if line.last else None
    said = {
        "running": line.running, "paused": not source.enabled, "next": source.due_at, "late": line.late_by is not None,
    }  # fmt: skip
    return {**{name: getattr(source, name) for name in shown}, **said, "last": last}


def _run(row: Any, request: HttpRequest) -> dict[str, Any]:
    with reading(request):
        problem, hint = told(row.trouble, gettext) if row.trouble else (row.problem, row.problem_hint)
    return {
        "id": str(row.id), "state": row.state, "verdict": row.verdict, "started_at": row.started_at,
        "finished_at": row.finished_at, "findings": row.findings, "problem": problem, "problem_hint": hint,
        "trouble": row.trouble, "held_at": row.held_at, "decided_by": row.decided_by, "because": row.because,
        **{name: int(getattr(row, name)) for name in COUNTS}, **shape_told.known(caller(request), row.matched),
    }  # fmt: skip
