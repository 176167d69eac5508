"""The run of scores: features once, every score of everybody who may be profiled, laid in the lake and at hand."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from filrouge.base import clock, ids, settings
from filrouge.domain.scores.features import Family
from filrouge.domain.scores.scoring import columns_of, rows, scored, usual
from filrouge.engines import Engine, open_engine
from filrouge.store.lake import arrow_schema
from filrouge.store.models import Run
from filrouge.work import own_refresh, runs, score_models, scores_at_hand
from filrouge.work.score_facts import Ground, stale

BACK = timedelta(days=30)  # a trend looks this far back
KEPT = timedelta(days=400)  # earlier values
CHUNK = 100_000  # people scored at once


def run(*, by: str, at: datetime | None = None, progress: runs.Progress = runs.silent) -> Run:
    """Work out every score of every entity as of ``at`` (now), and put it in place of what was there.

    Raises Conflict when it is under way already.
    """
    now = at or clock.now()
    with runs.running("scores", by=by) as made:
        made.as_of = now
        engine = open_engine(settings.get().engine, scratch=settings.get().home / "scratch")
        folder = settings.get().home / "scratch" / f"scores-{ids.uuid7()}"
        folder.mkdir(parents=True)
        try:
            ground = Ground(engine, now, folder)
            families = ground.families()
            today, before = _features(ground, families, folder, now, progress)
            late = stale(now, ground.openings)
            into = runs.staging(made) / "fresh.parquet"
            count = _score(ground, today, before, families, late, into, made, now, progress)
            files = _laid(engine, made, now) if count else []
        finally:
            engine.close()
            shutil.rmtree(folder, ignore_errors=True)
        made.read = made.new = count
        made.figures = {"scores": count, "entities": len(families), "late": {k: v.isoformat() for k, v in late.items()}}
        runs.commit(made, {"scores": {"overwrite": files}}, scores=count)
    scores_at_hand.fill(progress=progress)
    return made


def _features(
    ground: Ground, families: dict[str, list[Family]], folder: Path, now: datetime, progress: runs.Progress
) -> tuple[Path, Path]:
    """Write the features of today and of a month ago, of whoever may be profiled; return the two files."""
    every = sorted({family for some in families.values() for family in some}, key=lambda one: one.name)
    found = []
    for step, as_of in enumerate((now, now - BACK)):
        progress("features", step, 2)
        table = ground.features(as_of, every)
        path = folder / f"features-{step}.parquet"
        ground.engine.write(table.order_by(["entity", "person"]), str(path))
        found.append(path)
    return found[0], found[1]


def _score(
    ground: Ground, today: Path, before: Path, families: dict[str, list[Family]], late: dict[str, datetime], into: Path,
    made: Run, now: datetime, progress: runs.Progress,
) -> int:  # fmt: skip
    """Write the scores of everybody, entity by entity; return how many there are."""
    schema, count = arrow_schema("scores"), 0
    with pq.ParquetWriter(into, schema, compression="zstd") as writer:
        for entity in sorted(pc.unique(pq.read_table(today, columns=["entity"])["entity"]).to_pylist()):
            now_rows, then_rows = (_of(path, entity) for path in (today, before))
            models, own = score_models.in_use(entity), families.get(entity, [])
            around = usual(columns_of(now_rows), models)
            for start in range(0, now_rows.num_rows, CHUNK):
                some, then = (table.slice(start, CHUNK) for table in (now_rows, then_rows))
                columns = columns_of(some)
                people = some["person"].combine_chunks()
                told = rows(
                    people, columns, scored(columns, models, own, around),
                    scored(columns_of(then), models, own, around, because=False),
                )  # fmt: skip
                if told.num_rows:
                    writer.write_table(_shaped(told, some, entity, late.get(entity), made, now, schema))
                    count += told.num_rows
                progress("scores", count, None)
            late_since = late.get(entity)
            for told in own_refresh.told(ground, entity, now_rows, now, late_since):
                if told.num_rows:
                    writer.write_table(_shaped(told, now_rows, entity, late_since, made, now, schema))
                    count += told.num_rows
    return count


def _of(path: Path, entity: str) -> pa.Table:
    """Return the features of an entity by person: the same people in both files, for both know who is known today."""
    table = pq.read_table(path, filters=[("entity", "=", entity)])
    return table.sort_by("person").combine_chunks()


def _shaped(
    told: pa.Table, some: pa.Table, entity: str, late: datetime | None, made: Run, now: datetime, schema: pa.Schema
) -> pa.Table:
    brands = pc.fill_null(some["uses"], "")
    known = {text: ",".join(sorted(filter(None, text.split(",")))) for text in pc.unique(brands).to_pylist()}
    ordered = pa.array([known[text] for text in brands.to_pylist()], pa.string())
    at = pc.index_in(told["person"], value_set=some["person"].combine_chunks())
    values = {
        "entity": entity, "run_id": str(made.id), "as_of": now, "recorded_at": now, "stale_since": late,
        "uses": ordered.take(at.combine_chunks()),
    }  # fmt: skip
    columns = []
    for wanted in schema:
        if wanted.name in told.column_names:
            columns.append(told[wanted.name].cast(wanted.type))
        elif isinstance(value := values.get(wanted.name), pa.Array):
            columns.append(value)
        else:
            columns.append(pa.repeat(pa.scalar(value, wanted.type), told.num_rows))
    return pa.table(columns, schema=schema)


def _laid(engine: Engine, made: Run, now: datetime) -> list[str]:
    """Write the table as it will stand: what is new, what did not change (known since it was), what was replaced."""
    folder = runs.staging(made)
    fresh = engine.read("fresh", [str(folder / "fresh.parquet")], arrow_schema("scores"))
    old = engine.read("scores", runs.lake().files("scores"), arrow_schema("scores"))
    open_ = old.filter(old.superseded_at.isnull())
    keys = ["person", "entity", "score"]
    was = open_.select(*keys, value_was="value", band_was="band", model_was="model", since="recorded_at")
    joined = fresh.left_join(was, keys)
    same = (
        (joined.value == joined.value_was) & (joined.band == joined.band_was) & (joined.model == joined.model_was)
    ).fill_null(False)
    names = [field.name for field in arrow_schema("scores")]
    current = joined.mutate(recorded_at=same.ifelse(joined.since, joined.recorded_at)).select(names)
    engine.write(current, str(folder / "current.parquet"))
    written = engine.read("current", [str(folder / "current.parquet")], arrow_schema("scores"))
    kept = written.select(*keys, since="recorded_at")
    replaced = open_.left_join(kept, keys)
    replaced = replaced.filter(replaced.since.isnull() | (replaced.since > replaced.recorded_at))
    replaced = replaced.mutate(superseded_at=_moment(now)).select(names)
    limit = now - KEPT
    history = old.filter(old.superseded_at.notnull() & (old.superseded_at > _moment(limit))).select(names)
    engine.write(replaced, str(folder / "replaced.parquet"))
    engine.write(history, str(folder / "history.parquet"))
    (folder / "fresh.parquet").unlink()
    return ["current.parquet", "replaced.parquet", "history.parquet"]


def _moment(at: datetime) -> Any:
    return ibis.literal(at).cast("timestamp('UTC')")
