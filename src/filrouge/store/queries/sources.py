"""Sources, systems and runs, with what was rejected and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ibis.expr import types as ir

from filrouge.base import clock, settings
from filrouge.base.errors import DefinitionError, NotFound
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import mask
from filrouge.domain.sources import SourceSpec, shapes
from filrouge.domain.sources.schedule import lateness
from filrouge.domain.sources.sighted import Sighted, sighted, telling
from filrouge.domain.sources.spec import Cell
from filrouge.engines import Engine, open_engine
from filrouge.store.lake import Lake, arrow_schema
from filrouge.store.models import BUILT_IN, COLLECT, Entity, Job, Run, Source, User
from filrouge.store.views import current

SECRETIVE = frozenset({"contact", "text"})
KEEPERS = ("engineer",)  # who acts on a source
READERS = ("engineer", "analyst", "privacy")  # who reads what it brought


@dataclass(frozen=True)
class SourceLine:
    """A source, its definition, its last run and what it is as of."""

    source: Source
    spec: SourceSpec
    last: Run | None
    running: bool
    late_by: timedelta | None = None


@dataclass(frozen=True)
class Reject:
    """A row, or a value of it, that is not right: where, which column, why, what was received."""

    place: str
    row: int | None
    column: str
    source_column: str
    code: str
    warning: bool
    value: str
    raw: Mapping[str, Any]


def lines(caller: Caller) -> list[SourceLine]:
    """Return every source that the caller's entities own, by system."""
    found = []
    now = clock.now()
    busy = set(Run.objects.filter(state__in=("running", "staged")).values_list("source_id", flat=True))
    waiting = {job.params.get("source") for job in Job.objects.filter(kind="import", state__in=("waiting", "running"))}
    for source in Source.objects.exclude(kind=BUILT_IN):
        if not _open_to(source, caller):
            continue
        last = Run.objects.filter(source=source, kind="import", lookup=False).first()
        spec = SourceSpec.parse(source.spec, what=source.name)
        late_by = lateness(spec, as_of=source.as_of, at=now) if source.enabled else None
        found.append(SourceLine(source, spec, last, source.pk in busy or source.name in waiting, late_by))
    return found


def line(name: str, caller: Caller) -> SourceLine:
    """Return the source called ``name``. Raises NotFound when the caller may not know of it."""
    for found in lines(caller):
        if found.source.name == name:
            return found
    raise NotFound("No source is called {name}.", name=name)


def source_of(name: str, caller: Caller) -> Source:
    """Return the row of the source called ``name``. Raises NotFound when the caller may not know of it."""
    found = Source.objects.filter(name=name).first()
    if found is None or not _open_to(found, caller):
        raise NotFound("No source is called {name}.", name=name)
    return found


def acts(source: Source, caller: Caller, *roles: str) -> bool:
    """Tell whether the caller holds one of ``roles`` (engineer when none is named) for all that ``source`` holds.

    A role capped to brands acts for a source of one of them, and for none whose rows tell their brand.
    """
    if caller.perimeter.everything:
        return True
    named = entities_named(source)
    held = roles or KEEPERS
    return bool(named) and all(caller.perimeter.acts(entity, source.brand, *held) for entity in named)


def referable(source: Source, caller: Caller) -> list[Source]:
    """Return the sources by which a rule of ``source`` may judge: of no other entity, and on which the caller acts."""
    held = entities_named(source)
    others = Source.objects.exclude(kind=BUILT_IN).exclude(pk=source.pk).order_by("name")
    return [other for other in others if entities_named(other) <= held and acts(other, caller)]


def _open_to(source: Source, caller: Caller) -> bool:
    return caller.perimeter.everything or bool(entities_named(source) & caller.perimeter.acting)


def entities_named(source: Source) -> frozenset[str]:
    """Return the entities whose rows ``source`` may hold: every one of the group when its rows may name any."""
    if source.entity:
        return frozenset({source.entity})
    try:
        return entities_told(SourceSpec.parse(source.spec, what=source.name).entity)
    except DefinitionError:  # kept by an older version that allowed more
        return entities_told(None)


def entities_told(cell: Cell | None) -> frozenset[str]:
    """Return the entities that a cell may tell rows of: every one of the group where it may give any word."""
    words = cell.words() if cell is not None else None
    return frozenset(Entity.objects.values_list("slug", flat=True)) if words is None else words


def runs(caller: Caller, *, source: str = "", limit: int = 50) -> list[Run]:
    """Return the latest runs, those of one source when it is named."""
    rows = Run.objects.select_related("source").filter(kind__in=("import", "identity"), lookup=False)
    if source:
        rows = rows.filter(source_name=source)
    return [row for row in rows[: limit * 2] if row.source is None or _open_to(row.source, caller)][:limit]


