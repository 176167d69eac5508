"""Segment's library for browsers, unchanged, in a page of another origin, before a running collector."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from bench import sending
from tests.spooling import soon

from filrouge.spool import open_spool
from filrouge.spool.kept import Kept, unpacked

LIBRARY = sending.ROOT / "node_modules/@segment/analytics-next/dist/umd"
PAGE = """<!doctype html><meta charset="utf-8"><title>Cafés</title><script src="/index.js"></script>
<script>
  window.analytics = AnalyticsNext.AnalyticsBrowser.load(SETTINGS, OPTIONS)
  analytics.page('Cafés')
  analytics.identify('u-1', {email: 'zoe@example.com', plan: 'pro'})
  analytics.track('Product Viewed', {name: 'Café moulu', price: 4.9})
  analytics.group('g-1', {name: 'North'})
</script>"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Serve a folder, the library beside it, at an origin of its own; return both."""
    folder = tmp_path / "site"
    folder.mkdir()
    if not LIBRARY.is_dir():
        pytest.fail("The library is not here: run make test-browser, which fetches it.")
    for script in LIBRARY.glob("*.js"):
        (folder / script.name).symlink_to(script)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context()
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    opened.on("requestfailed", lambda asked: complaints.append(asked.url))
    yield opened
    context.close()
    assert [
        told
        for told in complaints
        if "favicon" not in told and not told.endswith(("(File not found)", "(Service Unavailable)"))
    ] == []


def kept(home: Path) -> list[Kept]:
    spool = open_spool(home / "spool", "")
    found = [unpacked(one.entry.payload) for file in spool.files() for one in spool.read(file, 0, 1_000)]
    spool.close()
    return found


@pytest.mark.parametrize("strategy", ["standard", "batching"])
def test_what_a_page_says_arrives_once_however_it_is_delivered(
    strategy: str, site: tuple[Path, str], page: Any, tmp_path: Path
) -> None:
    folder, origin = site
    home = sending.published(tmp_path / "home")
    with sending.serving(home) as server:
        settings = {"writeKey": sending.KEY, "cdnURL": f"http://127.0.0.1:{server.port}"}
        delivery = {"strategy": strategy, "config": {"size": 10, "timeout": 300}} if strategy == "batching" else {}
        options = {"integrations": {"Segment.io": {"deliveryStrategy": delivery} if delivery else True}}
        told = PAGE.replace("SETTINGS", json.dumps(settings)).replace("OPTIONS", json.dumps(options))
        (folder / "shop.html").write_text(told, encoding="utf-8")
        page.goto(f"{origin}/shop.html")
        soon(lambda: sum(len(one.events) for one in kept(home)) >= 4)
        page.wait_for_timeout(600)  # nothing comes twice
    found = kept(home)
    events = {event.kind: json.loads(event.body) for one in found for event in one.events}
    assert sorted(event.kind for one in found for event in one.events) == ["group", "identify", "page", "track"]
    assert {event.code for one in found for event in one.events} == {""}
    assert events["identify"]["traits"]["email"] == "zoe@example.com"
    assert events["track"]["properties"] == {"name": "Café moulu", "price": 4.9}
    assert events["page"]["context"]["page"]["url"] == f"{origin}/shop.html"
    assert len({event["anonymousId"] for event in events.values()}) == 1
    assert (len(found) < 4) == (strategy == "batching")


def test_what_a_page_said_while_the_collector_was_away_arrives_once_it_is_back(
    site: tuple[Path, str], page: Any, tmp_path: Path
) -> None:
    folder, origin = site
    home = sending.published(tmp_path / "home")
    with sending.serving(home) as server:
        settings = {"writeKey": sending.KEY, "cdnURL": f"http://127.0.0.1:{server.port}"}
        told = PAGE.replace("SETTINGS", json.dumps(settings)).replace("OPTIONS", "{}")
        (folder / "shop.html").write_text(told, encoding="utf-8")
        page.goto(f"{origin}/shop.html")
        soon(lambda: sum(len(one.events) for one in kept(home)) == 4)
        (home / "write-keys.json").rename(home / "aside.json")  # asked for what it does not know yet, it answers 503
        with page.expect_response(lambda answer: answer.url.endswith("/v1/t") and answer.status == 503):
            page.evaluate("void analytics.track('Product Added', {quantity: 2})")
        (home / "aside.json").rename(home / "write-keys.json")
        soon(lambda: sum(len(one.events) for one in kept(home)) == 5)
        page.wait_for_timeout(600)
        names = [json.loads(event.body).get("event") for one in kept(home) for event in one.events]
    assert names.count("Product Added") == 1
