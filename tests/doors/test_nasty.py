"""What nobody should send is answered in a sentence, never by a fault: numbers that are none, letters that are none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import HORIZON
from typer.testing import CliRunner

from filrouge.base import clock
from filrouge.base.text import whole
from filrouge.cli.identity import app
from filrouge.work import access, followups, groups

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])

NUMBERS = ("²", "٣", "9" * 19, "9" * 30, "-1", "1e3", "abc", "0x1", " 1", str(2**63), str(2**63 - 1), "\x00", "1_0")
PATHS = (
    "/companies/{}", "/people?after={}", "/people?q=ada&after={}", "/people?place=Lyon&after={}",
    "/follow-ups?list=all&page={}", "/follow-ups?list=done&page={}",
)  # fmt: skip
PLACES = ("/companies/{}", "/people?q=ada&cursor={}", "/people?place=Lyon&cursor={}", "/follow-ups?cursor={}")


@pytest.fixture
def ada(world: Any) -> str:
    return str(world.person(1, "Ada", "Byron", HORIZON | {"email": "ada@example.com", "city": "lyon"}))


def key(role: str) -> Any:
    from django.test import Client

    scopes = ["people:read", "people:write", "audit:read", "accounts:read", "accounts:write"]
    _, word = groups.make_key(access.OWNER, "test", role=role, scopes=scopes)
    return Client(headers={"authorization": f"Bearer {word}"}, raise_request_exception=False)


def written(path: str, value: str) -> str:
    from urllib.parse import quote

    return path.format(quote(value))


@pytest.mark.parametrize("value", NUMBERS)
def test_a_number_that_is_none_breaks_no_page(
    value: str, ada: str, world: Any, signed_in: Callable[[str], Any]
) -> None:
    world.user("root", "administrator")
    client = signed_in("root")
    client.raise_request_exception = False
    for path in (*PATHS, "/audit?before={}"):
        assert (path, client.get(written(path, value)).status_code) in ((path, 200), (path, 404), (path, 302))


@pytest.mark.parametrize("value", NUMBERS)
def test_a_cursor_that_is_none_is_told_to_a_program(value: str, ada: str) -> None:
    client = key("administrator")
    for path in (*PLACES, "/audit?cursor={}"):
        answer = client.get("/api/v1" + written(path, value))
        assert (path, answer.status_code) in ((path, 200), (path, 400), (path, 404))


@pytest.mark.parametrize("days", [*(n for n in NUMBERS if n != "\x00"), "0", "366"])
def test_a_follow_up_is_moved_by_days_that_are_a_number(
    days: str, ada: str, world: Any, signed_in: Callable[[str], Any]
) -> None:
    world.user("root", "administrator")
    due = clock.now() + timedelta(days=2)
    made = followups.add(access.OWNER, ada, "Rappeler", due)
    client = signed_in("root")
    client.raise_request_exception = False
    assert client.post(f"/follow-ups/{made.id}/postpone", {"days": days}).status_code == 302
    made.refresh_from_db()
    assert made.due_at == due


@pytest.mark.parametrize("value", ["²", "9" * 30, str(2**63)])
def test_a_record_that_is_no_number_is_told_at_the_command_line(value: str, ada: str) -> None:
    from filrouge.base.errors import FilrougeError

    for words in (["why", value, "1"], ["split", ada, "--records", f"1,{value}"]):
        told = CliRunner().invoke(app, words)
        assert told.exit_code
        assert told.exception is None or isinstance(told.exception, (FilrougeError, SystemExit))


def test_a_number_is_written_in_plain_digits() -> None:
    assert [whole(word) for word in ("0", "12", str(2**63 - 1))] == [0, 12, 2**63 - 1]
    assert [whole(word) for word in ("", "²", "٣", "-1", " 1", "9" * 19, "9" * 6000)] == [None] * 7
    assert whole("7", most=6) is None
