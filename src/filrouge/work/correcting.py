"""Rows of a file that was brought, corrected or left out by hand before it is imported."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import Conflict, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import mask
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources import mending as mends
from filrouge.domain.sources.mending import Mend
from filrouge.domain.sources.sighted import Sighted
from filrouge.store.models import SourceDraft
from filrouge.work import audit, draft_files, drafts, faulty, mending
from filrouge.work.faulty import Row
from filrouge.work.mending import Key

TURNS = 5  # how often a save begins anew because others were saved meanwhile
Change = Callable[[SourceDraft, dict[Key, Mend]], int]


@dataclass(frozen=True)
class Typed:
    """What somebody typed of a row: its cells by number, and ``seen``, what tells what stood there when they began.

    ``out``: the row is left out. ``so``: a row that could not be parted is taken as it is parted here.
    """

    place: str
    row: int
    seen: str
    cells: Mapping[int, str] = field(default_factory=dict)
    out: bool = False
    so: bool = False

    @property
    def key(self) -> Key:
        """Where the row stands."""
        return self.place, self.row


@dataclass(frozen=True)
class Saved:
    """How many rows were saved, and the numbers of those that somebody else changed meanwhile, which were not."""

    rows: int
    late: tuple[int, ...] = ()


def correct(asking: Caller, key: str, typed: Sequence[Typed]) -> Saved:
    """Keep what was typed of faulty rows, and have the file tried again.

    A row that somebody else changed since its form was shown keeps what they said: it is told among ``late``. A cell
    that the caller's role sees masked is not written in, unless it is wrong: then it is typed anew.
    Raises NotFound, Refused, Conflict while it is imported.
    """
    late: list[int] = []

    def change(draft: SourceDraft, held: dict[Key, Mend]) -> int:
        late.clear()
        sees = draft_files.sighted(draft, asking)
        spec, names = SourceSpec.parse(draft.spec), [one.name for one in draft_files.seen(draft)]
        rows = faulty.find(draft_files.folder(draft), [one.key for one in typed], spec, names)
        saved = 0
        for one in typed:
            row, before = rows.get(one.key), held.get(one.key)
            made = _said(one, row, before, sees) if row is not None else None
            if made is not None:
                held[one.key] = replace(made, by=asking.by, at=clock.now().isoformat())
                saved += 1
            elif _late(one, row, before, sees):
                late.append(one.row)
        return saved

    return Saved(_changed(asking, key, change), tuple(late))


def take_back(asking: Caller, key: str, rows: Collection[Key]) -> int:
    """Forget what was said of rows: the file holds again; return how many."""

    def change(_: SourceDraft, held: dict[Key, Mend]) -> int:
        gone = [one for one in rows if held.pop(one, None) is not None]
        return len(gone)

    return _changed(asking, key, change)


def keys_of(draft: SourceDraft, rows: Collection[int], place: str = "") -> list[Key]:
    """Return where the corrected rows of these numbers stand, of one ``place`` when it is said.

    Raises UsageError when several places have such a row.
    """
    found = [mend.key for mend, _ in corrections(draft) if mend.row in rows and place in ("", mend.place)]
    numbers = [row for _, row in found]
    if twice := sorted({row for row in numbers if numbers.count(row) > 1}):
        raise UsageError(
            "Several places have a row {row}: {places}.", hint="Say which place.", row=twice[0],
            places=", ".join(place for place, row in found if row == twice[0]),
        )  # fmt: skip
    return found


def corrections(draft: SourceDraft) -> list[tuple[Mend, bool]]:
    """Return what was said of rows, in the order of the file, each with whether the last dry run found its row."""
    folder = draft_files.folder(draft)
    stale = faulty.stale(folder)
    held = mending.held(folder, str(draft.pk))
    return [(held[key], key not in stale) for key in sorted(held)]


def as_typed(row: Row, sees: Sighted) -> tuple[list[str], frozenset[str], str]:
    """Return the columns of a row, those that may be written in, and what tells what stands in these.

    That is told in two parts: what the form is filled with, and what stands masked beside its empty fields.
    """
    names = list(row.cells)
    open_to = mends.editable(names, row.told, shown=sees.shown) if sees.shown or not row.text else frozenset()
    held = {at: row.cells[name] for at, name in enumerate(names) if name in open_to}
    closed = {at: mask(text or "") for at, text in held.items() if not sees.clear(names[at], text)}
    seen = mends.seen(held | dict.fromkeys(closed))
    return names, open_to, f"{seen}-{mends.seen(closed)}" if closed else seen


def _said(one: Typed, row: Row, before: Mend | None, sees: Sighted) -> Mend | None:
    """Return what is to be kept of a row, None when nothing new is said of it or it is not what the form showed."""
    row = faulty.now(row, before)
    names, open_to, seen = as_typed(row, sees)
    if row.barred or seen != one.seen or (before is not None and before.out and before.of == row.of):
        return None
    if one.out:
        return Mend(one.place, one.row, row.of, out=True)
    new = {
        names[at]: mends.plain(text)
        for at, text in one.cells.items()
        if 0 <= at < len(names)
        and names[at] in open_to
        and _is_new(text, row.cells[names[at]], clear=sees.clear(names[at], row.cells[names[at]]))
    }
    if row.text and (new or (one.so and open_to)):
        new = {name: cell or "" for name, cell in row.cells.items()} | new
    if not new:
        return None
    known = dict(before.cells) if before is not None and before.of == row.of else {}
    return Mend(one.place, one.row, row.of, known | new)


def _is_new(text: str, stood: str | None, *, clear: bool) -> bool:
    """Tell whether what was typed is another value; over a masked one, anything typed is: no guess is told right."""
    return mends.plain(text) != mends.plain(stood) if clear else bool(text)


def _late(one: Typed, row: Row | None, before: Mend | None, sees: Sighted) -> bool:
    """Tell whether something was typed of a row that is no longer what the form showed."""
    if not one.out and not one.so and mends.seen(one.cells) == one.seen.partition("-")[0]:
        return False
    if row is None:
        return before is not None
    row = faulty.now(row, before)
    left = before is not None and before.out and before.of == row.of
    return left or (not row.barred and as_typed(row, sees)[2] != one.seen)


def _changed(asking: Caller, key: str, change: Change) -> int:
    """Change what was said of rows, whole: counted in the audit, without its values, and tried again."""
    for _ in range(TURNS):
        draft = drafts.open_one(asking, key)
        if not draft_files.mendable(draft):
            raise UsageError("Its rows are not corrected here.", hint="Correct them where they come from.")
        folder = draft_files.folder(draft)
        held = mending.held(folder, key)
        rows = change(draft, held)
        if not rows:
            return 0
        number = draft.mended + 1
        with transaction.atomic():
            mine = SourceDraft.objects.filter(pk=draft.pk, state=SourceDraft.State.OPEN, mended=draft.mended)
            if not mine.update(mended=number, edited_at=clock.now(), trouble={}, tried={}, tried_of=""):
                continue
            audit.record("source.correct", by=asking.by, kind="source", subject=str(draft.pk), rows=rows)
            mending.keep(folder, number, held.values())
            drafts.ask("trial", draft, by=asking.by)
        mending.tidy(folder, number)
        return rows
    raise Conflict("Others correct this file at this moment.", hint="Send it again.")
