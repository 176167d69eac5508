"""An accepted event as a row of the table ``events``, and what it tells of who sent it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

Id = str | int | float | None
_NOBODY = frozenset({
    "-1", "null", "none", "nil", "undefined", "nan", "anonymous", "guest", "unknown", "n/a", "[object object]",
})  # fmt: skip
_LONGEST = 300  # letters of an identifier, a name or an address kept beside the event as sent


class _Event(msgspec.Struct, gc=False):
    """What is read of an event; the rest is kept as it came."""

    event: str | None = None
    name: str | None = None
    category: str | None = None
    userId: Id = None
    anonymousId: Id = None
    groupId: Id = None
    previousId: Id = None
    properties: msgspec.Raw = msgspec.Raw()
    traits: msgspec.Raw = msgspec.Raw()
    context: msgspec.Raw = msgspec.Raw()
    integrations: msgspec.Raw = msgspec.Raw()


class _Page(msgspec.Struct, gc=False):
    path: Any = None
    url: Any = None
    title: Any = None
    topic: Any = None
    name: Any = None


class _Context(msgspec.Struct, gc=False):
    page: Any = None
    traits: Any = None


_event = msgspec.json.Decoder(_Event)
_page = msgspec.json.Decoder(_Page)
_context = msgspec.json.Decoder(_Context)
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_traits = msgspec.json.Decoder(dict[str, Any])
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Told:
    """One event: what its row holds, who it names, and what it says of them (``traits``, as sent)."""

    name: str | None
    user: str  # empty: nobody named, or by a word that names nobody
    anonymous: str
    previous: str
    url: str | None
    title: str | None
    topic: str | None
    properties: str | None
    context: str | None
    traits: dict[str, Any]


NOTHING = Told(None, "", "", "", None, None, None, None, None, {})


def identifier(said: Id) -> str:
    """Return an id as text, nothing when it is one that names nobody (``null``, ``0000``, ``anonymous``…)."""
    if said is None:
        return ""
    if type(said) is not str:
        said = str(int(said) if isinstance(said, float) and said.is_integer() else said)
    word = said.strip()
    return "" if not word.strip("0-") or word.casefold() in _NOBODY else word


def told(kind: str, body: bytes, *, context: bytes = b"", integrations: bytes = b"") -> Told:
    """Return what an event of ``kind`` tells; ``context`` and ``integrations`` were said for its whole batch."""
    said = _event.decode(body)
    raw = bytes(said.traits if kind in ("identify", "group") else said.properties)
    about = _merged(context, bytes(said.context))
    where = _with_destinations(about, bytes(said.integrations) or integrations)
    page = _page.decode(raw) if raw[:1] == b"{" else _Page()
    around = _context.decode(about) if about[:1] == b"{" else _Context()
    shown = _page.decode(_encoder.encode(around.page)) if isinstance(around.page, dict) else _Page()
    seen = kind in ("page", "screen")
    return Told(
        name=_text(said.event) if kind == "track" else _text(said.name) or (_text(page.name) if seen else None),
        user=identifier(said.userId),
        anonymous=identifier(said.anonymousId),
        previous=identifier(said.previousId),
        url=_text(page.path) or _text(page.url) or _text(shown.path) or _text(shown.url),
        title=_text(page.title) or (_text(shown.title) if seen else None),
        topic=_text(page.topic),
        properties=_json(_with_group(raw, said.groupId) if kind == "group" else raw),
        context=_json(where),
        traits=_traits_of(kind, raw, around),
    )


def traits(kind: str, properties: str | None, context: str | None) -> dict[str, Any]:
    """Return what an event kept as a row says of who it names."""
    about = (context or "").encode()
    around = _context.decode(about) if about[:1] == b"{" else _Context()
    return _traits_of(kind, (properties or "").encode(), around)


def _traits_of(kind: str, raw: bytes, around: _Context) -> dict[str, Any]:
    said = _object_of(raw) if kind == "identify" else {}
    if not said and kind != "group" and isinstance(around.traits, dict):
        return around.traits
    return said


def _text(said: Any) -> str | None:
    return said[:_LONGEST] or None if isinstance(said, str) else None


def _json(raw: bytes) -> str | None:
    return raw.decode() if raw not in (b"", b"null") else None


def _object_of(raw: bytes) -> dict[str, Any]:
    return _traits.decode(raw) if raw[:1] == b"{" else {}


def _merged(common: bytes, own: bytes) -> bytes:
    """Return a context: what was said for the batch, and over it what the event says."""
    if common[:1] != b"{":
        return own
    if own[:1] != b"{":
        return common
    return _encoder.encode({**_object.decode(common), **_object.decode(own)})


def _with_destinations(context: bytes, integrations: bytes) -> bytes:
    """Return the context with whom the sender would have the event passed on to, when that is not everybody."""
    if integrations[:1] != b"{" or _traits.decode(integrations) in ({}, {"All": True}, {"all": True}):
        return context
    held = _object.decode(context) if context[:1] == b"{" else {}
    return _encoder.encode({**held, "integrations": msgspec.Raw(integrations)})


def _with_group(traits: bytes, group: Id) -> bytes:
    held: dict[str, Any] = _object.decode(traits) if traits[:1] == b"{" else {}
    return _encoder.encode({**held, "groupId": group})
