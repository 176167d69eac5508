"""What is kept beside the file of a source being prepared, and what it tells of how far its preparation is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filrouge.base import settings
from filrouge.base.errors import NotFound, UsageError
from filrouge.base.ids import uuid7
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import EVERYTHING, Perimeter
from filrouge.domain.sources import SourceSpec, coded
from filrouge.domain.sources import sighted as looking
from filrouge.domain.sources.meaning import Held
from filrouge.domain.sources.profile import Profile
from filrouge.domain.sources.sighted import Sighted
from filrouge.store.models import Run, Source, SourceDraft
from filrouge.store.queries import drafts as found

EXAMPLES = 3  # shown of a column
SEEN, PROFILE, REJECTS = "seen.json", "profile.json", "rejects.json"
LIKE, CHANGED = "like.json", "changed.json"


@dataclass(frozen=True)
class Seen:
    """What was seen of a column in the first rows: share filled, distinct values, examples, and all of them if few."""

    name: str
    filled: float
    distinct: int
    examples: tuple[str, ...]
    values: tuple[str, ...]


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


def known(draft: SourceDraft) -> bool:
    """Tell whether what was seen of the columns stands whole beside the file."""
    try:
        return bool(seen(draft))
    except NotFound:
        return False


def profile_of(draft: SourceDraft, perimeter: Perimeter) -> Profile | None:
    """Return the profile over all of the rows as its reader may see it; None while it is not made."""
    try:
        made = Profile.parse(json.loads((folder(draft) / PROFILE).read_text()))
    except (OSError, ValueError):
        return None
    return made.seen_at(perimeter, draft.entity, draft.brand)


def values(draft: SourceDraft) -> dict[str, dict[str, int | None]]:
    """Return the values of each column that holds few, with the rows that hold them (None: not counted yet).

    Those of the first rows come first and in their order, so that a value keeps its place once all rows are counted.
    """
    made = profile_of(draft, EVERYTHING)
    counted = {one.name: {v.value: v.rows for v in one.values} for one in made.columns} if made else {}
    found: dict[str, dict[str, int | None]] = {}
    for one in seen(draft):
        rows: dict[str, int] = {}
        for value, count in counted.get(one.name, {}).items():
            text = coded.cleaned(value)
            rows[text] = rows.get(text, 0) + count
        names = dict.fromkeys((*one.values, *rows))
        if one.values or (made is not None and rows):
            found[one.name] = {name: rows.get(name) for name in names if name}
    return found


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


def newer_of(draft: SourceDraft) -> bool:
    """Tell whether it is a newer file of a source that was there before it."""
    return Source.objects.filter(name=draft.spec.get("source", ""), created_at__lte=draft.created_at).exists()


def see(draft: SourceDraft, profiles: Iterable[Held]) -> None:
    """Keep what was seen of the columns beside the file."""
    told = []
    for one in profiles:
        step = max(len(one.sample) // EXAMPLES, 1)
        few = coded.few([one]).get(one.name, ())
        told.append(Seen(one.name, one.filled, one.distinct, one.sample[::step][:EXAMPLES], few))
    lay(folder(draft) / SEEN, json.dumps([asdict(one) for one in told]))


def lay(path: Path, text: str) -> None:
    """Write a file whole, or leave the one that stands: a full disk cuts nothing short."""
    part = path.with_name(f"{path.stem}-{uuid7()}.part")
    try:
        part.write_text(text)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def may_run(draft: SourceDraft) -> None:
    """Raise UsageError while a run of the source that it is of waits for a person: it is to be decided of first."""
    if Run.objects.filter(source_name=draft.spec["source"], state=Run.State.HELD).exists():
        raise UsageError(
            "A run of this source waits for a person: the next ones wait behind it.",
            hint="Decide of it on its page, then import.",
        )
