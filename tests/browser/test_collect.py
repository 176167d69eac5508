"""What a site sends is on the page of whom it is about while that page is open."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from tests.browser.conftest import served


def command(home: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "filrouge.cli", *words], env=home, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture(scope="module")
def collects(home: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Serve the sample whole, and give a site a key; return where and the key."""
    folder = tmp_path_factory.mktemp("collect") / "var"
    shutil.copytree(home["FILROUGE_HOME"], folder)
    environment = home | {"FILROUGE_HOME": str(folder)}
    with served(environment, roles="web,collect,worker") as where:
        said = command(environment, "key", "create", "--source", "kiosk", "--brand", "horizon", "--json")
        yield where, json.loads(said)["key"]


def post(address: str, key: str, *events: dict[str, Any]) -> Any:
    body = {
        "batch": [{"messageId": str(uuid4()), **event} for event in events],
        "sentAt": datetime.now(UTC).isoformat(),
    }
    head = {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(), "Content-Type": "text/plain"}
    request = urllib.request.Request(f"{address}/v1/b", json.dumps(body).encode(), head)
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200
        return json.loads(answer.read())


def found(page: Any, name: str) -> str:
    for _ in range(60):
        page.goto(f"/people?q={name}")
        if "/people/" in page.url:
            return str(page.url)
        if link := page.query_selector("a[href^='/people/0']"):
            return str(link.get_attribute("href"))
        time.sleep(0.5)
    raise AssertionError(f"{name} has no page")


def test_an_open_page_shows_what_its_person_does(
    chromium: Any, passwords: dict[str, str], collects: tuple[str, str]
) -> None:
    address, key = collects
    traits = {"firstName": "Ottokar", "lastName": "Zwierlein", "email": "ottokar.zwierlein@example.org"}
    told = post(address, key, {"type": "identify", "userId": "o1", "anonymousId": "a1", "traits": traits})
    assert [event["verdict"] for event in told["events"]] == ["accepted"]
    faults: list[str] = []

    def entered(who: str) -> Any:
        page = chromium.new_context(base_url=address, locale="fr-FR").new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto("/account/login/")
        page.fill("[name=login]", who)
        page.fill("[name=password]", passwords[who])
        page.click(".door-card .btn-primary")
        return page

    page = entered("marie@example.com")
    where = found(page, "Zwierlein")
    page.goto(where)
    page.wait_for_selector("[data-moves]", state="attached")
    page.wait_for_timeout(1500)
    post(address, key, {"type": "track", "userId": "o1", "event": "Basket abandoned", "properties": {"total": 12}})
    page.wait_for_selector("#moments >> text=Basket abandoned", state="attached", timeout=15_000)
    post(address, key, {"type": "track", "anonymousId": "a1", "event": "Delivery looked up"})
    page.wait_for_selector("#moments >> text=Delivery looked up", state="attached", timeout=15_000)
    assert page.locator("#moments >> text=Basket abandoned").count() == 1
    colleague = entered("nadia@example.com")
    colleague.goto(where)
    page.wait_for_selector("#also-here >> text=Nadia Ferreira", timeout=15_000)
    colleague.wait_for_selector("#also-here >> text=Marie Kervella", timeout=15_000)
    assert faults == []
    for one in (page, colleague):
        one.context.close()
