"""A file with the columns of one already read says what they said there."""

from __future__ import annotations

from typing import Any

import pytest
from tests.work.test_drafts import TEXT, brought, imported, told
from tests.world import World

from filrouge.domain.sources.columns import Said
from filrouge.work import drafts

MORE = TEXT.replace("@example.com", "@example.org").replace("Export du 12/11/2026", "Export du 13/11/2026")


@pytest.fixture
def remy(world: World) -> Any:
    return world.user("engineer", entities=("north",))


def rows(draft: Any) -> list[Said]:
    """Return columns whose consents are told value by value, and one of which is left out."""
    return [
        {"Accord": Said("Accord", "consent:marketing:email", states={"oui": "granted", "non": "denied"}),
         "Né le": Said("Né le")}.get(one.column, one)
        for one in told(draft)
    ]  # fmt: skip


def first(remy: Any) -> Any:
    draft = brought(remy)
    return imported(remy, drafts.say(remy, str(draft.pk), rows(draft)))


def test_what_was_said_of_the_same_columns_is_proposed_consents_included(world: World, remy: Any) -> None:
    before = first(remy)
    again = brought(remy, MORE, name="salon d'hiver.csv")
    assert drafts.like(again) == before.spec["source"]
    assert again.spec["source"] != before.spec["source"]
    assert told(again) == rows(again)
    assert {one.says for one in told(again)} >= {"consent:marketing:email", "email"}


def test_a_file_with_other_columns_is_guessed(world: World, remy: Any) -> None:
    first(remy)
    again = brought(remy, MORE.replace("N° fiche", "Numéro"), name="salon d'hiver.csv")
    assert drafts.like(again) == ""
    assert {one.column: one.says for one in told(again)}["Né le"] == "birth_date"


def test_to_read_it_otherwise_is_to_guess_again(world: World, remy: Any) -> None:
    first(remy)
    again = brought(remy, MORE, name="salon d'hiver.csv")
    drafts.read_as(remy, str(again.pk), again.spec["format"])
    again.refresh_from_db()
    assert drafts.like(again) == ""
    assert {one.column: one.says for one in told(again)}["Accord"] == ""


def test_the_sources_of_others_are_not_looked_at(world: World, remy: Any) -> None:
    first(remy)
    far = world.user("engineer", entities=("south",))
    again = drafts.bring(far, "salon.csv", [MORE.encode("cp1252")], brand="blue")[0]
    assert drafts.like(again) == ""
    both = world.user("engineer", entities=("north", "south"))
    other = drafts.bring(both, "salon2.csv", [MORE.replace("Paul", "Pol").encode("cp1252")], brand="blue")[0]
    assert drafts.like(other) != ""
    assert (other.spec["entity"], other.spec["brand"]) == ("south", "blue")
