"""What was heard lately: whoever sends an event again word for word is told so at once; the ledger counts."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from filrouge.domain.events import Received

MOST = 100_000  # events remembered, in two halves: the older one goes whole


class Recent:
    """The last events of all senders, each by one number made of its source, its id and its body."""

    def __init__(self, most: int = MOST) -> None:
        self._half = most // 2
        self._new, self._old = set[int](), set[int]()

    def repeats(self, source: str, events: Iterable[Received]) -> list[bool]:
        """Tell of each event whether it was heard lately, word for word, and remember those that are not set aside."""
        new, old, own = self._new, self._old, hash((source,))
        found = []
        for event in events:
            if event.reason is not None:
                found.append(False)
                continue
            said = own ^ hash(event.message_id) ^ crc32(event.body)
            found.append(said in new or said in old)
            new.add(said)
        if len(new) >= self._half:
            self._old, self._new = new, set()
        return found
