"""The wire of Segment's and RudderStack's libraries, line by line: what is sent, what is answered, what is kept."""

from __future__ import annotations

import base64
import gzip
import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from tests.unit.collector.test_collector import asked, basic, kept

from filrouge.collector import Collector
from filrouge.collector.committer import Committer
from filrouge.collector.keys import Keys
from filrouge.collector.pace import Pace
from filrouge.domain.events.keys import digest
from filrouge.spool import SqliteSpool

WHO = {"userId": "u", "messageId": "m"}
ONE = {**WHO, "event": "Read", "groupId": "g", "previousId": "b"}  # enough for every type
EVENT = {**ONE, "type": "track"}
KEY = basic("key:")


class Row(NamedTuple):
    """A line: what is sent, the status, what the answer holds, and the events kept (type and reason)."""

    line: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = KEY
    status: int = 200
    says: Mapping[str, Any] = {}
    keeps: tuple[tuple[str, str], ...] = ()
    method: str = "POST"


def batch(*events: Any, **beside: Any) -> dict[str, Any]:
    return {"batch": list(events), **beside}


def refused(code: str) -> dict[str, Any]:
    return {"success": False, "code": code}


PLAIN = (("track", ""),)
DEEP = json.loads("[" * 197 + "]" * 197)
ROWS = [
    # --- one event under its type, and by its short form
    *(
        Row(f"{kind} at {path}", path, ONE, keeps=((kind, ""),))
        for kind in ("identify", "track", "page", "screen", "group", "alias")
        for path in (f"/v1/{kind}", f"/v1/{kind[0]}", f"/api/s/{kind}", f"/api/s/s2s/{kind}")
    ),
    # --- batches
    *(
        Row(f"a batch at {path}", path, batch(EVENT), keeps=PLAIN)
        for path in ("/v1/batch", "/v1/b", "/v1/import", "/beacon/v1/batch", "/api/s/batch", "/api/s/s2s/batch")
    ),
    Row("a beacon bears its key in its address", "/beacon/v1/batch?writeKey=key", batch(EVENT), {}, keeps=PLAIN),
    # --- what RudderStack adds
    Row("merge", "/v1/merge", {"mergeProperties": []}, keeps=(("merge", "type_unused"),)),
    Row("audiencelist", "/v1/audiencelist", {"properties": {}}, keeps=(("audiencelist", "type_unused"),)),
    Row("webhook", "/v1/webhook", {"userId": "u", "paid": 1}, keeps=PLAIN),
    Row("webhook of nobody", "/v1/webhook", {"paid": 1}, keeps=(("track", "nobody"),)),
    Row("health", "/health", headers={}, method="GET", says={"status": "ok"}),
    Row("the pixel of a track", "/pixel/v1/track?writeKey=key&userId=u&event=Read", method="GET", keeps=PLAIN),
    Row("the pixel of a page", "/pixel/v1/page?writeKey=key&anonymousId=b", method="GET", keeps=(("page", ""),)),
    Row("a pixel without a key is an image too", "/pixel/v1/page?userId=u", method="GET"),
    Row("a pixel of nobody", "/pixel/v1/page?writeKey=key", method="GET", keeps=(("page", "nobody"),)),
    Row("what its browser library asks", "/sourceConfig/?writeKey=key&p=web&v=3&build=m", headers={}, method="GET"),
    Row("the same with the key in the header", "/sourceConfig", method="GET"),
    Row("the same with a wrong key", "/sourceConfig?writeKey=no", headers={}, method="GET", status=401),
    # --- what analytics.js asks and tells
    Row("settings", "/v1/projects/key/settings", headers={}, method="GET"),
    Row("settings of a wrong key", "/v1/projects/no/settings", headers={}, method="GET", status=401),
    Row("metrics", "/v1/m", {"series": []}, {}, says={"success": True}),
    # --- who sends
    Row("basic without a colon", "/v1/track", ONE, basic("key"), keeps=PLAIN),
    Row("the key in the body", "/v1/track", {**ONE, "writeKey": "key"}, {}, keeps=PLAIN),
    Row("the key beside a batch", "/v1/batch", batch(EVENT, writeKey="key"), {}, keeps=PLAIN),
    Row("bearer, and the key in the body", "/v1/b", batch(EVENT, writeKey="key"), {"Authorization": "Bearer x"},
        keeps=PLAIN),
    Row("bearer alone", "/v1/track", ONE, {"Authorization": "Bearer key"}, keeps=PLAIN),
    Row("Jitsu’s header", "/api/s/track", ONE, {"X-Write-Key": "key"}, keeps=PLAIN),
    Row("no key", "/v1/track", ONE, {}, 401, refused("key_unknown")),
    Row("a wrong key", "/v1/track", ONE, basic("no:"), 401, refused("key_unknown")),
    Row("a wrong key beside a batch", "/v1/batch", batch(EVENT, writeKey="no"), {}, 401, refused("key_unknown")),
    Row("basic that is no base64", "/v1/track", ONE, {"Authorization": "Basic é!"}, 401, refused("key_unknown")),
    Row("a paused sender", "/v1/track", ONE, basic("paused:"), 404, refused("source_disabled")),
    # --- fields
    Row("nobody", "/v1/track", {"event": "Read"}, keeps=(("track", "nobody"),)),
    Row("somebody anonymous", "/v1/page", {"anonymousId": "b"}, keeps=(("page", ""),)),
    Row("a word that names nobody", "/v1/page", {"userId": "null"}, keeps=(("page", "nobody"),)),
    Row("a track of nothing", "/v1/track", WHO, keeps=(("track", "event_missing"),)),
    Row("a group without its id", "/v1/group", WHO, keeps=(("group", "group_missing"),)),
    Row("an alias of whom", "/v1/alias", WHO, keeps=(("alias", "previous_missing"),)),
    Row("a type in a batch that is none", "/v1/batch", batch({**ONE, "type": "look"}),
        keeps=(("look", "type_unknown"),)),
    Row("no type in a batch", "/v1/batch", batch(ONE), keeps=(("", "type_missing"),)),
    Row("an id of a hundred letters", "/v1/track", {**ONE, "messageId": "m" * 100}, keeps=PLAIN),
    Row("one more", "/v1/track", {**ONE, "messageId": "m" * 101}, keeps=(("track", "message_id_too_long"),)),
    Row("no id", "/v1/page", {"userId": "u"}, keeps=(("page", ""),)),
    Row("a time that is none", "/v1/track", {**ONE, "timestamp": "soon"}, keeps=(("track", "time_unreadable"),)),
    Row("context and integrations for all", "/v1/b", batch(EVENT, context={"ip": "::1"}, integrations={"X": False}),
        keeps=PLAIN),
    Row("what RudderStack’s library adds", "/v1/track", {**ONE, "channel": "web", "rudderId": "r"},
        {**KEY, "AnonymousId": base64.b64encode(b"b").decode()}, keeps=PLAIN),
    # --- limits
    Row("an event of 32 KB", "/v1/track", {**ONE, "x": "x" * 32_600}, keeps=PLAIN),
    Row("a longer one", "/v1/track", {**ONE, "x": "x" * 32_768}, keeps=(("track", "too_large"),)),
    Row("a longer one does not taint its batch", "/v1/batch", batch({**EVENT, "x": "x" * 32_768}, EVENT),
        keeps=(("track", "too_large"), ("track", ""))),
    Row("2,500 events", "/v1/batch", batch(*[EVENT] * 2_500), keeps=PLAIN * 2_500),
    Row("one more is set aside", "/v1/batch", batch(*[EVENT] * 2_501),
        keeps=(*PLAIN * 2_500, ("track", "beyond_batch"))),
    Row("3,000 properties", "/v1/track", {**ONE, "properties": {f"{n:x}": 1 for n in range(3_000)}}, keeps=PLAIN),
    Row("4 MB", "/v1/batch", b'{"batch":[' + json.dumps(EVENT).encode() + b"]" + b" " * 4_194_170 + b"}", keeps=PLAIN),
    Row("more than 4 MB", "/v1/batch", b" " * 4_194_305, status=413, says=refused("too_large")),
    Row("more than 4 MB unpacked", "/v1/batch", gzip.compress(b" " * 4_194_305), {**KEY, "Content-Encoding": "gzip"},
        413, refused("too_large")),
    Row("200 levels", "/v1/track", {**ONE, "properties": {"x": DEEP}}, keeps=PLAIN),
    Row("one more level", "/v1/track", {**ONE, "properties": {"x": [[DEEP]]}}, keeps=(("track", "too_deep"),)),
    Row("too fast", "/v1/track", ONE, basic("fast:"), 429, refused("too_fast")),
    # --- bodies
    Row("no JSON", "/v1/track", b"{", status=400, says=refused("not_json")),
    Row("nothing", "/v1/track", b"", status=400, says=refused("not_json")),
    Row("no number", "/v1/track", b'{"userId":"u","event":"x","properties":{"a":NaN}}', status=400,
        says=refused("not_json")),
    Row("no UTF-8", "/v1/track", b'{"userId":"\xff"}', status=400, says=refused("not_utf8")),
    Row("a batch of nothing", "/v1/batch", batch(), status=400, says=refused("batch_empty")),
    Row("no batch", "/v1/batch", EVENT, status=400, says=refused("not_a_batch")),
    Row("two batches", "/v1/batch", b'{"batch":[],"batch":[]}', status=400, says=refused("not_a_batch")),
    Row("too many events", "/v1/batch", batch(*[0] * 10_001), status=400, says=refused("too_many")),
    Row("no gzip", "/v1/track", ONE, {**KEY, "Content-Encoding": "gzip"}, 400, refused("not_gzip")),
    Row("another packing", "/v1/track", ONE, {**KEY, "Content-Encoding": "br"}, 415, refused("encoding_unknown")),
    Row("an event that is none does not taint its batch", "/v1/batch", batch(7, EVENT, None),
        keeps=(("", "not_an_object"), ("track", ""), ("", "not_an_object"))),
    # --- elsewhere
    Row("what is posted is not got", "/v1/track", method="GET", status=405, says=refused("method_wrong")),
    Row("what is got is not posted", "/pixel/v1/track", ONE, status=405, says=refused("method_wrong")),
    Row("nowhere", "/v1/nothing", ONE, status=404, says=refused("not_found")),
    Row("another version", "/v2/track", ONE, status=404, says=refused("not_found")),
]  # fmt: skip


