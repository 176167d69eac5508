"""One person, shown as their caller may see them; how they are found is in ``search``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import Perimeter
from filrouge.domain.profiles import PersonView, gather, view
from filrouge.store.live import Live, number
from filrouge.store.models import Call, ConsentEvent, Correction, FollowUp, Note, Outcome, Promise
from filrouge.store.queries import group, roles
from filrouge.store.queries.acts import quiet
from filrouge.store.queries.glance import overlay
from filrouge.store.queries.households import Member, members
from filrouge.store.queries.search import Hit, address, alike, by_phone, hits, search

__all__ = ["Hit", "Page", "address", "alike", "by_phone", "named", "overlay", "page", "search"]


@dataclass(frozen=True)
class Page:
    """Everything that a person's page shows: the view of the lake's facts, and what people did here."""

    view: PersonView
    notes: tuple[Note, ...]
    promises: tuple[Promise, ...]
    follow_ups: tuple[FollowUp, ...]
    outcomes: tuple[Outcome, ...]
    calls: tuple[Call, ...]
    corrections: tuple[Correction, ...]
    consent_events: tuple[ConsentEvent, ...]
    household: tuple[Member, ...]
    as_of: dict[str, datetime]
    redirected_from: str = ""
    # date and key of the oldest moment at hand, where the lake may hold older ones
    seam: tuple[datetime, int] | None = None


def page(person: str, caller: Caller, *, at: datetime) -> Page | None:
    """Return the page of ``person`` as ``caller`` may see it, None when there is nothing they may see.

    An id that was merged away leads to where its records are today.
    """
    live = Live()
    if not live.ready():
        return None
    current = live.current(person)
    document = live.document(current)
    if document is None:
        return None
    sees, aliases = caller.perimeter, live.aliases(current)
    corrections = _acts(Correction, aliases, sees, "identity")
    consents = _acts(ConsentEvent, aliases, sees, "consent")
    notes = [
        row for row in _acts(Note, aliases, sees, "interaction", removed_at=None) if sees.reads(row.entity, row.brand)
    ]
    promises, follow_ups = _acts(Promise, aliases, sees, "interaction"), _acts(FollowUp, aliases, sees, "interaction")
    outcomes = _acts(Outcome, aliases, sees, "interaction", undone_at=None)
    calls = _acts(Call, aliases, sees, "interaction", undone_at=None)
    for acts in (promises, follow_ups, consents, outcomes, calls):
        quiet(sees, acts)
    overlaid = {**document, "values": overlay(document["values"], corrections), "consents": [
        *document["consents"], *(_consent_row(row) for row in consents)
    ]}  # fmt: skip
    last = live.moments(current, [record["key"] for record in document["records"]])
    moments = [*last, *_told(notes, promises, follow_ups, consents), *_on_calls(outcomes, calls)]
    systems = {**group.systems(), "filrouge": "filrouge"}
    seen = view(overlaid, moments, sees, systems=systems, at=at, declared=live.promotions())
    if seen is None:
        return None
    seen = replace(seen, roles=roles.of_person(live, seen.roles, aliases, caller))
    return Page(
        view=seen,
        notes=tuple(notes),
        promises=tuple(promises),
        follow_ups=tuple(follow_ups),
        outcomes=tuple(outcomes),
        calls=tuple(calls),
        corrections=tuple(corrections),
        consent_events=tuple(consents),
        household=tuple(members(live, seen, caller, at=at)),
        as_of=group.as_of(),
        redirected_from=person if current != person else "",
        seam=_seam(last),
    )


def _seam(last: Sequence[dict[str, Any]]) -> tuple[datetime, int] | None:
    """Return the date and key of the oldest moment at hand, None when all there are must be at hand."""
    if len(last) < gather.LAST:
        return None
    return datetime.fromisoformat(last[-1]["at"]), int(last[-1]["record_key"])


def named(person: str, caller: Caller, *, at: datetime) -> Hit | None:
    """Return ``person`` (or whoever the id leads to) as the caller sees them, None when nothing may be seen."""
    live = Live()
    found = hits(live, [(number(live.current(person)), (1.0, ""))], caller, limit=1, brand="", at=at)
    return found[0] if found else None


def _acts(model: Any, people: Sequence[str], sees: Perimeter, category: str, **where: Any) -> list[Any]:
    rows = model.objects.filter(person__in=people, **where)
    return [row for row in rows if sees.sees(row.entity, row.brand, category) or sees.everything]


def _consent_row(row: ConsentEvent) -> dict[str, Any]:
    return {
        "source": "filrouge", "entity": row.entity, "brand": row.brand, "record_key": 0, "purpose": row.purpose,
        "channel": row.channel, "state": row.state, "at": row.at.isoformat(), "notice": row.notice,
        "method": row.method, "evidence": row.evidence, "by": row.by,
    }  # fmt: skip


def _told(
    notes: Iterable[Note], promises: Iterable[Promise], follow_ups: Iterable[FollowUp], consents: Iterable[ConsentEvent]
) -> Iterable[dict[str, Any]]:
    """Turn what people did here into moments of the timeline."""
    for note in notes:
        yield _moment(note, "note", note.created_at, text=note.text)
    for promise in promises:
        yield _moment(promise, "promise", promise.made_at, title=promise.text, status=promise.state, due=promise.due_at)
    for follow_up in follow_ups:
        if not follow_up.source:
            yield _moment(
                follow_up, "follow_up", follow_up.created_at, title=follow_up.subject, status=follow_up.state,
                due=follow_up.due_at,
            )  # fmt: skip
    for consent in consents:
        yield _moment(
            consent, "consent", consent.at, status=consent.state, channel=consent.channel, purpose=consent.purpose
        )


def _on_calls(outcomes: Iterable[Outcome], calls: Iterable[Call]) -> Iterable[dict[str, Any]]:
    """Turn what was said and how calls ended into moments of the timeline."""
    for outcome in outcomes:
        yield _moment(
            outcome, "told", outcome.at, text=outcome.reason, status=outcome.said, action=outcome.action,
            about=outcome.subject,
        )  # fmt: skip
    for call in calls:
        yield _moment(
            call, "call", call.at, title=call.disposition, text=call.text, channel="phone", direction=call.direction
        )


def _moment(row: Any, kind: str, at: datetime, **said: Any) -> dict[str, Any]:
    known = ("title", "text", "status", "channel", "direction")
    return {
        "kind": kind, "at": at, "entity": row.entity, "brand": row.brand, "source": "filrouge",
        "record_key": row.id.int & ((1 << 63) - 1), "by": row.by, "ref": str(row.id),
        **{key: value for key, value in said.items() if key in known},
        "details": {key: value.isoformat() if isinstance(value, datetime) else value
                    for key, value in said.items() if key not in known},
    }  # fmt: skip
