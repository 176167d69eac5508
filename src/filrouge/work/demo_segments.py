"""Segments of the sample group: kept and built like any other, and gone with it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from django.db.models import QuerySet

from filrouge import sample
from filrouge.domain.privacy.caller import OWNER
from filrouge.store import members
from filrouge.store.live import Live
from filrouge.store.models import Destination, Entity, Push, Segment
from filrouge.work import definitions, runs, segments


def keep(*, by: str, progress: runs.Progress = runs.silent) -> None:
    """Keep the segments of the sample, each a file, and build them."""
    with resources.as_file(resources.files(sample) / "segments") as folder:
        for path in sorted(Path(folder).glob("*.yaml")):
            segments.keep(OWNER, path.stem, **definitions.read(path))
    segments.build(by=by, progress=progress)


def remove() -> None:
    """Remove what the entities of the sample made of their people: segments, pushes and destinations."""
    mine = list(Entity.objects.filter(sample=True).values_list("slug", flat=True))
    given = Push.objects.filter(entity__in=mine) | Push.objects.filter(segment__entity__in=mine)
    pushes, named = _names(given), _names(Segment.objects.filter(entity__in=mine))
    lake, copies = runs.lake(), Live()
    for table, column, names in (("deliveries", "push", pushes), ("memberships", "segment", named)):
        if names:  # they hold letters, digits and hyphens only
            lake.delete(table, f"{column} IN ({', '.join(repr(name) for name in names)})")
            lake.vacuum(table, everything=True)
    if copies.ready():
        for name in named:
            members.forget(copies, segment=name)
    Push.objects.filter(name__in=pushes).delete()
    Destination.objects.filter(entity__in=mine).delete()
    Segment.objects.filter(name__in=named).delete()


def _names(rows: QuerySet[Any]) -> list[str]:
    return sorted(rows.values_list("name", flat=True))
