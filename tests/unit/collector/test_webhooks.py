"""What another system posts is kept as a track that holds it; what is no body of one is refused, never with a 5xx."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.unit.collector.test_collector import asked, basic, kept, publish

from filrouge.collector import Collector
from filrouge.collector.committer import Committer
from filrouge.collector.keys import Keys
from filrouge.spool import SqliteSpool

FORM = "application/x-www-form-urlencoded"


def posted(folder: Path, body: bytes, **headers: str) -> tuple[httpx.Response, list[Any]]:
    """Post ``body`` to the address of webhooks; return the answer and the events kept."""
    publish(folder / "keys.json", "key")
    spool, found = SqliteSpool(folder / "spool"), list[httpx.Response]()

    async def asks(client: httpx.AsyncClient) -> None:
        found.append(await client.post("/v1/webhook?writeKey=key", content=body, headers=headers))

    asked(Collector(Committer(spool), Keys(folder / "keys.json")), asks)
    return found[0], [event for one in kept(spool) for event in one.events]


def test_a_body_is_kept_whole_as_what_a_track_holds(tmp_path: Path) -> None:
    body = b'{ "kind":"paid", "userId":"u-1", "of":{"n":1.50}, "messageId":"m-1" }'
    answer, (event,) = posted(tmp_path, body)
    assert answer.status_code == 200
    assert answer.json()["events"] == [{"messageId": "m-1", "verdict": "accepted"}]
    said = json.loads(event.body)
    assert (said["type"], said["event"], said["userId"]) == ("track", "webhook_source_event", "u-1")
    assert said["properties"] == json.loads(body)
    assert body in event.body, "letter by letter"
    assert (event.kind, event.code) == ("track", "")


def test_a_body_that_names_nobody_is_set_aside_for_that_and_may_be_corrected(tmp_path: Path) -> None:
    from filrouge.domain.events.edits import Edit, corrected

    answer, (event,) = posted(tmp_path, b'{"email":"a@example.com","userId":{"odd":1}}')
    assert (answer.status_code, answer.json()["events"][0]["code"]) == (200, "nobody")
    mended = corrected(event.body.decode(), [Edit("set", "userId", value="u-1")])
    assert json.loads(mended)["properties"]["email"] == "a@example.com"


def test_a_form_is_read_field_by_field(tmp_path: Path) -> None:
    body = b"userId=u-1&name=Zo%C3%A9+Q&tag=a&tag=b&empty="
    answer, (event,) = posted(tmp_path, body, **{"Content-Type": f"{FORM}; charset=utf-8"})
    assert answer.status_code == 200
    assert json.loads(event.body)["properties"] == {"userId": "u-1", "name": "Zoé Q", "tag": ["a", "b"], "empty": ""}
    assert json.loads(event.body)["userId"] == "u-1"


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"", "application/json", 400, "not_json"), (b"{", "application/json", 400, "not_json"),
        (b"hello", "text/plain", 400, "not_json"), (b'{"a":1},"userId":"u"', "application/json", 400, "not_json"),
        (b'{"a":1}}', "application/json", 400, "not_json"), (b'{"a":"\xff"}', "application/json", 400, "not_utf8"),
        (b'{"a":NaN}', "application/json", 400, "not_json"), (b"a=%ff", FORM, 400, "not_a_form"),
        (b"a&" * 20_000, FORM, 400, "not_a_form"), (b"\xff=1", FORM, 400, "not_a_form"),
        (b"x" * 5_000_000, "application/json", 413, "too_large"),
        (b"[1,2]", "application/json", 200, "field_wrong"), (b"7", "application/json", 200, "field_wrong"),
        (b"null", "application/json", 200, "nobody"), (b"", FORM, 200, "nobody"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "application/json", 200, "too_deep"),
        (b"[" * 100_000 + b"]" * 100_000, "application/json", 200, "too_large"),
        (b'{"userId":"u","a":"' + b"x" * 40_000 + b'"}', "application/json", 200, "too_large"),
        (b'{"userId":"u","a":"\\ud83d"}', "application/json", 200, "letters_unkept"),
        (b"userId=u&a=%00", FORM, 200, "letters_unkept"), (b'{"userId":"u","a":1e999}', "", 200, "number_too_large"),
    ],
)  # fmt: skip
def test_whatever_is_posted_is_kept_with_its_reason_or_refused_with_one(
    body: bytes, kind: str, status: int, code: str, tmp_path: Path
) -> None:
    answer, events = posted(tmp_path, body, **({"Content-Type": kind} if kind else {}))
    assert answer.status_code == status, answer.text
    told = answer.json()["events"][0] if status == 200 else answer.json()
    assert told["code"] == code
    assert [event.code for event in events] == ([code] if status == 200 else [])


def test_a_packed_body_and_a_key_in_the_header_are_taken_too(tmp_path: Path) -> None:
    body = gzip.compress(b'{"anonymousId":"b"}')
    answer, (event,) = posted(tmp_path, body, **{"Content-Encoding": "gzip", **basic("key:")})
    assert (answer.status_code, event.code) == (200, "")


@pytest.mark.parametrize("size", [10, 1_000])
def test_a_list_of_an_audience_is_kept_and_set_aside(size: int, tmp_path: Path) -> None:
    publish(tmp_path / "keys.json", "key")
    spool = SqliteSpool(tmp_path / "spool")
    people = [{"email": f"{number}@example.com"} for number in range(size)]
    said = {"type": "audiencelist", "properties": {"listData": {"add": people}, "fields": {}}}

    async def asks(client: httpx.AsyncClient) -> None:
        for path, body in (("/v1/audiencelist", said), ("/v1/batch", {"batch": [said]})):
            answer = await client.post(path, json=body, headers=basic("key:"))
            assert (answer.status_code, answer.json()["events"][0]["code"]) == (200, "type_unused")
        for body, status in ((b"{", 400), (b"[]", 200), (b"7", 200), (b"{}", 200)):
            answer = await client.post("/v1/audiencelist", content=body, headers=basic("key:"))
            assert answer.status_code == status
            assert status == 400 or answer.json()["events"][0]["verdict"] == "quarantined"

    asked(Collector(Committer(spool), Keys(tmp_path / "keys.json")), asks)
    events = [event for one in kept(spool) for event in one.events]
    assert len(events) == 5
    assert json.loads(events[0].body)["properties"]["listData"]["add"] == people
