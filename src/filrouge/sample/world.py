"""What every writer of a system is given: where to write, when it is, whom and what there is; and the file of truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from filrouge.sample.catalogue import Campaign, Show
from filrouge.sample.companies import Companies
from filrouge.sample.dice import Calendar, Dice
from filrouge.sample.life import Life

_SCHEMA = pa.schema([("source", pa.string()), ("source_id", pa.string()), ("person", pa.string())])
_BATCH = 50_000


class Truth:
    """Who each record truly is. The product never reads this file; it measures how well people were found."""

    def __init__(self, path: Path) -> None:
        self.rows = 0
        self._file = pq.ParquetWriter(path, _SCHEMA, compression="zstd")
        self._columns: tuple[list[str], list[str], list[str]] = ([], [], [])

    def add(self, source: str, source_id: str, person: int) -> None:
        """Note that a record of ``source`` is of ``person``."""
        sources, ids, people = self._columns
        sources.append(source)
        ids.append(source_id)
        people.append(f"p{person}")
        if len(ids) >= _BATCH:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        columns = self._columns
        self.rows += len(columns[0])
        self._file.write_table(pa.table([pa.array(column, pa.string()) for column in columns], schema=_SCHEMA))
        self._columns = ([], [], [])


@dataclass(frozen=True, slots=True)
class World:
    """One sample being written."""

    folder: Path
    people: int
    seed: int
    calendar: Calendar
    companies: Companies
    campaigns: tuple[Campaign, ...]
    shows: tuple[Show, ...]
    truth: Truth


class System(Protocol):
    """A system on disk: it writes what it knows of each life, badly, then closes its files."""

    @property
    def rows(self) -> int: ...

    def write(self, life: Life, dice: Dice) -> None: ...

    def close(self) -> None: ...


def euros(cents: int) -> str:
    """Return cents as an amount with a point."""
    return f"{cents // 100}.{cents % 100:02}"


def money(cents: int) -> str:
    """Return cents as the French write them: 1 490,00."""
    return f"{cents // 100:,}".replace(",", " ") + f",{cents % 100:02}"


def digits(number: int, width: int = 7) -> str:
    """Return ``number`` scrambled, so that numbers given one after the other do not look it."""
    return f"{number * 611_953 % 10**width:0{width}}"


Row = Sequence[str | int | float | None]
