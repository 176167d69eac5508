"""Requests and answers, no more of them than a collector needs."""

from __future__ import annotations

import asyncio
import base64
import zlib
from binascii import Error as NotBase64
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import msgspec

from filrouge.collector.room import Hold, Overloaded

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
LARGEST = 4 * 1024 * 1024  # bytes of a body, unpacked
HEARD_OUT = 64 * 1024 * 1024  # bytes of a refused body that are read and dropped before it is answered
SLOWEST = 60  # seconds that a body may take to arrive: whoever sends slowly holds room that others need
GIF = base64.b64decode(b"R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


class Answered(Exception):
    """A request that ends here: its status, code, sentence and further headers."""

    def __init__(self, status: int, code: str, message: str, *, wait: int = 0) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.wait = status, code, message, wait


@dataclass(frozen=True, slots=True)
class Request:
    """What a sender asked."""

    method: str
    path: str
    headers: dict[bytes, bytes]
    query: dict[str, list[str]]

    def first(self, name: str) -> str:
        """Return the first value of a query's field."""
        return self.query.get(name, [""])[0]


def request_of(scope: Scope) -> Request:
    """Return the request of an ASGI scope; of a header sent twice, the last counts."""
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    return Request(scope["method"], scope["path"], dict(scope["headers"]), query)


async def body_of(receive: Receive, headers: dict[bytes, bytes], hold: Hold) -> bytes:
    """Return the body, unpacked when it is packed with gzip; ``hold`` counts its bytes. Raises Answered."""
    declared = headers.get(b"content-length", b"0")
    size = int(declared) if declared.isdigit() else 0
    if size > HEARD_OUT:
        raise _too_large()
    try:
        async with asyncio.timeout(SLOWEST):
            body = await _whole(receive, hold, too_large=size > LARGEST)
        packed = headers.get(b"content-encoding", b"").strip().lower()
        if packed in (b"", b"identity"):
            return body
        if packed not in (b"gzip", b"x-gzip"):
            raise Answered(415, "encoding_unknown", "A body is plain or packed with gzip.")
        body = _unpacked(body)
        hold.more(len(body))
    except TimeoutError:
        raise Answered(408, "too_slow", f"A body is sent within {SLOWEST} seconds.") from None
    except Overloaded:
        raise overloaded() from None
    return body


async def heard_out(receive: Receive) -> None:
    """Read and drop a body that nobody asked for, or as much of it as is waited for: the answer is not lost with it."""
    size = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(SLOWEST):
            while size <= HEARD_OUT:
                message = await receive()
                size += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    return


async def _whole(receive: Receive, hold: Hold, *, too_large: bool) -> bytes:
    """Return the body as it came. Raises Answered, Overloaded.

    What is refused is heard out all the same: a line that is dropped with bytes unread loses the answer.
    """
    parts: list[bytes] = []
    size, crowded = 0, False
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Answered(400, "interrupted", "The request ended before its body did.")
        part = message.get("body", b"")
        size += len(part)
        too_large = too_large or size > LARGEST
        if not (too_large or crowded):
            try:
                hold.more(len(part))
                parts.append(part)
            except Overloaded:
                crowded = True
        if too_large or crowded:
            parts.clear()
            hold.less()
        if not message.get("more_body") or size > HEARD_OUT:
            break
    if too_large:
        raise _too_large()
    if crowded:
        raise Overloaded
    return b"".join(parts)


def _unpacked(body: bytes) -> bytes:
    """Return what gzip packed, its members one after the other. Raises Answered."""
    parts: list[bytes] = []
    room = LARGEST + 1
    while body:
        reader = zlib.decompressobj(wbits=31)
        try:
            parts.append(reader.decompress(body, room))
        except zlib.error:
            raise Answered(400, "not_gzip", "The body is not what gzip packs.") from None
        room -= len(parts[-1])
        if room <= 0:
            raise _too_large()
        if not reader.eof:
            raise Answered(400, "not_gzip", "The body is cut short.")
        body = reader.unused_data
    return b"".join(parts)


def overloaded() -> Answered:
    """Return what is answered while too much is held for others."""
    return Answered(429, "overloaded", "Too much waits to be written: come back soon.", wait=1)


def _too_large() -> Answered:
    return Answered(413, "too_large", f"A body has at most {LARGEST} bytes.")


def words_of(headers: dict[bytes, bytes]) -> tuple[str, str]:
    """Return the write key that the headers bear, and the one that they may bear.

    Basic with no password (the colon may be left out) or ``X-Write-Key`` say it; a Bearer may be another token.
    """
    scheme, _, said = headers.get(b"authorization", b"").partition(b" ")
    plain = headers.get(b"x-write-key", b"").decode("latin-1").strip()
    if scheme.lower() == b"basic":
        try:
            return base64.b64decode(said.strip(), validate=True).decode().partition(":")[0], plain
        except (NotBase64, UnicodeDecodeError):
            return "", plain
    return plain, said.strip().decode("latin-1") if scheme.lower() == b"bearer" else ""


def is_form(headers: dict[bytes, bytes]) -> bool:
    """Tell whether the body is that of a form."""
    return headers.get(b"content-type", b"").lower().startswith(b"application/x-www-form-urlencoded")


def cors(headers: dict[bytes, bytes]) -> Headers:
    """Return what lets a page of any origin read the answer, with its cookies or without."""
    origin = headers.get(b"origin", b"*")
    found = [
        (b"access-control-allow-origin", origin), (b"vary", b"origin"),
        (b"access-control-expose-headers", b"retry-after, x-ratelimit-reset"),
    ]  # fmt: skip
    return found if origin == b"*" else [*found, (b"access-control-allow-credentials", b"true")]


def preflight(headers: dict[bytes, bytes]) -> Headers:
    """Return what a browser asks before it sends."""
    asked = headers.get(b"access-control-request-headers", b"content-type, authorization")
    return [
        *cors(headers), (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
        (b"access-control-allow-headers", asked), (b"access-control-max-age", b"900"),
    ]  # fmt: skip


async def answer(send: Send, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> None:
    await send(
        {
            "type": "http.response.start", "status": status,
            "headers": [*headers, (b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store")],
        }
    )  # fmt: skip
    await send({"type": "http.response.body", "body": body})


async def answer_json(send: Send, status: int, said: Any, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Answer ``said`` as JSON."""
    await answer(send, status, msgspec.json.encode(said), [*headers, (b"content-type", b"application/json")])
