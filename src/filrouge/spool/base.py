"""What a spool promises: an append that returned survives a crash of the process and of the machine; order is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

TOGETHER = 32 * 1024 * 1024  # bytes beyond which a reading ends: requests may be a thousand times as long as most


class SpoolFull(Exception):
    """There is no room: nothing of the append was kept, and a later one may succeed."""


class SpoolAway(Exception):
    """The spool cannot be reached now. Whether the append was kept is unknown: whoever sent it sends it again."""


class Place(NamedTuple):
    """Where an entry stands: a file of the spool, and its number there."""

    file: str
    number: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One request of a sender: ``payload`` is for others to read, ``count`` how many events it holds."""

    source: str
    received_at: int  # microseconds since 1970, UTC
    count: int
    payload: bytes


class Stored(NamedTuple):
    """An entry with its place."""

    place: Place
    entry: Entry


class Spool(Protocol):
    """Where entries wait; several may write and read at once. One on a server raises SpoolAway when that is away."""

    def append(self, entries: Sequence[Entry]) -> None:
        """Keep ``entries`` whole or not at all; durable on return. Raises SpoolFull, SpoolAway."""

    def files(self) -> Sequence[str]:
        """Return the files that hold something, the oldest first."""

    def read(self, file: str, after: int, most: int) -> Sequence[Stored]:
        """Return entries of ``file`` beyond number ``after``, in order: ``most`` at most, and no more once they come to
        ``TOGETHER`` bytes; one at least where there is one."""

    def forget(self, place: Place) -> None:
        """Remove what stands in a file up to ``place``: its effect is durable elsewhere. Twice is once."""

    def sweep(self) -> None:
        """Remove what holds nothing and is nobody's: a writer that stopped before it kept anything leaves that."""

    def waiting(self) -> int:
        """Return how many events wait."""

    def close(self) -> None:
        """Let go of the files."""
