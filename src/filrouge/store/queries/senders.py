"""Senders: the sites and applications that write here, their keys, and when they were last heard of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from filrouge.base import clock
from filrouge.base.errors import NotFound
from filrouge.domain.events.silence import silent_after
from filrouge.domain.privacy.caller import Caller
from filrouge.store.live import Live
from filrouge.store.models import COLLECT, Brand, Ledger, Source, WriteKey

MEMORY = timedelta(days=14)  # of what a sender usually sends
READERS = ("engineer", "analyst", "privacy")


@dataclass(frozen=True)
class Sender:
    """A sender, its keys (those in use first), when an event of it last came, and what is counted of it today (UTC).

    ``paused`` is since when it is paused, None when it is not.
    """

    name: str
    entity: str
    brand: str
    heard: datetime | None
    keys: tuple[WriteKey, ...]
    today: Ledger | None = None
    paused: datetime | None = None

    @property
    def in_use(self) -> tuple[WriteKey, ...]:
        return tuple(key for key in self.keys if key.revoked_at is None)


def senders(caller: Caller) -> list[Sender]:
    """Return every sender that the caller may know of, by name."""
    rows = Source.objects.filter(kind=COLLECT, reads="events").order_by("name")
    rows_seen = [row for row in rows if seen(row.entity, row.brand, caller)]
    keys: dict[str, list[WriteKey]] = {row.name: [] for row in rows_seen}
    for key in WriteKey.objects.filter(source__in=keys):
        keys[key.source].append(key)
    today = {row.source: row for row in Ledger.objects.filter(source__in=keys, day=clock.now().date())}
    just = _just_heard(list(keys))
    return [
        Sender(
            row.name, row.entity, row.brand, max(filter(None, (row.as_of, just.get(row.name))), default=None),
            tuple(sorted(keys[row.name], key=lambda key: key.revoked_at is not None)), today.get(row.name),
            row.paused_at,
        )
        for row in rows_seen
    ]  # fmt: skip


def sender(name: str, caller: Caller) -> Sender:
    """Return the sender called ``name``. Raises NotFound when the caller may not know of it."""
    for found in senders(caller):
        if found.name == name:
            return found
    raise NotFound("No sender is called {name}.", name=name[:60])


def sender_of(source: Source) -> str:
    """Return the sender whom ``source`` is of, nothing when it is read like any other."""
    return source.system if source.kind == COLLECT else ""


def heard(source: str) -> datetime | None:
    """Return when an event of the sender ``source`` last came, None as long as none did."""
    kept = Source.objects.filter(name=source, kind=COLLECT).values_list("as_of", flat=True).first()
    return max(filter(None, (kept, _just_heard([source]).get(source))), default=None)


def _just_heard(names: Sequence[str]) -> dict[str, datetime]:
    """Return when the senders ``names`` were heard of, of those whose events are still told to those who look on."""
    live = Live()
    if not names or not live.ready():
        return {}
    marks = ", ".join(["%s"] * len(names))
    rows = live.rows(f"SELECT source, max(number) FROM stream WHERE source IN ({marks}) GROUP BY source", list(names))
    return {source: datetime.fromtimestamp(number / 1_000_000, UTC) for source, number in rows}


def brands(caller: Caller) -> list[Brand]:
    """Return the brands for which the caller may give keys."""
    rows = Brand.objects.select_related("entity")
    return [row for row in rows if acts(str(row.entity.slug), row.slug, caller)]


def seen(entity: str, brand: str, caller: Caller) -> bool:
    """Tell whether the caller may know of what writes for that brand."""
    return caller.perimeter.acts(entity, brand, *READERS)


def acts(entity: str, brand: str, caller: Caller) -> bool:
    """Tell whether the caller may give and revoke keys for that brand."""
    return caller.perimeter.acts(entity, brand, "engineer")


@dataclass(frozen=True)
class Silent:
    """A sender that says nothing for longer than it usually does, and since when."""

    sender: Sender
    since: datetime


def silent(caller: Caller, *, at: datetime) -> list[Silent]:
    """Return the senders of the caller that have fallen silent."""
    found = []
    for one in senders(caller):
        if one.heard is None or not one.in_use or one.paused is not None:
            continue
        rows = list(Ledger.objects.filter(source=one.name, day__gte=at.date() - MEMORY))
        if not rows:
            continue
        over = at - datetime.combine(min(row.day for row in rows), time(0), UTC)
        limit = silent_after([row.received for row in rows], over=over)
        if limit is not None and at - one.heard > limit:
            found.append(Silent(one, one.heard))
    return found


def days(source: str, *, most: int = 14) -> list[Ledger]:
    """Return what was counted of a sender, the last days first."""
    return list(Ledger.objects.filter(source=source)[:most])
