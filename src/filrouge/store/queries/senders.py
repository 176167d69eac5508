"""Senders: the sites and applications that write here, their keys, and when they were last heard of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from filrouge.base.errors import NotFound
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import COLLECT, Brand, Source, WriteKey

READERS = ("engineer", "analyst", "privacy")


@dataclass(frozen=True)
class Sender:
    """A sender, its keys (those in use first) and when an event of it last came."""

    name: str
    entity: str
    brand: str
    heard: datetime | None
    keys: tuple[WriteKey, ...]

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
    return [
        Sender(
            row.name, row.entity, row.brand, row.as_of,
            tuple(sorted(keys[row.name], key=lambda key: key.revoked_at is not None)),
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
    return Source.objects.filter(name=source, kind=COLLECT).values_list("as_of", flat=True).first()


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
