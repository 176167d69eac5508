"""The one contract of destinations: check, describe, and a line by which lots are given and answered row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from filrouge.domain.pushes.spec import DestinationSpec

LONGEST_ANSWER = 200  # characters kept of what a destination says of a row


@dataclass(frozen=True)
class Reach:
    """What a destination needs beside its definition: where files may go, the secret, opened, what is let through."""

    drops: tuple[Path, ...]
    secret: str | None = field(default=None, repr=False)
    allow_private: tuple[str, ...] = ()
    scratch: Path | None = None


@dataclass(frozen=True)
class Parcel:
    """What all lots of one run share: the push, the run, its moment, the columns, whether lots are whole lists."""

    push: str
    run: str
    at: datetime
    columns: tuple[str, ...]
    whole: bool = False


@dataclass(frozen=True)
class Lot:
    """Some rows that are given together. ``batches`` yields tables of text: action, key, and the columns.

    ``kind`` tells removals, which come first, from what is given; ``number`` is the lot's place in the run.
    """

    number: int
    rows: int
    batches: Callable[[], Iterator[pa.Table]]
    kind: str = "gives"


@dataclass(frozen=True)
class Answered:
    """What became of a lot: by row, what was refused and what is unsure, in its own words; all else is done."""

    refused: Mapping[int, str] = field(default_factory=dict)
    unsure: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Described:
    """What a destination takes: how many rows at once (None: all of them), and where, as somebody would write it."""

    lot: int | None
    where: str


class Line(Protocol):
    """A destination that is reached, for one run."""

    def send(self, lot: Lot) -> Answered:
        """Give a lot, and return what became of each row.

        Given twice, a lot has the effect of one. Raises DestinationError when the destination takes nothing any more:
        ``arrived`` says whether rows of this lot may have arrived.
        """


class Destination(Protocol):
    """Writes to one kind of place. Raises DestinationError with a sentence, and says whether trying again may help."""

    def check(self, spec: DestinationSpec, reach: Reach) -> None:
        """Make sure that the place is there, and takes what it would be given; nobody's data are sent."""

    def describe(self, spec: DestinationSpec, reach: Reach) -> Described:
        """Tell what the place takes."""

    def open(self, spec: DestinationSpec, reach: Reach, parcel: Parcel) -> AbstractContextManager[Line]:
        """Reach the place for one run."""
