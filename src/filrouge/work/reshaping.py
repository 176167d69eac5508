"""A run whose source changed its shape: what changed, what is proposed, tried on what waits, accepted by a person."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from filrouge.base.errors import Conflict, FilrougeError, NotFound, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.sources import SourceSpec, coded, reshaping, shapes
from filrouge.domain.sources.coded import Coded
from filrouge.domain.sources.columns import BRAND
from filrouge.domain.sources.reshaping import Choice, Proposed, Way
from filrouge.domain.sources.shapes import Changes, Shape
from filrouge.domain.sources.spec import CONSENT_STATES
from filrouge.store.models import Run, Source
from filrouge.store.queries.sources import entities_told
from filrouge.work import audit, draft_brands, holding, jobs, runs, sources
from filrouge.work import shapes as kept

MOST = 30  # values of a column that are told
LONG = 200_000  # rows from which a dry run waits its turn among the long jobs


@dataclass(frozen=True)
class Fresh:
    """A value that a column never held: its rows, and what it means as a known one written otherwise or a word."""

    value: str
    rows: int
    like: str = ""


@dataclass(frozen=True)
class Reshaped:
    """A run that waits since its source changed its shape, and what may be done of it.

    ``dates``: columns whose dates are written otherwise, also by another name -> how (None: in no way known);
    ``choice``: what somebody chose, else what is proposed; ``tried``: what importing it so would count, when it was
    tried as it stands.
    """

    run: Run
    source: Source
    spec: SourceSpec
    last: Shape
    since: datetime
    now: Shape
    changes: Changes
    proposed: tuple[Proposed, ...]
    dates: Mapping[str, str | None]
    fresh: Mapping[str, tuple[Fresh, ...]]
    choice: Choice
    tried: Mapping[str, int]
    trouble: Mapping[str, Any]

    @property
    def undecided(self) -> tuple[str, ...]:
        """The columns that are lacking and of which nothing was said."""
        lost = (*self.changes.gone, *self.changes.unkept)
        return tuple(name for name in lost if name not in self.choice.columns)

    def meanings(self, column: str) -> tuple[str, ...]:
        """Return what the values of a column may mean: of a consent, any state; of a set, its codes; else what known
        values do."""
        was = self._was(column)
        if any(one.state.column == was for one in self.spec.consents):
            return CONSENT_STATES
        known = [said for said in _listed(self.spec, was).values() if said]
        of = _coded(self.spec, was)
        codes = of[1].codes if of is not None and not of[1].wide else ()
        fresh = [one.like for one in self.fresh.get(column, ()) if one.like]
        return tuple(dict.fromkeys((*known, *codes, *fresh)))

    def kind(self, column: str) -> str:
        """Return the kind of word that the values of a column mean, "" when they are of no set."""
        was = self._was(column)
        if any(one.state.column == was for one in self.spec.consents):
            return "consent"
        of = _coded(self.spec, was)
        return of[1].kind if of is not None else ""

    def _was(self, column: str) -> str:
        return next((name for name, way in self.choice.columns.items() if way.to == (column,)), column)


def of(asking: Caller, run_id: str) -> Reshaped:
    """Return what is known of a run whose shape changed. Raises NotFound, Refused, Conflict when it waits no more."""
    made = holding.waiting(asking, run_id)
    return _of(made)


def waiting_of(asking: Caller, name: str) -> Reshaped | None:
    """Return the run of a source that waits since its shape changed, None when none does. Raises NotFound, Refused."""
    source, _ = sources.get(name)
    made = Run.objects.filter(source=source, kind="import", state=Run.State.HELD).exclude(reshaping={}).first()
    return of(asking, str(made.pk)) if made is not None else None


def choose(asking: Caller, run_id: str, choice: Choice) -> None:
    """Keep what is chosen for a run, and ask the worker to count what importing it so would do.

    Raises UsageError when a column that is lacking is not told, DefinitionError when it makes no definition.
    """
    found = _chosen(asking, run_id, choice)
    long = int(found.run.figures.get(kept.RECEIVED) or 0) > LONG
    kind = "reshape_trial_long" if long else "reshape_trial"
    jobs.ask_again(kind, by=asking.by, key=f"reshape {found.run.pk}", run=str(found.run.pk))


def trial(run_id: str, *, progress: runs.Progress = runs.silent) -> dict[str, int]:
    """Count what importing the run as it was chosen would do, and keep the counts. Raises what preparing raises."""
    made = Run.objects.select_related("source").filter(pk=run_id, state=Run.State.HELD).first()
    if made is None or not made.reshaping.get("choice"):
        return {}
    found = _of(made)
    data = _reshaped(found.spec, found.choice)
    try:
        counts = sources.try_received(found.source, data, runs.received(made), progress=progress)
    except FilrougeError as error:
        _keep(made, {"trouble": error.plain()})
        raise
    _keep(made, {"tried": counts, "tried_of": _digest(found), "trouble": {}})
    return counts


def accept(asking: Caller, run_id: str) -> Run:
    """Keep the definition as it was chosen and tried, and have the worker import the run.

    Raises Conflict when it was not tried as it stands, or somebody decided already.
    """
    found = of(asking, run_id)
    if found.undecided or not found.tried:
        raise Conflict("This mapping was not tried as it stands.", hint="Try it, then accept it.")
    data = _reshaped(found.spec, found.choice)
    with transaction.atomic():
        sources.define(data, folder=Path(found.source.folder), by=asking.by, sample=found.source.sample)
        audit.record(
            "source.reshape", by=asking.by, kind="source", subject=found.source.name, run=str(found.run.pk),
            columns=[f"{name} → {' + '.join(way.to) or '∅'}" for name, way in found.choice.columns.items()],
            dates=[f"{name}: {form or 'ISO 8601'}" for name, form in found.choice.dates.items()],
            values=[f"{name}: {len(told)}" for name, told in found.choice.values.items()],
        )  # fmt: skip
        return holding.decide(asking, found.run, "")


def accept_now(
    asking: Caller, run_id: str, choice: Choice, *, only_try: bool = False, progress: runs.Progress = runs.silent
) -> tuple[dict[str, int], Run | None]:
    """Try a choice and, unless ``only_try``, accept it and import the run at once; return counts and the run.

    Raises what ``choose``, ``trial`` and ``accept`` raise.
    """
    _chosen(asking, run_id, choice)
    counts = trial(run_id, progress=progress)
    if only_try:
        return counts, None
    return counts, holding.carry_out(str(accept(asking, run_id).pk), progress=progress)


def proposal(
    proposed: Sequence[Proposed], dates: Mapping[str, str | None], fresh: Mapping[str, Sequence[Fresh]]
) -> Choice:
    """Return what is proposed as a choice: nothing is said of a column for which nothing is likely."""
    return Choice(
        {one.column: one.way for one in proposed if one.sure},
        {name: way for name, way in dates.items() if way is not None},
        {name: told for name, held in fresh.items() if (told := {one.value: one.like for one in held if one.like})},
    )


# --- the steps --------------------------------------------------------------------------------------------------------


def _of(made: Run) -> Reshaped:
    now = Shape.parse(made.shape)
    if made.source is None or not made.reshaping or now is None:
        raise NotFound("The source of this run did not change its shape.", hint="Its page says why it waits.")
    if not runs.received(made).exists():  # a backup was restored: it holds no row that waits
        raise Conflict("What this run received is not here any more.", hint="Give it up, and read the source again.")
    spec = SourceSpec.parse(made.source.spec, what=made.source_name)
    before = Run.objects.filter(pk=made.reshaping.get("since")).first()
    last = Shape.parse(before.shape) if before is not None else None
    if before is None or last is None:
        raise NotFound("The run that it is compared with is not here any more.", hint="Give this one up.")
    changed = shapes.changes(last, now, spec)
    files = kept.received(made)
    found = tuple(reshaping.proposed(last, now, changed, spec))
    chosen = made.reshaping.get("choice")
    columns = Choice.parse(chosen).columns if chosen else {one.column: one.way for one in found}
    dates = {**_dates(files, spec, last, columns), **changed.dates}
    fresh = {name: _fresh(files, spec, name, name) for name in changed.values}
    fresh |= {
        columns[name].to[0]: held
        for name in shapes.listed(spec)
        if name in columns and len(columns[name].to) == 1 and (held := _fresh(files, spec, name, columns[name].to[0]))
    }
    choice = Choice.parse(chosen) if chosen else proposal(found, dates, fresh)
    made_of = Reshaped(
        made, made.source, spec, last, before.started_at, now, changed, found, dates, fresh, choice, {},
        made.reshaping.get("trouble") or {},
    )  # fmt: skip
    tried = made.reshaping.get("tried") if made.reshaping.get("tried_of") == _digest(made_of) else {}
    return replace(made_of, tried=tried or {})


def _dates(
    files: Sequence[Path], spec: SourceSpec, last: Shape, columns: Mapping[str, Way]
) -> dict[str, str | None]:  # fmt: skip
    """Return the columns in whose stead others are read whose dates are written otherwise, by their new names."""
    found: dict[str, str | None] = {}
    for name, forms in shapes.dated(spec).items():
        way, was = columns.get(name), last.dates.get(name)
        if way is None or len(way.to) != 1 or was is None:
            continue
        now = kept.dated(files, way.to[0], forms)
        if shapes.otherwise(was, now):
            found[way.to[0]] = now.way
    return found


def _fresh(files: Sequence[Path], spec: SourceSpec, name: str, now: str) -> tuple[Fresh, ...]:
    """Return the values of a column that its list lacks; ``now``: the column read in its stead, or itself."""
    known, of = _listed(spec, name), _coded(spec, name)

    def likely(value: str) -> str:
        said = reshaping.like_value(value, known)
        if said is None and of is not None and (meant := coded.guessed(spec.reads, of[0], value, of[1])) is not None:
            said = meant.code
        return said or ""

    return tuple(Fresh(value, count, likely(value)) for value, count in kept.unlisted(files, spec, name, now)[:MOST])


def _coded(spec: SourceSpec, column: str) -> tuple[str, Coded] | None:
    """Return what of a set a column tells, and the set; None when it tells nothing of one."""
    for target, cell in spec.map.items():
        if cell.column == column and cell.values is not None and (of := coded.coded(spec.reads, target)) is not None:
            return target, of
    if spec.brand.column == column and spec.brand.values is not None:
        return BRAND, draft_brands.of_entities(entities_told(spec.entity))
    return None


def _listed(spec: SourceSpec, column: str) -> dict[str, str | None]:
    cells = [spec.brand, *spec.map.values(), *(one.state for one in spec.consents)]
    cells += [spec.entity] if spec.entity.column != spec.brand.column else []
    found: dict[str, str | None] = {}
    for cell in cells:
        if cell.column == column and cell.values:
            found.update(cell.values)
    return found


def _reshaped(spec: SourceSpec, choice: Choice) -> dict[str, Any]:
    """Return the definition as it was chosen; a row of a brand newly named is of the entity that the brand is of."""
    return draft_brands.followed(reshaping.reshaped(spec, choice))


def _chosen(asking: Caller, run_id: str, choice: Choice) -> Reshaped:
    found = of(asking, run_id)
    told = replace(found, choice=choice)
    if told.undecided:
        raise UsageError(
            "Say what becomes of these columns: {names}.",
            hint="Choose another column for each, or that none tells it.", names=", ".join(told.undecided),
        )  # fmt: skip
    unknown = {name for way in choice.columns.values() for name in way.to} - set(found.now.names())
    unknown |= set(choice.columns) - {*found.changes.gone, *found.changes.unkept}
    unknown |= set(choice.dates) - set(shapes.dated(found.spec)) - set(found.now.names())
    unknown |= set(choice.values) - set(found.now.names())
    if unknown:
        raise UsageError(
            "This run has no such column to tell of: {names}.", hint="It has: {there}.",
            names=", ".join(sorted(unknown)), there=", ".join(found.now.names()[:40]),
        )  # fmt: skip
    data = _reshaped(found.spec, choice)
    draft_brands.chosen(asking, found.spec, SourceSpec.parse(data, what=found.source.name), choice.values)
    if lacks := kept.lacking(kept.received(found.run), SourceSpec.parse(data, what=found.source.name)):
        raise UsageError("Say what becomes of these columns: {names}.", names=", ".join(lacks))
    if not _keep(found.run, {"choice": choice.plain(), "tried": {}, "tried_of": "", "trouble": {}}):
        raise Conflict("Somebody decided of this run already.", hint="Reload its page to see what becomes of it.")
    return told


def _keep(made: Run, values: Mapping[str, Any]) -> int:
    """Write down part of what is known of a run that waits; return whether it still does."""
    with transaction.atomic():
        row = Run.objects.select_for_update().filter(pk=made.pk, state=Run.State.HELD, decided_by="").first()
        if row is None:
            return 0
        made.reshaping = {**row.reshaping, **values}
        return Run.objects.filter(pk=made.pk, state=Run.State.HELD, decided_by="").update(reshaping=made.reshaping)


def _digest(found: Reshaped) -> str:
    """Return the digest of what was chosen and of the definition that it is chosen for."""
    told = json.dumps([found.choice.plain(), found.source.spec], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


__all__ = [
    "Fresh", "Reshaped", "Way", "accept", "accept_now", "choose", "of", "proposal", "trial", "waiting_of",
]  # fmt: skip
