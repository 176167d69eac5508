"""A real browser before a real server: the sample group in a home folder of its own, served by ``filrouge serve``."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = 120


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Build a small sample group and return the environment that leads to it."""
    folder = tmp_path_factory.mktemp("home")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FILROUGE_", "DJANGO_"))}
    environment.pop("DATABASE_URL", None)
    environment |= {"FILROUGE_HOME": str(folder / "var"), "FILROUGE_SAMPLE": str(folder / "sample"), "COLUMNS": "200"}
    command = [sys.executable, "-m", "filrouge.cli", "demo", "--people", str(PEOPLE), "--no-serve"]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return environment


@pytest.fixture(scope="session")
def passwords(home: dict[str, str]) -> dict[str, str]:
    """Return the password of each sample account, by address."""
    code = (
        "from filrouge.cli import set_up; set_up()\n"
        "from filrouge.work import demo\n"
        "for login in demo.logins(): print(login.email, login.password)"
    )
    told = subprocess.run([sys.executable, "-c", code], env=home, check=True, capture_output=True, text=True).stdout
    return dict(line.split() for line in told.splitlines())


@contextmanager
def served(environment: dict[str, str], *, roles: str = "web,collect") -> Iterator[str]:
    """Serve what stands in a home folder for a while; return where."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "filrouge.cli", "serve", "--port", str(port), "--roles", roles]
    log = Path(environment["FILROUGE_HOME"]).parent / f"serve-{port}.log"
    with log.open("w") as stream:
        server = subprocess.Popen(command, env=environment, stdout=stream, stderr=stream)
    try:
        for _ in range(120):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                    break
            except OSError:
                assert server.poll() is None, log.read_text()
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="session")
def address(home: dict[str, str]) -> Iterator[str]:
    """Serve the sample and return where."""
    with served(home) as where:
        yield where


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Start the machine's Chromium."""
    from playwright.sync_api import sync_playwright

    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    if found is None:
        pytest.fail("The browser lane needs Chromium: apt install chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        yield browser
        browser.close()


@pytest.fixture(scope="session", autouse=True)
def read_to_the_end() -> Iterator[None]:
    """Wait after each click and key until the page it leads to is read whole.

    Playwright waits until the answer begins: what stands far down a page may not be there yet on a busy machine.
    """
    from playwright.sync_api import Locator, Page

    def whole(act: Callable[..., Any]) -> Callable[..., Any]:
        def acted(where: Any, *args: Any, **options: Any) -> Any:
            page = where if isinstance(where, Page) else where.page
            told = act(where, *args, **options)
            if not page.is_closed():
                page.wait_for_load_state("load")
            return told

        return acted

    with pytest.MonkeyPatch.context() as patch:
        for kind in (Locator, Page):
            for name in ("click", "press"):
                patch.setattr(kind, name, whole(getattr(kind, name)))
        yield


@pytest.fixture
def worker(home: dict[str, str]) -> Callable[[], None]:
    """Return a function that lets the worker do what waits in the queue."""
    code = (
        "from filrouge.cli import set_up; set_up()\n"
        "from filrouge.work import audit, jobs, worker\n"
        "audit.chain_waiting()\n"
        "while job := jobs.claim('test'):\n"
        "    jobs.work(job, worker.VERBS)\n"
        "audit.chain_waiting()"
    )

    def work() -> None:
        subprocess.run([sys.executable, "-c", code], env=home, check=True, capture_output=True, text=True)

    return work


def counts(said: Any) -> bool:
    """Tell whether what the browser says is a fault: an error, except that a page asked for is missing, or that an
    answer is waited for no more since another was asked for."""
    late = said.text.startswith(("htmx:sendAbort", "htmx:afterRequest"))
    return said.type == "error" and "404" not in said.text and not late


@pytest.fixture
def visit(chromium: Any, address: str, passwords: dict[str, str]) -> Iterator[Callable[..., Any]]:
    """Return a function that opens a page, signed in as somebody; what the browser complains of fails the test."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def open_page(
        path: str = "/",
        *,
        who: str = "marie@example.com",
        width: int = 1280,
        theme: str = "light",
        language: str = "fr",
        scripts: bool = True,
    ) -> Any:
        context = chromium.new_context(
            base_url=address, viewport={"width": width, "height": 860}, java_script_enabled=scripts, locale="fr-FR"
        )
        contexts.append(context)
        cookies = {"filrouge_theme": theme, "django_language": language}
        context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies.items()])
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if counts(said) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if who:
            page.goto("/account/login/")
            page.fill("[name=login]", who)
            page.fill("[name=password]", passwords[who])
            page.click(".door-card .btn-primary")
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
