"""One file, looked at before it is read: how it is written, what its columns hold and seem to mean, what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from filrouge.base import clock, ids, settings
from filrouge.base.errors import SourceError, UsageError
from filrouge.base.text import fold
from filrouge.connect import Chunk, Reach, connector
from filrouge.connect.base import RESERVED, RowFault
from filrouge.connect.guess import Found, detected
from filrouge.connect.ndjson import every_path
from filrouge.connect.parquet import ENDINGS, rows
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.counting import Counted, counted
from filrouge.domain.sources.profile import Fault, Profile
from filrouge.domain.sources.profiling import Told, profiled
from filrouge.engines import open_engine
from filrouge.store.models import Brand
from filrouge.work import access

Progress = Callable[[str, int, int | None], None]
MEMORY = "350MB"  # for the engine; the reader and Python hold as much again
MOST_COLUMNS = 1_000
PLACES = 3  # of the rows that are none, the first are named


def profile(
    asking: Caller,
    path: Path,
    *,
    form: Mapping[str, Any] | None = None,
    date_order: str = "",
    decimal: str = "",
    progress: Progress = lambda step, done, total: None,
) -> Profile:
    """Return the profile of the file ``path``, over all its rows, values shown as the role of ``asking`` may see them.

    ``form`` (encoding, delimiter, quote, header_row, sheet), ``date_order`` and ``decimal`` are not looked for.
    Raises Refused, UsageError when such a file is not read, SourceError when this one cannot be.
    """
    access.must(asking, "engineer", scope="sources:read")
    made = counted_whole(path, form=form, date_order=date_order, decimal=decimal, progress=progress)
    return made.seen_by(asking.perimeter)


def counted_whole(
    path: Path,
    *,
    form: Mapping[str, Any] | None = None,
    date_order: str = "",
    decimal: str = "",
    progress: Progress = lambda step, done, total: None,
) -> Profile:
    """Return the profile of a file as nobody may see it: values in clear. Raises as ``profile`` does."""
    path = path.resolve()
    if not path.is_file():
        raise UsageError("There is no file {path}.", hint="Check the path.", path=str(path))
    given = {name: value for name, value in (form or {}).items() if value is not None}
    if len(given.get("delimiter", ";")) != 1 or len(given.get("quote", "")) > 1:
        raise UsageError("A delimiter is one character, a quote one or none.", hint="A tab is written \\t.")
    found = Found("parquet", {}) if path.suffix.lower() in ENDINGS else detected(path, given)
    folder = settings.get().home / "scratch" / f"profile-{ids.uuid7()}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        staged = _Staged(folder, progress)
        for chunk in _chunks(found, path):
            staged.take(chunk)
        staged.close()
        if not staged.rows and not staged.faults():
            raise SourceError("The file {name} holds no row.", hint="Check the export.", name=path.name)
        columns = _counted(staged, folder, progress)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    told = Told(decimal=decimal, date_order=date_order, known=_known())
    return profiled(
        path.name, found.kind, columns, rows=staged.rows, conventions=found.told, faults=staged.faults(), told=told
    )


def _chunks(found: Found, path: Path) -> Iterator[Chunk]:
    if found.kind == "parquet":
        return rows(path)
    data = {
        "source": "file", "kind": found.kind, "place": _literal(path), "entity": "none", "brand": "none",
        "reads": "person_records", "format": found.form, "key": [], "map": {},
    }  # fmt: skip
    spec = SourceSpec.parse(data, what=path.name)
    reach = Reach(path.parent)
    if found.kind == "ndjson":
        spec = spec.model_copy(update={"key": every_path(spec, reach, most=MOST_COLUMNS + 1)})
    return connector(found.kind).read(spec, reach)


def _literal(path: Path) -> str:
    """Return ``path`` as a place that names this file alone, whatever marks its name holds."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def _known() -> dict[str, frozenset[str]]:
    """Return the brands of this installation as a column may write them."""
    names = {fold(text) for pair in Brand.objects.values_list("slug", "name") for text in pair}
    return {"brand": frozenset(names | {name.replace(" ", "") for name in names})} if names else {}


class _Staged:
    """The rows as text in Parquet files of the scratch folder, one per set of columns, and what was no row."""

    def __init__(self, folder: Path, progress: Progress) -> None:
        self._folder = folder
        self._progress = progress
        self._writers: dict[tuple[str, ...], pq.ParquetWriter] = {}
        self._wrong: dict[str, tuple[int, list[int]]] = {}
        self.files: list[tuple[tuple[str, ...], str]] = []
        self.names: dict[str, None] = {}
        self.rows = 0

    def take(self, chunk: Chunk) -> None:
        for fault in chunk.faults:
            self._note(fault)
        names = tuple(name for name in chunk.rows.column_names if name not in RESERVED)
        self.names |= dict.fromkeys(names)
        if len(self.names) > MOST_COLUMNS:
            raise SourceError(
                "The file holds more than {most} columns.",
                hint="Check its delimiter and row of names.",
                most=MOST_COLUMNS,
            )  # fmt: skip
        if names not in self._writers:
            place = str(self._folder / f"rows-{len(self._writers)}.parquet")
            # names as DuckDB tells apart, whatever the file calls its columns
            schema = pa.schema([(f"c{at}", pa.string()) for at in range(len(names))])
            self._writers[names] = pq.ParquetWriter(place, schema, compression="lz4", use_dictionary=False)
            self.files.append((names, place))
        if chunk.rows.num_rows and names:
            rows = chunk.rows.select(list(names)).rename_columns([f"c{at}" for at in range(len(names))])
            self._writers[names].write_table(rows)
        self.rows += chunk.rows.num_rows
        self._progress("read", self.rows, None)

    def _note(self, fault: RowFault) -> None:
        count, places = self._wrong.get(fault.code, (0, []))
        self._wrong[fault.code] = (count + 1, places if len(places) >= PLACES else [*places, fault.row])

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()

    def faults(self) -> tuple[Fault, ...]:
        return tuple(
            Fault(code, count, {"places": ", ".join(map(str, places))}) for code, (count, places) in self._wrong.items()
        )


def _counted(staged: _Staged, folder: Path, progress: Progress) -> list[Counted]:
    engine = open_engine(scratch=folder / "spill", memory=MEMORY)
    at = clock.now()
    made = []
    try:
        for done, name in enumerate(staged.names, start=1):
            where = [(f"c{names.index(name)}", place) for names, place in staged.files if name in names]
            made.append(counted(engine, where, name=name, rows=staged.rows, at=at))
            progress("count", done, len(staged.names))
    finally:
        engine.close()
    return made
