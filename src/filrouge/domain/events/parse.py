"""A request of a sender, read: what it holds event by event, each accepted or set aside with a reason.

The wire is that of Segment's and RudderStack's libraries: one event under its type, or a batch.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from filrouge.domain.events import times
from filrouge.domain.events.said import Id, Said, SaidKey, SaidTogether
from filrouge.domain.events.verdicts import Reason

KINDS = ("identify", "track", "page", "screen", "group", "alias")
LONGEST, DEEPEST, MANY, BATCH, ID = 32_768, 200, 10_000, 2_500, 100
_event = msgspec.json.Decoder(Said)
_together = msgspec.json.Decoder(SaidTogether)
_key = msgspec.json.Decoder(SaidKey)
_raw = msgspec.json.Decoder(msgspec.Raw)
_strings = re.compile(rb'"(?:[^"\\]|\\.)*"')
_not_brackets = bytes(set(range(256)) - set(b"[]{}"))
_maybe = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")  # NUL, or half of a letter unless the other half follows
_escapes = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|(?P<nul>\\u0000)|\\."
)
_where = re.compile(r"`\$\.?([^`]*)`$")
_expected = re.compile(r"Expected `([^`]*)`")


class Unreadable(Exception):
    """The request is no JSON, or holds no events: nothing of it can be kept. ``code`` is for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Received:
    """One event: ``body`` is what was sent, byte for byte; ``reason`` tells why it is set aside, if it is."""

    message_id: str
    kind: str
    body: bytes
    at: datetime
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """The events of one request, in order; ``context`` and ``integrations`` are those said for all of them, as sent."""

    events: Sequence[Received]
    context: bytes = b""
    integrations: bytes = b""


def parse(body: bytes, *, kind: str, received: datetime) -> Batch:
    """Return what ``body`` holds, sent to the address of ``kind`` (``KINDS`` or ``batch``). Raises Unreadable."""
    _text(body)
    if kind != "batch":
        _, (event,) = _parts(_raw, body, lambda raw: [raw])
        return Batch([_received(event, kind, None, received)])
    said, events = _parts(_together, body, lambda said: said.batch)
    if not events:
        raise Unreadable("batch_empty", "The batch holds no event.")
    try:
        sent = times.read(said.sentAt)
    except ValueError:
        sent = None  # each event says it, or is believed
    judged = [_received(event, "", sent, received) for event in events[:BATCH]]
    judged += [_aside(event, received, "beyond_batch", most=BATCH) for event in events[BATCH:]]
    return Batch(judged, bytes(said.context), bytes(said.integrations))


def write_key(body: bytes) -> str:
    """Return the write key that a body bears, nothing when it bears none."""
    try:
        return _key.decode(body).writeKey or ""
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""


def _text(body: bytes) -> None:
    try:
        body.decode()
    except UnicodeDecodeError:
        raise Unreadable("not_utf8", "The body is not UTF-8 text.") from None


def _readable(decoder: Any, body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as wrong:
        raise Unreadable("not_a_batch", f"The body is no batch of events: {wrong}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unreadable("not_json", "The body is no JSON.") from None
    except RecursionError:
        raise Unreadable("too_deep", f"The body is nested deeper than {DEEPEST} levels.") from None


def _parts(decoder: Any, body: bytes, whole: Any) -> tuple[Any, list[bytes]]:
    """Return what ``decoder`` reads of ``body``, and its events as sent (``whole`` finds them in what was read).

    Half of a letter in one event is no reason to refuse the others: it is set aside with a letter of the same length in
    its place while the events are told apart.
    """
    try:
        said = decoder.decode(body)
        return said, [bytes(raw) for raw in whole(said)]
    except (msgspec.DecodeError, RecursionError):
        mended = _escapes.sub(lambda found: rb"\ufffd" if found["half"] else found[0], body)
    said = _readable(decoder, mended)
    events, start = [], 0
    for raw in map(bytes, whole(said)):
        start = mended.index(raw, start)
        events.append(body[start : start + len(raw)])
        start += len(raw)
    return said, events


def _received(body: bytes, kind: str, sent: datetime | None, received: datetime) -> Received:
    """Return one event with its verdict."""
    if len(body) > LONGEST:
        return _aside(body, received, "too_large", most=LONGEST)
    if _too_deep(body):
        return _aside(body, received, "too_deep", most=DEEPEST)
    if body[:1] != b"{":
        return _aside(body, received, "not_an_object")
    if (unkept := _letters(body)) is not None:
        return Received(str(uuid.uuid4()), kind, body, received, unkept)
    try:
        said = _event.decode(body)
    except msgspec.ValidationError as wrong:
        if "out of range" in str(wrong):
            return _aside(body, received, "number_too_large")
        return _aside(body, received, "field_wrong", **_fault(str(wrong)))
    except msgspec.DecodeError:
        return _aside(body, received, "number_too_large")
    message_id = _id(said.messageId)
    kind = kind or said.type or ""
    reason = _reason(said, kind, message_id)
    message_id = message_id[:ID] or str(uuid.uuid4())
    try:
        when = times.read(said.originalTimestamp if said.timestamp is None else said.timestamp)
    except ValueError:
        return Received(message_id, kind, body, received, reason or Reason("time_unreadable", {"field": "timestamp"}))
    try:
        sent = times.read(said.sentAt) or sent
    except ValueError:
        return Received(message_id, kind, body, received, reason or Reason("time_unreadable", {"field": "sentAt"}))
    at = times.happened(when, sent, received)
    if at < times.OLDEST:
        return Received(message_id, kind, body, received, reason or Reason("time_unlikely"))
    return Received(message_id, kind, body, at, reason)


def _aside(body: bytes, received: datetime, code: str, **values: str | int) -> Received:
    return Received(str(uuid.uuid4()), "", body, received, Reason(code, values))


def _reason(said: Said, kind: str, message_id: str) -> Reason | None:
    """Return what an event lacks."""
    if kind not in KINDS:
        return Reason("type_unknown" if kind else "type_missing")
    if len(message_id) > ID:
        return Reason("message_id_too_long", {"most": ID})
    if not (_id(said.userId) or _id(said.anonymousId)):
        return Reason("nobody")
    if kind == "track" and not said.event:
        return Reason("event_missing")
    if kind == "group" and not _id(said.groupId):
        return Reason("group_missing")
    if kind == "alias" and not _id(said.previousId):
        return Reason("previous_missing")
    if len(said.properties or ()) > MANY or len(said.traits or ()) > MANY:
        return Reason("too_many_properties", {"most": MANY})
    return None


def _id(said: Id) -> str:
    """Return an id as text; a whole number loses its point."""
    if said is None:
        return ""
    if isinstance(said, float) and said.is_integer():
        return str(int(said))
    return str(said).strip()


def _letters(body: bytes) -> Reason | None:
    if _maybe.search(body) and any(found["half"] or found["nul"] for found in _escapes.finditer(body)):
        return Reason("letters_unkept")
    return None


def _fault(message: str) -> dict[str, str | int]:
    """Return the field that msgspec names, and what it expected there."""
    where, expected = _where.search(message), _expected.search(message)
    return {"field": where[1] if where else "", "expected": expected[1] if expected else "something else"}


def _too_deep(body: bytes) -> bool:
    """Tell whether objects and lists stand in each other deeper than ``DEEPEST``."""
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return False
    brackets = _strings.sub(b"", body).translate(None, _not_brackets)
    for _ in range(DEEPEST):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return bool(brackets)
