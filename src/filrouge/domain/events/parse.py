"""A request of a sender, read: what it holds event by event, each accepted or set aside with a reason.

The wire is that of Segment's and RudderStack's libraries: one event under its type, or a batch.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from filrouge.domain.events import times
from filrouge.domain.events.cut import DEEPEST, balanced, cut, too_deep
from filrouge.domain.events.row import identifier
from filrouge.domain.events.said import Id, Said, SaidKey, SaidTogether
from filrouge.domain.events.verdicts import Reason

KINDS = ("identify", "track", "page", "screen", "group", "alias")
_KINDS = frozenset(KINDS)
UNUSED = frozenset({"merge", "audiencelist"})  # of RudderStack: kept as they were sent, and without effect here
LONGEST, BATCH, ID, NAMED = 32_768, 2_500, 100, 300
REFUSED = 10_000  # events of a batch; beyond, the request is refused whole
SHORT = 5 * DEEPEST  # bytes in which nothing is too deep, unless it holds lists: a level takes five, {"":…}
_event = msgspec.json.Decoder(Said)
_together = msgspec.json.Decoder(SaidTogether)
_key = msgspec.json.Decoder(SaidKey)
_raw = msgspec.json.Decoder(msgspec.Raw)
_maybe = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")  # NUL, or half of a letter unless the other half follows
_escapes = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|(?P<nul>\\u0000)|\\."
)
_message_id = re.compile(rb'"messageId"\s*:\s*"([^"\\]{1,100})"')
_type = re.compile(rb'"type"\s*:\s*"(identify|track|page|screen|group|alias)"')
_write_key = re.compile(rb'"writeKey"\s*:\s*"([^"\\]{1,200})"')
_where = re.compile(r"`\$\.?([^`]*)`$")
_expected = re.compile(r"Expected `([^`]*)`")


class Unreadable(Exception):
    """The request is no JSON, or holds no events: nothing of it can be kept. ``code`` is for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Received(msgspec.Struct, frozen=True, gc=False):
    """One event: ``body`` is what was sent, byte for byte; ``reason`` tells why it is set aside, if it is.

    ``foreseen`` tells why it will be, by the tracking plan of now: the live worker judges it by the plan of then.
    """

    message_id: str
    kind: str
    body: bytes
    at: datetime
    reason: Reason | None = None
    foreseen: Reason | None = None


Foresees = Callable[[str, Said], Reason | None]  # what will be said of an event of that type that is otherwise right


@dataclass(frozen=True, slots=True)
class Batch:
    """The events of one request, in order; ``context`` and ``integrations`` are those said for all of them, as sent,
    and ``sent_at`` when the sender's clock says that it sent them."""

    events: Sequence[Received]
    context: bytes = b""
    integrations: bytes = b""
    sent_at: datetime | None = None


def parse(body: bytes, *, kind: str, received: datetime, foresees: Foresees | None = None) -> Batch:
    """Return what ``body`` holds, sent to the address of ``kind`` (``KINDS`` or ``batch``). Raises Unreadable."""
    try:
        body.decode()
    except UnicodeDecodeError:
        raise Unreadable("not_utf8", "The body is not UTF-8 text.") from None
    if kind != "batch":
        return Batch([_received(one(body), kind, None, received, foresees)])
    said, events, odd = _several(body)
    if not events:
        raise Unreadable("batch_empty", "The batch holds no event.")
    if len(events) > REFUSED:
        raise Unreadable("too_many", f"A batch holds at most {BATCH} events.")
    try:
        sent = times.read(said.sentAt)
    except ValueError:
        sent = None  # each event says it, or is believed
    context, integrations = bytes(said.context), bytes(said.integrations)
    beside = odd or _beside("context", context) or _beside("integrations", integrations)
    plain = b"\\" not in body
    judged = [_received(event, "", sent, received, foresees, plain=plain) for event in events[:BATCH]]
    if beside is not None:  # what is said for all is theirs: they wait until it is put right
        judged = [event if event.reason else msgspec.structs.replace(event, reason=beside) for event in judged]
    judged += [_aside(event, "", received, "beyond_batch", most=BATCH) for event in events[BATCH:]]
    return Batch(judged, context, integrations, sent)


