"""People who go from here and whom destinations still hold: written down before they go, to be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from filrouge.base import clock
from filrouge.engines import Engine
from filrouge.store.models import Push, PushRemoval
from filrouge.store.views import current
from filrouge.work import runs

BATCH = 1_000


def held_of(engine: Engine, people: Sequence[str], *, entities: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return (push, key) of what destinations may hold of ``people``, for pushes of ``entities`` (none: all)."""
    if not people or not Push.objects.exists():
        return []
    table = current(engine, runs.lake(), "deliveries", hidden=runs.hidden())
    named = engine.load("gone_people", pa.table({"person": pa.array(sorted(set(people)), pa.string())}))
    held = table.filter(table.held).semi_join(named, "person")
    if entities:
        held = held.filter(held.entity.isin(list(entities)))
    told: list[dict[str, Any]] = held.select("push", "key").distinct().to_pyarrow().to_pylist()
    return sorted(told, key=lambda one: (one["push"], one["key"]))


def owe(held: Sequence[dict[str, Any]], *, erasure: str = "") -> dict[str, int]:
    """Write down what is to be taken back; return how many by push. Call it inside the transaction of what erases."""
    pushes = {row.name: row for row in Push.objects.filter(name__in={one["push"] for one in held})}
    made = [
        PushRemoval(push=pushes[one["push"]], key=one["key"], erasure=erasure, created_at=clock.now())
        for one in held
        if one["push"] in pushes
    ]
    PushRemoval.objects.bulk_create(made, batch_size=BATCH)
    counts: dict[str, int] = {}
    for one in made:
        counts[one.push.name] = counts.get(one.push.name, 0) + 1
    return counts
