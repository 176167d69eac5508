"""Scores over the API: the models of one’s entities with their report cards, and the scores of a person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router

from filrouge.api.door import caller
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries import scores as reads
from filrouge.work import access, scores_at_hand

router = Router(tags=["scores"])
of_people = Router(tags=["scores"])


@router.get("", summary="The models of scores, ours and those published: what is in use, and how good each is")
def models(request: HttpRequest, entity: str = "", name: str = "") -> dict[str, Any]:
    rows = reads.models(_reader(request), entity=entity[:60], name=name[:80])
    return {"items": [_line(row) for row in rows]}


@router.get("/{entity}/{name}", summary="The report card of a model, version by version, the one in use first")
def card(request: HttpRequest, entity: str, name: str) -> dict[str, Any]:
    rows = reads.versions(_reader(request), entity, name)
    spec = rows[0].content.get("spec") if rows[0].kind == "published" else None
    return {"entity": entity, "name": name, "definition": spec,
            "versions": [{**_line(row), "card": row.card, "trouble": row.trouble} for row in rows]}  # fmt: skip


@of_people.get("/{person}/scores", summary="The scores of a person that you may see, with their reasons")
def of_person(request: HttpRequest, person: UUID) -> dict[str, Any]:
    asking = caller(request)
    access.must(asking, scope="people:read")
    found = scores_at_hand.shown(asking, access.person(asking, str(person), opening="api").view.id)
    return {
        "items": [
            {"entity": one.entity, "score": one.name, "value": one.value, "band": one.band, "trend": one.trend,
             "reasons": list(one.reasons), "model": one.model, "as_of": one.as_of, "stale_since": one.stale_since,
             "published": dict(one.own) if one.own else None}
            for one in found
        ]
    }  # fmt: skip


def _reader(request: HttpRequest) -> Caller:
    asking = caller(request)
    access.must(asking, *reads.READERS, scope="figures:read")
    return asking


def _line(row: Any) -> dict[str, Any]:
    return {
        "entity": row.entity, "name": row.name, "version": row.version, "kind": row.kind, "state": row.state,
        "owner": row.owner, "trained_at": row.trained_at, "promoted_at": row.promoted_at, "auc": row.card.get("auc"),
        "people": row.card.get("people"), "happened": row.card.get("happened"),
        "proved": bool(row.card.get("proved", row.card.get("auc") is not None)),
    }  # fmt: skip