def write_key(body: bytes) -> str:
    """Return the write key that a body bears, nothing when it bears none."""
    try:
        return _key.decode(body).writeKey or ""
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):  # an odd event does not hide whose it is
        found = _write_key.search(body)
        return found[1].decode("utf-8", "replace") if found else ""


def _readable(decoder: Any, body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as wrong:
        raise Unreadable("not_a_batch", f"The body is no batch of events: {wrong}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unreadable("not_json", "The body is no JSON.") from None
    except RecursionError:
        raise Unreadable("too_deep", f"The body is nested deeper than {DEEPEST} levels.") from None


def one(body: bytes) -> bytes:
    """Return the one value of ``body`` as it was sent. Raises Unreadable."""
    try:
        return bytes(_raw.decode(body))
    except RecursionError:
        if balanced(body):
            return body.strip()
    except msgspec.DecodeError:
        pass
    _readable(_raw, _whole_letters(body))
    return body.strip()


def _several(body: bytes) -> tuple[SaidTogether, list[bytes], Reason | None]:
    """Return what a batch says for all, its events as they were sent, and what is odd beside them. Raises Unreadable.

    An event that holds half of a letter, or is nested too deep, is no reason to refuse the others: it is left out of
    what is read, and judged by itself.
    """
    if body.count(b'"batch"') < 2:
        try:
            said: SaidTogether = _together.decode(body)
            return said, [bytes(raw) for raw in said.batch], None
        except (msgspec.DecodeError, RecursionError):
            pass
    found = cut(body)
    if found.batches > 1:
        raise Unreadable("not_a_batch", "The body holds two batches.")
    mended, parts, beside, last = _whole_letters(body), [], [], 0
    for start, end in found.spans:
        event = body[start:end]
        parts += [mended[last:start], b"0" if too_deep(event) and balanced(event) else mended[start:end]]
        beside.append(body[last:start])
        last = end
    said = _readable(_together, b"".join([*parts, mended[last:]]))
    if not found.batches or len(said.batch) != len(found.spans):
        raise Unreadable("not_a_batch", "The body is no batch of events.")
    return said, [body[start:end] for start, end in found.spans], _letters(b"".join([*beside, body[last:]]))


def _whole_letters(body: bytes) -> bytes:
    """Return ``body`` with another letter, as long, where half of one stands."""
    return _escapes.sub(lambda found: rb"\ufffd" if found["half"] else found[0], body)


def kept_letters(body: bytes) -> bytes:
    """Return ``body`` with the sign of a lost letter where half of one, or NUL, stands."""
    return _escapes.sub(lambda found: rb"\ufffd" if found["half"] or found["nul"] else found[0], body)


def _beside(field: str, said: bytes) -> Reason | None:
    """Return what is wrong with what a batch says for all of its events."""
    if not said:
        return None
    if len(said) > LONGEST:
        return Reason("too_large", {"most": LONGEST})
    if too_deep(said):
        return Reason("too_deep", {"most": DEEPEST})
    if said[:1] != b"{" and said != b"null":
        return Reason("field_wrong", {"field": field, "expected": "object | null"})
    return _letters(said)


def _received(
    body: bytes,
    kind: str,
    sent: datetime | None,
    received: datetime,
    foresees: Foresees | None,
    *,
    plain: bool = False,
) -> Received:
    """Return one event with its verdict; a ``plain`` one holds no letter that is written otherwise."""
    if len(body) > LONGEST:
        return _aside(body, kind, received, "too_large", most=LONGEST)
    if (len(body) > SHORT or b"[" in body) and too_deep(body):
        return _aside(body, kind, received, "too_deep", most=DEEPEST)
    if body[:1] != b"{":
        return _aside(body, kind, received, "not_an_object")
    if not plain and _letters(body) is not None:
        return _aside(body, kind, received, "letters_unkept")
    try:
        said = _event.decode(body)
    except msgspec.ValidationError as wrong:
        if "out of range" in str(wrong):
            return _aside(body, kind, received, "number_too_large")
        return _aside(body, kind, received, "field_wrong", **_fault(str(wrong)))
    except msgspec.DecodeError:
        return _aside(body, kind, received, "number_too_large")
    message_id = _id(said.messageId)
    kind = kind or said.type or ""
    reason = _reason(said, kind, message_id)
    message_id = message_id[:ID] or str(uuid.uuid4())
    try:
        when = times.read(said.originalTimestamp if said.timestamp is None else said.timestamp)
    except ValueError:
        return Received(message_id, kind, body, received, reason or Reason("time_unreadable", {"field": "timestamp"}))
    try:
        if said.sentAt is not None:
            sent = times.read(said.sentAt) or sent
    except ValueError:
        return Received(message_id, kind, body, received, reason or Reason("time_unreadable", {"field": "sentAt"}))
    at = times.happened(when, sent, received)
    if at < times.OLDEST:
        return Received(message_id, kind, body, received, reason or Reason("time_unlikely"))
    foreseen = foresees(kind, said) if foresees is not None and reason is None else None
    return Received(message_id, kind, body, at, reason, foreseen)


def _aside(body: bytes, kind: str, received: datetime, code: str, **values: str | int) -> Received:
    """Return an event that is set aside unread; its id and its type are kept where they can be made out."""
    head = body[: 2 * LONGEST]
    said, typed = _message_id.search(head), _type.search(head)
    message_id = said[1].decode("utf-8", "replace") if said else str(uuid.uuid4())
    return Received(message_id, kind or (typed[1].decode() if typed else ""), body, received, Reason(code, values))


def _reason(said: Said, kind: str, message_id: str) -> Reason | None:
    """Return what an event lacks."""
    if kind not in _KINDS:
        if kind in UNUSED:
            return Reason("type_unused", {"kind": kind})
        return Reason("type_unknown" if kind else "type_missing")
    if len(message_id) > ID:
        return Reason("message_id_too_long", {"most": ID})
    user, anonymous, group, previous = said.userId, said.anonymousId, said.groupId, said.previousId
    if type(user) is str and len(user) > NAMED:  # one by one: this is asked of every event
        return _named_too_long("userId")
    if type(anonymous) is str and len(anonymous) > NAMED:
        return _named_too_long("anonymousId")
    if type(group) is str and len(group) > NAMED:
        return _named_too_long("groupId")
    if type(previous) is str and len(previous) > NAMED:
        return _named_too_long("previousId")
    if not (identifier(user) or identifier(anonymous)):  # a word like "null" names nobody
        return Reason("nobody")
    if kind == "track" and not said.event:
        return Reason("event_missing")
    if kind == "group" and not _id(group):
        return Reason("group_missing")
    if kind == "alias" and not _id(previous):
        return Reason("previous_missing")
    return None


def _named_too_long(field: str) -> Reason:
    return Reason("id_too_long", {"field": field, "most": NAMED})


def _id(said: Id) -> str:
    """Return an id as text; a whole number loses its point."""
    if type(said) is str:  # nearly always
        return said.strip()
    if said is None:
        return ""
    if isinstance(said, float) and said.is_integer():
        return str(int(said))
    return str(said).strip()


def _letters(body: bytes) -> Reason | None:
    if (
        b"\\" in body
        and _maybe.search(body)
        and any(found["half"] or found["nul"] for found in _escapes.finditer(body))
    ):
        return Reason("letters_unkept")
    return None


def _fault(message: str) -> dict[str, str | int]:
    """Return the field that msgspec names, and what it expected there."""
    where, expected = _where.search(message), _expected.search(message)
    return {"field": where[1] if where else "", "expected": expected[1] if expected else "something else"}