@pytest.fixture
def spool(tmp_path: Path) -> SqliteSpool:
    return SqliteSpool(tmp_path / "spool")


@pytest.fixture
def app(tmp_path: Path, spool: SqliteSpool) -> Collector:
    held = {"source": "web", "entity": "north", "brand": "red"}
    keys = {digest("key"): held, digest("paused"): held | {"paused": True}, digest("fast"): held}
    (tmp_path / "keys.json").write_text(json.dumps({"keys": keys}))
    pace = Pace(1_000)
    pace.took("fast", 60_000)
    return Collector(Committer(spool), Keys(tmp_path / "keys.json"), pace)


@pytest.mark.parametrize("row", ROWS, ids=[row.line for row in ROWS])
def test_each_line_of_the_wire_is_answered_and_kept_as_its_libraries_expect(
    row: Row, app: Collector, spool: SqliteSpool
) -> None:
    async def asks(client: httpx.AsyncClient) -> None:
        content = row.body if isinstance(row.body, bytes | None) else json.dumps(row.body).encode()
        headers = {name: value.encode("latin-1") for name, value in row.headers.items()}
        answer = await client.request(row.method, row.path, content=content, headers=headers)
        assert answer.status_code == row.status, answer.text
        assert answer.headers["access-control-allow-origin"] == "*"
        assert ("retry-after" in answer.headers) == (row.status in (429, 503))
        assert ("x-ratelimit-reset" in answer.headers) == (row.status == 429)
        if row.path.startswith("/pixel/") and row.method == "GET":
            assert answer.headers["content-type"] == "image/gif"
            return
        said = answer.json()
        assert row.says.items() <= said.items()
        if row.status != 200:
            assert isinstance(said["message"], str), "a library of Python needs the code and the message"
        elif row.keeps:
            told = [one.get("code", "") for one in said["events"]]
            assert told == [code for _, code in row.keeps]

    asked(app, asks)
    assert [(event.kind, event.code) for one in kept(spool) for event in one.events] == list(row.keeps)


