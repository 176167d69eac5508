"""What the spool hands over, judged event by event: taken, taken already, or set aside with a reason."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import IntEnum
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

import msgspec
import numpy as np

from filrouge.base import ids, settings
from filrouge.base.clock import micros
from filrouge.domain.events import Reason
from filrouge.domain.events.row import NOTHING, Told, told
from filrouge.engines import open_engine
from filrouge.spool import Stored
from filrouge.spool.kept import unpacked
from filrouge.store.idents import Idents
from filrouge.store.models import COLLECT, Source
from filrouge.store.views import current
from filrouge.work import runs, senders

log = logging.getLogger("filrouge.draining")
Counts = Counter[tuple[str, date, str]]
# What the tracking plan of a source says of an event (kind, body): nothing, or why it is set aside.
Plan = Callable[[str, str, bytes], Reason | None]


class Out(IntEnum):
    """What of an event is kept out: nothing, the browser that somebody else shared with who sent it, all of it."""

    NOTHING = 0
    BROWSER = 1
    EVENT = 2


class Event(NamedTuple):
    """One event, judged: ``reason`` says why it is set aside, ``told`` what it tells when it is not."""

    key: int
    source: str
    entity: str
    brand: str
    received: datetime
    message_id: str
    kind: str
    at: datetime
    body: bytes
    told: Told
    reason: Reason | None
    record: int  # the key of the account or the browser that it is of; 0 when it names neither

    @property
    def micros(self) -> int:
        """When it happened, in microseconds since 1970."""
        return micros(self.at)


@dataclass
class Judged:
    """The events of a stretch of the spool: those taken, those set aside, and the count of each verdict by day."""

    taken: list[Event] = field(default_factory=list)
    aside: list[tuple[Event, Reason]] = field(default_factory=list)
    counts: Counts = field(default_factory=Counter)
    drained: dict[int, bool] = field(default_factory=dict)  # what had been corrected, and whether it passed


class Judge:
    """Knows which events were taken or set aside before, in the lake or on the way to it."""

    def __init__(self, taken: Idents, aside: Idents) -> None:
        self.taken, self.aside = taken, aside
        self.pending: set[int] = set()
        self.waiting: set[int] = set()  # set aside, and not in the lake yet

    def judge(
        self,
        entries: Iterable[Stored],
        *,
        plan: Plan,
        barred: Callable[[Sequence[Event]], Sequence[Out]],
        unreadable: bool = False,
        awaited: Mapping[int, int] = MappingProxyType({}),
    ) -> Judged:
        """Return the verdict on each event of ``entries``; what is taken or set aside is known from then on.

        ``plan`` judges what is otherwise right; ``barred`` tells which events are of somebody who must not come back.
        ``unreadable`` events are set aside whatever they say. Those of a sender that was removed are dropped. Of the
        keys ``awaited``, each with the microsecond of its receipt, it is told whether they passed.
        """
        standing = senders.standing()
        here = [stored for stored in entries if stored.entry.source in standing]
        events = [event for stored in here for event in _events(stored, unreadable=unreadable)]
        for at, out in enumerate(barred(events)):
            if out is Out.EVENT:
                events[at] = _emptied(events[at])
            elif out is Out.BROWSER:
                events[at] = events[at]._replace(told=replace(events[at].told, anonymous="", previous=""))
        keys = np.fromiter((event.key for event in events), np.int64, len(events))
        known, put_aside = self.taken.known(keys), self.aside.known(keys)
        made = Judged()
        for event, taken_before, aside_before in zip(events, known.tolist(), put_aside.tolist(), strict=True):
            key, day = event.key, event.received.date()
            made.counts[event.source, day, "received"] += 1
            verdict = "duplicate"
            if not (taken_before or key in self.pending):
                reason = event.reason or plan(event.source, event.kind, event.body)
                if reason is None:
                    verdict = "accepted"
                    self.pending.add(key)
                    made.taken.append(event)
                elif not (aside_before or key in self.waiting):
                    verdict = "quarantined"
                    self.waiting.add(key)
                    made.aside.append((event._replace(told=NOTHING, reason=reason, record=0), reason))
                # what its sender sent once more, as it was, is not the correction
                if reason is not None and awaited.get(key) == micros(event.received):
                    made.drained.setdefault(key, False)
            if key in awaited and (taken_before or key in self.pending):
                made.drained[key] = True
            made.counts[event.source, day, verdict] += 1
        for at, out in enumerate(barred([event for event, _ in made.aside])):  # now that their words would be kept
            if out is Out.EVENT:
                event = _emptied(made.aside[at][0])
                made.aside[at] = (event, event.reason or Reason("suppressed"))
        return made


def _emptied(event: Event) -> Event:
    """Return an event of which nothing is kept but that it came."""
    return event._replace(body=b"", told=NOTHING, reason=Reason("suppressed"), record=0)


def _events(stored: Stored, *, unreadable: bool) -> Iterable[Event]:
    entry = stored.entry
    received = datetime.fromtimestamp(entry.received_at // 1_000_000, UTC).replace(
        microsecond=entry.received_at % 1_000_000
    )
    try:
        kept = unpacked(entry.payload)
    except (
        msgspec.MsgspecError,
        ValueError,
    ) as wrong:  # a disk that lies: its bytes are kept, and nothing waits on them
        log.error("A request of the spool cannot be read: %s, %s.", stored.place, type(wrong).__name__)
        yield _damaged(stored, received)
        return
    for said in kept.events:
        reason = Reason(said.code, said.values) if said.code else Reason("unreadable") if unreadable else None
        what = NOTHING
        if reason is None:
            try:
                what = told(said.kind, said.body, context=kept.context, integrations=kept.integrations)
            except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
                reason = Reason("field_wrong", {"field": "context", "expected": "object"})
        if reason is None and not (what.user or what.anonymous):
            reason = Reason("nobody")
        yield Event(
            ids.record_key(entry.source, said.message_id), entry.source, kept.entity, kept.brand, received,
            said.message_id, said.kind, said.at, said.body, what if reason is None else NOTHING, reason,
            _record(entry.source, what) if reason is None else 0,
        )  # fmt: skip


def _damaged(stored: Stored, received: datetime) -> Event:
    """Return what is left of a request whose bytes are no longer what was kept: one event, set aside as it stands."""
    entry = stored.entry
    entity, brand = senders.writes_for(entry.source)
    word = f"damaged-{hashlib.sha256(entry.payload).hexdigest()[:32]}"
    return Event(
        ids.record_key(entry.source, word), entry.source, entity, brand, received, word, "", received, entry.payload,
        NOTHING, Reason("unreadable"), 0,
    )  # fmt: skip


def whose(source: str, kind: str, body: bytes) -> int:
    """Return the key of the account or the browser that an event set aside names; 0 when that cannot be read."""
    try:
        return _record(source, told(kind, body))
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return 0


def _record(source: str, said: Told) -> int:
    if said.user:
        return account_key(source, said.user)
    return browser_key(source, said.anonymous) if said.anonymous else 0


@lru_cache(maxsize=50_000)  # whoever is active sends many events
def account_key(source: str, user: str) -> int:
    """Return the key of the record of an account of a sender."""
    return ids.record_key(f"{source}_people", user)


@lru_cache(maxsize=50_000)
def browser_key(source: str, anonymous: str) -> int:
    """Return the key of the record of a browser or a device of a sender."""
    return ids.record_key(f"{source}_visitors", anonymous)


def remember(known: Idents, table: str) -> None:
    """Make the keys anew from the lake when it holds more of them, or some are damaged: they were lost, or a backup
    came back."""
    names = list(Source.objects.filter(kind=COLLECT).values_list("name", flat=True))
    if not names or not runs.lake().exists(table):
        return
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        rows = current(engine, runs.lake(), table, hidden=runs.hidden())
        rows = rows.filter(rows.source.isin(names))
        if not known.damaged and int(rows.count().to_pyarrow().as_py()) <= known.count:
            return
        keys = rows.select("record_key").to_pyarrow()["record_key"].to_numpy()
    finally:
        engine.close()
    name = f"joined-{len(keys)}-lake"
    known.write(name, np.asarray(keys, dtype=np.int64))
    known.admit(name)
