"""Who sees a score: whoever acts for its entity, with brands that cover what it rests on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from filrouge.domain.privacy.perimeter import EVERYTHING, Agreement, Grant, perimeter
from filrouge.domain.scores.sight import seen

AT = datetime(2026, 11, 26, tzinfo=UTC)
OPEN = [Agreement("north", "south", "*", "service", AT)]


def looks(role: str, entity: str | None = "north", *brands: str, score: str = "engagement", uses: str = "red") -> bool:
    sees = perimeter([Grant(role, entity, frozenset(brands))], OPEN, ("north", "south"), at=AT)
    return seen(sees, "north", frozenset(uses.split(",")), score)


def test_its_entity_sees_it_and_another_does_not_though_facts_are_open_to_it() -> None:
    assert looks("advisor")
    assert looks("advisor", None)
    assert not looks("advisor", "south")


@pytest.mark.parametrize(
    ("brands", "expected"), [(("red",), False), (("red", "blue"), True), (("green",), False), ((), True)]
)
def test_a_cap_to_brands_has_to_cover_all_that_it_rests_on(brands: tuple[str, ...], expected: bool) -> None:
    assert looks("advisor", "north", *brands, uses="red,blue") is expected


def test_an_executive_sees_nobody_and_money_is_for_those_who_see_money() -> None:
    assert not looks("executive")
    assert looks("sales", score="value")
    assert not looks("marketer", score="value")
    assert seen(EVERYTHING, "north", frozenset({"red"}), "value")
