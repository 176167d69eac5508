"""Events of a sender that were set aside, over the API: counted by why, read, corrected and replayed, discarded."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from filrouge.api.door import caller, start_of
from filrouge.base.errors import UsageError
from filrouge.domain.events.edits import Edit
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries import claims
from filrouge.store.queries import plans as senders
from filrouge.store.queries import quarantine as found
from filrouge.store.queries.quarantine import Aside, Chosen
from filrouge.work import access, quarantine
from filrouge.work import claims as claiming

router = Router(tags=["senders"])
LARGEST = 1 << 60  # keys are below
KEYS = 1_000  # events named one by one in a request


class ChosenIn(Schema):
    """Which events are meant: of a reason, a kind, a name, a field, a day, all that is said; or the keys alone."""

    code: str | None = None
    kind: str | None = None
    name: str | None = None
    field: str | None = None
    day: date | None = None
    keys: Annotated[list[str], Field(max_length=KEYS, default_factory=list)]


class EditIn(Schema):
    operation: Literal["set", "rename", "remove", "convert", "letters"]
    path: str = ""
    value: Any = None
    to: str = ""


class CorrectIn(ChosenIn):
    edits: Annotated[list[EditIn], Field(default_factory=list)]
    dry_run: bool = False


class EventIn(Schema):
    event: dict[str, Any]
    dry_run: bool = False


@router.get("/{name}/quarantine", summary="What is set aside of a sender, counted by why and by event, the most first")
def groups(request: HttpRequest, name: str, day: date | None = None) -> dict[str, Any]:
    asking, source = _reads(request, name)
    shown = ("code", "kind", "name", "field", "count", "first_at", "last_at")
    rows = found.groups(source, asking, Chosen(day=_day(day)))
    return {
        "items": [{key: getattr(row, key) for key in shown} | {"example": str(row.example.key)} for row in rows],
        "days": [{"day": on, "count": count} for on, count in found.days(source, asking)],
    }


@router.get("/{name}/quarantine/events", summary="Events that are set aside; one is read in clear by its key")
def events(
    request: HttpRequest, name: str, said: Query[ChosenIn], cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:  # fmt: skip
    asking, source = _reads(request, name)
    start = start_of(cursor)
    rows = found.rows(source, asking, _chosen(said), after=-1 if start is None else start, most=limit + 1,
                      words=False)  # fmt: skip
    more = str(rows[limit - 1].key) if len(rows) > limit else None
    held = claims.of(name, [row.key for row in rows], moving=True)
    return {"items": [_line(row, held.get(row.key)) for row in rows[:limit]], "next": more}


@router.get("/{name}/quarantine/events/{key}", summary="One event in clear, which leaves a line in the audit")
def event(request: HttpRequest, name: str, key: str) -> dict[str, Any]:
    row = quarantine.opened(caller(request), name, _key(key))
    held = claims.of(name, [row.key], moving=True).get(row.key)
    return _line(row, held) | {"values": dict(row.values), "event": row.raw}


@router.post("/{name}/quarantine/correct", summary="Correct events by the same changes; those that pass go on")
def correct(request: HttpRequest, name: str, said: CorrectIn) -> dict[str, Any]:
    edits = [Edit(one.operation, one.path, one.value, one.to) for one in said.edits]
    made = quarantine.correct(caller(request), name, _chosen(said), edits, dry_run=said.dry_run)
    return _outcome(made)


@router.post("/{name}/quarantine/events/{key}", summary="Replace one event by another; it goes on if it passes")
def replace(request: HttpRequest, name: str, key: str, said: EventIn) -> dict[str, Any]:
    text = json.dumps(said.event, ensure_ascii=False)
    return _outcome(quarantine.correct_one(caller(request), name, _key(key), text, dry_run=said.dry_run))


@router.post("/{name}/quarantine/discard", summary="Let go of events for good; at least one of code, kind, day or keys")
def discard(request: HttpRequest, name: str, said: ChosenIn) -> dict[str, Any]:
    made = quarantine.discard(caller(request), name, _chosen(said))
    return {"discarded": made.count, "left": _theirs(made.theirs)}


def _reads(request: HttpRequest, name: str) -> tuple[Caller, Any]:
    asking = caller(request)
    access.must(asking, *found.READERS, scope="sources:read")
    return asking, senders.sender(name, asking, *found.READERS)


def _chosen(said: ChosenIn) -> Chosen:
    keys = tuple(_key(key) for key in said.keys)
    return Chosen(said.code, said.kind, said.name, said.field, day=_day(said.day), keys=keys)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _key(text: str) -> int:
    key = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else LARGEST
    if key >= LARGEST:  # they travel as text: JavaScript counts less far
        raise UsageError("“{key}” is no key of an event.", hint="Take one of the list.", key=text[:40])
    return key


def _line(row: Aside, held: Any) -> dict[str, Any]:
    """Return an event as a line; ``held``: who corrected it, where it is on its way."""
    shown = ("entity", "brand", "kind", "code", "field", "at")
    line = {"key": str(row.key), "message_id": row.message_id} | {name: getattr(row, name) for name in shown}
    return line | {"corrected": {"by": held.by, "at": held.at} if held else None}


def _outcome(made: quarantine.Outcome) -> dict[str, Any]:
    failing = [
        {"code": made.reasons[said].code, "field": str(made.reasons[said].values.get("field", "")), "count": count}
        for said, count in made.failing.most_common()
    ]
    return {"tried": made.tried, "passing": made.passing, "failing": failing, "more": made.more,
            "left": _theirs(made.theirs)}  # fmt: skip


def _theirs(held: claiming.Theirs | None) -> dict[str, Any] | None:
    """Return how many events somebody had in hand first; of several, who was the last, and when."""
    return {"count": held.count, "by": held.by, "at": held.at} if held else None
