"""The collector as granian serves it, and the least that could be served in its place."""

from __future__ import annotations

from typing import Any

import msgspec

from filrouge.base import clock, settings
from filrouge.collector import Collector, http
from filrouge.collector.committer import Committer
from filrouge.collector.keys import Keys
from filrouge.domain.events.said import Said
from filrouge.spool import Entry, Spool, open_spool


def _spool() -> Spool:
    found = settings.get()
    return open_spool(found.spool, found.database_url)


def collector() -> Collector:
    """Return the collector over the spool and the write keys of a home folder."""
    return Collector(Committer(_spool()), Keys(settings.get().write_keys))


class Together(msgspec.Struct):
    """A batch, every event of it read."""

    batch: list[Said]


class Limit:
    """Reads JSON, commits in groups, answers: no key, no verdict, no record of what was said."""

    def __init__(self) -> None:
        self._committer = Committer(_spool())
        self._one, self._several = msgspec.json.Decoder(Said), msgspec.json.Decoder(Together)

    async def __call__(self, scope: dict[str, Any], receive: http.Receive, send: http.Send) -> None:
        if scope["type"] != "http":
            return
        parts = []
        while True:
            message = await receive()
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                break
        body = b"".join(parts)
        count = len(self._several.decode(body).batch) if scope["path"] == "/v1/batch" else 1
        if count == 1:
            self._one.decode(body)
        await self._committer.keep(Entry("web", round(clock.now().timestamp() * 1_000_000), count, body))
        await http.answer_json(send, 200, {"success": True}, [])


def limit() -> Limit:
    return Limit()