def run(key: str, caller: Caller) -> Run:
    """Return one run. Raises NotFound."""
    row = Run.objects.select_related("source").filter(pk=key).first() if _is_id(key) else None
    if row is None or (row.source is not None and not _open_to(row.source, caller)):
        raise NotFound("There is no such run.")
    return row


def rejects(made: Run, caller: Caller, *, limit: int = 500) -> list[Reject]:
    """Return what a run rejected or took with a warning, in the order of the rows; values masked as the role asks.

    Nothing for whoever does not read all that its source holds.
    """
    if made.kind == "import" and not made.rejected + made.warned:
        return []
    mixed = made.source is not None and not made.source.entity and not caller.perimeter.everything
    if made.source is not None and not acts(made.source, caller, *READERS):
        return []
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        table = _told(made, engine)
        table = table.filter(table.run_id == str(made.id))
        if mixed:  # a row that names none of them is of one of those that the mapping names
            table = table.filter(table.entity.isnull() | table.entity.isin(sorted(caller.perimeter.acting)))
        rows = table.order_by(["warning", "place", "row"]).limit(limit)
        found = rows.to_pyarrow().to_pylist()
    finally:
        engine.close()
    spec = read_by(made)
    sees = _sighted(made, spec, caller)
    return [reject(row, spec, sees) for row in found]


def _sighted(made: Run, spec: SourceSpec | None, caller: Caller) -> Sighted:
    """Return what the caller reads of the wrong values of a run: in clear where one of their roles there does."""
    source, sees = made.source, caller.perimeter
    if source is None or spec is None:
        return Sighted(sees.everything)
    shown = all(sees.sight("contact", entity, source.brand) == "show" for entity in entities_named(source))
    shape = shapes.Shape.parse(made.shape)
    return sighted(spec, {one.name: one.meaning for one in shape.columns} if shape else {}, shown=shown)


def reshaping_job(made: Run) -> Job | None:
    """Return the last job that tried another mapping on a run."""
    return Job.objects.filter(key=f"reshape {made.pk}").order_by("-created_at").first()


def read_by(made: Run) -> SourceSpec | None:
    """Return the definition by which a run read its rows, by the names that columns had then."""
    if made.source is None:
        return None
    spec = SourceSpec.parse(made.source.spec, what=made.source_name)
    try:
        return shapes.read_by((made.shape or {}).get("by") or {}, spec)
    except DefinitionError:  # kept by another version
        return spec


def _told(made: Run, engine: Engine) -> ir.Table:
    """Return the rejects of a run: in the lake, or beside what it received while it waits for a person."""
    if made.state != Run.State.HELD:
        return current(engine, Lake(settings.get().lake), "rejects")
    kept = settings.get().home / "staging" / str(made.id) / "received"
    files = [str(kept / name) for name in ("rejects.parquet", "faults.parquet") if (kept / name).exists()]
    return engine.read("told", files, arrow_schema("rejects"))


def reject(row: Mapping[str, Any], spec: SourceSpec | None, sees: Sighted) -> Reject:
    """Return a line of the table ``rejects`` as its reader ``sees`` it: in clear, or masked."""
    try:
        raw = json.loads(row["raw"]) if row["raw"] else {}
    except ValueError:
        raw = {}
    column = row["column"] or ""
    cell = {"entity": spec.entity, "brand": spec.brand}.get(column, spec.map.get(column)) if spec else None
    read = cell.reads() if cell else ()
    value = " ".join(str(raw.get(name) or "") for name in read).strip()
    if not sees.shown:
        told = [str(raw.get(name) or "") for name in read]
        clear = row["code"] != "suppressed" and all(map(sees.clear, read, told))
        value = value if clear and not telling(value) else mask(value)
        raw = {key: mask(str(text)) if text else text for key, text in raw.items()}
    return Reject(
        row["place"] or "", row["row"], column, ", ".join(read), row["code"], bool(row["warning"]), value, raw
    )


def owners() -> list[str]:
    """Return the addresses of the accounts that may look after a source, by name."""
    rows = User.objects.filter(is_active=True).order_by("name")
    return [str(address) for address in rows.values_list("email", flat=True)]


def late(caller: Caller, *, at: datetime) -> list[SourceLine]:
    """Return the sources that are late, or whose last run failed or looks doubtful: what waits for an engineer."""
    return [
        found
        for found in lines(caller)
        if found.source.kind != COLLECT
        and (
            found.last is None
            or found.late_by is not None
            or found.last.state == Run.State.FAILED
            or found.last.verdict == "doubtful"
        )
    ]


def _is_id(text: str) -> bool:
    import uuid

    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
