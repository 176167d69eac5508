"""A request as the spool keeps it, and read back by whoever drains it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from filrouge.domain.events import Batch


class KeptEvent(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One event with its verdict: ``code`` says why it is set aside, nothing when it is not."""

    message_id: str
    kind: str
    at: datetime
    body: bytes
    code: str = ""
    values: dict[str, str | int] = {}


class Kept(msgspec.Struct, array_like=True, frozen=True):
    """The events of one request, whose they are, and what was said for all of them; a field comes in at the end."""

    entity: str
    brand: str
    events: list[KeptEvent]
    context: bytes = b""
    integrations: bytes = b""
    sent_at: datetime | None = None


_pack, _unpack = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Kept)


def packed(batch: Batch, *, entity: str, brand: str) -> bytes:
    """Return ``batch``, sent for a brand of an entity, as the payload of an entry."""
    events = [
        KeptEvent(event.message_id, event.kind, event.at, event.body)
        if event.reason is None
        else KeptEvent(event.message_id, event.kind, event.at, event.body, event.reason.code, dict(event.reason.values))
        for event in batch.events
    ]
    return _pack.encode(Kept(entity, brand, events, batch.context, batch.integrations, batch.sent_at))


def unpacked(payload: bytes) -> Kept:
    """Return what ``packed`` made a payload of."""
    return _unpack.decode(payload)
