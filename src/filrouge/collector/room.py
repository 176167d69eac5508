"""How much may be held in memory for all senders together: beyond, they are asked to come back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

MOST = 64 * 1024 * 1024  # bytes of bodies that are read or kept, and of what waits to be written


class Overloaded(Exception):
    """There is too much already: nothing was kept."""


class Room:
    """The bytes that are held."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self.taken = most, 0

    @contextmanager
    def hold(self) -> Iterator[Hold]:
        """Give back at the end what was taken meanwhile."""
        hold = Hold(self)
        try:
            yield hold
        finally:
            self.taken -= hold.taken

    def take(self, size: int) -> None:
        """Take ``size`` bytes more. Raises Overloaded."""
        if self.taken + size > self._most:
            raise Overloaded
        self.taken += size


class Hold:
    """The bytes that are held for one request."""

    def __init__(self, room: Room) -> None:
        self._room, self.taken = room, 0

    def more(self, size: int) -> None:
        """Hold ``size`` bytes more. Raises Overloaded."""
        self._room.take(size)
        self.taken += size

    def less(self) -> None:
        """Give back at once what is held."""
        self._room.taken -= self.taken
        self.taken = 0
