"""What the worker does of sources being prepared: their profile, their dry run, their import, what is swept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from filrouge.base import clock, settings
from filrouge.base.errors import Conflict, FilrougeError, NotFound, StorageError
from filrouge.domain.privacy.perimeter import EVERYTHING
from filrouge.domain.sources import SourceSpec, columns
from filrouge.domain.sources.form import PARTED_BY
from filrouge.store.models import Run, Source, SourceDraft
from filrouge.store.queries import drafts as found
from filrouge.work import draft_brands, faulty, files, foreseeing, locks, profiling, runs, schedules, sources, taken
from filrouge.work.draft_files import (
    PROFILE,
    REJECTS,
    SEEN,
    digest,
    folder,
    lay,
    may_run,
    mendable,
    path_of,
    profile_of,
    seen,
)  # fmt: skip
from filrouge.work.imports import Prepared

KEPT = timedelta(days=30)  # a draft that nobody touches
STRAY = timedelta(days=1)  # from which what has no draft is not being brought at this moment
STANDING = (Run.State.RUNNING, Run.State.STAGED, Run.State.COMMITTED, Run.State.HELD)
PLAIN = ("consent", "yes_no")  # meanings of columns whose values tell of nobody


def profile(key: str, *, progress: runs.Progress = runs.silent) -> None:
    """Count every row of the file, and keep its profile beside it; one that falls leaves what the first rows told."""
    draft = SourceDraft.objects.filter(pk=key).first()
    if draft is None or draft.state != SourceDraft.State.OPEN:
        return
    form = draft.spec.get("format") or {}
    made = profiling.counted_whole(path_of(draft), form=form, progress=progress)
    now = SourceDraft.objects.filter(pk=draft.pk).first()
    if now is None or not folder(draft).is_dir() or _parted(now) != _parted(draft):
        return  # it was dropped, or is read otherwise meanwhile: then it is counted anew
    lay(folder(draft) / PROFILE, json.dumps(asdict(made)))


def trial(key: str, *, progress: runs.Progress = runs.silent) -> None:
    """Count what an import would do, and keep the first rows that would not be taken beside the file."""
    draft = SourceDraft.objects.filter(pk=key).first()
    if draft is None or draft.state != SourceDraft.State.OPEN:
        return
    _by_a_name_of_its_own(draft)
    of = digest(draft)

    mine = SourceDraft.objects.filter(pk=draft.pk, state=SourceDraft.State.OPEN)

    def look(staged: Path, prepared: Prepared) -> None:
        counts = prepared.counts.plain() | told_of(prepared)
        with locks.held("trying"):  # what is told of one dry run is of that one alone
            now = mine.first()
            if now is None or digest(now) != of:  # changed since, and maybe tried so by another worker: that stands
                return
            lay(folder(draft) / REJECTS, json.dumps(sources.first_rejects(staged)))
            taken.keep(draft, staged, SourceSpec.parse(draft.spec))
            if mendable(draft):
                faulty.lay(folder(draft), staged, prepared.mending, [one.name for one in seen(draft)])
            mine.update(tried=counts, tried_of=of, trouble={})  # they are shown while identity is foreseen
        if draft.spec["reads"] == "person_records" and counts["new"] + counts["changed"]:
            progress("identity", 0, None)
            mine.filter(tried_of=of).update(tried=counts | {"identity": foreseeing.foresee(staged).plain()})

    try:
        sources.try_out(draft.spec, progress=progress, look=look)
    except FilrougeError as error:
        mine.update(trouble=error.plain())
        raise
    except FileNotFoundError:
        if folder(draft).is_dir():
            raise  # or it was dropped meanwhile


def carry_out(key: str, *, by: str, progress: runs.Progress = runs.silent) -> None:
    """Keep the source and import its file, whole or not at all; the file goes once its rows are in the lake.

    A run that waits for a person leaves the file where it is: ``decided`` says what becomes of it. Raises Conflict
    while another worker is at it, or at another file of the same source.
    """
    named = SourceDraft.objects.filter(pk=key).first()
    if named is None:
        return
    with locks.tried(f"importing/{named.spec['source']}") as alone:
        if not alone:
            raise Conflict("This is already under way.", hint="It will be done soon; reload the page to see.")
        _carry_out(key, by=by, progress=progress)


def _carry_out(key: str, *, by: str, progress: runs.Progress) -> None:
    draft = SourceDraft.objects.select_related("run").filter(pk=key).first()
    if draft is None or draft.state == SourceDraft.State.OPEN:
        return
    run = draft.run  # of whoever was at work on it, and was cut short
    done = draft.state == SourceDraft.State.DONE
    try:
        if run is None or not (done or run.state in (Run.State.COMMITTED, Run.State.HELD)):
            run = _imported(draft, by=by, progress=progress)
    except Conflict:  # the lake or the source is busy: the job comes back
        raise
    except Exception as error:
        told = error if isinstance(error, FilrougeError) else StorageError(
            "The import stopped: {kind}.", hint="Nothing of it was kept: try it again.", kind=type(error).__name__
        )  # fmt: skip
        if not _stands(draft):  # what is in the lake is taken up by the job, which comes back
            SourceDraft.objects.filter(pk=draft.pk).update(state=SourceDraft.State.OPEN, trouble=told.plain())
        raise
    SourceDraft.objects.filter(pk=draft.pk).update(state=SourceDraft.State.DONE, run=run, trouble={})
    decided(run)
    schedules.settle(by=by)


def _imported(draft: SourceDraft, *, by: str, progress: runs.Progress) -> Run:
    """Keep the definition and read the file by it; the definition that was there comes back when the run fails."""
    _by_a_name_of_its_own(draft)
    draft_brands.same_source(draft, SourceSpec.parse(draft.spec))
    may_run(draft)
    mine = SourceDraft.objects.filter(pk=draft.pk)
    source = Source.objects.filter(name=draft.spec["source"]).first()
    if source is None or source.spec != SourceSpec.parse(draft.spec).dump() or source.folder != str(folder(draft)):
        runs.may_begin("import", source)
        with transaction.atomic():
            mine.update(former=_as_it_stands(source))
            source = sources.define(draft.spec, folder=folder(draft), by=by)
    try:
        return sources.run(source.name, by=by, progress=progress, beside=lambda made: mine.update(run=made))
    except Exception:  # a Conflict too: it is tried again in a moment, and others read the source until then
        if not _stands(draft):
            sources.put_back(draft, by=by)
        raise


def _as_it_stands(source: Source | None) -> dict[str, Any]:
    if source is None:
        return {"new": True}
    return {name: getattr(source, name) for name in ("spec", "folder", "sample", "left_behind")}


def _stands(draft: SourceDraft) -> bool:
    """Tell whether what the import read is in the lake, or is to be, whatever stopped it after."""
    run = SourceDraft.objects.select_related("run").get(pk=draft.pk).run
    return run is not None and run.state in (Run.State.STAGED, Run.State.COMMITTED, Run.State.HELD)


def decided(run: Run) -> None:
    """Let the file of a run go once its rows are in the lake or were taken back.

    Of a run that was given up, the file is being prepared again: it is corrected and tried anew, or dropped.
    """
    for draft in SourceDraft.objects.filter(run=run, state=SourceDraft.State.DONE):
        if run.state == Run.State.GIVEN_UP and mendable(draft) and path_of(draft).is_file():
            sources.put_back(draft, by=run.decided_by)
            mine = SourceDraft.objects.filter(pk=draft.pk, state=SourceDraft.State.DONE)
            mine.update(state=SourceDraft.State.OPEN, run=None, tried={}, tried_of="", trouble={})
        elif run.state in (Run.State.COMMITTED, Run.State.UNDONE, Run.State.GIVEN_UP):
            shutil.rmtree(folder(draft), ignore_errors=True)


def sweep() -> int:
    """Drop what nobody touched for a month, and files that outlived their import or whoever brought them; return how
    many drafts went.

    What is being imported, or waits for a person, stays until that is over.
    """
    for draft in SourceDraft.objects.select_related("run").filter(state=SourceDraft.State.DONE):
        if draft.run is not None:
            decided(draft.run)
        else:  # its run is no longer known: nothing reads the file again
            shutil.rmtree(folder(draft), ignore_errors=True)
    old = SourceDraft.objects.filter(edited_at__lt=clock.now() - KEPT).exclude(state=SourceDraft.State.ASKED)
    gone = 0
    for draft in old.exclude(run__state__in=(Run.State.RUNNING, Run.State.STAGED, Run.State.HELD)):
        with transaction.atomic():
            same = SourceDraft.objects.filter(pk=draft.pk, state=draft.state, edited_at=draft.edited_at)
            if not same.delete()[0]:  # somebody took it up again
                continue
            forget_unread(draft)
        shutil.rmtree(folder(draft), ignore_errors=True)
        gone += 1
    _sweep_strays()
    return gone


def _sweep_strays() -> None:
    """Remove the folders that no draft has: whoever brought them, or dropped them, was cut short."""
    found = [path for path in (settings.get().home / "brought").glob("*") if path.is_dir()]
    known = {str(key) for key in SourceDraft.objects.values_list("pk", flat=True)}
    for path in found:
        with suppress(FileNotFoundError):
            if path.name not in known and path.stat().st_mtime < (clock.now() - STRAY).timestamp():
                shutil.rmtree(path, ignore_errors=True)


def forget_unread(draft: SourceDraft) -> None:
    """Forget the source that a file was to become, when nothing was ever read of it."""
    if draft.former.get("new"):
        unread = Source.objects.filter(name=draft.spec["source"]).exclude(runs__state__in=STANDING)
        unread.exclude(runs__state=Run.State.UNDONE).filter(folder=str(folder(draft))).delete()


def forget_derived(entities: Collection[str]) -> None:
    """Forget what was told of the rows of the files of ``entities`` (none named: of everybody), since somebody went.

    The columns and what consents are written with stay; a dry run, asked for anew, keeps nothing of whoever is erased.
    """
    rows = SourceDraft.objects.exclude(state=SourceDraft.State.DONE)
    for draft in rows:
        if entities and not found.entities_of(draft) & {*entities}:
            continue
        made = profile_of(draft, EVERYTHING)
        plain = {one.name for one in made.columns if one.meaning in PLAIN} if made else set()
        plain |= {*columns.branding(SourceSpec.parse(draft.spec, what=draft.name))}
        with suppress(NotFound):  # of a usual system, or whose file is gone
            kept = [replace(one, examples=(), values=one.values if one.name in plain else ()) for one in seen(draft)]
            lay(folder(draft) / SEEN, json.dumps([asdict(one) for one in kept]))
        for name in (PROFILE, REJECTS, taken.FILE, faulty.FILE, faulty.STALE):
            (folder(draft) / name).unlink(missing_ok=True)
        SourceDraft.objects.filter(pk=draft.pk).update(tried={}, tried_of="")


def _by_a_name_of_its_own(draft: SourceDraft) -> None:
    """Choose another name for the source when one was made under it since the file was brought: it stays as it is."""
    other = Source.objects.filter(name=draft.spec["source"], created_at__gt=draft.created_at).first()
    if other is not None and other.spec.get("place") != draft.spec["place"]:
        draft.spec = draft.spec | {"source": files.free_name(path_of(draft))}
        draft.save(update_fields=["spec"])


def _parted(draft: SourceDraft) -> dict[str, Any]:
    """Return the conventions that tell the columns and rows of a file."""
    form = draft.spec.get("format") or {}
    return {name: form.get(name) for name in PARTED_BY}


def told_of(prepared: Prepared) -> dict[str, int]:
    """Return what a dry run counts beside what becomes of the rows."""
    mending = prepared.mending
    return {
        "warned": prepared.counts.warned,
        "left_out": prepared.counts.left_out,
        "corrected": sum(mending.corrected_by.values()) if mending else 0,
        "stale": len(mending.stale) if mending else 0,
    }
