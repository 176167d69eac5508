"""How far away a day is, counted on the calendar of the screens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import override
from tests.conftest import HORIZON

from filrouge.base import clock
from filrouge.console import advice
from filrouge.console.templatetags import say
from filrouge.domain.profiles import Alert
from filrouge.work import access, followups

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 26, 3, 50, tzinfo=PARIS)


@pytest.fixture(autouse=True)
def _night(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW.astimezone(UTC))


@pytest.mark.parametrize(
    ("day", "hour", "said"),
    [
        (26, 18, "aujourd’hui"), (27, 18, "demain"), (28, 18, "dans 2 jours"), (28, 23, "dans 2 jours"),
        (25, 18, "hier"), (24, 18, "il y a 2 jours"), (30, 0, "dans 4 jours"),
    ],
)  # fmt: skip
def test_what_is_due_is_so_many_days_of_the_calendar_away(day: int, hour: int, said: str) -> None:
    with override("fr"):
        assert f">{said}<" in say.due(datetime(2026, 11, day, hour, tzinfo=PARIS))


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (NOW - timedelta(seconds=63), "à l’instant"),
        (NOW - timedelta(seconds=150), "il y a 2 minutes"),
        (NOW - timedelta(hours=3), "il y a 3 heures"),
        (NOW - timedelta(hours=5), "il y a 5 heures"),
        (NOW - timedelta(hours=9), "hier"),
        (datetime(2026, 11, 20, 22, 0, tzinfo=PARIS), "il y a 6 jours"),
        (datetime(2026, 11, 14, 22, 0, tzinfo=PARIS), "il y a 12 jours"),
        (datetime(2026, 11, 26, tzinfo=PARIS), "aujourd’hui"),
        (datetime(2026, 12, 1, 23, 59, tzinfo=PARIS), "dans 5 jours"),
    ],
)
def test_a_moment_of_another_day_is_counted_on_the_calendar(moment: datetime, said: str) -> None:
    with override("fr"):
        assert say.ago(moment) == said


def test_a_complaint_of_the_20th_is_open_for_six_days_on_the_26th() -> None:
    complaint = Alert("complaint_open", "danger", {"ref": "R-1", "since": "2026-11-20T18:00:00+00:00", "brand": ""})
    with override("fr"):
        assert advice.told([complaint])[0].fact == "Réclamation ouverte depuis 6 jours"


@pytest.mark.django_db(databases=["default", "live", "audit"])
def test_both_pages_say_the_same_of_what_is_due(world: Any, signed_in: Callable[[str], Any]) -> None:
    world.user("marie", "advisor", entities=("groupe",))
    ada = world.person(1, "Ada", "Byron", HORIZON | {"email": "ada@example.com"})
    followups.add(access.OWNER, ada, "Rappeler", datetime(2026, 11, 28, 18, tzinfo=PARIS))
    client = signed_in("marie")
    for path in ("/follow-ups?list=all", f"/people/{ada}"):
        assert ">dans 2 jours<" in client.get(path).content.decode()


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.django_db(databases=["default", "live", "audit"])
def test_what_is_due_today_is_due_before_midnight_where_one_reads(
    language: str, world: Any, signed_in: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.user("marie", "advisor", entities=("groupe",))
    ada = world.person(1, "Ada", "Byron", HORIZON | {"email": "ada@example.com"})
    night = datetime(2026, 11, 26, 0, 30, tzinfo=PARIS)  # at Greenwich it is still the 25th
    monkeypatch.setattr(clock, "now", lambda: night.astimezone(UTC))
    for subject, due in (("Tonight", night.replace(hour=23)), ("Tomorrow", night + timedelta(days=1))):
        followups.add(access.OWNER, ada, subject, due)
    client = signed_in("marie")
    client.cookies["django_language"] = language
    page = client.get("/follow-ups?list=due").content.decode()
    tasks = page.partition('class="plain tasks"')[2]
    assert "Tonight" in tasks
    assert "Tomorrow" not in tasks.partition("</ul>")[0].replace(">Tomorrow</button>", "")
    assert client.get("/").status_code == 200
