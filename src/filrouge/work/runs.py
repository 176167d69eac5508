"""A run is whole or absent: staged aside, promised in one row, then put in the lake, again after a crash if need be."""

from __future__ import annotations

import fcntl
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.db import transaction
from django.db.models import Q

from filrouge.base import clock, settings
from filrouge.base.errors import Conflict, FilrougeError, Phrase, StorageError
from filrouge.store.gathering import hidden
from filrouge.store.lake import Lake
from filrouge.store.models import Erasure, Run, Source
from filrouge.tables import TABLES
from filrouge.work import audit, disk, locks

__all__ = [
    "Progress", "carry_out", "commit", "hidden", "lake", "recover", "running", "silent", "stage", "staging",
    "starting", "writing",
]  # fmt: skip

_WHAT = {
    "identity": Phrase("Settling who is who"),
    "collect": Phrase("Taking in what senders sent"),
    "scores": Phrase("Working out scores"),
    "score_values": Phrase("Keeping the values of a score"),
    "segments": Phrase("Building segments"),
    "push": Phrase("Writing down what was delivered"),
}
RECEIVED = re.compile(r"(raw-\d+|faults|rejects)\.parquet")  # the rows as received, and what is told of them
_NUMBER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # a folder of a run bears it
TO_LET_GO = {"let_go": True}  # the manifest of a run given up, until nothing of it is kept
TO_TAKE_BACK = {"take_back": True}  # the manifest of a run undone, until the lake holds nothing of it
# The worker settles these again.
_NOT_BY_RUN = ("links", "people", "golden_values", "scores", "score_values", "memberships", "deliveries")
Progress = Callable[[str, int, int | None], None]


def silent(step: str, done: int, total: int | None) -> None:
    """Tell nobody."""


def lake() -> Lake:
    """Return the lake of this installation."""
    return Lake(settings.get().lake)


def staging(run: Run) -> Path:
    """Return the folder where ``run`` prepares its files."""
    return settings.get().home / "staging" / str(run.id)


@contextmanager
def running(
    kind: str, *, by: str, source: Source | None = None, after: Sequence[str] = (), patience: float = 0
) -> Iterator[Run]:
    """Open a run, hand it over, and make sure that nothing of it is left when it fails.

    Runs of the kinds in ``after`` are let finish first, for ``patience`` seconds at most. Raises Conflict when the same
    thing, or one of those, is still running.
    """
    until = time.monotonic() + patience
    while time.monotonic() < until and _under_way(after):
        time.sleep(0.2)
    with starting(), transaction.atomic():
        if _under_way(after):
            raise Conflict("Identities are being settled.", hint="Try again in a minute.")
        may_begin(kind, source)
        run = Run(kind=kind, source=source, source_name=source.name if source else "", by=by, started_at=clock.now())
        held = _hold(run)
        run.save(force_insert=True)
    folder = staging(run)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield run
    except BaseException as error:
        told = disk.full(error, promised=run.state == Run.State.STAGED)
        if run.state == Run.State.RUNNING:
            shutil.rmtree(folder, ignore_errors=True)  # on a full disk, room to write down what went wrong
            _fail(run, told or error)
        if told is not None:
            raise told from error
        raise
    finally:
        if run.state not in (Run.State.STAGED, Run.State.HELD):
            shutil.rmtree(folder, ignore_errors=True)
        if run.state != Run.State.STAGED:
            _mark_of(run).unlink(missing_ok=True)
        held.close()


def may_begin(kind: str, source: Source | None = None) -> None:
    """Raise Conflict while a run of ``kind`` may not begin: one is at work or waits for a person, or an erasure is."""
    if Run.objects.filter(kind=kind, source=source, state__in=(Run.State.RUNNING, Run.State.STAGED)).exists():
        raise Conflict(
            "{what} is already running.",
            hint="Wait for it to end, then try again.",
            what=source.name if source else _WHAT.get(kind, kind),
        )
    if source is not None and Run.objects.filter(source=source, kind=kind, state=Run.State.HELD).exists():
        raise Conflict(
            "A run of {source} waits for a person, and the next ones wait behind it.",
            hint="Let it in or give it up, on its page or with `filrouge source let-in`; then run it again.",
            source=source.name,
        )
    _no_erasure()


def _no_erasure() -> None:
    if Erasure.objects.filter(state="running").exists():
        raise Conflict("An erasure is under way.", hint="It ends within minutes; then try again.")


def _mark_of(run: Run) -> Path:
    return settings.get().home / "staging" / f"{run.id}.lock"


