"""Whoever sees does not yet act: writing, closing, undoing and administering ask for a role held there."""

from __future__ import annotations

import pytest
from tests.kept import laid_once
from tests.world import World, person

from filrouge.base import clock
from filrouge.base.errors import NotFound, Refused, UsageError
from filrouge.store.models import Correction, Promise
from filrouge.work import access, consents, corrections, groups, notes, promises

LATER = clock.now().replace(year=clock.now().year + 1)


@pytest.fixture
@laid_once
def ada(world: World) -> str:
    """Known to north (brand red) and to south (brand blue), which share customer service."""
    world.people(person("1", "Ada", "Byron", mail="ada@example.com"))
    world.shop(person("77", "Ada", "Byron", mail="ada@example.com"))
    world.resolve()
    return str(world.find("Ada")[0].id)


def test_a_role_held_for_one_entity_writes_for_no_other(world: World, ada: str) -> None:
    advisor = world.user("advisor", entities=["north"])
    assert notes.add(advisor, ada, "bonjour").entity == "north"
    with pytest.raises(Refused):
        notes.add(advisor, ada, "bonjour", entity="south")
    with pytest.raises(Refused):
        corrections.correct(advisor, ada, "family_name", "X", entity="south")


def test_a_role_capped_to_a_brand_writes_for_that_brand_alone(world: World, ada: str) -> None:
    capped = world.user("advisor", entities=["north"], brands=["red"])
    made = consents.record(capped, ada, purpose="marketing", channel="email", state="granted", entity="north")
    assert (made.entity, made.brand) == ("north", "red"), "not every brand of the entity"
    with pytest.raises(Refused):
        consents.record(
            capped, ada, purpose="marketing", channel="email", state="granted", entity="north", brand="blue"
        )
    with pytest.raises(UsageError):
        notes.add(capped, ada, "bonjour", entity="north", brand="no such brand")


def test_two_roles_do_not_add_up_to_a_third(world: World, ada: str) -> None:
    user, _ = groups.add_user("both@example.com", "Both", role="advisor", by="test", entities=["south"])
    groups.grant(str(user.id), "marketer", by="test", entities=["north"])
    with pytest.raises(Refused):
        notes.add(access.caller(user), ada, "bonjour", entity="north")


def test_what_another_entity_promised_or_corrected_is_not_closed_or_undone(world: World, ada: str) -> None:
    north, south = world.user("advisor", entities=["north"]), world.user("advisor", entities=["south"])
    promise = promises.make(north, ada, "Un avoir", LATER, entity="north")
    correction = corrections.correct(north, ada, "family_name", "Lovelace", entity="north")
    with pytest.raises(NotFound):
        promises.close(south, str(promise.id), "released")
    with pytest.raises(NotFound):
        corrections.undo(south, str(correction.id))
    assert Promise.objects.get().state == "open"
    assert Correction.objects.get().undone_at is None
    assert promises.close(north, str(promise.id), "kept").state == "kept"


def test_words_are_read_by_roles_that_read_words(world: World, ada: str) -> None:
    promises.make(world.user("advisor", entities=["north"]), ada, "SECRET", LATER, entity="north")
    marketer = world.user("marketer", entities=["north"])
    page = access.person(marketer, ada)
    assert [row.text for row in page.promises] == [""]
    assert "SECRET" not in str(page.view.plain())
    assert Promise.objects.get().text == "SECRET"


@pytest.mark.parametrize("spelt", [str.upper, lambda key: key.replace("-", ""), lambda key: f"{{{key}}}"])
def test_an_id_spelt_otherwise_is_the_same_person_with_the_same_objections(
    world: World, ada: str, spelt: object
) -> None:
    advisor = world.user("advisor", entities=["north"])
    consents.record(advisor, ada, purpose="marketing", channel="email", state="restricted", entity="north")
    page = access.person(advisor, spelt(ada))  # type: ignore[operator]
    assert [alert.code for alert in page.view.alerts] == ["restricted"]
    assert page.view.id == ada


def test_an_administrator_of_one_entity_does_not_administer_the_group(world: World) -> None:
    with pytest.raises(Refused):
        access.administer(world.user("administrator", entities=["north"]))
    with pytest.raises(Refused):
        groups.make_key(world.user("administrator", entities=["south"]), "x", role="privacy", scopes=["people:read"])
    access.administer(world.user("administrator"))


def test_a_household_is_not_told_by_an_address_that_is_shut(world: World) -> None:
    home = {"street": "1 rue Neuve", "zip": "44000", "town": "Nantes"}
    world.people(person("1", "Ada", "Byron", mail="ada@example.com"), person("2", "Bo", "Byron", **home))
    world.shop(person("77", "Ada", "Byron", mail="ada@example.com", **home))
    world.resolve()
    ada = next(hit.id for hit in world.find("ada@example.com"))
    marketer, owner = world.user("marketer", entities=["north"]), world.user("advisor", entities=["north"])
    assert [hit.name for hit in access.person(owner, ada).household] == ["Bo Byron"]
    assert access.person(marketer, ada).household == ()


def test_more_pairs_of_entity_and_brand_than_a_search_can_tell_apart_are_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from filrouge.base.errors import StorageError
    from filrouge.work import live

    monkeypatch.setattr(live, "BITS", 1)
    world.people(person("1", "Ada", "Byron"))
    world.shop(person("2", "Bo", "Li"))
    with pytest.raises(StorageError, match="pairs of entity and brand"):
        world.resolve()
