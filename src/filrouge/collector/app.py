"""The collector: what Segment's and RudderStack's libraries send is kept durably before it is answered 200."""

from __future__ import annotations

import base64
import logging
import re
from datetime import datetime
from typing import Any

import msgspec

from filrouge.base import clock
from filrouge.collector import http
from filrouge.collector.committer import Committer
from filrouge.collector.http import Answered, Receive, Request, Scope, Send
from filrouge.collector.keys import Keys, Unpublished
from filrouge.collector.pace import Pace
from filrouge.collector.recent import Recent
from filrouge.collector.room import Overloaded
from filrouge.domain.events import KINDS, Batch, Unreadable, parse
from filrouge.domain.events.keys import WriteKey
from filrouge.domain.events.parse import write_key
from filrouge.domain.events.webhooks import event_of
from filrouge.spool import Entry, SpoolAway, SpoolFull
from filrouge.spool.kept import packed

_log = logging.getLogger(__name__)
SHORT = {"i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias", "b": "batch"}
POSTS = {f"/v1/{name}": name for name in (*KINDS, "batch")} | {f"/v1/{short}": name for short, name in SHORT.items()}
POSTS |= {"/v1/import": "batch", "/beacon/v1/batch": "batch"}
# Of RudderStack. Nobody is joined on a sender's word alone, and lists of audiences are made here: both are set aside.
POSTS |= {"/v1/merge": "merge", "/v1/audiencelist": "audiencelist", "/v1/webhook": "webhook"}
POSTS |= {f"/api/s/{way}{name}": name for way in ("", "s2s/") for name in (*KINDS, "batch")}  # as Jitsu has them
PIXELS = {"/pixel/v1/track": "track", "/pixel/v1/page": "page"}
AGAIN = 5  # seconds after which a sender whom we could not serve may come back


class Verdict(msgspec.Struct, omit_defaults=True, gc=False):
    """What is told of an event: accepted, repeated, or quarantined with the code and the sentence that say why."""

    messageId: str
    verdict: str
    code: str = ""
    message: str = ""


