"""Segments built: who is in each now, who came and who went since the last time, as one run that is whole or absent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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
_PEOPLE = pa.schema([("person", pa.int64())])


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
        files: list[str] = []
        closed: list[pa.Table] = []
        done: list[Built] = []
        troubles: dict[str, FilrougeError] = {}
        for step, row in enumerate(rows):
            progress("segments", step, len(rows))
            try:
                done.append(_one(run, desk, row, files, closed))
            except FilrougeError as error:
                troubles[row.name] = error
                done.append(Built(row.name, row.people or 0, 0, 0, 0.0, str(error)))
        manifest: dict[str, dict[str, object]] = {}
        if files or closed:
            manifest["memberships"] = {"append": files}
            if keys := pa.concat_tables(closed) if closed else None:
                manifest["memberships"]["supersede"] = runs.stage(run, "closed.parquet", keys)
        run.read, run.figures = sum(one.people for one in done), {"segments": len(done), "failed": len(troubles)}
        moment = desk.at

        def beside() -> None:
            for one in done:
                _keep(one, troubles.get(one.name), moment)

        runs.commit(run, manifest, beside=beside, segments=len(done), failed=len(troubles),
                    came=sum(one.entered for one in done), went=sum(one.left for one in done))  # fmt: skip
    copies = Live()
    if copies.ready():
        for one in done:
            if one.name not in troubles:
                members.built(copies, one.name, moment)
    return done


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


def _one(run: Run, desk: Desk, row: Segment, files: list[str], closed: list[pa.Table]) -> Built:
    """Compute a segment, and stage what changed since its last build."""
    began = time.monotonic()
    spec, scope = found.spec_of(row), Scope.of(row)
    segments.parse(spec, segments.Known(scoped=bool(scope.brand)), what=row.name)  # fields may have gone since
    folder, number = runs.staging(run), len(desk.built)
    computed = str(folder / f"people-{number}.parquet")
    people = desk.engine.write(desk.people(spec, scope), computed)
    now = desk.engine.read(f"inside_{number}", [computed], _PEOPLE)
    desk.built[row.name] = now
    change = _change(run, desk, row, now)
    file = f"memberships-{number}.parquet"
    changed = desk.engine.write(change, str(folder / file))
    if not changed:
        (folder / file).unlink()
        return Built(row.name, people, 0, 0, time.monotonic() - began)
    staged = desk.engine.read(f"changed_{number}", [str(folder / file)], arrow_schema("memberships"))
    inside = _before(desk, row).filter(lambda t: t.left_at.isnull()).select(person="id")
    entered = desk.count(staged.filter(staged.left_at.isnull()).anti_join(inside, "person"))
    gone = desk.count(staged.filter(staged.left_at.notnull()))
    keys = _closed(desk, row, staged).to_pyarrow()
    if keys.num_rows:
        closed.append(keys)
    files.append(file)
    return Built(row.name, people, entered, gone, time.monotonic() - began)


def _before(desk: Desk, row: Segment) -> ir.Table:
    """Return (person, record_key, id, entered_at, left_at) of the rows in force, whoever they lead to today."""
    held = desk.read("memberships")
    held = held.filter(held.segment == row.name)
    people = desk.read("people")
    moved = people.filter(people.merged_into.notnull()).select(was=people.person_id, to=people.merged_into)
    led = held.left_join(moved, held.person == moved.was)
    led = led.select("record_key", "entered_at", "left_at", was=led.person, id=ibis.coalesce(led.to, led.person))
    return desk.laid.ids.join(led, "id").select("person", "record_key", "entered_at", "left_at", "was", "id")


def _change(run: Run, desk: Desk, row: Segment, now: ir.Table) -> ir.Table:
    """Return the rows of memberships to append: who entered, who left, and who goes on under another id."""
    before, ids = _before(desk, row), desk.laid.ids
    inside = before.filter(before.left_at.isnull())
    moment = ibis.literal(desk.at).cast(_TIME)
    never = ibis.null(_TIME)
    since = inside.group_by("person").agg(entered_at=inside.entered_at.min().cast(_TIME))
    fresh = _dated(desk, row, now.anti_join(since, "person"), inside=True)
    entered = fresh.select("person", entered_at=ibis.coalesce(fresh.told_at, moment), left_at=never)
    gone = _dated(desk, row, since.anti_join(now, "person"), inside=False)
    left = gone.select("person", "entered_at", left_at=ibis.coalesce(gone.told_at, moment))
    moved = inside.filter(inside.was != inside.id).select("person").distinct()
    going_on = since.semi_join(moved, "person").semi_join(now, "person").select("person", "entered_at", left_at=never)
    rows = entered.union(left).union(going_on).join(ids, "person")
    text = {"run_id": str(run.id), "source": "segments", "entity": row.entity, "brand": row.brand, "segment": row.name}
    told = rows.mutate(
        person=rows.id, record_key=desk.engine.key64(ibis.literal(f"segment {row.name}\t") + rows.id),
        recorded_at=moment, superseded_at=never, superseded_run=ibis.null("string"),
        **{name: ibis.literal(value) for name, value in text.items()},
    )  # fmt: skip
    return told.select(*(column.name for column in TABLES["memberships"].every))


def _dated(desk: Desk, row: Segment, people: ir.Table, *, inside: bool) -> ir.Table:
    """Return ``people`` with ``told_at``: when they were found to enter, or to leave, as it happened; null if not."""
    found = {one: at for one, (now, at) in members.moved(Live(), row.name).items() if now is inside}
    times = pa.array(list(found.values()), pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    told = desk.engine.load("told", pa.table({"id": pa.array(list(found), pa.string()), "told_at": times}))
    named = told.join(desk.laid.ids, "id").select("person", told_at=told.told_at.cast(_TIME))
    return people.left_join(named, "person").drop("person_right")


def _closed(desk: Desk, row: Segment, staged: ir.Table) -> ir.Table:
    """Return (record_key, superseded_at) of the rows in force that those staged take the place of."""
    before = _before(desk, row)
    changed = staged.select(id=staged.person).distinct()
    moment = ibis.literal(desk.at).cast(_TIME)
    return before.semi_join(changed, "id").select("record_key").distinct().mutate(superseded_at=moment)


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
