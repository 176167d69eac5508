"""Consents recorded here: append-only acts, in force at once; and the question that everything asks before acting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from filrouge.base import clock
from filrouge.base.clock import time_of
from filrouge.base.errors import UsageError
from filrouge.domain.followups.promises import Promised, holds
from filrouge.domain.privacy import may_i as rules
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import CHANNELS, PURPOSES
from filrouge.store.live import Live
from filrouge.store.models import ConsentEvent, Promise
from filrouge.work import access, audit
from filrouge.work.lengths import EVIDENCE, REASON, SLUG, fits

STATES = ("granted", "denied", "withdrawn", "objected", "restricted", "released")


def record(
    asking: Caller, person: str, *, purpose: str, channel: str, state: str, entity: str = "", brand: str = "",
    method: str = "advisor", evidence: str = "", notice: str = "",
) -> ConsentEvent:  # fmt: skip
    """Record what a person says of their data: it is obeyed from this moment on.

    An objection covers the whole entity, whatever the brand. Raises UsageError when it means nothing.
    """
    access.must(asking, "advisor", "sales", "privacy", scope="people:write")
    if state not in STATES or purpose not in (*PURPOSES, "*") or channel not in (*CHANNELS, "*"):
        raise UsageError("This is no consent that can be recorded.", hint="Choose a purpose, a channel and a state.")
    found = access.person(asking, person)
    entity, brand = access.origin(asking, found, entity, brand)
    with transaction.atomic():
        event = ConsentEvent.objects.create(
            person=found.view.id, entity=entity, brand="" if state == "objected" else fits(brand, SLUG),
            by=asking.by, purpose=purpose,
            channel=channel, state=state, method=method[:60], evidence=fits(evidence, EVIDENCE),
            notice=fits(notice, REASON),
        )  # fmt: skip
        audit.record(
            "consent.record", by=asking.by, kind="person", subject=found.view.id, entity=entity, purpose=purpose,
            channel=channel, state=state,
        )  # fmt: skip
    return event


def stop_calling(asking: Caller, person: str) -> list[ConsentEvent]:
    """Record "stop calling me": an objection to marketing by phone, for each entity that knows the person."""
    found = access.person(asking, person)
    known = {record.entity for record in found.view.records}
    entities = sorted(e for e in known if e in asking.perimeter.acting or asking.perimeter.everything)
    return [
        record(asking, person, purpose="marketing", channel="phone", state="objected", entity=entity, method="call",
               evidence="said to an advisor")
        for entity in entities or [access.origin(asking, found)[0]]
    ]  # fmt: skip


def may_i(
    person: str, *, entity: str, brand: str, purpose: str, channel: str, at: datetime | None = None
) -> rules.Decision:
    """Answer whether ``entity`` may, for ``brand``, for ``purpose``, by ``channel``, at a date (now)."""
    live = Live()
    current = live.current(person)
    document = live.document(current)
    if document is None:
        return rules.Decision(False, "unknown_person", "nobody is known under this number")
    aliases = live.aliases(current)
    acts = list(ConsentEvent.objects.filter(person__in=aliases, entity=entity))
    return _decide(
        document,
        acts,
        [row.promised for row in _promises(aliases, [entity])],
        entity=entity,
        brand=brand,
        purpose=purpose,
        channel=channel,
        at=at or clock.now(),
    )


def answers(
    person: str, pairs: Iterable[tuple[str, str]], *, purpose: str, channels: Iterable[str], at: datetime
) -> dict[tuple[str, str, str], rules.Decision]:
    """Answer by (entity, brand, channel): the same whoever asks, for an answer is not the facts that it rests on."""
    live = Live()
    current = live.current(person)
    document = live.document(current) or {}
    aliases = live.aliases(current)
    asked = list(pairs)
    acts: dict[str, list[ConsentEvent]] = {entity: [] for entity, _ in asked}
    for row in ConsentEvent.objects.filter(person__in=aliases, entity__in=list(acts)):
        acts[row.entity].append(row)
    owed: dict[str, list[Promised]] = {}
    for promise in _promises(aliases, acts):
        owed.setdefault(promise.entity, []).append(promise.promised)
    return {
        (entity, brand, channel): _decide(
            document,
            acts[entity],
            owed.get(entity, ()),
            entity=entity,
            brand=brand,
            purpose=purpose,
            channel=channel,
            at=at,
        )
        for entity, brand in asked
        for channel in channels
    }


def may_i_all(
    documents: Mapping[str, Mapping[str, Any]], *, entity: str, brand: str, purpose: str, channel: str, at: datetime
) -> dict[str, rules.Decision]:
    """Answer the same for some people at once (a thousand at most), given their documents by id."""
    aliases = Live().aliases_of(list(documents))
    every = [alias for known in aliases.values() for alias in known]
    acts: dict[str, list[ConsentEvent]] = {}
    for row in ConsentEvent.objects.filter(entity=entity, person__in=every):
        acts.setdefault(row.person, []).append(row)
    owed: dict[str, list[Promised]] = {}
    for promise in _promises(every, [entity]):
        owed.setdefault(promise.person, []).append(promise.promised)
    decisions = {}
    for person, document in documents.items():
        decisions[person] = _decide(
            document,
            [row for alias in aliases[person] for row in acts.get(alias, ())],
            [promise for alias in aliases[person] for promise in owed.get(alias, ())],
            entity=entity,
            brand=brand,
            purpose=purpose,
            channel=channel,
            at=at,
        )
    return decisions


def _decide(
    document: Mapping[str, Any], acts: Iterable[ConsentEvent], owed: Iterable[Promised], *, entity: str,
    brand: str, purpose: str, channel: str, at: datetime,
) -> rules.Decision:  # fmt: skip
    events: list[Mapping[str, Any]] = list(document.get("consents", ()))
    events += [
        {"entity": row.entity, "brand": row.brand, "purpose": row.purpose, "channel": row.channel, "state": row.state,
         "at": row.at, "evidence": row.evidence or f"recorded here by {row.by}"}
        for row in acts
    ]  # fmt: skip
    bought = any(item["entity"] == entity for part in ("orders", "contracts") for item in document.get(part, ()))
    subscribed = any(
        item["entity"] == entity and not ((ended := time_of(item.get("ended_at"))) and ended <= at)
        for item in document.get("contracts", ())
    )
    return rules.may_i(
        events, entity=entity, brand=brand, purpose=purpose, channel=channel, at=at, customer=bought,
        subscriber=subscribed, **_held(owed, purpose=purpose, channel=channel, at=at),
    )  # fmt: skip


def _held(promises: Iterable[Promised], *, purpose: str, channel: str, at: datetime) -> dict[str, tuple[str, datetime]]:
    """Return what ``may_i`` is told of the open promises of one entity: the oldest overdue, what forbids longest."""
    owed = list(promises)
    late = [one for one in owed if not one.forbids and one.due_at < at]
    barred = [one for one in owed if one.forbids in rules.held_by(purpose, channel) and holds(one, at)]
    told: dict[str, tuple[str, datetime]] = {}
    if late:
        oldest = min(late, key=lambda one: (one.due_at, one.id))
        told["held"] = (f"promise {oldest.id}", oldest.due_at)
    if barred:
        longest = max(barred, key=lambda one: (one.until, one.id))
        told["promised"] = (f"promise {longest.id}", longest.until)
    return told


def _promises(people: Iterable[str], entities: Iterable[str]) -> list[Promise]:
    """Return the open promises of these entities to these people."""
    return list(Promise.objects.filter(person__in=list(people), entity__in=list(entities), state=Promise.State.OPEN))
