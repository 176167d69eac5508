"""A plan at the door: what it will set aside is told, event by event; a plan that is broken never stops collection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.unit.collector.test_collector import asked, basic, kept, publish

from filrouge.collector import Collector, plans
from filrouge.collector.committer import Committer
from filrouge.collector.keys import Keys, Unpublished
from filrouge.domain.events.keys import digest
from filrouge.spool import SqliteSpool

RIGHT = {"type": "track", "userId": "u", "event": "Paid", "properties": {"total": 1}}
WRONG = RIGHT | {"properties": {"total": "1"}}
SCHEMA = {"properties": {"total": {"type": "number"}}}
PLAN = {"events": [["track", "Paid", SCHEMA]], "enforced": True}


def told(place: Path, **plans: Any) -> None:
    """Publish the key of two senders, each with its plan."""
    keys = {digest(f"key_{name}"): {"source": name, "entity": "north", "brand": "red"} for name in ("web", "app")}
    aside = place.with_suffix(".next")
    aside.write_text(json.dumps({"keys": keys, "plans": plans}))
    aside.replace(place)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture
def spool(tmp_path: Path) -> SqliteSpool:
    return SqliteSpool(tmp_path / "spool")


async def verdicts(client: httpx.AsyncClient, *events: dict[str, Any], name: str = "web") -> list[tuple[str, str]]:
    answer = await client.post("/v1/batch", json={"batch": events}, headers=basic(f"key_{name}:"))
    assert answer.status_code == 200, answer.text
    return [(one["verdict"], one.get("message", "")) for one in answer.json()["events"]]


ACCEPTED = ("accepted", "")
ASIDE = ("quarantined", "The tracking plan expects something else of properties.total: number.")


def test_what_a_plan_will_set_aside_is_told_of_that_event_alone_and_kept(place: Path, spool: SqliteSpool) -> None:
    async def asks(client: httpx.AsyncClient) -> None:
        assert await verdicts(client, RIGHT, WRONG, RIGHT) == [ACCEPTED, ASIDE, ACCEPTED]
        assert await verdicts(client, WRONG, name="app") == [ACCEPTED], "a plan is of its sender"
        one = await client.post("/v1/track", json=WRONG, headers=basic("key_web:"))
        assert one.json()["events"][0]["code"] == "plan_violated"

    told(place, web=PLAN)
    asked(Collector(Committer(spool), Keys(place)), asks)
    assert spool.waiting() == 5
    assert {event.code for one in kept(spool) for event in one.events} == {""}, "the live worker judges for itself"


def test_another_version_is_asked_at_the_next_request(place: Path, spool: SqliteSpool) -> None:
    async def asks(client: httpx.AsyncClient) -> None:
        for plan, said in ((PLAN, ASIDE), (PLAN | {"enforced": False}, ACCEPTED), (PLAN, ASIDE)):
            told(place, web=plan)
            assert await verdicts(client, WRONG) == [said]
        told(place)
        assert await verdicts(client, WRONG) == [ACCEPTED]

    asked(Collector(Committer(spool), Keys(place)), asks)


@pytest.mark.parametrize(
    "broken",
    [
        "a word", 7, None, [], {"events": "none"}, {"events": [["track"]], "enforced": True},
        {"events": [["track", "Paid", {"type": "no such type"}]], "enforced": True},
        {"events": [["track", "Paid", {"$ref": "https://example.org/x"}]], "enforced": True},
        {"events": [["track", "Paid", {"pattern": "("}]], "enforced": True, "further": 1},
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_read_stops_nothing_and_is_told_once(
    broken: Any, place: Path, spool: SqliteSpool, caplog: pytest.LogCaptureFixture
) -> None:
    async def asks(client: httpx.AsyncClient) -> None:
        assert await verdicts(client, WRONG, WRONG | {"event": "Sold"}, WRONG) == [ACCEPTED, ACCEPTED, ACCEPTED]
        assert await verdicts(client, WRONG) == [ACCEPTED]
        assert await verdicts(client, WRONG, name="app") == [ASIDE], "the plans of others are asked as before"

    told(place, web=broken, app=PLAN)
    asked(Collector(Committer(spool), Keys(place)), asks)
    assert spool.waiting() == 5
    assert [record.levelname for record in caplog.records if record.name.startswith("filrouge")] == ["ERROR"]


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"keys":7}', '{"keys":{},"plans":[]}', "\udcff"])
def test_a_file_that_cannot_be_read_leaves_known_what_was_known(
    torn: str, place: Path, spool: SqliteSpool, caplog: pytest.LogCaptureFixture
) -> None:
    def tears() -> None:
        aside = place.with_suffix(".torn")
        aside.write_text(torn, errors="surrogateescape")
        aside.replace(place)

    async def asks(client: httpx.AsyncClient) -> None:
        tears()
        early = await client.post("/v1/batch", json={"batch": [RIGHT]}, headers=basic("key_web:"))
        assert (early.status_code, early.json()["code"]) == (503, "not_ready"), "who is told 401 throws events away"
        told(place, web=PLAN)
        assert await verdicts(client, WRONG) == [ASIDE]
        tears()
        assert await verdicts(client, WRONG) == [ASIDE]
        assert await verdicts(client, RIGHT) == [ACCEPTED]
        publish(place, "key")
        gone = await client.post("/v1/batch", json={"batch": [RIGHT]}, headers=basic("key_web:"))
        assert gone.status_code == 401

    asked(Collector(Committer(spool), Keys(place)), asks)
    assert [record.levelname for record in caplog.records if record.name.startswith("filrouge")] == ["ERROR"] * 2


def test_what_could_not_be_read_for_a_moment_is_read_at_the_next_request(
    place: Path, spool: SqliteSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = Keys(place)
    told(place, web=PLAN)
    read, falls = Path.read_bytes, [True]

    def flooded(path: Path) -> bytes:
        if path == place and falls.pop():
            falls.append(False)
            raise OSError(24, "Too many open files")
        falls.append(False)
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", flooded)
    with pytest.raises(Unpublished):
        keys.find("key_web")
    assert keys.find("key_web") is not None


def test_a_plan_that_is_slow_keeps_nobody_waiting(
    place: Path, spool: SqliteSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def asks(client: httpx.AsyncClient) -> None:
        assert await verdicts(client, WRONG, WRONG) == [ASIDE, ASIDE]
        monkeypatch.setattr(plans, "LONGEST", 1e-12)
        assert await verdicts(client, WRONG, WRONG) == [ASIDE, ACCEPTED], "the live worker judges it"

    told(place, web=PLAN)
    asked(Collector(Committer(spool), Keys(place)), asks)