WAYS: list[tuple[dict[str, str], dict[str, str], str]] = [
    (basic("key:"), {}, ""), (basic("key"), {}, ""), ({}, {"writeKey": "key"}, ""), ({"X-Write-Key": "key"}, {}, ""),
    ({"Authorization": "Bearer t"}, {"writeKey": "key"}, ""), ({}, {}, "?writeKey=key"),
]  # fmt: skip
CONTENTS = ("application/json", "application/json; charset=utf-8", "text/plain", "text/plain;charset=UTF-8", "")
POSTED = {row.path for row in ROWS if row.status == 200 and row.method == "POST" and "?" not in row.path}


@pytest.mark.parametrize("path", sorted(POSTED - {"/v1/m"}))
def test_every_address_takes_every_way_to_say_the_key_every_content_type_and_gzip(
    path: str, app: Collector, spool: SqliteSpool
) -> None:
    several = any(row.path == path and isinstance(row.body, dict) and "batch" in row.body for row in ROWS)
    sent = list(itertools.product(WAYS, CONTENTS, (False, True)))

    async def asks(client: httpx.AsyncClient) -> None:
        for (headers, beside, query), content, packed in sent:
            body = json.dumps(batch(EVENT, **beside) if several else {**ONE, **beside}).encode()
            more = {"Content-Type": content} if content else {}
            if packed:
                body, more["Content-Encoding"] = gzip.compress(body), "gzip"
            origin = {"Origin": "https://example.org"}
            answer = await client.post(path + query, content=body, headers={**headers, **more, **origin})
            assert answer.status_code == 200, (headers, content, packed, answer.text)
            assert answer.headers["access-control-allow-origin"] == "https://example.org"
            assert answer.headers["access-control-allow-credentials"] == "true"
        asking = await client.options(path, headers={"Origin": "https://example.org"})
        assert (asking.status_code, asking.headers["access-control-max-age"]) == (200, "900")

    asked(app, asks)
    assert spool.waiting() == len(sent)


