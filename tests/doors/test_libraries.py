"""Segment's library for Python, unchanged, before a running collector."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench import sending
from segment.analytics import request
from segment.analytics.client import Client
from tests.spooling import soon

from filrouge.spool import open_spool
from filrouge.spool.kept import KeptEvent, unpacked

EVERYTHING = {
    "identify": ("u-1", {"email": "zoe@example.com"}),
    "track": ("u-1", "Order Completed", {"total": 12.5}),
    "page": ("u-1", "shop", "Cafés", {"path": "/cafe"}),
    "screen": ("u-1", "app", "Basket", {}),
    "group": ("u-1", "g-1", {"name": "North"}),
    "alias": ("a-1", "u-1"),
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def _lines() -> Iterator[None]:
    """Close the lines that the library keeps open."""
    yield
    request._session.close()


def kept(home: Path) -> list[KeptEvent]:
    spool = open_spool(home / "spool", "")
    found = [
        event
        for file in spool.files()
        for s in spool.read(file, 0, 1_000)
        for event in unpacked(s.entry.payload).events
    ]
    spool.close()
    return found


@pytest.mark.parametrize("packed", [False, True])
def test_every_call_of_the_library_arrives_once(packed: bool, home: Path) -> None:
    refused: list[Any] = []
    with sending.serving(sending.published(home)) as server:
        client = Client(
            sending.KEY,
            host=f"http://127.0.0.1:{server.port}",
            gzip=packed,
            on_error=lambda *told: refused.append(told),
        )
        for name, said in EVERYTHING.items():
            getattr(client, name)(*said)
        for number in range(250):
            client.track("u-2", "Product Viewed", {"number": number})
        client.flush()
        client.join()
    assert refused == []
    found = kept(home)
    assert [event.kind for event in found[:6]] == list(EVERYTHING)
    assert {event.code for event in found} == {""}
    assert len({event.message_id for event in found}) == len(found) == 256
    assert [json.loads(event.body)["properties"]["number"] for event in found[6:]] == list(range(250))


def test_what_is_refused_for_a_while_is_sent_again_and_arrives_once(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "segment")
    refused: list[Any] = []
    home.mkdir()
    with sending.serving(home) as server:  # no write key was published yet: 503
        client = Client(
            sending.KEY, host=f"http://127.0.0.1:{server.port}", on_error=lambda *told: refused.append(told)
        )
        client.identify("u-1", {"plan": "pro"})
        soon(lambda: any("not_ready" in record.getMessage() for record in caplog.records))
        assert kept(home) == []
        sending.published(home)
        client.flush()
        client.join()
    assert refused == []
    assert [event.kind for event in kept(home)] == ["identify"]


def test_a_wrong_key_is_told_with_its_code_and_not_sent_again(home: Path) -> None:
    refused: list[Any] = []
    with sending.serving(sending.published(home)) as server:
        client = Client(
            "other", host=f"http://127.0.0.1:{server.port}", on_error=lambda error, _: refused.append(error)
        )
        client.track("u-1", "Read")
        client.flush()
        client.join()
    assert [(error.status, error.code) for error in refused] == [(401, "key_unknown")]
