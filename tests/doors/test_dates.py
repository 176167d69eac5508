"""What is to be done is dated to come, within ten years; a row that says otherwise breaks no page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from tests.conftest import HORIZON

from filrouge.base import clock
from filrouge.console.templatetags import say
from filrouge.store.models import FollowUp, Promise
from filrouge.work import access, dates, followups, groups

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
WRONG = ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00", "2100-01-01T00:00:00", "0001-01-01T00:00:00+14:00",
         "0001-01-01T00:00:00", "2020-01-01T00:00:00Z", "2020-01-01")  # fmt: skip


@pytest.fixture
def ada(world: Any) -> str:
    return str(world.person(1, "Ada", "Byron", HORIZON | {"email": "ada@example.com"}))


def api() -> Client:
    _, word = groups.make_key(access.OWNER, "test", role="advisor", scopes=["people:read", "people:write"])
    return Client(headers={"authorization": f"Bearer {word}"}, raise_request_exception=False)


@pytest.mark.parametrize("due", WRONG)
@pytest.mark.parametrize("path", ["follow-ups", "promises"])
def test_a_program_is_told_of_a_date_that_cannot_be_one(due: str, path: str, ada: str) -> None:
    said = {"subject": "x", "text": "x", "due_at": due}
    answer = api().post(f"/api/v1/people/{ada}/{path}", said, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert not FollowUp.objects.exists()
    assert not Promise.objects.exists()


@pytest.mark.parametrize("path", ["follow-ups", "promises"])
def test_a_date_without_a_zone_is_one_of_the_screens(path: str, ada: str) -> None:
    day = (clock.now() + timedelta(days=3)).replace(hour=15, minute=0, second=0, microsecond=0, tzinfo=None)
    said = {"subject": "x", "text": "x", "due_at": day.isoformat()}
    assert api().post(f"/api/v1/people/{ada}/{path}", said, content_type="application/json").status_code == 201
    made = (FollowUp if path == "follow-ups" else Promise).objects.get()
    assert made.due_at == day.replace(tzinfo=ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize("due", ["9999-12-31", "2020-01-01", "0001-01-01", "", "demain"])
@pytest.mark.parametrize("path", ["follow-ups", "promises"])
def test_the_page_tells_of_a_date_that_cannot_be_one(
    due: str, path: str, ada: str, world: Any, signed_in: Callable[[str], Any]
) -> None:
    world.user("marie", "advisor", entities=("groupe",))
    client = signed_in("marie")
    client.raise_request_exception = False
    said = {"subject": "x", "text": "x", "due": due, "next": f"/people/{ada}"}
    assert client.post(f"/people/{ada}/{path}", said).status_code == 302
    assert "toast" in client.get(f"/people/{ada}").content.decode()
    assert not FollowUp.objects.exists()
    assert not Promise.objects.exists()


@pytest.mark.parametrize("hour", [8, 19])
def test_today_is_a_day_to_come_until_it_is_over(
    hour: int, ada: str, world: Any, signed_in: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.user("marie", "advisor", entities=("groupe",))
    client = signed_in("marie")
    today = clock.now().astimezone(ZoneInfo("Europe/Paris")).replace(hour=hour)
    monkeypatch.setattr(clock, "now", lambda: today.astimezone(UTC))
    client.post(f"/people/{ada}/follow-ups", {"subject": "x", "due": today.date().isoformat(), "next": "/"})
    assert FollowUp.objects.get().due_at > today


@pytest.mark.parametrize("end", [datetime.max.replace(tzinfo=UTC, microsecond=0), datetime(1, 1, 1, tzinfo=UTC)])
def test_a_row_at_the_end_of_time_breaks_no_page(
    end: datetime, ada: str, world: Any, signed_in: Callable[[str], Any]
) -> None:
    world.user("marie", "advisor", entities=("groupe",))
    made = followups.add(access.OWNER, ada, "Rappeler un jour", clock.now() + timedelta(days=1))
    FollowUp.objects.update(due_at=end)
    client = signed_in("marie")
    client.raise_request_exception = False
    for path in ("/follow-ups?list=all", f"/people/{ada}"):
        for language in ("fr", "en"):
            client.post("/reader", {"language": language, "next": "/"})
            page = client.get(path)
            assert page.status_code == 200
            assert "Rappeler un jour" in page.content.decode()
    assert client.post(f"/follow-ups/{made.id}/postpone", {"days": "7", "next": "/"}).status_code == 302


def test_no_filter_breaks_at_the_end_of_time() -> None:
    for moment in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=ZoneInfo("Asia/Tokyo"))):
        for filtered in (say.day, say.short_day, say.exact, say.hour, say.ago, say.day_title, say.when):
            assert isinstance(filtered(moment), str)


def test_a_due_date_is_aware_to_come_and_near() -> None:
    now = clock.now()
    assert dates.due(now + timedelta(days=3650)) == now + timedelta(days=3650)
    assert dates.due(datetime(now.year + 1, 7, 1, 12, tzinfo=UTC).replace(tzinfo=None)).utcoffset() == timedelta(
        hours=2
    )