def test_what_was_sent_before_is_answered_200_and_what_bears_no_id_is_given_one(
    app: Collector, spool: SqliteSpool
) -> None:
    async def asks(client: httpx.AsyncClient) -> None:
        for verdict in ("accepted", "repeated", "repeated"):
            answer = await client.post("/v1/track", json=ONE, headers=KEY)
            assert (answer.status_code, answer.json()["events"]) == (200, [{"messageId": "m", "verdict": verdict}])
        blank = [(await client.post("/v1/page", json={"userId": "u"}, headers=KEY)).json() for _ in range(2)]
        assert len({one["events"][0]["messageId"] for one in blank}) == 2
        assert {one["events"][0]["verdict"] for one in blank} == {"accepted"}

    asked(app, asks)
    assert spool.waiting() == 5


def test_a_time_is_put_right_by_the_clock_of_the_sender(app: Collector, spool: SqliteSpool) -> None:
    said = batch({**EVENT, "timestamp": "2020-01-01T10:00:00Z"}, sentAt="2020-01-01T12:00:00Z")

    async def asks(client: httpx.AsyncClient) -> None:
        assert (await client.post("/v1/batch", json=said, headers=KEY)).status_code == 200

    asked(app, asks)
    ((stored,),) = (spool.read(file, 0, 9) for file in spool.files())
    (event,) = kept(spool)[0].events
    assert round(stored.entry.received_at / 1e6 - event.at.timestamp()) == 2 * 3600
