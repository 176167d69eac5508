"""The first rows of a file that is tried, as an import would read them: what a dry run shows beside its counts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import mask
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.columns import BRAND
from filrouge.domain.sources.keeping import limits, of_targets
from filrouge.domain.sources.sighted import CLOSED, telling
from filrouge.store.models import SourceDraft
from filrouge.store.queries import drafts as found
from filrouge.tables import TABLES
from filrouge.work.draft_files import folder

FILE = "taken.json"
SHOWN, LOOKED = 3, 2_000  # rows that are kept, and those that are looked through for them
LONGEST = 200  # characters of a value


@dataclass(frozen=True)
class Taken:
    """A column of the table as the first rows would fill it: what it reads, and one value a row (None: empty)."""

    column: str
    type: str
    reads: tuple[str, ...]
    values: tuple[str | None, ...]


def keep(draft: SourceDraft, staged: Path, spec: SourceSpec) -> None:
    """Keep, beside the file, the first rows without fault of those staged by a dry run."""
    path, judged = staged / "mapped.parquet", staged / "judged.parquet"
    made: dict[str, Any] = {"rows": [], "columns": {}}
    apart = of_targets(limits(spec))  # some of it may be older than it is kept
    names = [
        column.name for column in TABLES[spec.reads].columns if column.name in spec.map and column.name not in apart
    ] + [BRAND] * (spec.brand.const is None)
    if path.exists() and judged.exists():
        batch = next(pq.ParquetFile(path).iter_batches(LOOKED, columns=[*names, "_row", "_seq"]), None)
        read = batch.to_pylist() if batch else []
        # those that would be taken: without faults, of nobody who was erased, not older than what is kept
        would = pq.read_table(judged, columns=["_seq"], filters=[("_seq", "in", [row["_seq"] for row in read] or [-1])])
        good = {*would["_seq"].to_pylist()}
        rows = sorted((row for row in read if row["_seq"] in good), key=lambda row: row["_row"])[:SHOWN]
        made["rows"] = [row["_row"] for row in rows]
        made["columns"] = {name: [_text(row[name]) for row in rows] for name in names}
    (folder(draft) / FILE).write_text(json.dumps(made))


def told(draft: SourceDraft, spec: SourceSpec, asking: Caller, *, shown: bool) -> tuple[list[int], list[Taken]]:
    """Return the numbers of the rows kept, and each column that they fill as the caller may read it.

    ``shown``: whether the caller reads what is of a person in clear.
    """
    try:
        made = json.loads((folder(draft) / FILE).read_text())
    except (OSError, ValueError):
        return [], []
    table, taken = TABLES[spec.reads], []
    for name, values in made["columns"].items():
        column = table.column(name)
        cell = spec.brand if name == BRAND else spec.map.get(name)
        sight = found.sight(draft, asking, column.sensitivity, table.category)
        if cell is None or sight == "hide" or not any(values):
            continue
        clear = sight == "show" and (shown or column.sensitivity not in CLOSED)
        cells = tuple(_seen(value, clear=clear, shown=shown) for value in values)
        taken.append(Taken(name, column.type if clear else "string", cell.reads(), cells))
    return made["rows"], taken


def _seen(value: str | None, *, clear: bool, shown: bool) -> str | None:
    if not value or (clear and (shown or not telling(value))):
        return value
    return mask(value)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return (value.isoformat() if hasattr(value, "isoformat") else str(value))[:LONGEST]
