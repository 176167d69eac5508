"""What does not exist is told as such, with what does: brands, sources, addresses of the API."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override
from tests.conftest import CARGO, HORIZON

from filrouge.base.errors import NotFound, Refused
from filrouge.console.templatetags import say
from filrouge.store.models import ApiKey, Source
from filrouge.work import access, groups, notes, sources

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])


def test_a_key_for_a_brand_of_nobody_is_not_made(world: Any) -> None:
    with pytest.raises(NotFound) as told:
        groups.make_key(access.OWNER, "crm", role="advisor", scopes=["people:read"], brands=["halle", "nope"])
    assert told.value.message == "No brand is called nope."
    assert "cargo, halle, horizon" in told.value.hint
    assert not ApiKey.objects.exists()


def test_an_unknown_source_is_told_with_the_nearest_or_all_of_them(world: Any) -> None:
    for number in range(35):
        Source.objects.create(name=f"source_{number:02}", kind="csv", spec={})
    with pytest.raises(NotFound) as near:
        sources.get("source_7")
    assert "source_07" in near.value.hint
    with pytest.raises(NotFound) as far:
        sources.get("zzz")
    assert all(f"source_{number:02}" in far.value.hint for number in range(35))


@pytest.mark.parametrize("method", ["get", "post", "delete"])
@pytest.mark.parametrize("key", [True, False])
def test_an_address_of_the_api_that_leads_nowhere_answers_as_the_api_does(method: str, key: bool, world: Any) -> None:
    _, word = groups.make_key(access.OWNER, "crm", role="advisor", scopes=["people:read"])
    client = Client(headers={"authorization": f"Bearer {word}"} if key else {}, enforce_csrf_checks=True)
    answer = getattr(client, method)("/api/v1/nope")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["title"] == "There is nothing here."
    assert client.get("/nope")["Content-Type"].startswith("text/html")


def test_a_brand_that_one_does_not_act_for_is_told_as_the_brand(world: Any) -> None:
    person = world.person(1, "Ada", "Byron", HORIZON, CARGO)
    world.user("marie", "advisor", entities=("groupe",), brands=("cargo",))
    marie = access.caller(world.users["marie"])
    with pytest.raises(Refused) as brand:
        notes.add(marie, person, "x", entity="groupe", brand="horizon")
    assert brand.value.message == "You do not act for the brand horizon."
    with pytest.raises(Refused) as entity:
        notes.add(marie, person, "x", entity="boutique", brand="halle")
    assert entity.value.message == "You do not act for boutique."
    assert notes.add(marie, person, "x", entity="groupe", brand="cargo").brand == "cargo"


@pytest.mark.parametrize(
    ("day", "fr", "en"),
    [
        (date(2026, 12, 1), "1er décembre 2026", "1 December 2026"),
        (date(2026, 12, 11), "11 décembre 2026", "11 December 2026"),
        (date(2026, 12, 21), "21 décembre 2026", "21 December 2026"),
    ],
)
def test_french_says_the_first_of_a_month(day: date, fr: str, en: str) -> None:
    for language, said in (("fr", fr), ("en", en)):
        with override(language):
            assert say.day(day) == say.day(day.isoformat()) == said
            assert say.exact(day).endswith(said)
    with override("fr"):
        assert say.short_day(date(2024, 1, 1)) == "1er janv. 2024"
