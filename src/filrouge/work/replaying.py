"""Events handed over again, from the lake, to one of those that follow them; the others are left in peace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from filrouge.base import settings
from filrouge.base.errors import NotFound, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.engines import open_engine
from filrouge.store.live import Live
from filrouge.store.views import current
from filrouge.work import access, accounts, audit, live, plans, runs, segments

TOGETHER = 2_000  # people whose pages are built at once


@dataclass(frozen=True)
class Replayed:
    """How many events were handed over, and how many people they are of."""

    events: int
    people: int


def _pages(people: Sequence[str]) -> None:
    for start in range(0, len(people), TOGETHER):
        live.refresh(people[start : start + TOGETHER], aside=True)


def _segments(people: Sequence[str]) -> None:
    for start in range(0, len(people), segments.TOGETHER):
        segments.ask_anew(people[start : start + segments.TOGETHER])


# Who follows events: each is handed the people whose events they are, and may be handed them again.
FOLLOWERS: Mapping[str, Callable[[Sequence[str]], None]] = {"pages": _pages, "segments": _segments}


def replay(
    asking: Caller, source: str, *, since: datetime | None = None, until: datetime | None = None, event: str = "",
    person: str = "", to: str = "pages",
) -> Replayed:  # fmt: skip
    """Hand the events of a sender, narrowed by when they happened, their name or their person, over to ``to`` again.

    Raises Refused, NotFound, UsageError when nobody of that name follows events.
    """
    sender = plans.own(asking, source)
    if to not in FOLLOWERS:
        raise UsageError(
            "Nothing called {to} follows events.", hint="There are: {known}.", to=to[:60], known=", ".join(FOLLOWERS)
        )
    records = _records(person) if person else None
    count, keys = _events(sender.name, since=since, until=until, event=event, records=records)
    people = accounts.people_of(Live(), keys)
    with transaction.atomic():
        audit.record(
            "event.replay", by=asking.by, kind="source", subject=sender.name, to=to, events=count, people=len(people)
        )
    FOLLOWERS[to](people)
    return Replayed(count, len(people))


def _records(person: str) -> list[int]:
    """Return the keys of a person's records. Raises NotFound."""
    copies = Live()
    document = copies.document(copies.current(person)) if access.is_id(person) and copies.ready() else None
    if document is None:
        raise NotFound("No person is here.", hint="`filrouge person find` looks people up.")
    return [record["key"] for record in document["records"]]


def _events(
    source: str, *, since: datetime | None, until: datetime | None, event: str, records: Sequence[int] | None
) -> tuple[int, list[int]]:
    """Return how many events meet the conditions, and the keys of the accounts and browsers that they are of."""
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        rows = current(engine, runs.lake(), "events", hidden=runs.hidden())
        rows = rows.filter(rows.source == source)
        if since is not None:
            rows = rows.filter(rows["at"] >= since)
        if until is not None:
            rows = rows.filter(rows["at"] < until)
        if event:
            rows = rows.filter(rows.name == event)
        if records is not None:
            rows = rows.filter(rows.person_key.isin(list(records)))
        found = rows.group_by("person_key").aggregate(count=rows.count()).to_pyarrow()
    finally:
        engine.close()
    keys = [key for key in found["person_key"].to_pylist() if key is not None]
    return sum(found["count"].to_pylist()), keys
