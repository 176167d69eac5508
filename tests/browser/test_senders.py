"""An engineer adds a sender, copies what is shown, and sees its first event come; then revokes the key."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.browser.conftest import served

ENGINEER = "remy@example.com"


@pytest.fixture(scope="module")
def collecting(home: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a copy of the sample with all its roles, as ``filrouge serve`` does; return where."""
    folder = tmp_path_factory.mktemp("collecting") / "var"
    shutil.copytree(home["FILROUGE_HOME"], folder)
    with served(home | {"FILROUGE_HOME": str(folder)}, roles="web,collect,worker") as where:
        yield where


@pytest.fixture
def signed_in(chromium: Any, collecting: str, passwords: dict[str, str]) -> Iterator[Any]:
    """Return a function that signs the engineer in, with scripts or without."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def enter(*, scripts: bool = True, width: int = 1280) -> Any:
        context = chromium.new_context(
            base_url=collecting, viewport={"width": width, "height": 860}, java_script_enabled=scripts,
        )  # fmt: skip
        contexts.append(context)
        context.add_cookies([{"name": "django_language", "value": "en", "url": collecting}])
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto("/account/login/")
        page.fill("[name=login]", ENGINEER)
        page.fill("[name=password]", passwords[ENGINEER])
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


def test_a_double_click_makes_one_key(signed_in: Any) -> None:
    page = signed_in()
    page.goto("/senders/new")
    page.fill("[name=name]", "clicked_twice")
    page.select_option("[name=brand]", "le-cargo")
    page.dblclick("main .btn-primary")
    page.locator(".word-once code").wait_for()
    page.goto("/senders/clicked_twice")
    assert page.locator("details.revoke").count() == 1


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
