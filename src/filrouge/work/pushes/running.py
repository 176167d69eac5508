"""A run of a push: planned, given lot after lot, and written down as it was answered; taken up after a crash.

One run of a push at a time, one lock a push: a destination that hangs holds up its own pushes alone. An erasure waits
for the lot under way, not for the run: the run stops, and what is left is given once the erasure is done.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.db import transaction
from pyarrow import compute as pc

from filrouge.base import clock
from filrouge.base.errors import Conflict, DestinationError, FilrougeError, NotFound, StorageError
from filrouge.connect.destinations import Line, Lot, Parcel
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import Push, PushRun, Run
from filrouge.store.queries import pushes as found
from filrouge.work import audit, jobs, locks, runs
from filrouge.work.pushes import planning, recording
from filrouge.work.pushes.destinations import reach, writer
from filrouge.work.pushes.journal import Journal
from filrouge.work.pushes.planning import Planned
from filrouge.work.pushes.verbs import checked_only, own

BATCH = 20_000  # rows of a file read at once


def ask(asking: Caller, name: str, *, only: str = "") -> str:
    """Have the worker run a push; return the job. Raises NotFound, Refused, Conflict when it is paused, or waits."""
    row = own(asking, name)
    _going(row)
    key = f"push {name} {only}".strip()
    return str(jobs.ask("push", by=asking.by, key=key, push=name, only=checked_only(only)).id)


def run_as(asking: Caller, name: str, *, only: str = "") -> PushRun:
    """Run a push now, for somebody who may. Raises NotFound, Refused, Conflict."""
    row = own(asking, name)
    _going(row)
    return run(row.name, by=asking.by, only=checked_only(only))


def run(name: str, *, by: str, only: str = "", progress: runs.Progress = runs.silent) -> PushRun:
    """Run a push and return the run, whatever became of it; a trouble of the destination is told in it.

    ``only``: what failed, removals, or everybody taken back (``empty``). Raises Conflict while the push runs, or while
    an erasure waits, NotFound when it is no more.
    """
    with locks.tried(f"push-{name}") as mine:
        if not mine:
            raise Conflict("The push {name} is running already.", hint="Wait for it to end, then try again.", name=name)
        row = Push.objects.select_related("segment", "destination").filter(name=name).first()
        if row is None:
            raise NotFound("The push {name} was removed meanwhile.", name=name)
        _take_up(row)
        runs.recover()
        if Run.objects.filter(kind="push", state=Run.State.STAGED).exists():
            raise Conflict("What another push delivered is being written down.", hint="Try again in a minute.")
        with runs.starting(), transaction.atomic():
            if found.erasing():
                raise Conflict("An erasure is under way.", hint="It ends within minutes; then try again.")
            made = PushRun.objects.create(push=row, only=only, by=by)
        try:
            plan = planning.lay(row, made)
        except BaseException as error:
            _failed(made, error)
            raise
        trouble = _given(row, made, plan, progress)
        return recording.end(row, made, plan, trouble=trouble)


def take_up() -> int:
    """Write down what became of the runs that died, so that nothing is told as delivered that was not; return how many.

    What another process is at work on is left to it.
    """
    taken = 0
    for row in Push.objects.filter(runs__state=PushRun.State.RUNNING).select_related("segment", "destination"):
        with locks.tried(f"push-{row.name}") as mine:
            if mine:
                taken += _take_up(row)
    return taken


def _take_up(row: Push) -> int:
    """Write down what became of a run of ``row`` that died; the caller holds its lock."""
    left = PushRun.objects.filter(push=row, state=PushRun.State.RUNNING).first()
    if left is None:
        return 0
    plan = planning.read(left)
    told = StorageError("The run was interrupted.", hint="What was not confirmed is given again by the next run.")
    if plan is None:  # it had not begun to give
        _failed(left, told)
    else:
        recording.end(row, left, plan, trouble=told, interrupted=True)
    return 1


def _going(row: Push) -> None:
    if not row.enabled:
        raise Conflict("The push {name} is paused.", hint="Resume it first.", name=row.name)


def _failed(run: PushRun, error: BaseException) -> None:
    told = (
        error
        if isinstance(error, FilrougeError)
        else StorageError("The run stopped: {kind}.", kind=type(error).__name__)
    )
    with transaction.atomic():
        PushRun.objects.filter(pk=run.pk).update(
            state=PushRun.State.FAILED, finished_at=clock.now(), trouble=told.plain()
        )
        audit.record("push.fail", by=run.by, kind="push", subject=run.push.name)
    shutil.rmtree(planning.folder(run), ignore_errors=True)


# --- giving -----------------------------------------------------------------------------------------------------------


def _given(row: Push, run: PushRun, plan: Planned, progress: runs.Progress) -> FilrougeError | None:
    """Give what was planned, as far as the destination takes it; return why it went no further, None when it did."""
    if not plan.removals and not plan.gives:
        return None
    journal = Journal(planning.folder(run) / "journal")
    try:
        spec = found.spec_of(row.destination)
        parcel = Parcel(row.name, str(run.id), plan.moment, tuple(row.columns), row.gives == Push.Gives.WHOLE)
        to, needs = writer(spec), reach(spec)
        size = to.describe(spec, needs).lot
        with to.open(spec, needs, parcel) as line:
            lots = _by(run, plan, size, parcel) if size else _at_once(run, plan, parcel)
            done = 0
            for lot, spans, skipped in lots:
                if found.erasing():
                    return Conflict("An erasure waits.", hint="What is left is given once it is done.")
                progress("push", done, plan.removals + plan.gives)
                journal.begun(lot.number, spans, skipped)
                _sent(line, lot, journal, skipped)
                done += lot.rows
    except FilrougeError as error:
        return error
    except Exception as error:  # noqa: BLE001 - whatever happens to a destination, what was answered is written down
        return StorageError("The run stopped: {kind}.", kind=type(error).__name__)
    finally:
        journal.close()
    return None


def _sent(line: Line, lot: Lot, journal: Journal, skipped: list[int]) -> None:
    try:
        told = line.send(lot)
    except DestinationError as error:
        journal.broken(lot.number, arrived=error.arrived)
        raise
    place = _places(lot.rows, skipped)
    journal.answered(
        lot.number,
        {place(at): why for at, why in told.refused.items()},
        {place(at): why for at, why in told.unsure.items()},
    )


def _places(rows: int, skipped: list[int]) -> Callable[[int], int]:
    """Return the place in its span of a row of a lot, from which some were left out."""
    if not skipped:
        return lambda at: at
    out = set(skipped)
    kept = [at for at in range(rows + len(skipped)) if at not in out]
    return lambda at: kept[at]


def _by(run: PushRun, plan: Planned, size: int, parcel: Parcel) -> Iterator[tuple[Lot, list[Any], list[int]]]:
    """Yield lots of ``size`` rows, removals first, each with its span and the rows left out of it."""
    number = 0
    for kind in planning.KINDS:
        if not plan.sizes[kind]:
            continue
        first = 0
        with pq.ParquetFile(planning.folder(run) / f"{kind}.parquet") as file:
            for batch in file.iter_batches(batch_size=size):
                number += 1
                table = pa.Table.from_batches([batch])
                kept, skipped = _kept(table, kind, plan)
                told = _told(kept, parcel)
                yield (
                    Lot(number, kept.num_rows, partial(_one, told), kind),
                    [(kind, first, table.num_rows)], skipped,
                )  # fmt: skip
                first += table.num_rows


def _one(table: pa.Table) -> Iterator[pa.Table]:
    yield table


def _at_once(run: PushRun, plan: Planned, parcel: Parcel) -> Iterator[tuple[Lot, list[Any], list[int]]]:
    """Yield the one lot of a destination that takes all at once: the whole list, or all that changed."""
    where = planning.folder(run)
    out = found.objected(plan.moment)
    skipped = [plan.removals + at for at in _objectors(where / "gives.parquet", out)] if out else []

    def batches(name: str) -> Iterator[pa.Table]:
        with pq.ParquetFile(where / f"{name}.parquet") as file:
            for batch in file.iter_batches(batch_size=BATCH):
                table = pa.Table.from_batches([batch])
                if out and name != "removals":
                    table = table.filter(pc.invert(pc.is_in(table["id"], pa.array(sorted(out), pa.string()))))
                yield _told(table, parcel)

    def rows() -> Iterator[pa.Table]:
        for name in ("whole",) if parcel.whole else planning.KINDS:
            yield from batches(name)

    spans = [(kind, 0, plan.sizes[kind]) for kind in planning.KINDS]
    size = plan.whole if parcel.whole else plan.removals + plan.gives - len(skipped)
    yield Lot(1, size, rows), spans, skipped


def _kept(table: pa.Table, kind: str, plan: Planned) -> tuple[pa.Table, list[int]]:
    """Return the rows of whoever allowed or refused nothing since the plan; the next run asks the others anew."""
    out = found.objected(plan.moment) if kind == "gives" else set()
    if not out:
        return table, []
    met = pc.is_in(table["id"], pa.array(sorted(out), pa.string()))
    skipped = np.flatnonzero(met.to_numpy(zero_copy_only=False))
    return table.filter(pc.invert(met)), [int(at) for at in skipped]


def _objectors(path: Any, out: set[str]) -> list[int]:
    ids = pq.read_table(path, columns=["id"])["id"]
    met = pc.is_in(ids, pa.array(sorted(out), pa.string()))
    return [int(at) for at in np.flatnonzero(met.to_numpy(zero_copy_only=False))]


def _told(table: pa.Table, parcel: Parcel) -> pa.Table:
    """Return rows as a destination takes them: what to do, by which key, and the columns."""
    blank = pa.nulls(table.num_rows, pa.string())
    columns = {name: table[name] if name in table.column_names else blank for name in ("action", "key")}
    columns |= {name: table[f"c_{name}"] if f"c_{name}" in table.column_names else blank for name in parcel.columns}
    return pa.table(columns)
