"""An engineer adds a sender, copies what is shown, sees its first event come, corrects one that broke the plan; then
revokes the key."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.browser.conftest import served

ENGINEER = "remy@example.com"
SECTIONED = {"properties": {"section": {"type": "string"}}, "required": ["section"]}


def copied(command: str) -> str:
    """Run a command as it was copied; return what it printed."""
    return subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.fixture(scope="module")
def own(home: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment that leads to a copy of the sample."""
    folder = tmp_path_factory.mktemp("collecting") / "var"
    shutil.copytree(home["FILROUGE_HOME"], folder)
    return home | {"FILROUGE_HOME": str(folder)}


@pytest.fixture(scope="module")
def collecting(own: dict[str, str]) -> Iterator[str]:
    """Serve a copy of the sample with all its roles, as ``filrouge serve`` does; return where."""
    with served(own, roles="web,collect,worker") as where:
        yield where


@pytest.fixture
def signed_in(chromium: Any, collecting: str, passwords: dict[str, str]) -> Iterator[Any]:
    """Return a function that signs the engineer in, with scripts or without."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def enter(*, scripts: bool = True, width: int = 1280, who: str = ENGINEER) -> Any:
        context = chromium.new_context(
            base_url=collecting, viewport={"width": width, "height": 860}, java_script_enabled=scripts,
        )  # fmt: skip
        contexts.append(context)
        context.add_cookies([{"name": "django_language", "value": "en", "url": collecting}])
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto("/account/login/")
        page.fill("[name=login]", who)
        page.fill("[name=password]", passwords[who])
        page.click(".door-card .btn-primary")
        return page

    yield enter
    for context in contexts:
        context.close()
    assert complaints == []


def add(page: Any, name: str) -> str:
    page.goto("/senders")
    page.locator("main .btn-primary").click()
    page.fill("[name=name]", name)
    page.select_option("[name=brand]", "le-cargo")
    page.click("main .btn-primary")
    return str(page.locator(".word-once code").inner_text())


def test_the_page_turns_green_when_the_first_event_came(signed_in: Any, collecting: str) -> None:
    page = signed_in()
    word = add(page, "cargo_site")
    assert "Waiting for the first event" in page.inner_text("#heard")
    code = page.locator(".snippet pre").first.inner_text()
    assert f'writeKey: "{word}", cdnURL: "{collecting}"' in code
    answer = httpx.post(f"{collecting}/v1/track", json={"userId": "u-1", "event": "Read"}, auth=(word, ""))
    assert answer.status_code == 200
    page.wait_for_selector("#heard.good", timeout=30_000)
    assert "It is heard" in page.inner_text("#heard")
    assert page.get_attribute("#heard", "hx-trigger") is None, "it no longer asks"
    page.click(".revoke summary")
    page.click(".revoke button")
    page.wait_for_selector(".toast-line.success")
    assert (
        httpx.post(f"{collecting}/v1/track", json={"userId": "u-1", "event": "Read"}, auth=(word, "")).status_code
        == 401
    )


def snippet(page: Any, number: int) -> str:
    """Return what the page of a sender says to copy, as the button copies it."""
    return str(page.locator(".snippet [data-copy]").nth(number).get_attribute("data-copy"))


def test_what_is_copied_works_as_it_is_and_what_broke_the_plan_is_corrected_onto_the_page(
    signed_in: Any, own: dict[str, str], tmp_path: Path
) -> None:
    page = signed_in()
    word = add(page, "cargo_shop")
    file = tmp_path / "copied.py"
    file.write_text(snippet(page, 1))
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([sys.executable, str(file)], env=bare, cwd=tmp_path, check=True, timeout=60)
    page.wait_for_selector("#heard.good", timeout=30_000)
    curl = snippet(page, 3)
    assert word in curl

    plan = {"mode": "enforce", "events": [{"kind": "track", "name": "Article read", "schema": SECTIONED}]}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    command = [sys.executable, "-m", "filrouge.cli", "plan", "set", "cargo_shop", str(tmp_path / "plan.json")]
    subprocess.run(command, env=own, check=True, capture_output=True)
    page.click("text=Its events")
    broken = curl.replace('"section": "culture"', '"section": 7')
    page.wait_for_timeout(1_500)  # a plan is heard of within a second
    assert '"verdict":"accepted"' in copied(curl)
    assert '"success":true' in copied(broken)
    page.wait_for_selector("#stream tr:has(.warn) >> text=Article read")

    reader = signed_in(who="marie@example.com")
    reader.goto("/people?q=user-42@example.org")
    reader.wait_for_selector("[data-moves]", state="attached")
    reader.wait_for_selector("#moments >> text=3 actions online", timeout=20_000)
    page.goto("/senders/cargo_shop/quarantine")
    page.wait_for_selector("#aside .note-line, #aside a.row-link")
    page.wait_for_selector("#aside a.row-link", timeout=60_000)  # it comes by itself
    page.click("#aside a.row-link")
    assert page.input_value("[name=path] >> nth=0") == "properties.section"
    page.click("button[value=preview]")
    page.click("button[value=replay]")
    assert "1 event goes on" in page.inner_text(".toasts")
    assert "1 is corrected and on its way" in page.inner_text("#aside")
    reader.wait_for_selector("#moments >> text=4 actions online", timeout=20_000)


def test_a_double_click_makes_one_key(signed_in: Any) -> None:
    page = signed_in()
    page.goto("/senders/new")
    page.fill("[name=name]", "clicked_twice")
    page.select_option("[name=brand]", "le-cargo")
    page.dblclick("main .btn-primary")
    page.locator(".word-once code").wait_for()
    page.goto("/senders/clicked_twice")
    assert page.locator("details.revoke:not(.pause)").count() == 1


def test_without_scripts_all_of_it_works_too(signed_in: Any, collecting: str) -> None:
    page = signed_in(scripts=False, width=390)
    word = add(page, "cargo_app")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    answer = httpx.post(f"{collecting}/v1/page", json={"anonymousId": "a-1"}, auth=(word, ""))
    assert answer.status_code == 200
    page.click("#heard a")
    for _ in range(60):
        if page.locator("#heard.good").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    assert "It is heard" in page.inner_text("#heard")
    page.click(".snippet:nth-of-type(2) summary")
    page.click(".revoke summary")
    page.click(".revoke button")
    assert "is revoked" in page.inner_text(".toasts")
