"""Sources being prepared from a file that somebody brought: read, told column by column, tried, imported.

The file stands in a folder of its own from the moment it is whole on the disk until it is imported, dropped, or left
alone for a month; each step is kept, so that whoever comes back goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from filrouge.base import clock, settings
from filrouge.base.errors import Conflict, FilrougeError, NotFound, Refused, UsageError
from filrouge.base.ids import uuid7
from filrouge.connect.guess import KINDS
from filrouge.connect.packed import PACKED
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import EVERYTHING, Perimeter
from filrouge.domain.sources import SourceSpec, columns
from filrouge.domain.sources import sighted as looking
from filrouge.domain.sources.columns import Computed, Said
from filrouge.domain.sources.meaning import Held
from filrouge.domain.sources.profile import Profile
from filrouge.domain.sources.sighted import Sighted
from filrouge.store.models import Brand, Run, Source, SourceDraft
from filrouge.store.queries import drafts as found
from filrouge.work import (
    access,
    audit,
    faulty,
    files,
    foreseeing,
    jobs,
    likeness,
    newer,
    profiling,
    runs,
    schedules,
    sources,
)  # fmt: skip
from filrouge.work.imports import Prepared

LARGEST = 2 << 30  # bytes of a file
LONG = 20 << 20  # bytes from which a dry run waits its turn among the long jobs
KEPT = timedelta(days=30)  # a draft that nobody touches
EXAMPLES, VALUES = 3, 30  # shown of a column; distinct values from which a column is no choice among a few
SEEN, PROFILE, REJECTS = "seen.json", "profile.json", "rejects.json"
LIKE, CHANGED = "like.json", "changed.json"
PLAIN = ("consent", "yes_no")  # meanings of columns whose values tell of nobody


@dataclass(frozen=True)
class Seen:
    """What was seen of a column in the first rows: share filled, distinct values, examples, and all of them if few."""

    name: str
    filled: float
    distinct: int
    examples: tuple[str, ...]
    values: tuple[str, ...]


def bring(
    asking: Caller, name: str, chunks: Iterable[bytes], *, brand: str, source: str = ""
) -> tuple[SourceDraft, bool]:
    """Keep a file as the beginning of a source; return the draft, and whether this very file was being prepared.

    ``source``: the name of a source that it is a newer file of; its definition is taken over.
    Raises Refused, UsageError when the file is too large or of no kind that is read, SourceError when it is unreadable.
    """
    access.must(asking, *found.KEEPERS)
    row = Brand.objects.select_related("entity").filter(slug=brand).first()
    entity = str(row.entity.slug) if row else ""
    if row is None or not asking.perimeter.acts(entity, brand, *found.KEEPERS):
        raise Refused("You do not act for this brand.", hint="Choose a brand of yours.")
    shown = Path(name.replace("\\", "/")).name[-200:] or "file"
    if Path(shown).suffix.lower() not in {*KINDS, *PACKED}:
        raise UsageError(
            "Files named {suffix} are not read.", hint="Export it as one of: {known}.",
            suffix=Path(shown).suffix or "without an ending", known=", ".join(sorted({*KINDS, *PACKED})),
        )  # fmt: skip
    draft = SourceDraft(id=uuid7(), name=shown, entity=entity, brand=brand, by=asking.by)
    path = folder(draft) / (re.sub(r"[^\w.-]+", "_", shown)[-100:].lstrip(".") or "file")
    try:
        draft.size, draft.digest = _written(path, chunks)
        same = None if source else _the_same(draft)
        if same is not None:
            shutil.rmtree(folder(draft))
            return same, True
        if source:
            draft.spec, looked, changed = newer.as_before(path, newer.taken_over(asking, source, entity, brand))
            (folder(draft) / CHANGED).write_text(json.dumps(changed))
        else:
            draft.spec, looked = _guessed(asking, draft, path, {})
        see(draft, looked)
        with transaction.atomic():
            draft.save(force_insert=True)
            audit.record("source.draft", by=asking.by, kind="source", subject=str(draft.id), brand=brand)
            ask("profile", draft, by=asking.by)
    except BaseException:
        shutil.rmtree(folder(draft), ignore_errors=True)
        raise
    return draft, False


def read_as(asking: Caller, key: str, form: Mapping[str, Any]) -> SourceDraft:
    """Read the file by other conventions (``format`` of a source), and guess its columns anew; those of a newer file
    of a source say what they said in it.

    Raises UsageError and SourceError when it cannot be read so; nothing changes then.
    """
    draft = open_one(asking, key)
    if newer_of(draft):
        data = newer.taken_over(asking, draft.spec["source"], draft.entity, draft.brand)
        spec, looked, changed = newer.as_before(path_of(draft), data, kind=draft.spec["kind"], form=form)
        (folder(draft) / CHANGED).write_text(json.dumps(changed))
    else:
        given = {"source": draft.spec["source"], "kind": draft.spec["kind"], "format": dict(form)}
        spec, looked = _guessed(asking, draft, path_of(draft), given)
    see(draft, looked)
    (folder(draft) / PROFILE).unlink(missing_ok=True)
    keep(draft, spec)
    ask("profile", draft, by=asking.by)
    return draft


def say(asking: Caller, key: str, told: Sequence[Said], made: Sequence[Computed] | None = None) -> SourceDraft:
    """Keep what is said of the columns and what is computed of them (as it stands when None), finished or not."""
    draft = open_one(asking, key)
    return keep(draft, columns.definition(draft.spec, told, made)) if told else draft


def try_out(asking: Caller, key: str) -> None:
    """Ask the worker to count what an import would do. Raises UsageError while a column is not told well enough."""
    draft = open_one(asking, key)
    names = [one.name for one in seen(draft)]  # none of a usual system: what its columns say is known
    spec = SourceSpec.parse(draft.spec)
    wrong = columns.faults(columns.said(spec, names), spec.reads, columns.computed(spec)) if names else []
    if wrong:
        raise UsageError("The columns are not told well enough yet: {fault}", fault=wrong[0][1])
    SourceDraft.objects.filter(pk=draft.pk).update(trouble={}, tried={}, tried_of="")
    ask("trial", draft, by=asking.by)


def go(asking: Caller, key: str) -> SourceDraft:
    """Ask the worker to keep the source and import the file as it was tried.

    Raises Conflict when it was not tried as it stands, or has nothing to import.
    """
    draft = open_one(asking, key)
    if not tried(draft):
        raise Conflict("The columns changed since the dry run.", hint="Try it again before you import.")
    if not draft.tried["new"] + draft.tried["changed"]:
        raise Conflict("There is nothing to import: no row is new or changed.", hint="Look at the rejected rows.")
    with transaction.atomic():
        _may_run(draft)
        seen_so = {"mended": draft.mended, "edited_at": draft.edited_at}
        mine = SourceDraft.objects.filter(pk=draft.pk, state=SourceDraft.State.OPEN, **seen_so)
        if not mine.update(state=SourceDraft.State.ASKED, trouble={}, run=None):
            raise Conflict("It was corrected or imported meanwhile.", hint="Its page says how it stands.")
        jobs.ask("draft_import", by=asking.by, key=f"bring {draft.pk}", draft=str(draft.pk))
    draft.refresh_from_db()
    return draft


def drop(asking: Caller, key: str) -> None:
    """Forget a file that is being prepared, and what was said of it."""
    draft = open_one(asking, key)
    with transaction.atomic():
        audit.record("source.draft_drop", by=asking.by, kind="source", subject=str(draft.pk))
        shutil.rmtree(folder(draft), ignore_errors=True)
        draft.delete()


# --- what the worker does ---------------------------------------------------------------------------------------------


def profile(key: str, *, progress: runs.Progress = runs.silent) -> None:
    """Count every row of the file, and keep its profile beside it; one that falls leaves what the first rows told."""
    draft = SourceDraft.objects.filter(pk=key).first()
    if draft is None or draft.state != SourceDraft.State.OPEN:
        return
    form = draft.spec.get("format") or {}
    made = profiling.counted_whole(path_of(draft), form=form, progress=progress)
    if folder(draft).is_dir():  # or it was dropped meanwhile
        (folder(draft) / PROFILE).write_text(json.dumps(asdict(made)))


def trial(key: str, *, progress: runs.Progress = runs.silent) -> None:
    """Count what an import would do, and keep the first rows that would not be taken beside the file."""
    draft = SourceDraft.objects.filter(pk=key).first()
    if draft is None or draft.state != SourceDraft.State.OPEN:
        return
    _by_a_name_of_its_own(draft)
    of = digest(draft)

    mine = SourceDraft.objects.filter(pk=draft.pk)

    def look(staged: Path, prepared: Prepared) -> None:
        (folder(draft) / REJECTS).write_text(json.dumps(sources.first_rejects(staged)))
        if mendable(draft):
            faulty.lay(folder(draft), staged, prepared.mending, [one.name for one in seen(draft)])
        counts = prepared.counts.plain() | told_of(prepared)
        mine.update(tried=counts, tried_of=of, trouble={})  # they are shown while identity is foreseen
        if draft.spec["reads"] == "person_records" and counts["new"] + counts["changed"]:
            progress("identity", 0, None)
            mine.update(tried=counts | {"identity": foreseeing.foresee(staged).plain()})

    try:
        sources.try_out(draft.spec, progress=progress, look=look)
    except FilrougeError as error:
        mine.update(trouble=error.plain())
        raise


def carry_out(key: str, *, by: str, progress: runs.Progress = runs.silent) -> None:
    """Keep the source and import its file, whole or not at all; the file goes once its rows are in the lake.

    A run that waits for a person leaves the file where it is: ``decided`` says what becomes of it.
    """
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
    except FilrougeError as error:
        SourceDraft.objects.filter(pk=draft.pk).update(state=SourceDraft.State.OPEN, trouble=error.plain())
        raise
    SourceDraft.objects.filter(pk=draft.pk).update(state=SourceDraft.State.DONE, run=run, trouble={})
    decided(run)
    schedules.settle(by=by)


def _imported(draft: SourceDraft, *, by: str, progress: runs.Progress) -> Run:
    """Keep the definition and read the file by it; the definition that was there comes back when the run fails."""
    _by_a_name_of_its_own(draft)
    _may_run(draft)
    before = Source.objects.filter(name=draft.spec["source"]).first()
    source = before
    if source is None or source.spec != SourceSpec.parse(draft.spec).dump() or source.folder != str(folder(draft)):
        source = sources.define(draft.spec, folder=folder(draft), by=by)
    mine = SourceDraft.objects.filter(pk=draft.pk)
    try:
        return sources.run(source.name, by=by, progress=progress, beside=lambda made: mine.update(run=made))
    except Conflict:  # tried again in a moment
        raise
    except Exception:
        if before is not None and before is not source:
            sources.define(before.spec, folder=Path(before.folder), by=by, sample=before.sample)
        raise


def _may_run(draft: SourceDraft) -> None:
    """Raise UsageError while a run of the source that it is of waits for a person: it is to be decided of first."""
    if Run.objects.filter(source_name=draft.spec["source"], state=Run.State.HELD).exists():
        raise UsageError(
            "A run of this source waits for a person: the next ones wait behind it.",
            hint="Decide of it on its page, then import.",
        )


def decided(run: Run) -> None:
    """Let the file of a run go once its rows are in the lake or were taken back.

    Of a run that was given up, the file is being prepared again: it is corrected and tried anew, or dropped.
    """
    for draft in SourceDraft.objects.filter(run=run, state=SourceDraft.State.DONE):
        if run.state == Run.State.GIVEN_UP and mendable(draft) and path_of(draft).is_file():
            mine = SourceDraft.objects.filter(pk=draft.pk, state=SourceDraft.State.DONE)
            mine.update(state=SourceDraft.State.OPEN, run=None, tried={}, tried_of="", trouble={})
        elif run.state in (Run.State.COMMITTED, Run.State.UNDONE, Run.State.GIVEN_UP):
            shutil.rmtree(folder(draft), ignore_errors=True)


def sweep() -> int:
    """Drop what nobody touched for a month, and files that outlived their import; return how many drafts went."""
    for draft in SourceDraft.objects.select_related("run").filter(state=SourceDraft.State.DONE):
        if draft.run is not None:
            decided(draft.run)
        else:  # its run is no longer known: nothing reads the file again
            shutil.rmtree(folder(draft), ignore_errors=True)
    old = SourceDraft.objects.filter(edited_at__lt=clock.now() - KEPT)
    gone = 0
    for draft in old:
        shutil.rmtree(folder(draft), ignore_errors=True)
        draft.delete()
        gone += 1
    return gone


def forget_derived(entities: Collection[str]) -> None:
    """Forget what was told of the rows of the files of ``entities`` (none named: of everybody), since somebody went.

    The columns and what consents are written with stay; a dry run, asked for anew, keeps nothing of whoever is erased.
    """
    rows = SourceDraft.objects.exclude(state=SourceDraft.State.DONE)
    for draft in rows.filter(entity__in=entities) if entities else rows:
        made = profile_of(draft, EVERYTHING)
        plain = {one.name for one in made.columns if one.meaning in PLAIN} if made else set()
        with suppress(NotFound):  # of a usual system, or whose file is gone
            kept = [replace(one, examples=(), values=one.values if one.name in plain else ()) for one in seen(draft)]
            (folder(draft) / SEEN).write_text(json.dumps([asdict(one) for one in kept]))
        for name in (PROFILE, REJECTS, faulty.FILE, faulty.STALE):
            (folder(draft) / name).unlink(missing_ok=True)
        SourceDraft.objects.filter(pk=draft.pk).update(tried={}, tried_of="")


# --- what is known of one ---------------------------------------------------------------------------------------------


def folder(draft: SourceDraft) -> Path:
    """Return the folder of the file."""
    return settings.get().home / "brought" / str(draft.pk)


def path_of(draft: SourceDraft) -> Path:
    """Return the file."""
    return Path(str(draft.spec.get("place", "")))


def seen(draft: SourceDraft) -> list[Seen]:
    """Return what was seen of the columns. Raises NotFound when the file is gone."""
    try:
        rows = json.loads((folder(draft) / SEEN).read_text())
    except (OSError, ValueError):
        raise NotFound("This file is no longer here.", hint="Bring it again.") from None
    return [Seen(**row | {"examples": tuple(row["examples"]), "values": tuple(row["values"])}) for row in rows]


def profile_of(draft: SourceDraft, perimeter: Perimeter) -> Profile | None:
    """Return the profile over all of the rows as its reader may see it; None while it is not made."""
    try:
        made = Profile.parse(json.loads((folder(draft) / PROFILE).read_text()))
    except (OSError, ValueError):
        return None
    return made.seen_by(perimeter)


def sighted(draft: SourceDraft, asking: Caller) -> Sighted:
    """Return what the caller reads of wrong cells: by what all of the rows told of each column, nothing until then."""
    made = profile_of(draft, EVERYTHING)
    meanings = (
        {one.name: "unknown" if one.sensitivity == "contact" else one.meaning for one in made.columns} if made else {}
    )
    return looking.sighted(SourceSpec.parse(draft.spec), meanings, shown=found.shown(draft, asking))


def like(draft: SourceDraft) -> str:
    """Return the name of the source whose columns it has, and from which what they say was taken; "" of none."""
    try:
        return str(json.loads((folder(draft) / LIKE).read_text()))
    except (OSError, ValueError):
        return ""


def rejects(draft: SourceDraft) -> list[dict[str, Any]]:
    """Return the first rows that the last dry run would not take whole."""
    try:
        return list(json.loads((folder(draft) / REJECTS).read_text()))
    except (OSError, ValueError):
        return []


def changed(draft: SourceDraft) -> list[dict[str, Any]]:
    """Return the columns that the file before had and this one has not: column, what is read in its stead, why."""
    try:
        return list(json.loads((folder(draft) / CHANGED).read_text()))
    except (OSError, ValueError):
        return []


def tried(draft: SourceDraft) -> bool:
    """Tell whether the last dry run was of the definition as it stands."""
    return bool(draft.tried) and draft.tried_of == digest(draft)


def digest(draft: SourceDraft) -> str:
    """Return the digest of the definition and of what was corrected."""
    told = json.dumps(draft.spec, sort_keys=True) + (f" {draft.mended}" if draft.mended else "")
    return hashlib.sha256(told.encode()).hexdigest()


def mendable(draft: SourceDraft) -> bool:
    """Tell whether its rows are corrected here: those of a file that was brought, not of a place that is read again."""
    return path_of(draft).is_relative_to(folder(draft).resolve())


def told_of(prepared: Prepared) -> dict[str, int]:
    """Return what a dry run counts beside what becomes of the rows."""
    mending = prepared.mending
    return {
        "warned": prepared.counts.warned,
        "left_out": prepared.counts.left_out,
        "corrected": sum(mending.corrected_by.values()) if mending else 0,
        "stale": len(mending.stale) if mending else 0,
    }


# --- the steps --------------------------------------------------------------------------------------------------------


def open_one(asking: Caller, key: str) -> SourceDraft:
    """Return a draft that is still being told. Raises NotFound, or Conflict while it is being imported."""
    access.must(asking, *found.KEEPERS)
    draft = found.draft(key, asking)
    job = found.job(draft)
    if draft.state == SourceDraft.State.ASKED and job is not None and job.state not in ("waiting", "running"):
        SourceDraft.objects.filter(pk=draft.pk, state=SourceDraft.State.ASKED).update(state=SourceDraft.State.OPEN)
        draft.refresh_from_db()  # its job fell, and comes back no more
    if draft.state != SourceDraft.State.OPEN:
        raise Conflict("It is being imported already.", hint="Its page follows.")
    return draft


def ask(what: str, draft: SourceDraft, *, by: str) -> None:
    """Ask the worker for the profile or the trial of a file, among what somebody waits for unless it is long."""
    kind = f"draft_{what}" if 0 < draft.size < LONG else f"draft_{what}_long"  # a place of another system may be slow
    jobs.ask_again(kind, by=by, key=f"{what} {draft.pk}", draft=str(draft.pk))


def keep(draft: SourceDraft, spec: dict[str, Any]) -> SourceDraft:
    """Keep the definition as it stands now. Raises DefinitionError when it is none, Conflict once it is imported."""
    SourceSpec.parse(spec, what=draft.name)
    draft.spec, draft.edited_at = spec, clock.now()
    mine = SourceDraft.objects.filter(pk=draft.pk, state=SourceDraft.State.OPEN)
    if not mine.update(spec=spec, edited_at=draft.edited_at):
        raise Conflict("It is being imported already.", hint="Its page follows.")
    return draft


def newer_of(draft: SourceDraft) -> bool:
    """Tell whether it is a newer file of a source that was there before it."""
    return Source.objects.filter(name=draft.spec.get("source", ""), created_at__lte=draft.created_at).exists()


def _the_same(draft: SourceDraft) -> SourceDraft | None:
    """Return the draft of this very file for this brand: one that is being prepared, or whose rows are in the lake."""
    rows = SourceDraft.objects.filter(digest=draft.digest, brand=draft.brand).order_by("-created_at")
    for one in rows.select_related("run"):
        if one.state == SourceDraft.State.OPEN and path_of(one).is_file():
            return one
        if one.state == SourceDraft.State.DONE and one.run is not None and one.run.state == Run.State.COMMITTED:
            return one
    return None


def _guessed(
    asking: Caller, draft: SourceDraft, path: Path, given: Mapping[str, Any]
) -> tuple[dict[str, Any], Sequence[Held]]:
    """Return how a file would be read: as one with its columns is read already, else as it is guessed."""
    read = files.proposed(path, entity=draft.entity, brand=draft.brand, given=given)
    like = likeness.alike(asking, read.data, [one.name for one in read.profiles])
    if like is None:
        (folder(draft) / LIKE).unlink(missing_ok=True)
        return read.data, read.profiles
    (folder(draft) / LIKE).write_text(json.dumps(like.name))
    return likeness.taken(read.data, like), read.profiles


def _by_a_name_of_its_own(draft: SourceDraft) -> None:
    """Choose another name for the source when one was made under it since the file was brought: it stays as it is."""
    other = Source.objects.filter(name=draft.spec["source"], created_at__gt=draft.created_at).first()
    if other is not None and other.spec.get("place") != draft.spec["place"]:
        draft.spec = draft.spec | {"source": files.free_name(path_of(draft))}
        draft.save(update_fields=["spec"])


def see(draft: SourceDraft, profiles: Iterable[Held]) -> None:
    """Keep what was seen of the columns beside the file."""
    told = []
    for one in profiles:
        step = max(len(one.sample) // EXAMPLES, 1)
        few = one.sample if one.distinct <= VALUES else ()
        told.append(Seen(one.name, one.filled, one.distinct, one.sample[::step][:EXAMPLES], few))
    (folder(draft) / SEEN).write_text(json.dumps([asdict(one) for one in told]))


def _written(path: Path, chunks: Iterable[bytes]) -> tuple[int, str]:
    """Write a file whole to the disk; return its size and SHA-256."""
    path.parent.mkdir(parents=True)
    size, sealed = 0, hashlib.sha256()
    with path.open("wb") as stream:
        for chunk in chunks:
            size += len(chunk)
            if size > LARGEST:
                raise UsageError("This file is larger than {size} GB.", hint="Cut it in parts.", size=LARGEST >> 30)
            sealed.update(chunk)
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())
    if not size:
        raise UsageError("This file is empty.", hint="Check the export.")
    return size, sealed.hexdigest()
