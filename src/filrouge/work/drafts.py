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
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import Conflict, Refused, UsageError
from filrouge.base.ids import uuid7
from filrouge.base.text import fold
from filrouge.connect.guess import KINDS
from filrouge.connect.packed import PACKED
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.sources import SourceSpec, coded, columns
from filrouge.domain.sources.columns import Computed, Said
from filrouge.domain.sources.meaning import Held
from filrouge.store.models import Brand, SourceDraft
from filrouge.store.queries import drafts as found
from filrouge.work import access, audit, draft_brands, draft_jobs, files, jobs, likeness, locks, newer
from filrouge.work.draft_files import (
    CHANGED,
    LIKE,
    PROFILE,
    folder,
    known,
    lay,
    may_run,
    newer_of,
    path_of,
    see,
    seen,
    tried,
    values,
)

LARGEST = 2 << 30  # bytes of a file
SYSTEM = re.compile(r"[a-z][a-z0-9_]{0,29}")
LONG = 20 << 20  # bytes from which a dry run waits its turn among the long jobs


def bring(
    asking: Caller, name: str, chunks: Iterable[bytes], *, brand: str, source: str = "", system: str = ""
) -> tuple[SourceDraft, bool]:
    """Keep a file as the beginning of a source; return the draft, and whether this very file was being prepared.

    ``source``: the name of a source that it is a newer file of; its definition is taken over. ``system``: the short
    name of the system that it comes from, which the name of the source then bears.
    Raises Refused, UsageError when the file is too large or of no kind that is read, SourceError when it is unreadable.
    """
    access.must(asking, *found.KEEPERS)
    if system and not SYSTEM.fullmatch(system):
        raise UsageError("No system can be called {name}.", hint="Write it as crm or web_shop.", name=system[:40])
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
        same = None if source else _the_same(asking, draft)
        if same is not None:
            shutil.rmtree(folder(draft))
            return same, True
        if source:
            draft.spec, looked, changed = newer.as_before(path, newer.taken_over(asking, source, entity, brand))
            lay(folder(draft) / CHANGED, json.dumps(changed))
        else:
            draft.spec, looked = _guessed(asking, draft, path, _of_system(path, system))
        see(draft, looked)
        with locks.held("bringing"), transaction.atomic():
            if not source and (same := _the_same(asking, draft)) is not None:  # somebody sent it at the same moment
                shutil.rmtree(folder(draft))
                return same, True
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
        keep(draft, spec)
        lay(folder(draft) / CHANGED, json.dumps(changed))
    else:
        told = ("source", "kind", "system")
        given = {name: draft.spec[name] for name in told if name in draft.spec} | {"format": dict(form)}
        spec, looked = _guessed(asking, draft, path_of(draft), given)
        keep(draft, spec)
    see(draft, looked)
    (folder(draft) / PROFILE).unlink(missing_ok=True)
    ask("profile", draft, by=asking.by)
    return draft


def say(asking: Caller, key: str, told: Sequence[Said], made: Sequence[Computed] | None = None) -> SourceDraft:
    """Keep what is said of the columns and what is computed of them (as it stands when None), finished or not."""
    draft = open_one(asking, key)
    if not told:
        return draft
    stood, held = SourceSpec.parse(draft.spec), values(draft)
    data = columns.definition(draft.spec, told, made, brand=draft.brand)
    data = draft_brands.placed(draft_brands.filled(asking, data, stood, held), draft.entity)
    may_be(asking, draft, data)
    before = stood.map
    anew = {
        target: cell for target, cell in data["map"].items()
        if target not in before or before[target].column != cell.get("column")
    }  # fmt: skip
    return keep(draft, data | {"map": {**data["map"], **coded.filled(str(data["reads"]), anew, held)}})


def try_out(asking: Caller, key: str) -> None:
    """Ask the worker to count what an import would do. Raises UsageError while a column is not told well enough."""
    draft = open_one(asking, key)
    names = [one.name for one in seen(draft)]  # none of a usual system: what its columns say is known
    spec = SourceSpec.parse(draft.spec)
    wrong = columns.faults(columns.said(spec, names), spec.reads, columns.computed(spec), spec) if names else []
    if wrong:
        raise UsageError("The columns are not told well enough yet: {fault}", fault=wrong[0][1])
    draft_brands.same_source(draft, spec)
    mine = SourceDraft.objects.filter(pk=draft.pk, state=SourceDraft.State.OPEN)
    if not mine.update(trouble={}, tried={}, tried_of=""):
        raise Conflict("It was changed or imported meanwhile.", hint="Its page says how it stands.")
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
        may_run(draft)
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
        gone, _ = SourceDraft.objects.filter(pk=draft.pk, state=SourceDraft.State.OPEN).delete()
        if not gone:
            raise Conflict("It is being imported already.", hint="Its page follows.")
        draft_jobs.forget_unread(draft)
        audit.record("source.draft_drop", by=asking.by, kind="source", subject=str(draft.pk))
        transaction.on_commit(lambda: shutil.rmtree(folder(draft), ignore_errors=True))