def _hold(run: Run) -> IO[str]:
    """Say that this process works on ``run`` for as long as the file stays open: the lock ends with the process."""
    path = _mark_of(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = path.open("w")
    fcntl.flock(stream, fcntl.LOCK_EX)
    return stream


def abandoned(run: Run) -> bool:
    """Tell whether no process is at work on ``run`` any more."""
    try:
        with _mark_of(run).open() as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # no such file: whoever began it is gone
        return True
    return True


def _under_way(kinds: Sequence[str]) -> bool:
    unfinished = (Run.State.RUNNING, Run.State.STAGED)
    return bool(kinds) and Run.objects.filter(kind__in=kinds, state__in=unfinished).exists()


def _fail(run: Run, error: BaseException) -> None:
    told = (
        error
        if isinstance(error, FilrougeError)
        else StorageError("The run stopped: {kind}.", hint="Nothing was kept of it.", kind=type(error).__name__)
    )
    with transaction.atomic():
        run.state = Run.State.FAILED
        run.finished_at = clock.now()
        run.problem, run.problem_hint, run.trouble = told.message[:500], told.hint[:500], told.plain()
        run.save()
        audit.record(f"{run.kind}.fail", by=run.by, kind="run", subject=str(run.id), source=run.source_name)


def commit(
    run: Run, manifest: dict[str, dict[str, Any]], *, line: tuple[str, str, str] | None = None,
    beside: Callable[[], object] = lambda: None, by: str = "", **details: Any,
) -> None:  # fmt: skip
    """Promise the staged files in one transaction, then carry the promise out; ``beside`` is kept with the promise.

    ``line``: action, kind of subject and subject of the audit line, when it is not the run itself; ``by``: who
    decided, when it is not whoever began the run.

    ``manifest``: table -> {"append": [file…], "overwrite": [file…], "supersede": file,
    "replace": [people file, file…]}.
    """
    with writing():
        run.manifest = manifest
        try:
            with transaction.atomic():
                run.state = Run.State.STAGED
                run.save()
                beside()
                action, kind, subject = line or (f"{run.kind}.run", "run", str(run.id))
                audit.record(action, by=by or run.by, kind=kind, subject=subject, source=run.source_name, **details)
        except BaseException:
            run.state = _kept_state(run)
            raise
        carry_out(run)


def set_aside(run: Run, *, beside: Callable[[], object], **details: Any) -> None:
    """Let ``run`` wait for a person: what it read is kept in its folder, nothing of it is promised to the lake."""
    only_received(staging(run))
    try:
        with transaction.atomic():
            run.state, run.held_at = Run.State.HELD, clock.now()
            run.save()
            beside()
            audit.record(f"{run.kind}.hold", by=run.by, kind="run", subject=str(run.id), source=run.source_name,
                         **details)  # fmt: skip
    except BaseException:
        run.state = _kept_state(run)
        run.held_at = run.held_at if run.state == Run.State.HELD else None
        raise


@contextmanager
def taken_up(run: Run) -> Iterator[None]:
    """Work on a run that waits, to let it in; when that fails it waits again as before.

    Raises Conflict when it waits no more, or somebody else is at work on it.
    """
    with starting(), transaction.atomic():
        _no_erasure()
        held = claim(run)
        Run.objects.filter(pk=run.pk).update(state=Run.State.RUNNING)
    run.refresh_from_db()
    try:
        yield
    except BaseException:
        if run.state == Run.State.RUNNING:
            put_back(run)
        raise
    finally:
        if run.state != Run.State.STAGED:
            _mark_of(run).unlink(missing_ok=True)
        held.close()


def claim(run: Run) -> IO[str]:
    """Return the mark by which this process alone works on a run that waits. Raises Conflict."""
    free = abandoned(run)
    if not free or not Run.objects.filter(pk=run.pk, state=Run.State.HELD).exists():
        raise Conflict("This run does not wait any more.", hint="Reload its page to see what became of it.")
    return _hold(run)


def release(run: Run, mark: IO[str]) -> None:
    """Give the mark of ``claim`` back."""
    _mark_of(run).unlink(missing_ok=True)
    mark.close()


def put_back(run: Run) -> None:
    """Let a run that was being let in wait again, as it was received."""
    only_received(staging(run))
    Run.objects.filter(pk=run.pk, state=Run.State.RUNNING).update(state=Run.State.HELD)
    run.state = Run.State.HELD


def let_go(run: Run) -> None:
    """Remove what a run that was given up had kept; again after a crash if need be."""
    shutil.rmtree(staging(run), ignore_errors=True)
    Run.objects.filter(pk=run.pk, state=Run.State.GIVEN_UP).update(manifest={})


def received(run: Run) -> Path:
    """Return the folder where the rows of a run that waits are kept as they were received."""
    return staging(run) / "received"


def only_received(folder: Path) -> None:
    """Leave in the folder of a run the rows as they were received, and nothing else."""
    kept = folder / "received"
    kept.mkdir(parents=True, exist_ok=True)
    for path in list(folder.iterdir()):
        if path.suffix == ".parquet" and not (kept / path.name).exists() and RECEIVED.fullmatch(path.name):
            path.rename(kept / path.name)
        elif path != kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def promised(run: Run) -> bool:
    """Tell whether the database holds the promise of ``run``, whatever this process believes of it."""
    return Run.objects.filter(pk=run.pk, state__in=(Run.State.STAGED, Run.State.COMMITTED)).exists()


def _kept_state(run: Run) -> Run.State:
    """Return the state in which the database holds ``run``; while it does not answer, that which loses nothing.

    A commit may have been done though its answer was lost: whoever recovers will know.
    """
    try:
        return Run.State(Run.objects.values_list("state", flat=True).get(pk=run.pk))
    except Exception:  # noqa: BLE001 - the database is away: what was staged is left where it is
        return Run.State.STAGED


def carry_out(run: Run) -> None:
    """Put what ``run`` promised into the lake; every step is done once, however often this is called."""
    where, into = staging(run), lake()
    name_of_run = str(run.id)
    for table, steps in run.manifest.items():
        if file := steps.get("supersede"):
            into.supersede(table, pq.read_table(where / file), run=name_of_run)
        if files := steps.get("append"):
            into.append(table, [where / name for name in files], run=name_of_run)
        if "overwrite" in steps:
            into.overwrite(table, [where / name for name in steps["overwrite"]], run=name_of_run)
        if files := steps.get("replace"):
            people = pq.read_table(where / files[0]).column(0).combine_chunks()
            into.replace_people(table, people, [where / name for name in files[1:]], run=name_of_run)
    held = run.manifest
    try:
        with transaction.atomic():
            run.state = Run.State.COMMITTED
            run.finished_at = clock.now()
            run.manifest = {}
            run.save()
            if run.source is not None and run.kind == "import":
                Source.objects.filter(name=run.source_name).update(
                    as_of=run.as_of or run.started_at, cursor=run.next_cursor
                )
    except BaseException:  # what is staged stays until the database says that it is in the lake
        run.state, run.manifest, run.finished_at = Run.State.STAGED, held, None
        raise
    shutil.rmtree(where, ignore_errors=True)


def take_back(run: Run) -> None:
    """Take what ``run`` brought out of the lake and reopen what it closed; again after a crash if need be."""
    into = lake()
    for table in TABLES:
        if table not in _NOT_BY_RUN:
            into.undo(table, run=str(run.id))
    run.manifest = {}
    run.save(update_fields=["manifest"])


@contextmanager
def held(run: Run) -> Iterator[None]:
    """Say that this process is at work on ``run``, for a while."""
    stream = _hold(run)
    try:
        yield
    finally:
        _mark_of(run).unlink(missing_ok=True)
        stream.close()


@contextmanager
def writing() -> Iterator[None]:
    """Write to the lake and to what goes with it: one at a time, for two that rewrite a table at once undo each other.

    This is also how a backup sees runs, undone imports and erasures whole or not at all.
    """
    with locks.held("lake"):
        yield


@contextmanager
def starting() -> Iterator[None]:
    """Look who is at work and take one's place: one at a time, so that two never both find nobody."""
    with locks.held("starts"):
        yield


def recover() -> int:
    """Finish what was promised and give up what was not, after a crash; return how many runs were looked at.

    What another process is at work on is left to it.
    """
    seen = 0
    unfinished = Q(state__in=(Run.State.STAGED, Run.State.RUNNING))
    unfinished |= Q(state__in=(Run.State.UNDONE, Run.State.GIVEN_UP)) & ~Q(manifest={})
    for run in Run.objects.filter(unfinished):
        if not abandoned(run):
            continue
        with writing():  # two that recover take turns: the second finds it done
            run.refresh_from_db()
            if run.state == Run.State.GIVEN_UP:
                let_go(run)
            elif run.state == Run.State.RUNNING and run.held_at:
                put_back(run)
            elif run.state == Run.State.STAGED or run.manifest:
                try:
                    take_back(run) if run.state == Run.State.UNDONE else carry_out(run)
                except Exception as error:
                    if disk.full(error) is None:
                        raise
                    continue  # it waits for room; whatever else there is to do may be done
            elif run.state == Run.State.RUNNING:
                _fail(run, StorageError("The run was interrupted.", hint="Nothing was kept of it; run it again."))
                shutil.rmtree(staging(run), ignore_errors=True)
            _mark_of(run).unlink(missing_ok=True)
        seen += 1
    _clear()
    return seen


def _clear() -> None:
    """Remove what is staged of runs that ended: whoever ended them was cut short before it could."""
    for folder in (settings.get().home / "staging").glob("*"):
        if not folder.is_dir() or not _NUMBER.fullmatch(folder.name):
            continue
        ended = (Run.State.COMMITTED, Run.State.FAILED, Run.State.UNDONE, Run.State.GIVEN_UP)
        run = Run.objects.filter(pk=folder.name, state__in=ended, manifest={}).first()
        if run is not None and abandoned(run):
            shutil.rmtree(folder, ignore_errors=True)
            _mark_of(run).unlink(missing_ok=True)


def stage(run: Run, name: str, data: pa.Table) -> str:
    """Write Arrow ``data`` among the staged files of ``run``; return the file's name."""
    pq.write_table(data, staging(run) / name, compression="zstd")
    return name
