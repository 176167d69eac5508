"""Tracking plans over the API: the one in force and what it found, the versions; inferred, kept, put back."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Body, Router, Schema, Status

from filrouge.api.door import caller
from filrouge.base.errors import NotFound
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries import plans as found
from filrouge.work import access, plans

router = Router(tags=["senders"])
FINDING = ("kind", "name", "code", "field", "expected", "count", "last_at")


class ModeIn(Schema):
    mode: Literal["watch", "enforce"]
    unknown: Literal["", "allow", "quarantine"] = ""


@router.get("/{name}/plan", summary="The plan of a sender that is in force, and what it found in the events that came")
def one(request: HttpRequest, name: str) -> dict[str, Any]:
    _reads(caller(request), name)
    held = found.in_force(name)
    if held is None:
        raise NotFound("The sender {name} has no plan yet.", hint="Have one inferred first.", name=name)
    findings = [{key: getattr(row, key) for key in FINDING} for row in found.findings(name, held.row.version)]
    return _plan(held.row) | {"findings": findings}


@router.get("/{name}/plan/versions", summary="Every version of the plan that was kept, the latest first")
def versions(request: HttpRequest, name: str) -> dict[str, Any]:
    _reads(caller(request), name)
    return {"items": [_plan(row) for row in found.versions(name)]}


@router.get("/{name}/plan/proposed", summary="The plan that recent events meet; nothing is kept")
def proposed(request: HttpRequest, name: str) -> dict[str, Any]:
    _reads(caller(request), name)
    return {"plan": plans.proposed(name).dump()}


@router.put("/{name}/plan", summary="Put a plan in force, as a version of its own")
def keep(request: HttpRequest, name: str, plan: Body[dict[str, Any]]) -> dict[str, Any]:
    return _plan(plans.keep(caller(request), name, plan))


@router.post(
    "/{name}/plan/infer", response={201: dict[str, Any]}, summary="Put in force the plan that recent events meet"
)
def infer(request: HttpRequest, name: str) -> Status[dict[str, Any]]:
    return Status(201, _plan(plans.infer(caller(request), name)))


@router.post("/{name}/plan/mode", summary="Have the plan watch, or set aside what does not meet it")
def mode(request: HttpRequest, name: str, said: ModeIn) -> dict[str, Any]:
    return _plan(plans.set_mode(caller(request), name, said.mode, unknown=said.unknown))


@router.post("/{name}/plan/versions/{version}/restore", summary="Put an earlier version in force again")
def restore(request: HttpRequest, name: str, version: int) -> dict[str, Any]:
    return _plan(plans.roll_back(caller(request), name, version))


def _reads(asking: Caller, name: str) -> None:
    access.must(asking, *found.READERS, scope="sources:read")
    found.sender(name, asking)


def _plan(row: Any) -> dict[str, Any]:
    return {
        "version": row.version, "in_force": row.in_force, "mode": row.mode, "by": row.by, "made_at": row.created_at,
        "plan": row.spec,
    }  # fmt: skip
