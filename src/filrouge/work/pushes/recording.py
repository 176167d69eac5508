"""What became of each row, put into the lake with the run that found it, in the same breath as the run's end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.db import transaction
from pyarrow import compute as pc

from filrouge.base import clock
from filrouge.base.errors import FilrougeError
from filrouge.domain.pushes import outcomes
from filrouge.domain.pushes.outcomes import DONE, REFUSED, UNSURE
from filrouge.engines import open_engine
from filrouge.store.lake import arrow_schema
from filrouge.store.models import Push, PushRemoval, PushRun
from filrouge.store.views import current
from filrouge.work import locks, runs
from filrouge.work.pushes import planning
from filrouge.work.pushes.journal import Outcomes
from filrouge.work.pushes.planning import Planned

BATCH = 50_000
_TIME = pa.timestamp("us", tz="UTC")


def end(
    row: Push, run: PushRun, plan: Planned, *, trouble: FilrougeError | None = None, interrupted: bool = False
) -> PushRun:
    """Write down what became of each row by the journal, and end the run; return it."""
    where = planning.folder(run)
    told = Outcomes.read(where / "journal", plan.sizes)
    removals, gives = told.codes["removals"], told.codes["gives"]
    failed = sum(int(((codes == REFUSED) | (codes == UNSURE)).sum()) for codes in (removals, gives))
    run.sent, run.removed = int((gives == DONE).sum()), int((removals == DONE).sum())
    run.withheld, run.reasons, run.failed, run.unchanged = plan.withheld, plan.reasons, failed, plan.unchanged
    run.ordered = plan.removals + plan.gives
    run.waiting = run.ordered - run.sent - run.removed - run.failed
    run.finished_at, run.trouble = clock.now(), trouble.plain() if trouble else {}
    run.state = (
        PushRun.State.INTERRUPTED if interrupted
        else PushRun.State.STOPPED if trouble
        else PushRun.State.PARTLY if failed or run.waiting
        else PushRun.State.DONE
    )  # fmt: skip
    done = _erased(where, removals)

    def beside() -> None:
        run.save()
        PushRemoval.objects.filter(push=row, key__in=done).delete()
        if not run.only and run.state in (PushRun.State.DONE, PushRun.State.PARTLY):
            Push.objects.filter(pk=row.pk).update(looked_at=plan.moment)

    if run.ordered or plan.fresh or plan.stale:
        _committed(row, run, plan, told, beside)
        Push.objects.filter(pk=row.pk).update(held=_held(row.name))
    else:
        _quiet(row, run, beside)
    shutil.rmtree(where, ignore_errors=True)
    run.refresh_from_db()
    return run


def _quiet(row: Push, run: PushRun, beside: Any) -> None:
    """End a run that found nothing to do; the one before, when it found nothing either, is let go of."""
    with transaction.atomic():
        beside()
        before = row.runs.filter(started_at__lt=run.started_at).order_by("-started_at").first()
        if before is not None and before.state == PushRun.State.DONE and not before.ordered and not run.only:
            before.delete()


def _committed(row: Push, run: PushRun, plan: Planned, told: Outcomes, beside: Any) -> None:
    with locks.held("push-record"), runs.running("push", by=run.by) as kept:
        manifest: dict[str, dict[str, Any]] = {}
        file = runs.staging(kept) / "deliveries.parquet"
        keys: list[pa.Array] = []
        schema = arrow_schema("deliveries")
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            for table in _rows(row, run, plan, told, str(kept.id)):
                writer.write_table(table)
                keys.append(table["record_key"].combine_chunks())
        if plan.stale:
            keys.append(
                pq.read_table(planning.folder(run) / "stale.parquet", columns=["record_key"])[
                    "record_key"
                ].combine_chunks()
            )
        closed = pa.chunked_array(keys, pa.int64()).unique() if keys else pa.array([], pa.int64())
        steps: dict[str, Any] = {}
        if len(closed):
            at = pa.scalar(plan.moment, _TIME)
            table = pa.table({"record_key": closed, "superseded_at": pa.repeat(at, len(closed))})
            steps["supersede"] = runs.stage(kept, "closed.parquet", table)
        if pq.read_metadata(file).num_rows:
            steps["append"] = [file.name]
        if steps:
            manifest["deliveries"] = steps
        kept.read = run.ordered
        kept.figures = {"push": row.name, "sent": run.sent, "removed": run.removed, "failed": run.failed}
        runs.commit(
            kept, manifest, beside=beside, line=("push.run", "push", row.name), push_run=str(run.id), sent=run.sent,
            removed=run.removed, withheld=run.withheld, failed=run.failed, waiting=run.waiting,
        )  # fmt: skip


def _rows(row: Push, run: PushRun, plan: Planned, told: Outcomes, lake_run: str) -> Iterator[pa.Table]:
    """Yield rows of ``deliveries``: what became of removals and of what was given, and who is newly withheld."""
    where = planning.folder(run)
    for kind in planning.KINDS:
        first = 0
        for table in _read(where / f"{kind}.parquet", ("id", "key", "action", "reason", "digest", "record_key")):
            codes = told.codes[kind][first : first + table.num_rows]
            picked = np.flatnonzero(outcomes.tried(codes))
            some, mine = table.take(pa.array(picked)), codes[picked]
            words = told.said[kind]
            said = [words.get(first + int(at), "") for at in picked] if words else [""] * len(picked)
            first += table.num_rows
            add = np.array(some["action"].to_pylist(), dtype=object) == "add"
            found = outcomes.told(kind, mine, add)
            why: Any = np.array(some["reason"].to_pylist(), dtype=object) if kind == "removals" else ""
            reason = np.where(mine == DONE, why, np.where(mine == REFUSED, "refused", "unconfirmed"))
            kept: Any = np.array(some["digest"].to_pylist(), dtype=object) if kind == "gives" else ""
            digest = pa.array(np.where(found.sure, kept, ""), pa.string())
            yield _table(row, run, plan, lake_run, some, found.outcome, reason, said, found.held, digest)
    if plan.fresh:
        for table in _read(where / "fresh.parquet", ("id", "reason", "record_key")):
            none = np.zeros(table.num_rows, bool)
            blank = pa.repeat(pa.scalar("", pa.string()), table.num_rows)
            some = table.append_column("key", blank).append_column("action", blank)
            yield _table(
                row, run, plan, lake_run, some, np.full(table.num_rows, "withheld"), table["reason"],
                [""] * table.num_rows, none, blank,
            )  # fmt: skip


def _table(
    row: Push, run: PushRun, plan: Planned, lake_run: str, some: pa.Table, outcome: Any, reason: Any, said: list[str],
    held: Any, digest: Any,
) -> pa.Table:  # fmt: skip
    rows = some.num_rows

    def text(value: str) -> pa.Array:
        return pa.repeat(pa.scalar(value, pa.string()), rows)

    at = pa.repeat(pa.scalar(plan.moment, _TIME), rows)
    made = {
        "source": text("pushes"), "entity": text(row.entity), "brand": text(row.brand),
        "record_key": some["record_key"], "run_id": text(lake_run), "recorded_at": at,
        "superseded_at": pa.nulls(rows, _TIME), "superseded_run": pa.nulls(rows, pa.string()),
        "push": text(row.name), "push_run": text(str(run.id)), "person": some["id"], "key": some["key"],
        "action": some["action"], "outcome": pa.array(outcome, pa.string()),
        "reason": reason if isinstance(reason, pa.ChunkedArray) else pa.array(reason, pa.string()),
        "said": pa.array(said, pa.string()), "held": pa.array(held, pa.bool_()), "digest": digest, "at": at,
    }  # fmt: skip
    schema = arrow_schema("deliveries")
    table = pa.table({name: made[name] for name in schema.names}).cast(schema)
    return table.filter(pc.not_equal(table["person"], ""))  # whoever was erased is nobody's row any more


def _read(path: Any, wanted: tuple[str, ...]) -> Iterator[pa.Table]:
    with pq.ParquetFile(path) as file:
        names = [name for name in wanted if name in file.schema_arrow.names]
        for batch in file.iter_batches(batch_size=BATCH, columns=names):
            yield pa.Table.from_batches([batch])


def _erased(where: Any, codes: Any) -> list[str]:
    """Return the keys of those erased here whom the destination confirmed to hold no more."""
    found, first = [], 0
    for table in _read(where / "removals.parquet", ("id", "key")):
        for at, (one, key) in enumerate(zip(table["id"].to_pylist(), table["key"].to_pylist(), strict=True)):
            if one == "" and codes[first + at] == DONE:
                found.append(key)
        first += table.num_rows
    return found


def _held(name: str) -> int:
    """Return how many rows a destination may hold of a push."""
    engine = open_engine()
    try:
        table = current(engine, runs.lake(), "deliveries", hidden=runs.hidden())
        return int(table.filter((table.push == name) & table.held).count().to_pyarrow().as_py())
    finally:
        engine.close()
