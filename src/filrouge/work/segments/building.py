"""Segments built: who is in each now, who came and who went since the last time, as one run that is whole or absent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import ibis
import pyarrow as pa
from django.db.models import F
from ibis.expr import types as ir

from filrouge.base.errors import Conflict, FilrougeError
from filrouge.domain import segments
from filrouge.domain.privacy.caller import Caller
from filrouge.store import members
from filrouge.store.lake import arrow_schema
from filrouge.store.live import Live
from filrouge.store.models import Run, Segment, SegmentDay
from filrouge.store.queries import segments as found
from filrouge.tables import TABLES
from filrouge.work import jobs, runs
from filrouge.work.segments.desk import Desk, Scope
from filrouge.work.segments.verbs import own

_TIME = "timestamp('UTC', 6)"
_INSIDE = pa.schema([("person", pa.int64()), ("segment", pa.string())])


@dataclass(frozen=True)
class Built:
    """What a build of one segment found."""

    name: str
    people: int
    entered: int
    left: int
    seconds: float
    trouble: str = ""


def ask(asking: Caller, name: str) -> str:
    """Have the worker build a segment; return the job. Raises NotFound, Refused, Conflict when it waits already."""
    row = own(asking, name)
    _fresh(row)
    return str(jobs.ask("segments", by=asking.by, key=f"segment {name}", name=name).id)


def build_as(asking: Caller, name: str) -> Built:
    """Build a segment now, for somebody who may. Raises NotFound, Refused, Conflict."""
    row = own(asking, name)
    _fresh(row)
    return build([row.name], by=asking.by)[0]


def _fresh(row: Segment) -> None:
    if row.kind == Segment.Kind.FROZEN and row.built_at is not None:
        raise Conflict(
            "The segment {name} is frozen: it keeps the people of its first build.",
            hint="Make it dynamic, or save it under another name.", name=row.name,
        )  # fmt: skip
    if row.archived_at is not None:
        raise Conflict("The segment {name} was put away.", hint="Take it back first.", name=row.name)


def build(
    names: Sequence[str] | None = None, *, by: str, at: datetime | None = None,
    progress: runs.Progress = runs.silent,
) -> list[Built]:  # fmt: skip
    """Build segments (None: every dynamic one, and frozen ones that never were); return what was found.

    One that cannot be built is told as such, and the others are built all the same. Raises Conflict when a build runs.
    """
    rows = _due(names)
    if not rows:
        return []
    with runs.running("segments", by=by) as run, Desk(at=at) as desk:
        done: list[Built] = []
        troubles: dict[str, FilrougeError] = {}
        for step, row in enumerate(rows):
            progress("segments", step, len(rows))
            try:
                done.append(_computed(run, desk, row, step))
            except FilrougeError as error:
                troubles[row.name] = error
                done.append(Built(row.name, row.people or 0, 0, 0, 0.0, str(error)))
        built = [row for row in rows if row.name not in troubles]
        manifest, moved = _changes(run, desk, built) if built else ({}, {})
        done = [replace(one, entered=moved[one.name][0], left=moved[one.name][1]) if one.name in moved else one
                for one in done]  # fmt: skip
        run.read, run.figures = sum(one.people for one in done), {"segments": len(done), "failed": len(troubles)}
        moment, differing = desk.at, {row.name: _differing(desk, row.name) for row in built}

        def beside() -> None:
            for one in done:
                _keep(one, troubles.get(one.name), moment)

        runs.commit(run, manifest, beside=beside, segments=len(done), failed=len(troubles),
                    came=sum(one.entered for one in done), went=sum(one.left for one in done))  # fmt: skip
    live = Live()
    if live.ready():
        for row in built:
            members.built(live, row.name, moment, differing=differing[row.name])
    return done


def _differing(desk: Desk, name: str) -> list[str]:
    """Return whoever was found to be in a segment, or out of it, by events that the lake did not hold yet."""
    moved = members.moved(Live(), name)
    if not moved:
        return []
    inside = {row["id"] for row in desk.rows(desk.ids_of(list(moved)).semi_join(desk.built[name], "person"))}
    return [person for person, (now, _) in moved.items() if now is not (person in inside)]


def _due(names: Sequence[str] | None) -> list[Segment]:
    """Return the segments to build, those that others name before them."""
    rows = {row.name: row for row in Segment.objects.filter(archived_at=None).order_by("name")}
    wanted = [name for name in (names if names is not None else rows) if name in rows]
    if names is None:
        wanted = [n for n in wanted if rows[n].kind == Segment.Kind.DYNAMIC or rows[n].built_at is None]
    inside = {name: found.spec_of(row).segments for name, row in rows.items()}
    ordered: dict[str, None] = {}

    def put(name: str) -> None:
        for other in sorted(inside.get(name, ())):
            if other in wanted and other not in ordered:
                put(other)
        ordered.setdefault(name)

    for name in wanted:
        put(name)
    return [rows[name] for name in ordered]


def _computed(run: Run, desk: Desk, row: Segment, number: int) -> Built:
    """Compute who is in a segment, and lay them aside."""
    began = time.monotonic()
    spec, scope = found.spec_of(row), Scope.of(row)
    segments.parse(spec, segments.Known(scoped=bool(scope.brand)), what=row.name)  # fields may have gone since
    file = runs.staging(run) / _aside(row)
    people = desk.engine.write(desk.people(spec, scope).mutate(segment=ibis.literal(row.name)), str(file))
    desk.built[row.name] = desk.engine.read(f"inside_{number}", [str(file)], _INSIDE)
    return Built(row.name, people, 0, 0, time.monotonic() - began)


def _aside(row: Segment) -> str:
    return f"people-{row.name}.parquet"


def _changes(
    run: Run, desk: Desk, rows: Sequence[Segment]
) -> tuple[dict[str, dict[str, Any]], dict[str, tuple[int, int]]]:
    """Stage what changed since the last build, of all segments in one go; tell how many came and went in each."""
    folder = runs.staging(run)
    now = desk.engine.read("inside_all", [str(folder / _aside(row)) for row in rows], _INSIDE)
    file = folder / "memberships.parquet"
    if not desk.engine.write(_change(run, desk, rows, now), str(file)):
        return {}, {}
    staged = desk.engine.read("changed", [str(file)], arrow_schema("memberships"))
    before = (
        _before(desk).filter(lambda held: held.left_at.isnull()).select("segment", person="id", was="id").distinct()
    )
    led = staged.left_join(before, ["segment", "person"])
    told = led.group_by("segment").agg(
        entered=led.count(where=led.left_at.isnull() & led.was.isnull()), left=led.count(where=led.left_at.notnull())
    )
    moved = {str(one["segment"]): (int(one["entered"]), int(one["left"])) for one in desk.rows(told)}
    steps: dict[str, Any] = {"append": [file.name]}
    keys = _closed(desk, staged).to_pyarrow()
    if keys.num_rows:
        steps["supersede"] = runs.stage(run, "closed.parquet", keys)
    return {"memberships": steps}, moved


def _moment(desk: Desk) -> ir.TimestampScalar:
    return ibis.literal(desk.at).cast(_TIME)


def _before(desk: Desk) -> ir.Table:
    """Return (segment, person, record_key, entered_at, left_at, was, id) of the rows in force, whoever they lead to."""
    held = desk.read("memberships")
    people = desk.read("people")
    moved = people.filter(people.merged_into.notnull()).select(was=people.person_id, to=people.merged_into)
    led = held.left_join(moved, held.person == moved.was)
    led = led.select(
        "segment", "record_key", "entered_at", "left_at", was=led.person, id=ibis.coalesce(led.to, led.person)
    )
    columns = ("segment", "person", "record_key", "entered_at", "left_at", "was", "id")
    return desk.laid.ids.join(led, "id").select(*columns)


def _change(run: Run, desk: Desk, rows: Sequence[Segment], now: ir.Table) -> ir.Table:
    """Return the rows of memberships to append: who entered, who left, and who goes on under another id."""
    both, moment, never = ["segment", "person"], _moment(desk), ibis.null(_TIME)
    of = desk.engine.load("segments_of", pa.table({
        name: pa.array([getattr(row, "name" if name == "segment" else name) for row in rows], pa.string())
        for name in ("segment", "entity", "brand")
    }))  # fmt: skip
    before = _before(desk).semi_join(of, "segment")
    inside = before.filter(before.left_at.isnull())
    since = inside.group_by(both).agg(entered_at=inside.entered_at.min().cast(_TIME))
    fresh = _dated(desk, rows, now.anti_join(since, both), inside=True)
    entered = fresh.select(*both, entered_at=ibis.coalesce(fresh.told_at, moment), left_at=never)
    gone = _dated(desk, rows, since.anti_join(now, both), inside=False)
    left = gone.select(*both, "entered_at", left_at=ibis.coalesce(gone.told_at, moment))
    moved = inside.filter(inside.was != inside.id).select(*both).distinct()
    going_on = since.semi_join(moved, both).semi_join(now, both).select(*both, "entered_at", left_at=never)
    changed = entered.union(left).union(going_on).join(desk.laid.ids, "person").join(of, "segment")
    key = desk.engine.key64(ibis.literal("segment ") + changed.segment + "\t" + changed.id)
    told = changed.select(
        "entity", "brand", "segment", "entered_at", "left_at", person=changed.id, record_key=key,
        source=ibis.literal("segments"), run_id=ibis.literal(str(run.id)), recorded_at=moment, superseded_at=never,
        superseded_run=ibis.null("string"),
    )  # fmt: skip
    return told.select(*(column.name for column in TABLES["memberships"].every))


def _dated(desk: Desk, rows: Sequence[Segment], people: ir.Table, *, inside: bool) -> ir.Table:
    """Return ``people`` with ``told_at``: when they were found to enter, or to leave, as it happened; null if not."""
    live = Live()
    found = [
        (row.name, one, at) for row in rows for one, (now, at) in members.moved(live, row.name).items() if now is inside
    ]
    names, ids, times = zip(*found, strict=True) if found else ((), (), ())
    told = desk.engine.load("told", pa.table({
        "segment": pa.array(names, pa.string()), "id": pa.array(ids, pa.string()),
        "told_at": pa.array(times, pa.int64()).cast(pa.timestamp("us", tz="UTC")),
    }))  # fmt: skip
    named = told.join(desk.laid.ids, "id").select("segment", "person", told_at=told.told_at.cast(_TIME))
    return people.left_join(named, ["segment", "person"])


def _closed(desk: Desk, staged: ir.Table) -> ir.Table:
    """Return (record_key, superseded_at) of the rows in force that those staged take the place of."""
    before = _before(desk)
    changed = staged.select("segment", id=staged.person).distinct()
    closed = before.semi_join(changed, ["segment", "id"]).select("record_key").distinct()
    return closed.mutate(superseded_at=_moment(desk))


def _keep(built: Built, trouble: FilrougeError | None, at: datetime) -> None:
    """Keep what a build found, in the transaction that promises it."""
    row = Segment.objects.filter(name=built.name).first()
    if row is None:  # deleted meanwhile
        return
    if trouble is not None:
        Segment.objects.filter(pk=row.pk).update(trouble=trouble.plain())
        return
    Segment.objects.filter(pk=row.pk).update(
        built_at=at, built_version=row.version, people=built.people, seconds=round(built.seconds, 3), trouble={}
    )
    day, made = SegmentDay.objects.get_or_create(
        segment=row, day=at.date(), defaults={"people": built.people, "entered": built.entered, "left": built.left}
    )
    if not made:
        SegmentDay.objects.filter(pk=day.pk).update(
            people=built.people, entered=F("entered") + built.entered, left=F("left") + built.left
        )
