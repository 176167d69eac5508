"""What was answered 200 is on the disk, with a verdict on each event; what was not kept says why."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from filrouge.collector import Collector
from filrouge.collector.committer import Committer
from filrouge.collector.keys import Keys
from filrouge.collector.room import Room
from filrouge.domain.events.keys import digest
from filrouge.spool import Entry, SpoolAway, SpoolFull, SqliteSpool
from filrouge.spool.kept import Kept, unpacked

PAGE = {"type": "page", "userId": "u-1", "messageId": "m-1"}
Run = Callable[[Callable[[httpx.AsyncClient], Awaitable[None]]], None]


def publish(place: Path, *words: str) -> None:
    keys = {digest(word): {"source": f"web_{word}", "entity": "north", "brand": "red"} for word in words}
    aside = place.with_suffix(".next")
    aside.write_text(json.dumps({"keys": keys}))
    aside.replace(place)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    publish(tmp_path / "keys.json", "key")
    return tmp_path / "keys.json"


@pytest.fixture
def spool(tmp_path: Path) -> SqliteSpool:
    return SqliteSpool(tmp_path / "spool")


@pytest.fixture
def run(keys: Path, spool: SqliteSpool) -> Run:
    return lambda asks: asked(Collector(Committer(spool), Keys(keys)), asks)


def asked(app: Collector, asks: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    async def main() -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://collect.test") as client:
            await asks(client)

    asyncio.run(main())


def kept(spool: SqliteSpool) -> list[Kept]:
    return [unpacked(s.entry.payload) for file in spool.files() for s in spool.read(file, 0, 1_000)]


def basic(word: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(word.encode()).decode()}"}


PATHS = {
    "/v1/identify": "identify", "/v1/i": "identify", "/v1/track": "track", "/v1/t": "track", "/v1/page": "page",
    "/v1/p": "page", "/v1/screen": "screen", "/v1/s": "screen", "/v1/group": "group", "/v1/g": "group",
    "/v1/alias": "alias", "/v1/a": "alias",
}  # fmt: skip


@pytest.mark.parametrize(("path", "kind"), PATHS.items())
def test_every_call_of_the_libraries_is_kept_under_its_type(path: str, kind: str, run: Run, spool: SqliteSpool) -> None:
    said = {"userId": "u", "event": "Read", "groupId": "g", "previousId": "a", "messageId": "m"}

    async def asks(client: httpx.AsyncClient) -> None:
        answer = await client.post(path, json=said, headers=basic("key:"))
        assert answer.status_code == 200
        assert answer.json() == {"success": True, "events": [{"messageId": "m", "verdict": "accepted"}]}

    run(asks)
    (one,) = kept(spool)
    assert (one.entity, one.brand) == ("north", "red")
    assert [(event.kind, event.message_id, json.loads(event.body)) for event in one.events] == [(kind, "m", said)]


WAYS: Sequence[tuple[str, dict[str, str], dict[str, Any]]] = (
    ("", basic("key:"), {}), ("", basic("key"), {}), ("", {"Authorization": "Bearer token"}, {"writeKey": "key"}),
    ("", {"Authorization": "Bearer key"}, {}), ("", {"X-Write-Key": "key"}, {}),
    ("", {}, {"writeKey": "key"}), ("?writeKey=key", {}, {}),
)  # fmt: skip


@pytest.mark.parametrize(("query", "headers", "beside"), WAYS)
@pytest.mark.parametrize("path", ["/v1/batch", "/v1/b", "/v1/import", "/beacon/v1/batch"])
def test_a_batch_is_kept_however_the_key_is_said(
    path: str, query: str, headers: dict[str, str], beside: dict[str, Any], run: Run, spool: SqliteSpool
) -> None:
    body = json.dumps({"batch": [PAGE], **beside})

    async def asks(client: httpx.AsyncClient) -> None:
        for kind in ("application/json", "text/plain"):
            answer = await client.post(path + query, content=body, headers={**headers, "Content-Type": kind})
            assert answer.status_code == 200, answer.text

    run(asks)
    assert spool.waiting() == 2


def test_each_event_of_a_batch_has_its_verdict(run: Run, spool: SqliteSpool) -> None:
    async def asks(client: httpx.AsyncClient) -> None:
        faulty = {"type": "track", "userId": "u", "messageId": "m-2"}
        body = {"batch": [PAGE, faulty, PAGE, {**PAGE, "name": "other"}]}
        answer = await client.post("/v1/batch", json=body, headers=basic("key:"))
        assert answer.status_code == 200
        told = answer.json()["events"]
        assert [one["verdict"] for one in told] == ["accepted", "quarantined", "repeated", "accepted"]
        assert (told[1]["code"], told[1]["message"]) == (
            "event_missing",
            "A track names what happened: it needs an event.",
        )

    run(asks)
    (one,) = kept(spool)
    assert [event.code for event in one.events] == ["", "event_missing", "", ""]


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "code"),
    [
        ("/v1/batch", b"{", {}, 400, "not_json"),
        ("/v1/batch", b'{"batch":[]}', {}, 400, "batch_empty"),
        ("/v1/track", b"\xff", {}, 400, "not_utf8"),
        ("/v1/batch", b"{}", {"Authorization": "Basic bm9uZTo="}, 401, "key_unknown"),
        ("/v1/batch", b"{}", {"Authorization": "Basic %%%"}, 401, "key_unknown"),
        ("/v1/batch", b"x" * (4 * 1024 * 1024 + 1), {}, 413, "too_large"),
        ("/v1/batch", gzip.compress(bytes(50_000_000), mtime=0), {"Content-Encoding": "gzip"}, 413, "too_large"),
        ("/v1/batch", b"no gzip", {"Content-Encoding": "gzip"}, 400, "not_gzip"),
        ("/v1/batch", gzip.compress(b'{"batch":[{}]}', mtime=0)[:-9], {"Content-Encoding": "gzip"}, 400, "not_gzip"),
        ("/v1/batch", b"{}", {"Content-Encoding": "br"}, 415, "encoding_unknown"),
        ("/v1/nothing", b"{}", {}, 404, "not_found"),
    ],
)
def test_what_is_not_kept_is_answered_with_its_code_and_a_sentence(
    path: str, body: bytes, headers: dict[str, str], status: int, code: str, run: Run, spool: SqliteSpool
) -> None:
    async def asks(client: httpx.AsyncClient) -> None:
        answer = await client.post(path, content=body, headers={**basic("key:"), **headers})
        assert answer.status_code == status
        said = answer.json()
        assert (said["success"], said["code"]) == (False, code)
        assert said["message"].endswith(".")
        assert answer.headers["access-control-allow-origin"] == "*"

    run(asks)
    assert spool.waiting() == 0


def test_a_packed_body_is_read(run: Run, spool: SqliteSpool) -> None:
    async def asks(client: httpx.AsyncClient) -> None:
        said = json.dumps({"batch": [PAGE] * 100}).encode()
        body = gzip.compress(said[:500]) + gzip.compress(said[500:])  # two members, one after the other
        answer = await client.post("/v1/batch", content=body, headers={**basic("key:"), "Content-Encoding": "gzip"})
        assert answer.status_code == 200

    run(asks)
    assert spool.waiting() == 100


def test_a_page_of_any_origin_may_send(run: Run) -> None:
    async def asks(client: httpx.AsyncClient) -> None:
        asking = {"Origin": "https://example.org", "Access-Control-Request-Headers": "content-type"}
        answer = await client.options("/v1/t", headers=asking)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "https://example.org"
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert answer.headers["access-control-allow-headers"] == "content-type"
        assert answer.headers["access-control-max-age"] == "900"

    run(asks)


def test_a_pixel_is_always_answered_with_an_image(run: Run, spool: SqliteSpool) -> None:
    data = base64.urlsafe_b64encode(json.dumps({"userId": "u", "event": "Opened"}).encode()).decode().rstrip("=")

    async def asks(client: httpx.AsyncClient) -> None:
        for query in (
            "writeKey=key&userId=u&event=Opened&properties.topic=x",
            f"writeKey=key&data={data}",
            "writeKey=no",
            "writeKey=key&userId=u&event=x&timestamp=0001-01-01T00:00:00%2B01:00",
            "data=!",
        ):
            answer = await client.get(f"/pixel/v1/track?{query}")
            assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
            assert answer.content.startswith(b"GIF89a")

    run(asks)
    assert [(e.kind, e.code) for one in kept(spool) for e in one.events] == [
        ("track", ""),
        ("track", ""),
        ("track", "time_unreadable"),
    ]


def test_the_libraries_of_browsers_find_what_they_ask_before_they_start(run: Run) -> None:
    async def asks(client: httpx.AsyncClient) -> None:
        settings = await client.get("/v1/projects/key/settings")
        assert settings.json()["integrations"]["Segment.io"]["apiKey"] == "key"
        assert settings.json()["integrations"]["Segment.io"]["apiHost"] == "collect.test/v1", "not Segment's own"
        assert "protocol" not in settings.json()["integrations"]["Segment.io"], "https, as anywhere"
        at_home = await client.get("/v1/projects/key/settings", headers={"Host": "localhost:8000"})
        assert at_home.json()["integrations"]["Segment.io"]["protocol"] == "http"
        source = await client.get("/sourceConfig/?writeKey=key&p=web&v=3&build=modern")
        assert source.json()["source"]["enabled"] is True
        for path in ("/v1/projects/other/settings", "/sourceConfig?writeKey=other"):
            assert (await client.get(path)).status_code == 401
        assert (await client.get("/health")).json() == {"status": "ok"}
        assert (await client.post("/v1/m", json={"series": []})).json() == {"success": True}

    run(asks)


def test_a_key_that_is_withdrawn_writes_no_more_at_once(run: Run, keys: Path, spool: SqliteSpool) -> None:
    async def asks(client: httpx.AsyncClient) -> None:
        async def status(word: str) -> int:
            return (await client.post("/v1/batch", json={"batch": [PAGE]}, headers=basic(f"{word}:"))).status_code

        assert [await status("key"), await status("late")] == [200, 401]
        publish(keys, "late")
        assert [await status("key"), await status("late")] == [401, 200]
        keys.unlink()
        assert await status("late") == 503, "a sender told 401 would throw its events away"

    run(asks)
    assert spool.waiting() == 2


def test_a_paused_sender_is_refused_at_once_by_every_way_and_taken_again_once_resumed(
    run: Run, keys: Path, spool: SqliteSpool
) -> None:
    def pauses(paused: bool) -> None:
        held = {"source": "web", "entity": "north", "brand": "red", "paused": paused}
        aside = keys.with_suffix(".next")
        aside.write_text(json.dumps({"keys": {digest("key"): held}}))
        aside.replace(keys)

    async def asks(client: httpx.AsyncClient) -> None:
        for paused in (False, True, False):
            pauses(paused)
            for path in ("/v1/batch", "/v1/b", "/v1/import", "/beacon/v1/batch"):
                answer = await client.post(path, json={"batch": [PAGE]}, headers=basic("key:"))
                assert answer.status_code == (404 if paused else 200)
                assert not paused or answer.json()["code"] == "source_disabled"
            for path in ("/v1/page", "/v1/webhook", "/v1/audiencelist"):
                answer = await client.post(path, json=PAGE, headers=basic("key:"))
                assert answer.status_code == (404 if paused else 200)
            pixel = await client.get("/pixel/v1/page?writeKey=key&userId=u")
            assert (pixel.status_code, pixel.headers["content-type"]) == (200, "image/gif")
            settings = await client.get("/v1/projects/key/settings")
            assert settings.status_code == (404 if paused else 200)
            source = (await client.get("/sourceConfig/?writeKey=key")).json()["source"]
            assert source["enabled"] is not paused, "a library of RudderStack then starts nothing"
        wrong = await client.post("/v1/batch", json={"batch": [PAGE]}, headers=basic("other:"))
        assert wrong.status_code == 401

    run(asks)
    assert spool.waiting() == 16, "eight of each round but the middle one"


class Slow:
    """A spool whose disk is held until it is let go, or is full."""

    def __init__(self, real: SqliteSpool) -> None:
        self.real, self.open, self.full, self.away, self.appends = real, threading.Event(), False, False, 0

    def append(self, entries: Sequence[Entry]) -> None:
        self.open.wait(10)
        if self.full:
            raise SpoolFull
        if self.away:
            raise SpoolAway("the line is cut")
        self.appends += 1
        self.real.append(entries)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def test_those_who_wait_together_share_one_commit_and_too_many_are_asked_to_come_back(
    keys: Path, spool: SqliteSpool
) -> None:
    slow = Slow(spool)

    async def asks(client: httpx.AsyncClient) -> None:
        sent = [
            asyncio.create_task(client.post("/v1/page", json={**PAGE, "messageId": str(n)}, headers=basic("key:")))
            for n in range(60)
        ]
        await asyncio.sleep(0.2)
        late = await client.post("/v1/page", json={**PAGE, "name": "x" * 5_000}, headers=basic("key:"))
        assert late.status_code == 429
        assert late.headers["retry-after"] == "1"
        assert int(late.headers["x-ratelimit-reset"]) > 1_700_000_000
        assert "retry-after" in late.headers["access-control-expose-headers"]
        slow.open.set()
        assert {answer.status_code for answer in await asyncio.gather(*sent)} == {200}

    asked(Collector(Committer(slow, Room(17_000)), Keys(keys)), asks)
    assert spool.waiting() == 60
    assert slow.appends <= 3


def test_a_full_disk_is_told_with_when_to_come_back_and_does_not_end_the_service(
    keys: Path, spool: SqliteSpool
) -> None:
    slow = Slow(spool)
    slow.open.set()

    async def asks(client: httpx.AsyncClient) -> None:
        slow.full = True
        answer = await client.post("/v1/page", json=PAGE, headers=basic("key:"))
        assert (answer.status_code, answer.json()["code"]) == (503, "full")
        assert int(answer.headers["retry-after"]) > 0
        slow.full = False
        answer = await client.post("/v1/page", json=PAGE, headers=basic("key:"))
        assert (answer.status_code, answer.json()["events"][0]["verdict"]) == (200, "accepted"), "it never was kept"

    asked(Collector(Committer(slow), Keys(keys)), asks)
    assert spool.waiting() == 1


def test_a_server_that_is_away_is_told_with_when_to_come_back_and_once_in_the_log(
    keys: Path, spool: SqliteSpool, caplog: pytest.LogCaptureFixture
) -> None:
    slow = Slow(spool)
    slow.open.set()

    async def asks(client: httpx.AsyncClient) -> None:
        for slow.away in (True, True, True, False, False):
            answer = await client.post("/v1/page", json=PAGE, headers=basic("key:"))
            if slow.away:
                assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
                assert int(answer.headers["retry-after"]) > 0
            else:
                assert answer.status_code == 200

    asked(Collector(Committer(slow), Keys(keys)), asks)
    assert [record.levelname for record in caplog.records if record.name.startswith("filrouge")] == ["ERROR", "WARNING"]
    assert all(record.exc_info is None for record in caplog.records)


def test_bodies_that_arrive_slowly_take_room_too_and_give_it_back(keys: Path, spool: SqliteSpool) -> None:
    committer = Committer(spool, Room(30_000))
    app, statuses, held = Collector(committer, Keys(keys)), list[int](), asyncio.Event()

    async def slow() -> None:
        """Send half of a body, then wait."""
        parts = iter([b'{"writeKey":"key","batch":[', b'{"type":"page","userId":"u"}]}'])

        async def receive() -> dict[str, Any]:
            part = next(parts)
            if part.endswith(b"}"):
                await held.wait()
            return {"type": "http.request", "body": part.ljust(9_000), "more_body": not part.endswith(b"}")}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await app({"type": "http", "method": "POST", "path": "/v1/batch", "headers": []}, receive, send)

    async def asks(client: httpx.AsyncClient) -> None:
        sending = [asyncio.create_task(slow()) for _ in range(3)]
        await asyncio.sleep(0)
        late = await client.post("/v1/page", content=json.dumps(PAGE).ljust(9_000), headers=basic("key:"))
        assert (late.status_code, late.json()["code"], late.headers["retry-after"]) == (429, "overloaded", "1")
        sending[0].cancel()
        await asyncio.wait(sending[:1])
        held.set()
        await asyncio.wait(sending)
        again = await client.post("/v1/page", content=json.dumps(PAGE).ljust(9_000), headers=basic("key:"))
        assert again.status_code == 200

    asked(app, asks)
    assert sorted(statuses) == [200, 429], "the first of two who go on fills what is left"
    assert committer.room.taken == 0


def test_a_body_that_is_too_large_is_heard_out_so_that_the_answer_is_not_lost(keys: Path, spool: SqliteSpool) -> None:
    committer, said = Committer(spool), list[dict[str, Any]]()
    left = [b" " * 1_000_000] * 9

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": left.pop(), "more_body": bool(left)}

    async def send(message: dict[str, Any]) -> None:
        assert committer.room.taken == 0
        said.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/batch", "headers": [(b"content-length", b"9000000")]}
    asyncio.run(Collector(committer, Keys(keys))(scope, receive, send))
    assert (said[0]["status"], left) == (413, [])


@pytest.mark.parametrize(("path", "status"), [("/v1/nowhere", 404), ("/v1/nothing", 404), ("/health", 404)])
def test_a_body_that_nobody_asked_for_is_heard_out_too(path: str, status: int, keys: Path, spool: SqliteSpool) -> None:
    said, left = list[dict[str, Any]](), [b"x" * 100_000] * 3

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": left.pop(), "more_body": bool(left)}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "headers": []}
    asyncio.run(Collector(Committer(spool), Keys(keys))(scope, receive, send))
    assert (said[0]["status"], left) == (status, [])


def test_a_body_that_never_ends_is_not_waited_for(
    keys: Path, spool: SqliteSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("filrouge.collector.http.SLOWEST", 0.05)
    committer, said = Committer(spool), list[dict[str, Any]]()

    async def main() -> None:
        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0.02)
            return {"type": "http.request", "body": b" ", "more_body": True}

        async def send(message: dict[str, Any]) -> None:
            said.append(message)

        scope = {"type": "http", "method": "POST", "path": "/v1/batch", "headers": []}
        await Collector(committer, Keys(keys))(scope, receive, send)

    asyncio.run(main())
    assert (said[0]["status"], json.loads(said[1]["body"])["code"]) == (408, "too_slow")
    assert committer.room.taken == 0


def test_what_rudderstack_and_jitsu_add_is_kept_where_it_can_be(run: Run, spool: SqliteSpool) -> None:
    async def asks(client: httpx.AsyncClient) -> None:
        merge = {"type": "merge", "messageId": "m-9", "mergeProperties": [{"type": "email", "value": "a@example.com"}]}
        told = (await client.post("/v1/merge", json=merge, headers=basic("key:"))).json()
        assert [(one["messageId"], one["verdict"], one["code"]) for one in told["events"]] == [
            ("m-9", "quarantined", "type_unused")
        ]
        for path in ("/api/s/page", "/api/s/s2s/page"):
            answer = await client.post(path, json=PAGE, headers={"X-Write-Key": "key"})
            assert answer.status_code == 200
        people = {"type": "audiencelist", "properties": {"listData": {"add": [{"email": "a@example.com"}]}}}
        told = (await client.post("/v1/audiencelist", json=people, headers=basic("key:"))).json()["events"]
        assert (told[0]["verdict"], told[0]["message"]) == (
            "quarantined",
            "An event of the type audiencelist has no effect here: it is kept as it was sent.",
        )

    run(asks)
    assert [(event.kind, event.code) for one in kept(spool) for event in one.events] == [
        ("merge", "type_unused"), ("page", ""), ("page", ""), ("audiencelist", "type_unused"),
    ]  # fmt: skip


def test_when_a_batch_was_sent_is_kept_and_what_was_kept_before_is_still_read(run: Run, spool: SqliteSpool) -> None:
    async def asks(client: httpx.AsyncClient) -> None:
        for beside in ({"sentAt": "2026-01-31T13:00:00+01:00"}, {}, {"sentAt": "never"}):
            await client.post("/v1/batch", json={"batch": [PAGE], **beside}, headers=basic("key:"))

    run(asks)
    assert [one.sent_at for one in kept(spool)] == [datetime(2026, 1, 31, 12, tzinfo=UTC), None, None]
    before = msgspec.msgpack.encode(["north", "red", [], b"", b""])
    assert unpacked(before).sent_at is None


def test_the_collector_loads_neither_django_nor_an_engine() -> None:
    heavy = ("django", "ibis", "duckdb", "pandas", "numpy", "pydantic")
    said = f"import sys, filrouge.collector; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
