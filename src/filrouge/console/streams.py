"""Pages that move while they are open: server-sent events, beside Django's threads, for whoever is signed in.

One task asks whether anything happened at all; only then is each open page looked at, and only those that it concerns
are told. A page holds no thread while nothing happens.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, unquote

from django.conf import settings
from django.contrib.auth import get_user
from django.db import close_old_connections
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import translation

from filrouge.base import clock
from filrouge.base.errors import FilrougeError
from filrouge.console import quarantine
from filrouge.console.presence import Board, Here
from filrouge.console.reader import LANGUAGES
from filrouge.console.sessions import BEGAN, SEEN
from filrouge.domain.privacy.caller import Caller
from filrouge.store.queries import group, moving, senders
from filrouge.work import access

log = logging.getLogger("filrouge.streams")
UNDER = "/streams/"
LOOK = 0.3  # seconds between two looks at whether anything happened
EACH = 0.7  # seconds between two looks at one page
BEAT = 15.0  # seconds after which a silent stream says that it still lives
AGAIN = 30.0  # seconds for which it is believed that a reader is still signed in
MOST = 500  # streams at once
READERS = senders.READERS

HEAD = [
    (b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]  # fmt: skip

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Site = Callable[[Scope, Any, Any], Awaitable[None]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Look = Callable[[], str | None]  # what to tell, None when there is nothing new


class Streams:
    """An ASGI application before another, which answers at all other addresses."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._threads = ThreadPoolExecutor(2, "streams")
        self._open = 0
        self._board = Board()
        self._pulse: tuple[str, int] = ("", 0)
        self._beats = 0
        self._changed: asyncio.Condition | None = None
        self._watch: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(UNDER):
            await self._site(scope, receive, send)
            return
        if scope["method"] != "GET" or self._open >= MOST:
            await _refuse(send, 405 if scope["method"] != "GET" else 503)
            return
        reader = Reader(scope)
        look = await self._call(reader.enter)
        if look is None:
            await _refuse(send, 404 if reader.signed_in else 403)
            return
        await self._stream(reader, look, receive, send)

    async def _stream(self, reader: Reader, look: Look, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HEAD})
        gone = asyncio.create_task(_gone(receive))
        self._open += 1
        person, asking = reader.person, reader.asking
        place = self._board.enter(person, asking, clock.now()) if asking and person else None
        try:
            async for said in self._told(reader, look, gone):
                await send({"type": "http.response.body", "body": said, "more_body": True})
            if not gone.done():
                await send({"type": "http.response.body", "body": b""})
        finally:
            self._open -= 1
            if place is not None:
                self._board.leave(person, place)
            gone.cancel()

    async def _told(self, reader: Reader, look: Look, gone: asyncio.Task[None]) -> AsyncIterator[bytes]:
        yield b"retry: 2000\n\n"
        checked = spoke = time.monotonic()
        beats = -1
        others: tuple[Here, ...] | None = None  # not told yet: what the page says may be of an earlier stream
        while not gone.done():
            now = time.monotonic()
            if (
                reader.person
                and reader.asking
                and (found := self._board.others(reader.person, reader.asking)) != others
            ):
                others, spoke = found, now
                yield reader.also_here(others).encode()
            if now - checked > AGAIN:
                checked = now
                if not await self._call(reader.still):
                    return
            if beats != self._beats:
                beats = self._beats
                said = await self._call(look)
                if said is not None:
                    spoke = now
                    yield said.encode()
                await asyncio.sleep(EACH)
            if time.monotonic() - spoke > BEAT:
                spoke = time.monotonic()
                yield b": alive\n\n"
            await self._wait(beats, gone)

    async def _wait(self, beats: int, gone: asyncio.Task[None]) -> None:
        """Wait until something happened, the reader went away, or it is time to say that the stream lives."""
        if self._changed is None:
            self._changed = asyncio.Condition()
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._keep_watch())
        if beats != self._beats or gone.done():
            return
        async with self._changed:
            if beats != self._beats:  # it happened while the lock was waited for: nobody would say so again
                return
            try:
                await asyncio.wait_for(self._changed.wait(), timeout=2)
            except TimeoutError:
                return

    async def _keep_watch(self) -> None:
        """Ask whether anything happened, as long as somebody looks on."""
        while self._open and self._changed is not None:
            found = await self._call(moving.pulse)
            if found is not None and found != self._pulse:
                self._pulse = found
                self._beats += 1
                async with self._changed:
                    self._changed.notify_all()
            await asyncio.sleep(LOOK)

    async def _call(self, verb: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, _quietly, verb)


