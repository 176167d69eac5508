"""What ``work`` publishes, as the collector knows it: a small file, read again as soon as it changes."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from filrouge.domain.events.keys import Published, WriteKey, digest

if TYPE_CHECKING:
    from filrouge.collector.plans import Plan

_log = logging.getLogger(__name__)
_published = msgspec.json.Decoder(Published)


class Unpublished(Exception):
    """No write key was published yet: nobody can be told that theirs is wrong."""


class Keys:
    """The write keys of a file, and the plans beside them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[int, int, int] | None = None
        self._known: dict[str, WriteKey] | None = None
        self._plans: dict[str, Plan] = {}

    def find(self, word: str) -> WriteKey | None:
        """Return what ``word`` opens, None when it is no key or no longer one. Raises Unpublished."""
        self._refresh()
        if self._known is None:
            raise Unpublished
        return self._known.get(digest(word)) if word else None

    def plan(self, source: str) -> Plan | None:
        """Return the enforced plan of a sender, None when it has none."""
        return self._plans.get(source)

    def _refresh(self) -> None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            raise Unpublished from None
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        if stamp == self._read:  # the file is replaced whole, never written over
            return
        try:
            raw = self._path.read_bytes()
        except OSError as fault:
            _log.error("What is published to the collector cannot be read: %s.", type(fault).__name__)
            return  # what was known before goes on; it is read at the next request
        self._read = stamp
        try:
            said = _published.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
            _log.error("What is published to the collector cannot be read: %s.", type(fault).__name__)
            return  # what was known before goes on; the file is made anew within seconds
        self._known = said.keys
        self._plans = {source: self._plan(source, bytes(raw)) for source, raw in said.plans.items()}

    def _plan(self, source: str, said: bytes) -> Plan:
        from filrouge.collector.plans import Plan  # with what judges: loaded only where there is a plan

        before = self._plans.get(source)
        return before if before is not None and before.said == said else Plan(source, said)
