"""What a run has to do, worked out by the engine and laid aside in files: whole before anything is given."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa

from filrouge.base import settings
from filrouge.base.errors import Conflict
from filrouge.domain import pushes, segments
from filrouge.domain.pushes.plan import counted
from filrouge.store.models import Push, PushRemoval, PushRun
from filrouge.work.segments.desk import Desk, Scope

KINDS = ("removals", "gives")
_SETTLED = ("fresh", "stale")


@dataclass(frozen=True)
class Planned:
    """How much there is to do, kept beside the files once all of them are there."""

    at: str
    removals: int
    gives: int
    whole: int
    withheld: int
    fresh: int
    stale: int
    unchanged: int
    reasons: dict[str, int]

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)

    @property
    def sizes(self) -> dict[str, int]:
        return {"removals": self.removals, "gives": self.gives}


def folder(run: PushRun) -> Path:
    """Return where a run keeps what it works on; it holds people's data, and goes when the run ends."""
    return settings.get().home / "pushes" / str(run.id)


def read(run: PushRun) -> Planned | None:
    """Return what a run was to do, None when it had not got so far as to know."""
    path = folder(run) / "plan.json"
    return Planned(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def lay(row: Push, run: PushRun) -> Planned:
    """Work out what is to be done, each person asked ``may_i`` at this moment, and lay it aside."""
    if row.segment.archived_at is not None:
        raise Conflict("The segment {name} was put away.", hint="Take it back first.", name=row.segment.name)
    if (row.segment.entity, row.segment.brand) != (row.entity, row.brand):
        raise Conflict(
            "The segment {segment} is no longer of the entity and brand of the push {name}.",
            hint="Keep the push again, for what the segment is now.", segment=row.segment.name, name=row.name,
        )  # fmt: skip
    into = folder(run)
    into.mkdir(parents=True, exist_ok=True)
    scope = Scope(row.entity, row.brand, row.purpose, row.channel)
    with Desk() as desk:
        built = row.segment.built_at is not None
        members = desk.members(row.segment.name) if built else desk.segment(row.segment)
        inside = desk.engine.load("inside", members.select("person").distinct().to_pyarrow())
        told = segments.answers(
            desk.laid, entity=row.entity, brand=row.brand, purpose=row.purpose, channel=row.channel, at=desk.at,
            among=inside,
        )  # fmt: skip
        asked = pushes.wanted(desk.for_(scope), inside, told, columns=row.columns, key=row.key, channel=row.channel)
        schema = pa.schema([(name, pa.string()) for name in asked.columns])
        people = _laid(desk, asked, into / "people.parquet", schema)
        held = desk.read("deliveries")
        held = held.filter(held.push == row.name)
        state = held.select("key", "held", "digest", "outcome", "reason", id=held.person)
        keys = list(PushRemoval.objects.filter(push=row).values_list("key", flat=True))
        owed = desk.engine.load("owed", pa.table({"key": pa.array(keys, pa.string())}))
        plan = pushes.plan(people, state, owed, only=run.only)
        counts: dict[str, int] = {}
        for name in (*KINDS, *_SETTLED):
            table = getattr(plan, name)
            key = ibis.literal("") if name == "fresh" else table.key
            text = ibis.literal(f"push {row.name}\t") + table.id + "\t" + key
            keyed = table.mutate(record_key=desk.engine.key64(text))
            counts[name] = desk.engine.write(keyed, str(into / f"{name}.parquet"))
        counts["whole"] = desk.count(plan.whole)
        if row.gives == Push.Gives.WHOLE:
            desk.engine.write(plan.whole, str(into / "whole.parquet"))
        by_reason = plan.withheld.group_by("reason").agg(n=plan.withheld.count())
        reasons = {} if run.only else counted(desk.rows(by_reason))  # a narrowed run does not look at them
        at = desk.at
    made = Planned(
        at.isoformat(), counts["removals"], counts["gives"], counts["whole"], sum(reasons.values()),
        0 if run.only else counts["fresh"], 0 if run.only else counts["stale"],
        max(counts["whole"] - counts["gives"], 0), reasons,
    )  # fmt: skip
    draft = into / "plan.new"
    with draft.open("w", encoding="utf-8") as stream:
        json.dump(asdict(made), stream)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(into / "plan.json")
    return made


def _laid(desk: Desk, table: Any, path: Path, schema: pa.Schema) -> Any:
    """Return ``table`` computed once, read from a file."""
    desk.engine.write(table.select(*(table[name].cast("string").name(name) for name in schema.names)), str(path))
    return desk.engine.read("push_people", [str(path)], schema)
