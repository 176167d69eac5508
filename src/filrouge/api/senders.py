"""Senders over the API: the sites and applications that write here, and their keys."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from filrouge.api.door import caller
from filrouge.store.queries import senders as reads
from filrouge.work import access, senders

router = Router(tags=["senders"])
COUNTS = ("received", "accepted", "duplicate", "quarantined", "lost")


class KeyIn(Schema):
    source: str
    brand: str


@router.get("", summary="Every sender with its keys, when it was last heard of, and what is counted today (UTC)")
def all_senders(request: HttpRequest) -> dict[str, Any]:
    asking = caller(request)
    access.must(asking, *reads.READERS, scope="sources:read")
    return {"items": [_sender(one) for one in reads.senders(asking)]}


@router.post("/keys", response={201: dict[str, Any]}, summary="Make a write key, and its sender if need be; told once")
def make_key(request: HttpRequest, said: KeyIn) -> Status[dict[str, Any]]:
    key, word = senders.make_key(caller(request), source=said.source, brand=said.brand)
    return Status(201, {"prefix": key.prefix, "key": word})


@router.post("/keys/{prefix}/revoke", response={204: None}, summary="Revoke a write key, at once")
def revoke_key(request: HttpRequest, prefix: str) -> Status[None]:
    senders.revoke_key(caller(request), prefix)
    return Status(204, None)


@router.post("/{name}/pause", summary="Refuse what a sender sends, at once, until it is resumed")
def pause(request: HttpRequest, name: str) -> dict[str, Any]:
    return {"name": name, "paused_at": senders.pause(caller(request), name).paused_at}


@router.post("/{name}/resume", summary="Take again what a paused sender sends")
def resume(request: HttpRequest, name: str) -> dict[str, Any]:
    return {"name": name, "paused_at": senders.resume(caller(request), name).paused_at}


def _sender(one: reads.Sender) -> dict[str, Any]:
    keys = [{"prefix": key.prefix, "made_at": key.created_at, "revoked_at": key.revoked_at} for key in one.keys]
    today = {name: getattr(one.today, name) for name in COUNTS} if one.today else None
    return {
        "name": one.name, "entity": one.entity, "brand": one.brand, "heard": one.heard, "paused_at": one.paused,
        "keys": keys, "today": today,
    }  # fmt: skip
