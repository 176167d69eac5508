"""Segments built: who is in each now, who came and who went since the last time, as one run that is whole or absent."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
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
_INSIDE = pa.schema([("person", pa.int64()), ("n", pa.int32())])
_CHANGED = pa.schema([("n", pa.int32()), ("person", pa.int64()), ("now", pa.bool_()),
                      ("since", pa.timestamp("us", tz="UTC")), ("moved", pa.bool_())])  # fmt: skip


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
        specs, troubles = _read(rows)
        desk.share([(specs[row.name], Scope.of(row)) for row in rows if row.name in specs], runs.staging(run))
        for step, row in enumerate(rows):
            progress("segments", step, len(rows))
            try:
                if row.name in specs:
                    done.append(_computed(run, desk, row, specs[row.name], step))
                    continue
            except FilrougeError as error:
                troubles[row.name] = error
            done.append(Built(row.name, row.people or 0, 0, 0, 0.0, str(troubles[row.name])))
        numbered = {step: row for step, row in enumerate(rows) if row.name not in troubles}
        built = list(numbered.values())
        manifest, moved = _changes(run, desk, numbered) if built else ({}, {})
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


def _read(rows: Sequence[Segment]) -> tuple[dict[str, segments.Spec], dict[str, FilrougeError]]:
    """Return the rules of each segment, and what is wrong with those that fields have gone from."""
    specs: dict[str, segments.Spec] = {}
    troubles: dict[str, FilrougeError] = {}
    for row in rows:
        try:
            specs[row.name] = found.spec_of(row)
            segments.parse(specs[row.name], segments.Known(scoped=bool(row.brand)), what=row.name)
        except FilrougeError as error:
            specs.pop(row.name, None)
            troubles[row.name] = error
    return specs, troubles


def _computed(run: Run, desk: Desk, row: Segment, spec: segments.Spec, number: int) -> Built:
    """Compute who is in a segment, and lay them aside."""
    began = time.monotonic()
    file = runs.staging(run) / _aside(row)
    people = desk.engine.write(desk.people(spec, Scope.of(row)).mutate(n=ibis.literal(number, "int32")), str(file))
    desk.built[row.name] = desk.engine.read(f"inside_{number}", [str(file)], _INSIDE)
    return Built(row.name, people, 0, 0, time.monotonic() - began)


def _aside(row: Segment) -> str:
    return f"people-{row.name}.parquet"


def _changes(
    run: Run, desk: Desk, rows: Mapping[int, Segment]
) -> tuple[dict[str, dict[str, Any]], dict[str, tuple[int, int]]]:
    """Stage what changed since the last build, of all segments in one go; tell how many came and went in each.

    ``rows``: the segments by their number in this build, under which people were laid aside.
    """
    folder = runs.staging(run)
    of = desk.engine.load("segments_of", pa.table({
        "n": pa.array(rows, pa.int32()), "segment": pa.array([row.name for row in rows.values()], pa.string()),
        "entity": pa.array([row.entity for row in rows.values()], pa.string()),
        "brand": pa.array([row.brand for row in rows.values()], pa.string()),
    }))  # fmt: skip
    now = desk.engine.read("inside_all", [str(folder / _aside(row)) for row in rows.values()], _INSIDE)
    aside = folder / "changed.parquet"
    if not desk.engine.write(_change(desk, of, now), str(aside)):
        return {}, {}
    changed = desk.engine.read("changed", [str(aside)], _CHANGED)
    file = folder / "memberships.parquet"
    desk.engine.write(_told(run, desk, rows, changed.join(of, "n")), str(file))
    counted = changed.group_by("n").agg(
        entered=changed.count(where=changed.now & changed.since.isnull()), left=changed.count(where=~changed.now)
    )
    moved = {rows[one["n"]].name: (int(one["entered"]), int(one["left"])) for one in desk.rows(counted)}
    steps: dict[str, Any] = {"append": [file.name]}
    keys = _closed(desk, desk.engine.read("told", [str(file)], arrow_schema("memberships"))).to_pyarrow()
    if keys.num_rows:
        steps["supersede"] = runs.stage(run, "closed.parquet", keys)
    return {"memberships": steps}, moved


def _moment(desk: Desk) -> ir.TimestampScalar:
    return ibis.literal(desk.at).cast(_TIME)


def _held(desk: Desk) -> ir.Table:
    """Return the rows of memberships in force, with ``id``: whoever their person leads to today."""
    held, people = desk.read("memberships"), desk.read("people")
    merged = people.filter(people.merged_into.notnull()).select(was=people.person_id, to=people.merged_into)
    led = held.left_join(merged, held.person == merged.was)
    return led.select("segment", "person", "record_key", "entered_at", "left_at", id=ibis.coalesce(led.to, led.person))


def _change(desk: Desk, of: ir.Table, now: ir.Table) -> ir.Table:
    """Return (n, person, now, since, moved) of whoever came, went, or goes on under another id.

    ``since`` is when they entered, null of whoever was not in. Both sides are put under each other and counted: one
    pass, whatever their number.
    """
    held = _held(desk)
    inside = held.filter(held.left_at.isnull()).join(of, "segment").rename(was="person").join(desk.laid.ids, "id")
    before = inside.select(
        "n", "person", now=ibis.literal(False), since=inside.entered_at.cast(_TIME), moved=inside.was != inside.id
    )
    both = now.select(
        "n", "person", now=ibis.literal(True), since=ibis.null(_TIME), moved=ibis.literal(False)
    ).union(before)  # fmt: skip
    found = both.group_by("n", "person").agg(now=both.now.any(), since=both.since.min(), moved=both.moved.any())
    return found.filter(~found.now | found.since.isnull() | found.moved)


def _told(run: Run, desk: Desk, rows: Mapping[int, Segment], changed: ir.Table) -> ir.Table:
    """Return the rows of memberships to append, each dated as it was found to happen, or else by this build."""
    moment, never = _moment(desk), ibis.null(_TIME)
    named = changed.join(desk.laid.ids, "person")
    dated = named.left_join(_dated(desk, rows), ["n", "id", "now"])
    told_at = ibis.coalesce(dated.told_at, moment)
    key = desk.engine.key64(ibis.literal("segment ") + dated.segment + "\t" + dated.id)
    told = dated.select(
        "entity", "brand", "segment", person=dated.id, record_key=key,
        entered_at=ibis.coalesce(dated.since, told_at), left_at=ibis.cases((dated.now, never), else_=told_at),
        source=ibis.literal("segments"), run_id=ibis.literal(str(run.id)), recorded_at=moment, superseded_at=never,
        superseded_run=ibis.null("string"),
    )  # fmt: skip
    return told.select(*(column.name for column in TABLES["memberships"].every))


def _dated(desk: Desk, rows: Mapping[int, Segment]) -> ir.Table:
    """Return (n, id, now, told_at): who was found to enter, or to leave, as it happened."""
    live = Live()
    found = [(n, one, now, at) for n, row in rows.items() for one, (now, at) in members.moved(live, row.name).items()]
    numbers, ids, nows, times = zip(*found, strict=True) if found else ((), (), (), ())
    told = desk.engine.load("told", pa.table({
        "n": pa.array(numbers, pa.int32()), "id": pa.array(ids, pa.string()), "now": pa.array(nows, pa.bool_()),
        "told_at": pa.array(times, pa.int64()).cast(pa.timestamp("us", tz="UTC")),
    }))  # fmt: skip
    return told.mutate(told_at=told.told_at.cast(_TIME))


def _closed(desk: Desk, staged: ir.Table) -> ir.Table:
    """Return (record_key, superseded_at) of the rows in force that those staged take the place of.

    A row of the same segment and person has the same key; one that was told of an id merged away has another.
    """
    held = desk.read("memberships")
    same = held.semi_join(staged, "record_key").select("record_key")
    led = _held(desk)
    merged = led.filter(led.person != led.id).semi_join(staged.select("segment", id=staged.person), ["segment", "id"])
    closed = same.union(merged.select("record_key")).distinct()
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
