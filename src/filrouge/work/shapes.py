"""The shape of what a run received: kept with it, compared with that of the last good one; another makes it wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import compute as pc

from filrouge.base.text import fold
from filrouge.connect.ndjson import paths_in, told_in
from filrouge.domain.identity.evaluate import holdings
from filrouge.domain.sources import SourceSpec, reshaping, shapes
from filrouge.domain.sources.meaning import Held, by_name
from filrouge.domain.sources.shapes import KNOWN_VALUES, Changes, Dated, Shape, Sketch
from filrouge.domain.sources.spec import Cell
from filrouge.store.models import Run, Source
from filrouge.work import runs, suppressions

LOOKED = 2_000  # rows that a sketch rests on
OFTEN, TWICE = 12, 3  # of a column, values that come back, and rows from which one does
DATES = 500  # of a column of dates, those that are tried
DISTINCT = 10_000  # of a column whose values are listed: beyond, it lists nothing
PATHS = 300  # of objects, those that are told
OBJECT = "_received"  # column of the object that a row was read from, as text
RECEIVED = "received"  # among the figures of a run: the rows that wait
BLANKS = " \t\n\r\x0b\x0c\xa0\u202f"


@dataclass(frozen=True)
class Last:
    """The last good run of a source and the shape of what it received."""

    run: Run
    shape: Shape


class Changed(Exception):
    """What was received has not the shape of what the last good run received."""

    def __init__(self, shape: Shape, changes: Changes, rows: int) -> None:
        super().__init__()
        self.shape, self.changes, self.rows = shape, changes, rows


def last_good(source: Source) -> Last | None:
    """Return the last run of a source that is in place and whose shape was kept."""
    done = Run.objects.filter(source=source, kind="import", lookup=False, state=Run.State.COMMITTED)
    for run in done[:20]:
        shape = Shape.parse(run.shape)
        if shape is not None:
            return Last(run, shape)
    return None


def look(
    files: Sequence[Path], spec: SourceSpec, unkept: Collection[str] = (), partly: Collection[str] = ()
) -> Shape | None:
    """Return the shape of rows as received, of which ``unkept`` were read past; None without any.

    ``partly``: the columns never kept that some files had and others had not.
    """
    rows = sum(pq.read_metadata(path).num_rows for path in files)
    if not rows:
        return None
    key = suppressions.pepper()

    def hashed(value: str) -> str:
        return suppressions.digest("shape", fold(value), key)[:8]

    frame = _first(files)
    found = [shapes.sketched(held, _often(frame, held.name), hashed=hashed) for held in _held(frame)]
    dates = {name: dated(files, name, forms) for name, forms in shapes.dated(spec).items()}
    values = {name: _unlisted(files, name, known, hashed) for name, known in shapes.listed(spec).items()}
    loose = any(OBJECT in pq.read_schema(path).names for path in files)
    return Shape(
        tuple(found), rows, dates, values, shapes.by(spec), loose, tuple(sorted(unkept)), tuple(sorted(partly))
    )


def same(known: Shape, shape: Shape, files: Sequence[Path], spec: SourceSpec, *, rows: int) -> None:
    """Make sure that what was received has the shape that is known; raise Changed, with what may be held of it."""
    found = shapes.changes(known, shape, spec)
    if not found.waits:
        return
    if not found.unkept:
        raise Changed(shapes.carried(known, shape, spec), found, rows)
    raise Changed(spared(shape, found, files, reshaping.heirs(known, shape, found, spec)), found, rows)


def of_held(looked: Sequence[Held]) -> Shape:
    """Return the shape of a file whose first rows were looked at."""
    found = tuple(shapes.sketched(one, (), hashed=str) for one in looked)
    return Shape(found, max((one.rows for one in looked), default=0))


def of_names(spec: SourceSpec) -> Shape:
    """Return the shape that a definition expects, where no run kept one."""
    return Shape(tuple(Sketch(name, by_name(name) or "") for name in spec.columns()), 0)


def dated(files: Sequence[Path], name: str, forms: Sequence[str]) -> Dated:
    """Return how the dates of a column are written, and the share of them that these ways read."""
    return shapes.written(_dates(files, name), forms)


def unlisted(files: Sequence[Path], spec: SourceSpec, name: str, now: str) -> list[tuple[str, int]]:
    """Return the values of the column ``now`` that the list of ``name`` lacks, with their rows, most frequent first."""
    counted = _counted(files, now, shapes.listed(spec).get(name, frozenset()))
    return counted.most_common(KNOWN_VALUES)


def as_it_is(spec: SourceSpec, present: Sequence[str]) -> SourceSpec:
    """Return a definition that asks for no column but those ``present``, to read whatever stands there."""
    nobody = Cell(const="-")
    return spec.model_copy(
        update={
            "key": tuple(name for name in spec.columns() if name in present), "map": {}, "consents": (), "where": {},
            "cursor": spec.cursor if spec.cursor in present else None, "required": (), "rules": (), "entity": nobody,
            "brand": nobody,
        }
    )  # fmt: skip


def wait(
    made: Run, found: Changed, last: Last, *, figures: Mapping[str, Any],
    beside: Callable[[Run], object] = lambda made: None,
) -> None:  # fmt: skip
    """Let a run wait whose shape changed: what it received is kept, and what changed is said of it."""
    made.shape, made.verdict = found.shape.plain(), "doubtful"
    made.figures = {**figures, RECEIVED: found.rows}
    made.reshaping = {"since": str(last.run.pk)}
    made.findings = findings(last, found.changes)
    runs.set_aside(made, beside=lambda: beside(made), counts={RECEIVED: found.rows})


def findings(last: Last, changes: Changes) -> list[dict[str, Any]]:
    """Return what changed since the last good run as findings: a code and the parameters of its sentence."""
    since = last.run.started_at.isoformat()
    found: list[dict[str, Any]] = []
    absent = tuple(name for name in changes.gone if name not in changes.empty)
    for code, names in (("shape_gone", absent), ("shape_empty", changes.empty), ("shape_unkept", changes.unkept)):
        if names:
            found.append({"code": code, "params": _named(names) | {"since": since}})
    found += [
        {"code": "shape_date", "params": {"column": name, "since": since, "way": form}}
        for name, form in changes.dates.items()
    ]
    found += [
        {"code": "shape_values", "params": {"column": name, "since": since, "rows": count}}
        for name, count in changes.values.items()
    ]
    for code, names in (("shape_added", changes.added), ("shape_left", changes.left)):
        if names:
            found.append({"code": code, "params": _named(names)})
    return found


def told(made: Run, shape: Shape | None, spec: SourceSpec, last: Last | None) -> None:
    """Write the shape on a run that does not wait, and which columns came or went that nothing reads."""
    made.shape = shape.plain() if shape else {}
    if shape is not None and last is not None:
        made.shape = shapes.carried(last.shape, shape, spec).plain()
        new = shapes.changes(last.shape, shape, spec)
        made.findings = [*made.findings, *findings(last, replace(new, gone=(), dates={}, values={}, unkept=()))]


def received(made: Run) -> list[Path]:
    """Return the files of the rows that a run which waits received."""
    return sorted(runs.received(made).glob("raw-*.parquet"))


def opened(path: Path, names: Sequence[str], into: Path) -> Path:
    """Write rows anew with more of the columns that stand in the objects which they were read from."""
    source = pq.ParquetFile(path)
    schema = source.schema_arrow
    for name in names:
        schema = schema.append(pa.field(name, pa.string()))
    with pq.ParquetWriter(into, schema, compression="lz4", use_dictionary=False) as writer:
        for batch in source.iter_batches(batch_size=1 << 14):
            held = told_in(batch.column(OBJECT).to_pylist(), names)
            columns = [*batch.columns, *(pa.array(held[name], pa.string()) for name in names)]
            writer.write_table(pa.table(columns, schema=schema))
    return into


def spared(shape: Shape, changes: Changes, files: Sequence[Path], heirs: Collection[str]) -> Shape:
    """Write rows anew without the new columns that may be those never kept, but for ``heirs``; return their shape."""
    doubtful = {name for name in changes.added if name not in heirs}
    for path in files if doubtful else ():
        source, rest = pq.ParquetFile(path), path.with_suffix(".rest")
        names = [name for name in source.schema_arrow.names if name not in doubtful]
        kept = pa.schema([source.schema_arrow.field(name) for name in names])
        with pq.ParquetWriter(rest, kept, compression="lz4", use_dictionary=False) as writer:
            for batch in source.iter_batches(batch_size=1 << 14, columns=names):
                writer.write_batch(batch.select(names))
        rest.replace(path)
    return replace(
        shape, columns=tuple(replace(one, often=()) if one.name in doubtful else one for one in shape.columns)
    )


def unsaid(made: Run) -> tuple[str, ...]:
    """Return the columns never kept of which nobody said whether they are among the new ones of a run that waits."""
    now = Shape.parse(made.shape)
    before = Run.objects.filter(pk=made.reshaping.get("since")).first()
    last = Shape.parse(before.shape) if before is not None else None
    if made.source is None or now is None or last is None:
        return ()
    return shapes.changes(last, now, SourceSpec.parse(made.source.spec, what=made.source_name)).unkept


def lacks(made: Run) -> tuple[str, ...]:
    """Return the columns that the source reads by now and that a run which waits did not receive."""
    if made.source is None:
        return ()
    return tuple(lacking(received(made), SourceSpec.parse(made.source.spec, what=made.source_name)))


def lacking(files: Sequence[Path], spec: SourceSpec) -> list[str]:
    """Return the columns that a definition reads and that these rows have not."""
    there = {name for path in files for name in pq.read_schema(path).names}
    if not files or OBJECT in there:  # any column may stand in an object that was kept whole
        return []
    return sorted(set(spec.columns()) - there)


def _named(names: Sequence[str]) -> dict[str, Any]:
    return {"columns": ", ".join(names[:20]), "count": len(names)}


# --- the steps --------------------------------------------------------------------------------------------------------


def _first(files: Sequence[Path]) -> pl.DataFrame:
    """Return the first rows as they were received, all of their columns in order."""
    frames = []
    for path in files[:5]:
        batch = next(pq.ParquetFile(path).iter_batches(batch_size=LOOKED // len(files[:5])), None)
        if batch is not None:
            table = pa.Table.from_batches([batch])
            if OBJECT in table.column_names:
                table = _opened(table)
            names = [name for name in table.column_names if not name.startswith("_")]
            frames.append(pl.DataFrame(pl.from_arrow(table.select(names))))
    return pl.concat(frames, how="diagonal") if frames else pl.DataFrame()


def _opened(table: pa.Table) -> pa.Table:
    """Return rows with whatever else stands in the objects that they were read from."""
    received = table[OBJECT].to_pylist()
    names = [name for name in paths_in(received, most=PATHS) if name not in table.column_names]
    for name, held in told_in(received, names).items():
        table = table.append_column(name, pa.array(held, pa.string()))
    return table


def _held(frame: pl.DataFrame) -> list[Held]:
    return holdings(frame.with_columns(pl.all().cast(pl.String)))


def _often(frame: pl.DataFrame, name: str) -> list[str]:
    """Return the values that come back in a column, the most frequent first: none is of one person alone."""
    counted = Counter(value for value in frame.get_column(name).to_list() if value)
    return [value for value, count in counted.most_common(OFTEN) if count >= TWICE]


def _dates(files: Sequence[Path], name: str) -> list[str]:
    found: list[str] = []
    for column in _batches(files, name):
        step = max(len(column) // 50, 1)
        found += [text for value in column[::step].to_pylist() if value and (text := value.strip(BLANKS))]
    return found[:: max(len(found) // DATES, 1)]


def _unlisted(
    files: Sequence[Path], name: str, known: frozenset[str], hashed: Callable[[str], str]
) -> dict[str, int]:  # fmt: skip
    return {hashed(value): count for value, count in _counted(files, name, known).most_common(KNOWN_VALUES)}


def _counted(files: Sequence[Path], name: str, known: frozenset[str]) -> Counter[str]:
    """Count the values of a column that are not ``known``."""
    found: Counter[str] = Counter()
    for column in _batches(files, name):
        for one in pc.value_counts(column).to_pylist():
            value = (one["values"] or "").strip(BLANKS)
            if value and value not in known:
                found[value] += one["counts"]
        if len(found) > DISTINCT:
            break
    return found


def _batches(files: Sequence[Path], name: str) -> Any:
    for path in files:
        source = pq.ParquetFile(path)
        if name in source.schema_arrow.names:
            for batch in source.iter_batches(batch_size=1 << 16, columns=[name]):
                yield batch.column(0)
        elif OBJECT in source.schema_arrow.names:
            for batch in source.iter_batches(batch_size=1 << 14, columns=[OBJECT]):
                yield pa.array(told_in(batch.column(0).to_pylist(), [name])[name], pa.string())
