"""A value that somebody corrected comes first, is found by search and by the phone, and can be taken back exactly."""

from __future__ import annotations

import json

import pytest
from tests.kept import laid_once
from tests.world import World, person

from filrouge.base import clock
from filrouge.base.errors import UsageError
from filrouge.store.queries import people
from filrouge.work import access, corrections, live

NEW = "06 39 98 77 66"


@pytest.fixture
@laid_once
def ada(world: World) -> str:
    world.people(person("1", "Ada", "Byron", mail="ada@example.com", phone="06 39 98 00 01"))
    world.resolve()
    return str(world.find("Ada")[0].id)


def called(number: str) -> list[str]:
    return [hit.id for hit in people.by_phone(number, access.OWNER, at=clock.now())]


def test_the_phone_link_opens_by_the_corrected_number_at_once(world: World, ada: str) -> None:
    assert called(NEW) == []
    made = corrections.correct(access.OWNER, ada, "phone", NEW)
    assert called(NEW) == [ada]
    corrections.undo(access.OWNER, str(made.id))
    assert called(NEW) == []
    assert called("06 39 98 00 01") == [ada]


def test_a_corrected_name_is_found_and_still_is_once_the_copies_are_built_anew(world: World, ada: str) -> None:
    corrections.correct(access.OWNER, ada, "family_name", "Lovelace")
    assert [hit.id for hit in world.find("Lovelace")] == [ada]
    assert [hit.id for hit in world.find("Lovelase")] == [ada], "misspelt"
    live.rebuild()
    assert [hit.id for hit in world.find("Ada Lovelace")] == [ada]
    live.refresh([ada])
    assert [hit.name for hit in world.find("lovelace")] == ["Ada Lovelace"]


def test_taking_back_what_a_source_says_too_leaves_the_source_its_word(world: World, ada: str) -> None:
    made = corrections.correct(access.OWNER, ada, "email", "ADA@example.com")
    corrections.undo(access.OWNER, str(made.id))
    assert [hit.id for hit in world.find("ada@example.com")] == [ada]


def test_a_stranger_does_not_find_by_what_another_entity_corrected(world: World, ada: str) -> None:
    corrections.correct(access.OWNER, ada, "phone", NEW)
    stranger = world.user("advisor", entities=["west"])
    assert people.by_phone(NEW, stranger, at=clock.now()) == []


def test_an_address_is_corrected_in_its_parts(world: World, ada: str) -> None:
    said = json.dumps({"address_line": "1 rue Neuve", "postcode": "44000", "city": "Nantes"})
    corrections.correct(access.OWNER, ada, "address", said)
    shown = access.person(access.OWNER, ada).view.attributes["address"].best.value
    assert json.loads(shown)["city"] == "Nantes"
    for wrong in ("1 rue Neuve", "[]", json.dumps({"city": "Nantes"}), json.dumps({"planet": "Mars"})):
        with pytest.raises(UsageError):
            corrections.correct(access.OWNER, ada, "address", wrong)
