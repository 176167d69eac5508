"""Rules put to the rows of an import: those of a row among others, and how many rows broke each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
from ibis.expr import types as ir

from filrouge.domain.quality import rows as ruled
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.rules import Rule
from filrouge.engines import Engine
from filrouge.store.lake import Lake
from filrouge.store.views import current
from filrouge.tables import TABLES


@dataclass(frozen=True)
class Ruled:
    """How many rows the rules of a source judged, and how many broke each, in the order of the rules."""

    of: int
    broken: tuple[int, ...]


def among_others(
    rows: ir.Table, spec: SourceSpec, engine: Engine, lake: Lake, *, folder: Path, hidden: Sequence[str]
) -> ir.Table:
    """Put the rules that judge a row among others; where none is broken, nothing is added to what follows."""
    told: list[tuple[int, Rule, ir.Table | None]] = []
    for number, rule in ruled.of_sets(spec):
        if rule.check == "unique":
            found = ruled.repeated(rows, rule)
        else:
            known = current(engine, lake, "source_records", hidden=hidden)
            known = known.filter(known.source == rule.of).select("record_key")
            found = ruled.unknown(rows, rule, known, engine=engine)
        path = str(folder / f"broken-{number}.parquet")
        count = engine.write(found, path)
        told.append((number, rule, engine.read(f"broken_{number}", [path], pa.schema([])) if count else None))
    return ruled.set_apart(rows, told) if told else rows


def counted(rows: ir.Table, spec: SourceSpec) -> Ruled | None:
    """Count the rows that were judged, and those that broke each rule; nobody erased is counted."""
    if not spec.rules:
        return None
    asked = rows[ruled.JUDGED] & (rows._faults != "row:suppressed;")
    numbers = [number for number, rule in enumerate(spec.rules) if rule.of_rows]
    sums = {f"n{number}": (rows[ruled.mark(number)] & asked).sum() for number in numbers}
    found = rows.aggregate(of=asked.sum(), **sums).to_pyarrow().to_pylist()[0]
    return Ruled(int(found["of"] or 0), tuple(int(found.get(f"n{n}") or 0) for n in range(len(spec.rules))))


def latest(rows: ir.Table, spec: SourceSpec) -> dict[str, datetime | None]:
    """Return the latest moment of the rows' own column, and of each by which a rule judges how fresh they are."""
    at = TABLES[spec.reads].at
    wanted = {name for rule in spec.rules if rule.check == "freshness" for name in rule.columns}
    names = sorted(wanted | ({at} if at else set()))
    if not names:
        return {}
    good = rows.filter(rows._faults == "")
    found = good.aggregate(**{name: good[name].max() for name in names}).to_pyarrow().to_pylist()[0]
    return {name: _midnight(found[name]) for name in names}


def _midnight(day: date | None) -> datetime | None:
    """Return the moment that a date begins; a moment is one already."""
    if day is None or isinstance(day, datetime):
        return day
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
