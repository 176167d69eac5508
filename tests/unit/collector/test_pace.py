"""A key that sends too fast is asked to come back, and when; the others go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.unit.collector.test_collector import PAGE, asked, basic, publish

from filrouge.base import settings
from filrouge.base.errors import UsageError
from filrouge.collector import Collector, pace
from filrouge.collector.committer import Committer
from filrouge.collector.keys import Keys
from filrouge.collector.pace import Pace
from filrouge.site import collect
from filrouge.spool import SqliteSpool


class Clock:
    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def test_a_key_that_sends_too_fast_is_told_when_to_come_back_and_the_others_go_on(tmp_path: Path) -> None:
    publish(tmp_path / "keys.json", "fast", "calm")
    clock, spool = Clock(), SqliteSpool(tmp_path / "spool")

    async def asks(client: httpx.AsyncClient) -> None:
        async def sends(word: str, events: int) -> httpx.Response:
            said = {"batch": [{**PAGE, "messageId": f"{word}{number}"} for number in range(events)]}
            return await client.post("/v1/batch", json=said, headers=basic(f"{word}:"))

        assert (await sends("fast", 55)).status_code == 200, "a batch is never cut"
        late = await sends("fast", 1)
        assert (late.status_code, late.json()["code"], late.headers["retry-after"]) == (429, "too_fast", "5")
        assert int(late.headers["x-ratelimit-reset"]) > 1_700_000_000
        assert (await sends("calm", 1)).status_code == 200
        pixel = await client.get("/pixel/v1/page?writeKey=fast&userId=u")
        assert (pixel.status_code, pixel.headers["content-type"]) == (200, "image/gif")
        clock.at += 4
        assert (await sends("fast", 1)).headers["retry-after"] == "1"
        clock.at += 1
        assert (await sends("fast", 1)).status_code == 200

    asked(Collector(Committer(spool), Keys(tmp_path / "keys.json"), Pace(10, now=clock)), asks)
    assert spool.waiting() == 57


def test_whoever_keeps_the_pace_never_waits() -> None:
    clock = Clock()
    kept = Pace(100, now=clock)
    for _ in range(1_000):
        assert kept.wait("key") == 0
        kept.took("key", 10)
        clock.at += 0.1
    for _ in range(10):  # and a second's worth at once is no haste
        kept.took("key", 10)
    assert kept.wait("key") == 0
    kept.took("key", 10)
    assert kept.wait("key") == 1


def test_keys_that_owe_nothing_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MOST", 10)
    clock = Clock()
    kept = Pace(1, now=clock)
    kept.took("owes", 1_000)
    for number in range(100):
        clock.at += 2
        kept.took(f"key{number}", 1)
    assert len(kept._until) <= 10
    assert kept.wait("owes") > 0


@pytest.fixture
def given(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    settings.use(FILROUGE_COLLECT_RATE="")


def test_the_pace_is_that_of_the_setting(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILROUGE_HOME", str(given))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{given}/filrouge.db")
    publish(given / "write-keys.json", "key")

    async def asks(client: httpx.AsyncClient) -> None:
        statuses.append([
            (await client.post("/v1/page", content=json.dumps(PAGE), headers=basic("key:"))).status_code
            for _ in range(4)
        ])  # fmt: skip

    statuses: list[list[int]] = []
    for said in ("", "0", "0.001"):
        settings.use(FILROUGE_COLLECT_RATE=said)
        asked(collect.collector(), asks)
    assert statuses == [[200] * 4, [200] * 4, [200, 429, 429, 429]]
    for said in ("many", "-1", "nan", "inf"):
        with pytest.raises(UsageError):
            settings.use(FILROUGE_COLLECT_RATE=said)
