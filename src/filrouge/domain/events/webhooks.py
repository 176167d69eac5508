"""What another system posts in words of its own, made the event that RudderStack makes of it: a track that holds it."""

from __future__ import annotations

from urllib.parse import parse_qs

import msgspec

from filrouge.domain.events.parse import Unreadable, one
from filrouge.domain.events.said import Id

EVENT = "webhook_source_event"  # the name that RudderStack gives such an event
FIELDS = 10_000  # of a form


class _Named(msgspec.Struct, gc=False):
    """Who a body names, when it names them as libraries do; and by which id it is told from another."""

    userId: Id = None
    anonymousId: Id = None
    messageId: Id = None


_named = msgspec.json.Decoder(_Named)


def event_of(body: bytes, *, form: bool) -> bytes:
    """Return the event: ``properties`` is the body as it was posted, or the fields of a form. Raises Unreadable.

    It is of whom the body names by ``userId`` or ``anonymousId``; where it names nobody it is set aside for that.
    """
    held = _fields(body) if form else one(body)
    try:
        said = _named.decode(held)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):  # what is read next tells what is wrong with it
        said = _Named()
    top = {name: value for name, value in msgspec.structs.asdict(said).items() if value is not None}
    head = msgspec.json.encode({"type": "track", "event": EVENT, **top})
    return head[:-1] + b',"properties":' + held + b"}"


def _fields(body: bytes) -> bytes:
    """Return the fields of a form as JSON: each a text, or several when it is there several times."""
    try:
        found = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=FIELDS, errors="strict")
    except ValueError:  # of which no UTF-8 is one
        raise Unreadable("not_a_form", f"The body is no form of at most {FIELDS} fields, in UTF-8.") from None
    return msgspec.json.encode({name: values[0] if len(values) == 1 else values for name, values in found.items()})
