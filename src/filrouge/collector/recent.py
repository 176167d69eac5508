"""What was heard lately: whoever sends an event again word for word is told so at once; the ledger counts."""

from __future__ import annotations

from zlib import crc32

MOST = 100_000  # events remembered, in two halves: the older one goes whole


class Recent:
    """The last events of all senders, by source and id."""

    def __init__(self, most: int = MOST) -> None:
        self._half = most // 2
        self._new: dict[tuple[str, str], int] = {}
        self._old: dict[tuple[str, str], int] = {}

    def seen(self, source: str, message_id: str, body: bytes) -> bool:
        """Tell whether the same was heard lately, and remember it."""
        key, said = (source, message_id), crc32(body)
        new = self._new
        before = new.get(key)
        if before is None:
            before = self._old.get(key)
        new[key] = said
        if len(new) >= self._half:
            self._old, self._new = new, {}
        return before == said
