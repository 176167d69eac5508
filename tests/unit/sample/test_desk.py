"""The desk of the sample answers in pages, on this machine only."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from filrouge import sample
from filrouge.sample import desk


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[desk.Server]:
    folder = tmp_path_factory.mktemp("desk")
    sample.build(folder, people=200, today=date(2026, 11, 20))
    server = desk.start(folder, 0)
    yield server
    server.close()


def ask(server: desk.Server, path: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(f"{server.url}{path}") as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.parametrize("kind", desk.KINDS)
def test_pages_follow_each_other_to_the_last_thing(served: desk.Server, kind: str) -> None:
    path, seen = f"/api/{kind}?per_page=7", []
    while path:
        status, page = ask(served, path)
        assert status == 200
        seen += [thing["id"] for thing in page[kind]]
        path = (page["links"]["next"] or "").removeprefix(served.url)
    assert len(seen) == len(set(seen)) == page["total"] > 7


def test_tickets_belong_to_customers_and_messages_to_tickets(served: desk.Server) -> None:
    everything = {kind: ask(served, f"/api/{kind}?per_page=1000")[1][kind] for kind in desk.KINDS}
    customers = {customer["id"] for customer in everything["customers"]}
    tickets = {ticket["id"] for ticket in everything["tickets"]}
    assert {ticket["customer"]["id"] for ticket in everything["tickets"]} <= customers
    assert {message["ticket_id"] for message in everything["messages"]} == tickets
    assert {"complaint", "ticket"} == {ticket["type"] for ticket in everything["tickets"]}


@pytest.mark.parametrize(
    ("path", "status"), [("/api/salaries", 404), ("/", 404), ("/api/tickets?page=0", 400), ("/api/tickets?page=x", 400)]
)
def test_other_questions_are_refused(served: desk.Server, path: str, status: int) -> None:
    assert ask(served, path)[0] == status


def test_a_page_past_the_end_is_empty(served: desk.Server) -> None:
    status, page = ask(served, "/api/tickets?page=9999")
    assert (status, page["tickets"], page["links"]["next"]) == (200, [], None)


def test_the_desk_listens_on_the_loopback_address_only(served: desk.Server) -> None:
    assert served.url.startswith("http://127.0.0.1:")


def test_a_closed_desk_frees_its_port(tmp_path: Path) -> None:
    sample.build(tmp_path, people=20, today=date(2026, 11, 20))
    first = desk.start(tmp_path, 0)
    first.close()
    second = desk.start(tmp_path, first.port)
    second.close()
    assert second.port == first.port
