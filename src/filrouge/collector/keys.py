"""Write keys as the collector knows them: a small file that ``work`` publishes, read again as soon as it changes."""

from __future__ import annotations

from pathlib import Path

import msgspec

from filrouge.domain.events.keys import Published, WriteKey, digest


class Unpublished(Exception):
    """No write key was published yet: nobody can be told that theirs is wrong."""


class Keys:
    """The write keys of a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[int, int, int] | None = None
        self._known: dict[str, WriteKey] = {}

    def find(self, word: str) -> WriteKey | None:
        """Return what ``word`` opens, None when it is no key or no longer one. Raises Unpublished."""
        self._refresh()
        return self._known.get(digest(word)) if word else None

    def _refresh(self) -> None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            raise Unpublished from None
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        if stamp != self._read:  # the file is replaced whole, never written over
            self._known = msgspec.json.decode(self._path.read_bytes(), type=Published).keys
            self._read = stamp