# --- the steps --------------------------------------------------------------------------------------------------------


def open_one(asking: Caller, key: str) -> SourceDraft:
    """Return a draft that is still being told. Raises NotFound, or Conflict while it is being imported."""
    access.must(asking, *found.KEEPERS)
    draft = found.draft(key, asking)
    job = found.job(draft)
    if draft.state == SourceDraft.State.ASKED and job is not None and job.state not in ("waiting", "running"):
        SourceDraft.objects.filter(pk=draft.pk, state=SourceDraft.State.ASKED).update(state=SourceDraft.State.OPEN)
        draft.refresh_from_db()  # its job fell, and comes back no more
    if draft.state == SourceDraft.State.DONE:
        raise Conflict("It is imported already.", hint="Its page says what became of it.")
    if draft.state != SourceDraft.State.OPEN:
        raise Conflict("It is being imported already.", hint="Its page follows.")
    return draft


def ask(what: str, draft: SourceDraft, *, by: str) -> None:
    """Ask the worker for the profile or the trial of a file, among what somebody waits for unless it is long."""
    kind = f"draft_{what}" if 0 < draft.size < LONG else f"draft_{what}_long"  # a place of another system may be slow
    jobs.ask_again(kind, by=by, key=f"{what} {draft.pk}", draft=str(draft.pk))


def keep(draft: SourceDraft, spec: dict[str, Any]) -> SourceDraft:
    """Keep the definition as it stands now.

    Raises DefinitionError when it is none, Conflict when somebody changed or imported it since it was read.
    """
    draft_brands.same_source(draft, SourceSpec.parse(spec, what=draft.name))
    now = clock.now()
    mine = SourceDraft.objects.filter(pk=draft.pk, state=SourceDraft.State.OPEN, edited_at=draft.edited_at)
    if not mine.update(spec=spec, edited_at=now):
        raise Conflict("It was changed or imported meanwhile.", hint="Its page says how it stands.")
    draft.spec, draft.edited_at = spec, now
    return draft


def may_be(asking: Caller, draft: SourceDraft, data: Mapping[str, Any]) -> None:
    """Raise Refused when rows that a column told the brand of would be of one that the caller does not act for."""
    one = SourceSpec.parse(dict(data), what=draft.name).brand.const is not None
    if one and not asking.perimeter.acts(draft.entity, draft.brand, *found.KEEPERS):
        raise Refused("You do not act for this brand.", hint="Let a column tell the brand of each row.")


def _the_same(asking: Caller, draft: SourceDraft) -> SourceDraft | None:
    """Return the draft of this very file for this brand: one that is being prepared or imported, or whose rows are
    in the lake or wait for a person."""
    rows = SourceDraft.objects.filter(digest=draft.digest).order_by("-created_at")
    for one in rows.select_related("run"):
        if one.brand != draft.brand and draft.brand not in found.brands_of(one):
            continue
        if not found.acts(one, asking):
            continue
        if one.state == SourceDraft.State.OPEN and path_of(one).is_file() and known(one):
            return one
        if one.state == SourceDraft.State.ASKED:
            return one
        if one.state == SourceDraft.State.DONE and one.run is not None and one.run.state in draft_jobs.STANDING:
            return one
    return None


def _of_system(path: Path, system: str) -> dict[str, Any]:
    """Return what is told of a file that comes from a system: the name of its source begins with that of the system."""
    if not system:
        return {}
    stem = path.stem if fold(path.stem).startswith(fold(system)) else f"{system} {path.stem}"
    return {"system": system, "source": files.free_name(path.with_stem(stem))}


def _guessed(
    asking: Caller, draft: SourceDraft, path: Path, given: Mapping[str, Any]
) -> tuple[dict[str, Any], Sequence[Held]]:
    """Return how a file would be read: as one with its columns is read already, else as it is guessed."""
    read = files.proposed(path, entity=draft.entity, brand=draft.brand, given=given)
    like = likeness.alike(asking, read.data, [one.name for one in read.profiles])
    if like is None:
        (folder(draft) / LIKE).unlink(missing_ok=True)
        return draft_brands.proposed(asking, read.data, read.profiles), read.profiles
    lay(folder(draft) / LIKE, json.dumps(like.name))
    return draft_brands.proposed(asking, likeness.taken(read.data, like), read.profiles), read.profiles


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