class Collector:
    """An ASGI application over a spool and the write keys that ``work`` publishes."""

    def __init__(self, committer: Committer, keys: Keys, pace: Pace | None = None) -> None:
        self._committer, self._keys, self._recent = committer, keys, Recent()
        self._pace = pace or Pace(0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            return
        request = http.request_of(scope)
        try:
            await self._serve(request, receive, send)
        except Answered as ended:
            wait = [(b"retry-after", str(ended.wait).encode())] if ended.wait else []
            if ended.status == 429:
                wait.append((b"x-ratelimit-reset", str(int(clock.now().timestamp()) + ended.wait).encode()))
            said = {"success": False, "code": ended.code, "message": ended.message}
            await http.answer_json(send, ended.status, said, [*http.cors(request.headers), *wait])
        except Exception:  # noqa: BLE001 a fault of ours is told as one, and retried by the sender
            _log.exception("A request to the collector met a fault.")
            said = {"success": False, "code": "fault", "message": "The collector met a fault of its own."}
            wait = [(b"retry-after", str(AGAIN).encode())]
            await http.answer_json(send, 503, said, [*http.cors(request.headers), *wait])

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self._committer.close()
                await send({"type": "lifespan.shutdown.complete"})
                return
            await send({"type": "lifespan.startup.complete"})

    async def _serve(self, request: Request, receive: Receive, send: Send) -> None:
        if request.method == "OPTIONS":
            await http.answer(send, 200, b"", http.preflight(request.headers))
        elif request.method == "POST" and request.path in POSTS:
            await self._post(request, POSTS[request.path], receive, send)
        elif request.method == "GET" and request.path in PIXELS:
            await self._pixel(request, PIXELS[request.path], send)
        elif request.method == "POST" and request.path == "/v1/m":  # how the sender's library fares: nobody's behaviour
            with self._committer.room.hold() as hold:
                await http.body_of(receive, request.headers, hold)
            await http.answer_json(send, 200, {"success": True}, http.cors(request.headers))
        elif request.method == "GET" and request.path == "/health":
            await http.answer_json(send, 200, {"status": "ok"}, http.cors(request.headers))
        elif request.method == "GET" and (settings := self._settings(request)) is not None:
            await http.answer_json(send, 200, settings, http.cors(request.headers))
        else:
            await http.heard_out(receive)
            raise _nothing_here(request)

    async def _post(self, request: Request, kind: str, receive: Receive, send: Send) -> None:
        with self._committer.room.hold() as hold:
            body = await http.body_of(receive, request.headers, hold)
            said, perhaps = http.words_of(request.headers)
            word = said or request.first("writeKey") or write_key(body) or perhaps
            verdicts = await self._keep(word, body, kind, form=http.is_form(request.headers))
        await http.answer_json(send, 200, {"success": True, "events": verdicts}, http.cors(request.headers))

    async def _pixel(self, request: Request, kind: str, send: Send) -> None:
        """Keep what an image's address says; the image is answered whatever it says."""
        try:
            said = msgspec.json.encode(_pixel_event(request))
            await self._keep(request.first("writeKey"), said, kind)
        except Answered as ended:
            _log.info("A pixel was not kept: %s.", ended.code)
        except Exception:  # noqa: BLE001 a page shows the image, whatever befalls us
            _log.exception("A pixel met a fault.")
        await http.answer(send, 200, http.GIF, [*http.cors(request.headers), (b"content-type", b"image/gif")])

    def _key(self, word: str, *, paused: bool = False) -> WriteKey:
        """Return what ``word`` opens; also of a sender that is paused, when ``paused``. Raises Answered."""
        try:
            key = self._keys.find(word)
        except Unpublished:  # a sender told 401 would throw its events away
            raise Answered(503, "not_ready", "The write keys are not here yet: come back soon.", wait=AGAIN) from None
        if key is None:
            raise Answered(401, "key_unknown", "This write key is not known.")
        if key.paused and not paused:
            raise Answered(404, "source_disabled", "This sender is paused: nothing of it is kept.")
        return key

    async def _keep(self, word: str, body: bytes, kind: str, *, form: bool = False) -> list[Verdict]:
        """Keep the events of ``body`` durably, sent by the key ``word``; return each verdict. Raises Answered."""
        key, now = self._key(word), clock.now()
        if wait := self._pace.wait(word):
            raise Answered(429, "too_fast", f"A key sends at most {self._pace.rate:g} events a second.", wait=wait)
        try:
            if kind == "webhook":
                body, kind = event_of(body, form=form), "track"
            plan = self._keys.plan(key.source)
            batch = parse(body, kind=kind, received=now, foresees=plan.of_request() if plan else None)
        except Unreadable as wrong:
            raise Answered(400, wrong.code, wrong.message) from None
        self._pace.took(word, len(batch.events))
        try:
            await self._committer.keep(
                Entry(
                    key.source, _microseconds(now), len(batch.events), packed(batch, entity=key.entity, brand=key.brand)
                )
            )
        except Overloaded:
            raise http.overloaded() from None
        except SpoolFull:
            raise Answered(503, "full", "There is no room to keep more: come back later.", wait=AGAIN) from None
        except SpoolAway:  # told once in the log, by the committer
            raise Answered(503, "unavailable", "What keeps events is away: come back soon.", wait=AGAIN) from None
        return self._verdicts(key, batch)

    def _verdicts(self, key: WriteKey, batch: Batch) -> list[Verdict]:
        told = []
        for event, repeated in zip(batch.events, self._recent.repeats(key.source, batch.events), strict=True):
            if repeated:
                told.append(Verdict(event.message_id, "repeated"))
            elif (reason := event.reason or event.foreseen) is None:
                told.append(Verdict(event.message_id, "accepted"))
            else:
                told.append(Verdict(event.message_id, "quarantined", reason.code, str(reason)))
        return told

    def _settings(self, request: Request) -> dict[str, Any] | None:
        """Return what the libraries of browsers ask before they start, None when something else is asked."""
        parts = request.path.split("/")
        if len(parts) == 5 and parts[:3] == ["", "v1", "projects"] and parts[4] == "settings":
            self._key(parts[3])
            own = {"apiKey": parts[3], "unbundledIntegrations": [], "addBundledMetadata": True}
            own |= _own_address(request)
            return {
                "integrations": {"Segment.io": own}, "plan": {}, "edgeFunction": {}, "analyticsNextEnabled": True,
                "middlewareSettings": {}, "enabledMiddleware": {}, "metrics": {"sampleRate": 0},
                "legacyVideoPluginsEnabled": False, "remotePlugins": [],
            }  # fmt: skip
        if request.path.rstrip("/") == "/sourceConfig":
            word = request.first("writeKey") or next(filter(None, http.words_of(request.headers)), "")
            key = self._key(word, paused=True)
            return {
                "source": {
                    "id": key.source, "name": key.source, "writeKey": word, "enabled": not key.paused, "config": {},
                    "connections": [], "destinations": [], "dataplanes": {},
                },
                "updatedAt": clock.now().isoformat(),
            }  # fmt: skip
        return None


def _nothing_here(request: Request) -> Answered:
    """Return what is answered where nothing is served."""
    if request.path in POSTS or request.path in PIXELS:
        return Answered(405, "method_wrong", "Events are posted.")
    return Answered(404, "not_found", "There is nothing here.")


def _own_address(request: Request) -> dict[str, str]:
    """Return where a browser's library finds us: told nothing, it would send what it hears to Segment."""
    host = request.headers.get(b"host", b"").decode("latin-1")
    if not host:
        return {}
    at_home = re.match(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$", host)
    return {"apiHost": f"{host}/v1", **({"protocol": "http"} if at_home else {})}


def _pixel_event(request: Request) -> dict[str, Any]:
    """Return the event that an address says: ``data`` (base64 of JSON, as Segment has it), or field by field."""
    if data := request.first("data"):
        try:
            return dict(msgspec.json.decode(base64.b64decode(data + "=" * (-len(data) % 4), altchars=b"-_")))
        except (ValueError, TypeError, RecursionError):
            raise Answered(400, "not_json", "What the address bears is no event.") from None
    said: dict[str, Any] = {}
    for name, values in request.query.items():
        if name in ("userId", "anonymousId", "event", "name", "messageId", "timestamp"):
            said[name] = values[0]
        elif name.startswith(("properties.", "context.")):
            top, _, inner = name.partition(".")
            said.setdefault(top, {})[inner] = values[0]
    return said


def _microseconds(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)
