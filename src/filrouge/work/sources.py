"""Sources: add, check, run, undo. A run leaves one audit line; a dry run leaves nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from django.db import transaction

from filrouge.base import clock, heap, ids, settings
from filrouge.base.errors import Conflict, DefinitionError, NotFound, Phrase, UsageError
from filrouge.connect import Reach, connector, keeps_cursor, suits
from filrouge.connect.paths import written
from filrouge.domain.sources import SourceSpec, keeping
from filrouge.domain.sources.reaching import FILES
from filrouge.domain.sources.schedule import next_run
from filrouge.domain.sources.shapes import Shape
from filrouge.engines import open_engine
from filrouge.store.models import BUILT_IN, COLLECT, Brand, Entity, Erasure, Run, Source, SourceDraft
from filrouge.tables import TABLES
from filrouge.work import audit, definitions, mending, rulings, runs, secrets, shapes, suppressions
from filrouge.work.imports import Import, Prepared

SHOWN = 200  # rejects that a dry run shows
Look = Callable[[Path, Prepared], None]  # at what a dry run staged, and what it prepared
REJECT = ["place", "row", "column", "code", "raw", "warning"]


def add(path: Path, *, by: str, sample: bool = False) -> Source:
    """Keep the definition written in the YAML file ``path``, replacing the one of the same name.

    Raises UsageError when the file cannot be read, DefinitionError with every fault of the definition.
    """
    return define(definitions.read(path), folder=path.resolve().parent, by=by, sample=sample)


def define(data: Any, *, folder: Path, by: str, sample: bool = False) -> Source:
    """Keep a definition given as plain data; relative places start at ``folder``."""
    spec = SourceSpec.parse(data, what=str(data.get("source", "")) if isinstance(data, dict) else "")
    if BUILT_IN in (spec.source, spec.kind):
        raise UsageError(
            "The name {name} is kept for people created here.", hint="Choose another name and kind.", name=BUILT_IN
        )
    if spec.kind == COLLECT:
        raise UsageError(
            "A sender is not defined by a file: it is given a key.",
            hint="`filrouge key create --source {name} --brand …` makes one.",
            name=spec.source,
        )
    suits(spec)
    _known_places(spec)
    now = clock.now()
    with transaction.atomic():
        before = Source.objects.select_for_update().filter(name=spec.source).first()
        if before is not None and before.kind == COLLECT:
            raise Conflict("The name {name} is taken.", hint="Choose another name.", name=spec.source)
        due = next_run(spec, after=now) if before is None or before.enabled else None
        if before is not None and before.due_at and _same_schedule(before, spec):
            due = before.due_at
        behind = _left_behind(before, spec, now)
        source, made = Source.objects.update_or_create(
            name=spec.source,
            defaults={
                "system": spec.system, "kind": spec.kind, "reads": spec.reads, "entity": spec.entity.const or "",
                "brand": spec.brand.const or "", "spec": spec.dump(), "folder": str(folder), "rank": spec.rank,
                "sample": sample, "due_at": due,
                "left_behind": behind,
            },
        )  # fmt: skip
        audit.record("source.add" if made else "source.change", by=by, kind="source", subject=spec.source)
    return source


def _left_behind(before: Source | None, spec: SourceSpec, now: datetime) -> list[dict[str, Any]]:
    """Return the limits of values that were held apart under definitions of another day, and are not under this one."""
    held = before is not None and (before.spec.get("kept") or before.left_behind)
    if before is None or not (held or spec.kept):
        return []
    if before.reads != spec.reads:
        if not held:
            return []
        raise UsageError(
            "The source {name} holds values of {table} for less long than their rows.",
            hint="Give rows of another kind a source of their own.", name=spec.source, table=before.reads,
        )  # fmt: skip
    return keeping.followed(SourceSpec.parse(before.spec, what=before.name), spec, before.left_behind, at=now)


def _same_schedule(before: Source, spec: SourceSpec) -> bool:
    old = SourceSpec.parse(before.spec, what=before.name)
    return (old.expect.every, old.format.zone) == (spec.expect.every, spec.format.zone)


def _known_places(spec: SourceSpec) -> None:
    """Make sure that the entities and brands named exist, when the group has been described."""
    if not Entity.objects.exists():
        return
    faults = []
    for name, cell, model in (("entity", spec.entity, Entity), ("brand", spec.brand, Brand)):
        named = {cell.const} if cell.const else set((cell.values or {}).values())
        known = set(model.objects.values_list("slug", flat=True))
        faults += [
            f"{name}: {slug!r} is not known; there are {', '.join(sorted(known))}"
            for slug in sorted(s for s in named if s and s not in known)
        ]
    if faults:
        raise DefinitionError(
            "The definition {what} names what the group does not have.",
            faults=faults,
            hint="Correct it, or add the entity or brand first.",
            what=spec.source,
        )


def put_back(draft: SourceDraft, *, by: str) -> None:
    """Let the source read as it did before the file of a draft, unless somebody said otherwise since."""
    former = SourceDraft.objects.get(pk=draft.pk).former
    source = Source.objects.filter(name=draft.spec["source"]).first()
    if "spec" not in former or source is None or source.spec != SourceSpec.parse(draft.spec).dump():
        return
    with transaction.atomic():
        define(former["spec"], folder=Path(former["folder"]), by=by, sample=former["sample"])
        Source.objects.filter(pk=source.pk).update(left_behind=former["left_behind"])
        SourceDraft.objects.filter(pk=draft.pk).update(former={})


def get(name: str) -> tuple[Source, SourceSpec]:
    """Return the source called ``name`` and its definition. Raises NotFound."""
    read = Source.objects.exclude(kind=BUILT_IN)
    source = read.filter(name=name).first()
    if source is not None and source.kind == COLLECT:
        raise Conflict(
            "Nothing is read from {name}: it sends its events by itself.",
            hint="Revoke its write keys to stop it.",
            name=name,
        )
    if source is None:
        known = sorted(read.values_list("name", flat=True))
        near = get_close_matches(name, known, n=3)
        if near:
            raise NotFound(
                "No source is called {name}.", hint="The nearest: {near}.", name=name[:60], near=", ".join(near)
            )
        raise NotFound(
            "No source is called {name}.",
            hint="There are: {known}.",
            name=name[:60],
            known=", ".join(known) or Phrase("none yet"),
        )
    return source, SourceSpec.parse(source.spec, what=name)


def reach(source: Source, spec: SourceSpec, *, scratch: Path | None = None) -> Reach:
    """Return what the connector of ``source`` needs beside the definition; files are laid in ``scratch`` to be read."""
    secret = secrets.reveal(spec.secret) if spec.secret else None
    return Reach(Path(source.folder), secret, settings.get().allow_private, scratch)


def check(name: str) -> dict[str, Any]:
    """Make sure that the place of the source answers; return what is there. Raises SourceError."""
    source, spec = get(name)
    reader, where = connector(spec.kind), reach(source, spec)
    reader.check(spec, where)
    return {"source": name, "rows": reader.count(spec, where)}


def run(
    name: str, *, by: str, progress: runs.Progress = runs.silent, at: datetime | None = None, full: bool = False,
    beside: Callable[[Run], object] = lambda made: None,
) -> Run:  # fmt: skip
    """Import the source called ``name``, whole or not at all; return the run with its counts.

    ``beside`` is kept in one breath with what the run promises, or with its being set aside.
    Raises SourceError when the source fails, Conflict when it is already running.
    """
    source, spec = get(name)
    with runs.running("import", by=by, source=source) as made:
        now = at or clock.now()
        made.as_of = _as_of(source, spec) or now
        last = shapes.last_good(source)
        try:
            prepared = prepare(
                source, spec, runs.staging(made), str(made.id), now, progress, full=full, shaped=True,
                known=last.shape if last else None,
            )  # fmt: skip
        except shapes.Changed as found:
            if last is None:  # nothing to compare with makes nothing another
                raise
            in_part = bool(source.cursor) and not full and keeps_cursor(spec) and spec.cursor in found.shape.names()
            shapes.wait(made, found, last, figures={rulings.IN_PART: True} if in_part else {}, beside=beside)
            return made
        verdict = rulings.judged(made, source, spec, prepared, now, full=full)
        shapes.told(made, prepared.shape, spec, last)

        def kept() -> None:
            rulings.keep(made, verdict)
            beside(made)

        if verdict.waits:
            runs.set_aside(made, beside=kept, counts=prepared.counts.plain())
            return made
        progress("store", 0, prepared.counts.new + prepared.counts.changed)
        runs.commit(made, prepared.manifest, beside=kept, counts=prepared.counts.plain())
    return made


def look_up(name: str, ref: str, *, by: str) -> bool:
    """Ask a source for the rows of the person whom it knows as ``ref``; tell whether any was new or changed.

    Nothing is kept of an answer that only repeats what is known. Raises SourceError, Conflict as ``run`` does.
    """
    source, spec = get(name)
    counts = _dry(source, spec, runs.silent, ref=ref)
    if not counts["new"] + counts["changed"]:
        return False
    with runs.running("import", by=by, source=source) as made:
        now = clock.now()
        prepared = prepare(source, spec, runs.staging(made), str(made.id), now, runs.silent, ref=ref)
        made.lookup, made.next_cursor, made.as_of = True, source.cursor, source.as_of
        rulings.counted(made, prepared)
        runs.commit(made, prepared.manifest, counts=prepared.counts.plain())
    return True


def dry_run(name: str, *, progress: runs.Progress = runs.silent, look: Look | None = None) -> dict[str, int]:
    """Return what importing the source would count, and write nothing."""
    return _dry(*get(name), progress, look=look)


def try_out(data: Any, *, progress: runs.Progress = runs.silent, look: Look | None = None) -> dict[str, int]:
    """Return what importing a definition that is not kept would count; write nothing.

    ``look`` is given the folder where the rows are staged, before it goes, and what was prepared.
    """
    spec = SourceSpec.parse(data, what=str(data.get("source", "")))
    known = Source.objects.filter(name=spec.source).first()
    return _dry(known or Source(name=spec.source, folder=str(Path(spec.place).parent)), spec, progress, look=look)


def try_received(
    source: Source, data: Any, received: Path, *, progress: runs.Progress = runs.silent
) -> dict[str, int]:  # fmt: skip
    """Return what importing rows that wait would count by a definition that is not kept; write nothing."""
    return _dry(source, SourceSpec.parse(data, what=source.name), progress, received=received)


def _dry(
    source: Source, spec: SourceSpec, progress: runs.Progress, *, ref: str = "", look: Look | None = None,
    received: Path | None = None,
) -> dict[str, int]:  # fmt: skip
    folder = settings.get().home / "staging" / f"dry-{ids.uuid7()}"
    folder.mkdir(parents=True)
    try:
        prepared = prepare(source, spec, folder, "dry", clock.now(), progress, ref=ref, received=received)
        if look is not None:
            look(folder, prepared)
        return prepared.counts.plain()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def first_rejects(folder: Path) -> list[dict[str, Any]]:
    """Return the first rows that a dry run would not take whole, as the table ``rejects`` would tell them."""
    found: list[dict[str, Any]] = []
    for name in ("rejects.parquet", "faults.parquet"):
        if (folder / name).exists():
            for batch in pq.ParquetFile(folder / name).iter_batches(batch_size=SHOWN, columns=REJECT):
                found += batch.to_pylist()
                break
    return found[:SHOWN]


def prepare(
    source: Source, spec: SourceSpec, folder: Path, run_id: str, at: datetime, progress: runs.Progress, *,
    full: bool = False, ref: str = "", received: Path | None = None, shaped: bool = False, known: Shape | None = None,
) -> Prepared:  # fmt: skip
    """Return what importing the source would do, its files staged in ``folder``; nothing is promised yet.

    ``shaped``: with the shape of what was received; raises Changed where it is not as in ``known``.
    """
    with _import(
        source, spec, folder, run_id, at, progress, full=full, ref=ref, received=received, shaped=shaped, known=known
    ) as one:
        return one.prepare()


def forget_received(source: Source, spec: SourceSpec, folder: Path, run_id: str, received: Path) -> int:
    """Take the rows of whoever was erased out of those that a run received and that wait; return how many went."""
    with _import(source, spec, folder, run_id, clock.now(), runs.silent, received=received) as one:
        gone = one.forget()
    runs.only_received(folder)
    return gone


@contextmanager
def _import(
    source: Source, spec: SourceSpec, folder: Path, run_id: str, at: datetime, progress: runs.Progress, *,
    full: bool = False, ref: str = "", received: Path | None = None, shaped: bool = False, known: Shape | None = None,
) -> Iterator[Import]:  # fmt: skip
    if not ref:  # rows of one person need little, and somebody waits for them
        heap.let_go(at_once=True)
    engine = open_engine(scratch=folder / "scratch")
    barred = suppressions.checker()
    mended = {} if ref or received else mending.of_place(spec.place)
    try:
        yield Import(
            spec=spec,
            reach=reach(source, spec, scratch=folder),
            folder=folder,
            engine=engine,
            lake=runs.lake(),
            run=run_id,
            at=at,
            hidden=tuple(runs.hidden()),
            cursor="" if full else source.cursor,
            ref=ref,
            suppressed=barred,
            swept_at=source.swept_at,
            received=received,
            mending=mending.Mending(mended, spec, barred) if mended else None,
            shaped=shaped,
            known=known,
            progress=progress,
        )
    finally:
        engine.close()


def _as_of(source: Source, spec: SourceSpec) -> datetime | None:
    """Return when the files of a source were written: what their rows are as of."""
    return written(spec, reach(source, spec)) if spec.kind in FILES else None


def undo(run_id: str, *, by: str) -> Run:
    """Take back a whole import: what it brought goes, what it replaced comes back; later runs are kept. A source whose
    newer file it was reads as before that file, unless somebody said otherwise since.

    Raises NotFound, and Conflict when a later run of the source built upon it, or may be about to, or when an erasure
    is under way.
    """
    with runs.starting():  # no run begins to read what is being taken back
        made = Run.objects.filter(pk=run_id, kind="import").first() if _is_id(run_id) else None
        if made is None:
            raise NotFound("No import has the number {run}.", hint="`filrouge source list` shows the runs.", run=run_id)
        _undoable(made)
        with runs.writing(), runs.held(made):
            _promise_undo(made, by=by)
            runs.take_back(made)
    return made


def _undoable(made: Run) -> None:
    if made.state != Run.State.COMMITTED:
        raise Conflict("This run is not in place.", hint="Only a run that was carried out can be undone.")
    if Run.objects.filter(source=made.source, kind="import", state__in=(Run.State.RUNNING, Run.State.STAGED)).exists():
        raise Conflict("{what} is already running.", hint="Wait for it to end, then try again.", what=made.source_name)
    if Run.objects.filter(source=made.source, kind="import", state=Run.State.HELD).exists():
        raise Conflict("A later run of {source} waits for a person.", hint="Let it in or give it up first.",
                       source=made.source_name)  # fmt: skip
    if Erasure.objects.filter(state="running").exists():
        raise Conflict("An erasure is under way.", hint="It ends within minutes; then try again.")
    later = Run.objects.filter(
        source=made.source, kind="import", state=Run.State.COMMITTED, started_at__gt=made.started_at
    )
    if later.exists():
        raise Conflict(
            "{count} later runs of {source} stand on this one.", hint="Undo the later ones first.",
            count=later.count(), source=made.source_name,
        )  # fmt: skip
    gone_after = timedelta(days=TABLES["source_records"].replaced_days or 0)
    if made.changed and made.source and made.source.swept_at and made.source.swept_at - made.started_at > gone_after:
        raise Conflict(
            "What this run replaced is past its retention and gone.", hint="Correct the source and run it again."
        )


def _promise_undo(made: Run, *, by: str) -> None:
    with transaction.atomic():
        made.state, made.finished_at, made.manifest = Run.State.UNDONE, clock.now(), runs.TO_TAKE_BACK
        if not Run.objects.filter(pk=made.pk, state=Run.State.COMMITTED).update(
            state=made.state, finished_at=made.finished_at, manifest=made.manifest
        ):
            raise Conflict("This run is not in place.", hint="Only a run that was carried out can be undone.")
        previous = Run.objects.filter(source=made.source, kind="import", state=Run.State.COMMITTED).first()
        Source.objects.filter(name=made.source_name).update(
            cursor=previous.next_cursor if previous else "", as_of=previous.as_of if previous else None
        )
        for draft in SourceDraft.objects.filter(run=made):
            put_back(draft, by=by)
        audit.record("import.undo", by=by, kind="run", subject=str(made.id), source=made.source_name)


def _is_id(text: str) -> bool:
    from uuid import UUID

    try:
        UUID(text)
    except ValueError:
        return False
    return True
