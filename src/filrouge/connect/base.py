"""The one contract of connectors: check, discover, count, read. Rows come as text, numbered, in chunks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from filrouge.base.errors import SourceError
from filrouge.domain.sources import SourceSpec

CHUNK = 20_000


@dataclass(frozen=True)
class Reach:
    """What a connector needs beside the definition: where relative places start, and the secret, opened."""

    folder: Path
    secret: str | None = None
    allow_private: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowFault:
    """A row that is not even a row: where, why (a code), and what was received."""

    place: str
    row: int
    code: str
    raw: str


@dataclass(frozen=True)
class Chunk:
    """Some rows: a table of text columns with ``_row`` (number at its place), ``_place``, maybe ``_received`` (raw)."""

    rows: pa.Table
    faults: tuple[RowFault, ...] = ()


@dataclass(frozen=True)
class Discovered:
    """Something that could be read at a place: a file, sheet or table, its columns, some rows, how many there are."""

    name: str
    columns: tuple[str, ...]
    sample: tuple[tuple[str | None, ...], ...] = field(default=(), repr=False)
    rows: int | None = None


class Connector(Protocol):
    """Reads one kind of place. Raises SourceError with a sentence, and says whether trying again may help."""

    def check(self, spec: SourceSpec, reach: Reach) -> None:
        """Make sure that the place answers and holds the columns that the definition names."""

    def discover(self, spec: SourceSpec, reach: Reach) -> list[Discovered]:
        """Tell what is at the place."""

    def count(self, spec: SourceSpec, reach: Reach) -> int | None:
        """Return how many rows there are, None when only reading them would tell."""

    def read(self, spec: SourceSpec, reach: Reach, *, cursor: str | None = None) -> Iterator[Chunk]:
        """Yield the rows, those after ``cursor`` when the definition has one and the place can do so."""


def need_columns(spec: SourceSpec, present: Sequence[str], place: str) -> None:
    """Raise SourceError when columns that the definition names are not ``present``, or stand twice."""
    missing = [name for name in spec.columns() if name not in present]
    if missing:
        raise SourceError(
            "The column {missing} is not in {place}: it holds {present}.",
            hint="If the system changed, correct the mapping of the source {source}; nothing was imported.",
            missing=", ".join(missing),
            place=place,
            present=", ".join(present[:40]) or "no column",
            source=spec.source,
        )
    twice = sorted({name for name in spec.columns() if list(present).count(name) > 1})
    if twice:
        raise SourceError(
            "The column {twice} stands twice in {place}.",
            hint="Rename one at the source, or read the file with other column names; nothing was imported.",
            twice=", ".join(twice),
            place=place,
        )


def texts(columns: dict[str, list[str | None]], place: str, rows: list[int]) -> pa.Table:
    """Return a chunk's table of text ``columns`` read at ``place``, with their row numbers."""
    arrays: dict[str, pa.Array] = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    arrays["_row"] = pa.array(rows, pa.int64())
    arrays["_place"] = pa.array([place] * len(rows), pa.string())
    return pa.table(arrays)
