"""Erasures over the API: their state, their clock, their report and what proves it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from filrouge.api.door import caller
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries import erasures as reads
from filrouge.work import access

router = Router(tags=["erasures"])


@router.get("", summary="The erasures of the key's entities, those that wait first")
def all_erasures(request: HttpRequest) -> dict[str, Any]:
    return {"items": [one.plain() for one in reads.erasures(_officer(request))]}


@router.get("/{erasure}", summary="One erasure: its report, the hashes kept, the audit lines that prove it")
def one(request: HttpRequest, erasure: str) -> dict[str, Any]:
    return reads.erasure(erasure, _officer(request)).plain()


def _officer(request: HttpRequest) -> Caller:
    asking = caller(request)
    access.must(asking, "privacy", scope="people:read")
    return asking
