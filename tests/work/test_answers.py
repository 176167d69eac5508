"""May one reach them? The page gives the answer that everything else obeys, the same whoever asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.kept import laid_once
from tests.world import World, person

from filrouge.base import clock
from filrouge.console.people import permissions
from filrouge.store.models import Promise
from filrouge.work import access, consents, promises


@pytest.fixture
@laid_once
def group(world: World) -> World:
    world.people(person("1", "Ada", "Martin", mail="ada@example.org", phone="06 39 98 00 01", optin="yes"))
    world.resolve()
    return world


def told(asking: Any, key: str) -> dict[str, str]:
    """Return the words of each channel for the brand red, as the page shows them."""
    (line,) = [line for line in permissions(access.person(asking, key), clock.now()) if line["brand"] == "red"]
    return {cell["shown"].split()[0]: cell["classes"] for cell in line["cells"]}


def test_an_objection_binds_those_capped_to_a_brand_and_they_see_it(group: World) -> None:
    key = group.find("ada@example.org")[0].id
    whole, capped = group.user("advisor", entities=["north"]), group.user("sales", entities=["north"], brands=["red"])
    assert told(capped, key)["e-mail"] == "consent yes"
    consents.record(whole, key, purpose="marketing", channel="email", state="objected", entity="north")
    assert told(capped, key)["e-mail"] == told(whole, key)["e-mail"] == "consent stop"


def test_an_overdue_promise_holds_back_whoever_looks(group: World) -> None:
    key = group.find("ada@example.org")[0].id
    whole, capped = group.user("advisor", entities=["north"]), group.user("sales", entities=["north"], brands=["red"])
    promises.make(whole, key, "to ring back about the refund", clock.now() + timedelta(days=2), entity="north")
    Promise.objects.update(due_at=clock.now() - timedelta(days=2), brand="other")
    assert told(capped, key) == told(whole, key)
    assert told(capped, key)["e-mail"] == "consent stop"
    lines = permissions(access.person(capped, key), clock.now())
    assert "refund" not in str(lines), "what was promised for another brand is not told"


def test_the_page_and_the_question_agree(group: World) -> None:
    key = group.find("ada@example.org")[0].id
    asking = group.user("advisor", entities=["north"])
    at = clock.now()
    answers = consents.answers(key, [("north", "red")], purpose="marketing", channels=("email", "phone", "post"), at=at)
    for (entity, brand, channel), said in answers.items():
        asked = {"entity": entity, "brand": brand, "purpose": "marketing", "channel": channel, "at": at}
        assert said == consents.may_i(key, **asked)
    assert {classes == "consent yes" for classes in told(asking, key).values()} == {True, False}