def _quietly(verb: Callable[[], Any]) -> Any:
    """Return what ``verb`` does, None when it cannot: a stream that fails begins again by itself."""
    close_old_connections()
    try:
        return verb()
    except FilrougeError:
        return None
    except Exception as error:  # noqa: BLE001 - the database is away: the reader's browser asks again
        log.warning("%s", type(error).__name__)
        return None


class Reader:
    """Whoever opened a stream: who they are, whether they still are, and what they look at."""

    def __init__(self, scope: Scope) -> None:
        self._parts = [unquote(part) for part in scope["path"].removeprefix(UNDER).strip("/").split("/")]
        self._query = {
            key: values[0] for key, values in parse_qs(scope.get("query_string", b"").decode("latin-1")).items()
        }
        self._cookies = _cookies(scope)
        self.signed_in = False
        self.asking: Caller | None = None
        self.person = ""  # whose page it is
        self._language = "fr"

    def enter(self) -> Look | None:
        """Return what looks at what was asked for, None when the reader may not see it."""
        asking = self.asking = self._caller()
        if asking is None:
            return None
        kind, name = self._parts if len(self._parts) == 2 else ("", "")
        if kind == "people":
            self.person = access.person(asking, name, opening="stream").view.id
            return self._person(self.person)
        if kind == "senders" and asking.has(*READERS):
            return self._sender(senders.sender(name, asking).name, opens=asking.opens_pages())
        return None

    def still(self) -> bool:
        """Tell whether the reader is signed in, and may still see it."""
        return self.enter() is not None

    def _caller(self) -> Caller | None:
        key = self._cookies.get(settings.SESSION_COOKIE_NAME, "")
        session = import_module(settings.SESSION_ENGINE).SessionStore(key or None)
        now = int(clock.now().timestamp())
        began, seen = session.get(BEGAN, now), session.get(SEEN, now)
        if now - began > settings.SESSION_COOKIE_AGE or now - seen > settings.SESSION_IDLE:
            return None
        request = HttpRequest()
        request.session = session  # type: ignore[assignment,unused-ignore]
        user = get_user(request)
        if not user.is_authenticated or not user.is_active:
            return None
        self.signed_in = True
        chosen = self._cookies.get(settings.LANGUAGE_COOKIE_NAME, "")
        self._language = chosen if chosen in LANGUAGES else str(user.language)
        return group.caller_of(user, at=clock.now())

    def _person(self, person: str) -> Look:
        page = moving.Watched(person)
        now = moving.mark(page)
        before = self._query.get("mark") or now

        def look() -> str | None:
            nonlocal before
            found = moving.mark(page)
            if found == before:
                return None
            before = found
            return "event: moved\ndata: 1\n\n"

        return look

    def also_here(self, others: Sequence[Here]) -> str:
        """Return what says who else has the page open."""
        with translation.override(self._language):
            html = render_to_string("console/people/also_here.html", {"others": others})
        return f"event: here\ndata: {json.dumps(html)}\n\n"

    def _sender(self, name: str, *, opens: bool) -> Look:
        after = int(self._query.get("after") or 0) if (self._query.get("after") or "0").isdigit() else 0
        verdict, kind = self._query.get("verdict", ""), self._query.get("kind", "")

        def look() -> str | None:
            nonlocal after
            found = moving.lines(name, after=after, verdict=verdict, kind=kind)
            if not found:
                return None
            after = found[0].number
            with translation.override(self._language):
                html = render_to_string("console/senders/events.html", {"lines": because(found), "opens": opens})
            return f"event: lines\nid: {after}\ndata: {json.dumps(html)}\n\n"

        return look


def because(lines: Iterable[moving.Line]) -> list[tuple[moving.Line, str]]:
    """Return lines, each with why it was set aside if it was."""
    return [(line, quarantine.why(line.code, line.values) if line.code else "") for line in lines]


def _cookies(scope: Scope) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                found |= {key: morsel.value for key, morsel in SimpleCookie(value.decode("latin-1")).items()}
            except CookieError:
                continue
    return found


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def _refuse(send: Send, status: int) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-length", b"0"), (b"cache-control", b"no-store")],
        }
    )
    await send({"type": "http.response.body", "body": b""})
