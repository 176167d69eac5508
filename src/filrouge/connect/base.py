"""The one contract of connectors: check, discover, count, read. Rows come as text, numbered, in chunks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow as pa
from pyarrow import compute as pc

from filrouge.base.errors import Phrase, SourceError
from filrouge.domain.sources import SourceSpec

CHUNK = 20_000
SOON = 20.0  # seconds that a system has to answer of one person: somebody waits, and others wait behind
MARK = "\ufdd0"  # stands where bytes did not fit: Unicode keeps this character out of interchange
UNFIT = f"[\\x00{MARK}]"
RESERVED = frozenset({"_seq", "_row", "_place", "_received", "_raw", "_hash"})


@dataclass(frozen=True)
class Reach:
    """What a connector needs beside the definition: where relative places start, and the secret, opened."""

    folder: Path
    secret: str | None = field(default=None, repr=False)
    allow_private: tuple[str, ...] = ()
    scratch: Path | None = None  # where files are laid while they are read


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


class Lacking(SourceError):
    """Some of the columns that a definition names are not at a place; ``columns`` are those that are."""

    def __init__(self, message: str, *, columns: Sequence[str], hint: str = "", **params: object) -> None:
        super().__init__(message, hint=hint, retryable=False, **params)
        self.columns = tuple(columns)


class Connector(Protocol):
    """Reads one kind of place. Raises SourceError with a sentence, and says whether trying again may help.

    It may hold two things more: ``Options``, the Spec of what a definition says under ``options``; and
    ``keeps_cursor = True`` (or a method that tells it of a definition), when it reads only what comes after the cursor.
    """

    def check(self, spec: SourceSpec, reach: Reach) -> None:
        """Make sure that the place answers and holds the columns that the definition names."""

    def discover(self, spec: SourceSpec, reach: Reach) -> list[Discovered]:
        """Tell what is at the place."""

    def count(self, spec: SourceSpec, reach: Reach) -> int | None:
        """Return how many rows there are, None when only reading them would tell."""

    def read(self, spec: SourceSpec, reach: Reach, *, cursor: str | None = None) -> Iterator[Chunk]:
        """Yield the rows, those after ``cursor`` when the definition has one and the place can do so."""


class Lookup(Protocol):
    """Asks one kind of place for the rows of one person."""

    def look_up(self, spec: SourceSpec, reach: Reach, ref: str) -> Iterator[Chunk]:
        """Yield the rows of the person whom the place knows as ``ref``. Raises SourceError."""


def need_columns(spec: SourceSpec, present: Sequence[str], place: str) -> None:
    """Raise SourceError when columns that the definition names are not ``present``, or stand twice."""
    missing = [name for name in spec.columns() if name not in present]
    if missing and len(missing) == len(spec.columns()):
        # What stands there may be somebody's row: it is not repeated.
        raise SourceError(
            "None of the columns of the source {source} is in {place}: {missing}…",
            hint="Check the row of column names (`format.header_row`) and the delimiter; nothing was imported.",
            missing=", ".join(missing[:5]),
            place=place,
            source=spec.source,
        )
    if missing:
        raise Lacking(
            "The column {missing} is not in {place}: it holds {present}.",
            hint="If the system changed, correct the mapping of the source {source}; nothing was imported.",
            columns=present,
            missing=", ".join(missing),
            place=place,
            present=", ".join(present[:40]) or Phrase("no column"),
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


def distinct(names: Sequence[str], wanted: Sequence[str] = ()) -> list[str]:
    """Return ``names`` as a table may bear them: empty, repeated (in any case) and reserved ones get their place.

    A name that the definition wants is kept as it is.
    """
    taken = {name.lower() for name in wanted if name in names} | RESERVED
    used: set[str] = set()
    made = []
    for at, name in enumerate(names, start=1):
        lowered = name.lower()
        kept = bool(name) and lowered not in used and (lowered not in taken or name in wanted)
        own = name if kept else f"{name}#{at}"
        used.add(own.lower())
        made.append(own)
    return made


def texts(columns: dict[str, list[str | None]], place: str, rows: list[int]) -> Chunk:
    """Return text ``columns`` read at ``place`` with their row numbers; rows with a character that no text holds are
    faults.
    """
    arrays: dict[str, pa.Array] = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    arrays["_row"] = pa.array(rows, pa.int64())
    arrays["_place"] = pa.repeat(pa.scalar(place, pa.string()), len(rows))
    return sound(pa.table(arrays), place)


def sound(table: pa.Table, place: str, mark: str = UNFIT) -> Chunk:
    """Return ``table`` without the rows that hold ``mark``, and a fault for each of these."""
    unfit = None
    for name in table.column_names:
        if table.schema.field(name).type == pa.string() and name != "_place":
            found = pc.fill_null(pc.match_substring_regex(table[name], mark), False)
            if pc.any(found).as_py():
                unfit = found if unfit is None else pc.or_(unfit, found)
    if unfit is None:
        return Chunk(table)
    names = [name for name in table.column_names if name not in RESERVED]
    bad = table.filter(unfit).to_pylist()
    faults = [
        RowFault(
            place, row["_row"], "wrong_bytes", _readable(row.get("_received") or ";".join(row[n] or "" for n in names))
        )
        for row in bad
    ]
    return Chunk(table.filter(pc.invert(unfit)), tuple(faults))


def _joined(row: dict[str, str | None], names: Sequence[str]) -> str:
    return ";".join(row[name] or "" for name in names)


def _readable(text: str) -> str:
    return text.replace("\0", "\ufffd").replace(MARK, "\ufffd")[:10_000]
