"""Corrections of a file that somebody brought: kept beside it, and put to its rows as they are read.

Each save is a file of its own, named by its number; the number in the row of the draft says which one holds. Whatever
is killed in between leaves the one before, or the one after.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute as pc

from filrouge.base import settings
from filrouge.base.errors import NotFound
from filrouge.connect import Chunk, RowFault, ndjson
from filrouge.connect.base import RESERVED
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources import mending as mends
from filrouge.domain.sources.mending import LEFT_OUT, Mend
from filrouge.store.models import SourceDraft
from filrouge.work import rawtext
from filrouge.work.rawtext import Suppressed

Key = tuple[str, int]


def of_place(place: str) -> dict[Key, Mend]:
    """Return the corrections of the file at ``place``, none unless somebody brought it and corrected it.

    Raises NotFound when they are gone.
    """
    root = (settings.get().home / "brought").resolve()
    path = Path(place) if place else root
    if path == root or not path.is_relative_to(root):
        return {}
    folder = root / path.relative_to(root).parts[0]
    return held(folder, folder.name)


def held(folder: Path, key: str) -> dict[Key, Mend]:
    """Return the corrections that hold of the draft called ``key``, by where their row stands. Raises NotFound."""
    tried = -1
    while number := SourceDraft.objects.filter(pk=key).values_list("mended", flat=True).first() or 0:
        try:
            rows = json.loads(_path(folder, number).read_text())
        except FileNotFoundError:
            if number == tried:
                raise NotFound("The corrections of this file are gone.", hint="Bring the file again.") from None
            tried = number  # others were saved meanwhile
        else:
            return {one.key: one for one in (Mend(**row) for row in rows)}
    return {}


def keep(folder: Path, number: int, found: Iterable[Mend]) -> None:
    """Write corrections whole to the disk, under a number that does not hold yet."""
    path = _path(folder, number)
    part = path.with_suffix(".part")
    with part.open("w") as stream:
        json.dump([asdict(one) for one in found], stream, ensure_ascii=False)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


def tidy(folder: Path, number: int) -> None:
    """Remove the corrections that another save replaced."""
    for path in folder.glob("corrections-*"):
        if path != _path(folder, number):
            path.unlink(missing_ok=True)


def _path(folder: Path, number: int) -> Path:
    return folder / f"corrections-{number}.json"


@dataclass
class Mending:
    """Corrections put to the rows of one reading, and which of them found their row."""

    found: Mapping[Key, Mend]
    spec: SourceSpec
    suppressed: Suppressed | None = None
    applied: set[Key] = field(default_factory=set)

    @property
    def corrected_by(self) -> dict[str, int]:
        """How many rows each person corrected."""
        return dict(Counter(self.found[key].by for key in sorted(self.applied) if not self.found[key].out))

    @property
    def stale(self) -> list[Key]:
        """The corrections of rows that the file, read as it is, does not hold."""
        return sorted(set(self.found) - self.applied)

    @cached_property
    def _rows(self) -> pa.Array:
        return pa.array(sorted({row for _, row in self.found}), pa.int64())

    def put_to(self, chunk: Chunk) -> Chunk:
        """Return a chunk with its rows corrected and those left out among its faults; most chunks as they are."""
        faults, made = self._of_faults(chunk)
        rest = chunk.rows
        at = np.flatnonzero(pc.is_in(rest["_row"], value_set=self._rows).to_numpy())
        if len(at):
            found, left, touched = self._of_rows(rest.take(pa.array(at)))
            made, faults = [*made, *found], [*faults, *left]
            stays = np.ones(rest.num_rows, dtype=bool)
            stays[at[touched]] = False
            rest = rest.filter(pa.array(stays))
        if made:
            new = pa.Table.from_pylist(made, schema=rest.schema)
            rest = pa.concat_tables([rest, new]).sort_by("_row")
        return Chunk(rest, tuple(faults))

    def _of_rows(self, rows: pa.Table) -> tuple[list[dict[str, Any]], list[RowFault], list[int]]:
        """Return the rows that are corrected, those that are left out, and which of ``rows`` both were."""
        made: list[dict[str, Any]] = []
        left: list[RowFault] = []
        touched: list[int] = []
        unkept = {*self.spec.unkept(name for name in rows.column_names if name not in RESERVED)}
        for at, row in enumerate(rows.to_pylist()):
            mend = self.found.get((row["_place"], row["_row"]))
            read = {name: value for name, value in row.items() if name not in RESERVED}
            cells = {name: value for name, value in read.items() if name not in unkept}
            text = row.get("_received")
            if mend is None or not self._meant(mend, *([text] if text is not None else [cells, read])):
                continue
            touched.append(at)
            if mend.out:
                left.append(RowFault(*mend.key, LEFT_OUT, text or mends.line(cells.values(), self.spec)))
            elif text is not None:
                made.append(self._object(row, json_of(text), mend))
            else:
                made.append(row | {name: mend.cells[name] or None for name in mend.cells if name in read})
        return made, left, touched

    def _of_faults(self, chunk: Chunk) -> tuple[list[RowFault], list[dict[str, Any]]]:
        """Return the rows that still are none, and those that corrections make of the others."""
        faults, made = [], []
        names = [name for name in chunk.rows.column_names if name not in RESERVED]
        for fault in chunk.faults:
            mend = self.found.get((fault.place, fault.row))
            if mend is None or not self._meant(mend, fault.raw):
                faults.append(fault)
            elif mend.out:
                faults.append(RowFault(fault.place, fault.row, LEFT_OUT, fault.raw))
            else:
                row: dict[str, Any] = {"_place": fault.place, "_row": fault.row}
                if "_received" in chunk.rows.column_names:
                    made.append(self._object(row, {}, mend))
                else:
                    made.append(row | {name: mend.cells.get(name) or None for name in names})
        return faults, made

    def _object(self, row: dict[str, Any], item: dict[str, Any], mend: Mend) -> dict[str, Any]:
        for path, text in mend.cells.items():
            ndjson.put(item, path, text or None)
        columns = {name: ndjson.column([item], name.split("."))[0] for name in self.spec.columns()}
        return row | columns | {"_received": ndjson.encode(item).decode()}

    def _meant(self, mend: Mend, received: Mapping[str, str | None] | str, *more: Mapping[str, str | None]) -> bool:
        """Tell whether the row is the one that was corrected, and of nobody who was erased since.

        It may have been corrected before a column of it was said to be never kept (``more``: the row with every one).
        """
        if mend.of not in {mends.fingerprint(one) for one in (received, *more)}:
            return False
        if self.suppressed is not None:
            text = received if isinstance(received, str) else mends.line(received.values(), self.spec)
            if rawtext.barred(self.suppressed, [text], [self.spec.entity.const])[0]:
                return False
        self.applied.add(mend.key)
        return True


def json_of(text: str) -> dict[str, Any]:
    """Return the object that a line of JSON holds, empty when it holds none."""
    try:
        item = ndjson.decode(text.encode())
    except ValueError:
        return {}
    return item if isinstance(item, dict) else {}
