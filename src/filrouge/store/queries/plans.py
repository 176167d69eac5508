"""Senders and their tracking plans, for whoever may read them; and the recent events that a plan is inferred from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import ibis
import msgspec

from filrouge.base import clock, settings
from filrouge.base.errors import DefinitionError, NotFound
from filrouge.domain.events.checking import SECTION
from filrouge.domain.events.plan import PlanSpec
from filrouge.domain.privacy.caller import Caller
from filrouge.engines import open_engine
from filrouge.store.gathering import hidden
from filrouge.store.lake import Lake
from filrouge.store.models import COLLECT, PlanFinding, Source, TrackingPlan
from filrouge.store.views import current

READERS = ("engineer", "marketer", "analyst", "privacy")
PUBLISHED = 4 * 1024 * 1024  # bytes of a plan that the collector holds; the live worker alone judges by a longer one
RECENT, OF_EACH, DAYS = 20_000, 500, 90  # events that are looked at: in all, of one name, of the last days


@dataclass(frozen=True)
class Kept:
    """A version of a plan, as it reads."""

    row: TrackingPlan
    spec: PlanSpec


def senders(asking: Caller, *roles: str) -> list[Source]:
    """Return the senders of whose brand the caller holds one of ``roles``, by name."""
    rows = Source.objects.filter(kind=COLLECT, reads="events").order_by("name")
    return [row for row in rows if asking.perimeter.acts(row.entity, row.brand, *(roles or READERS))]


def sender(name: str, asking: Caller, *roles: str) -> Source:
    """Return the sender called ``name``. Raises NotFound when the caller may not know of it."""
    for row in senders(asking, *roles):
        if row.name == name:
            return row
    raise NotFound("No sender is called {name}.", name=name[:60])


def versions(source: str) -> list[TrackingPlan]:
    """Return every version of a sender's plan, the latest first."""
    return list(TrackingPlan.objects.filter(source=source).order_by("-version"))


def in_force(source: str) -> Kept | None:
    """Return the plan of a sender that is in force, None when it has none."""
    row = TrackingPlan.objects.filter(source=source, in_force=True).first()
    return Kept(row, PlanSpec.parse(row.spec, what=source)) if row is not None else None


def enforced() -> dict[str, msgspec.Raw]:
    """Return what the collector is told of every plan that is enforced, by sender; one too long for it is left out."""
    rows = TrackingPlan.objects.filter(in_force=True, mode=TrackingPlan.Mode.ENFORCE).order_by("source")
    found = ((source, _published(pk)) for source, pk in rows.values_list("source", "pk"))
    return {source: msgspec.Raw(said) for source, said in found if 0 < len(said) <= PUBLISHED}


@lru_cache(maxsize=256)  # a version never changes once kept, and this is asked every few seconds
def _published(pk: UUID) -> bytes:
    """Return a version as the collector is told it; nothing when an older Filrouge kept what this one does not read."""
    row = TrackingPlan.objects.get(pk=pk)
    try:
        return msgspec.json.encode(PlanSpec.parse(row.spec, what=row.source).published(), order="deterministic")
    except DefinitionError:
        return b""


def stamps() -> dict[str, int]:
    """Return the version in force of every sender that has a plan."""
    return dict(TrackingPlan.objects.filter(in_force=True).values_list("source", "version"))


def findings(source: str, version: int) -> list[PlanFinding]:
    """Return what one version found, the most frequent first."""
    return list(PlanFinding.objects.filter(source=source, version=version)[:200])


def recent(source: str, *, most: int = RECENT) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Yield the kind and the content of recent events of a sender: the latest of each name, ``most`` in all."""
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        events = current(engine, Lake(settings.get().lake), "events", hidden=hidden())
        since = clock.now() - timedelta(days=DAYS)
        events = events.filter(
            (events.source == source) & (events.received_at >= ibis.literal(since)) & events.type.isin(sorted(SECTION))
        )
        narrow = events.select("record_key", "type", "name", "received_at")
        place = ibis.row_number().over(group_by=["type", "name"], order_by=narrow.received_at.desc())
        ranked = narrow.mutate(place=place)
        chosen = ranked.filter(ranked.place < OF_EACH).order_by("place").limit(most).select("record_key")
        rows = events.semi_join(chosen, "record_key").select("type", "name", "properties").to_pyarrow()
    finally:
        engine.close()
    for kind, name, held in zip(*(rows[column].to_pylist() for column in rows.column_names), strict=True):
        try:
            content = json.loads(held) if held else {}
        except ValueError:
            continue
        if kind == "group" and isinstance(content, dict):
            content.pop("groupId", None)  # kept there by whoever took it: the sender said it beside
        yield kind, {"event": name, "name": name, SECTION[kind]: content}
