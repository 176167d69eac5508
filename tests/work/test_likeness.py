"""A file with the columns of one already read says what they said there."""

from __future__ import annotations

from typing import Any

import pytest
from tests.work.test_drafts import TEXT, brought, imported, told
from tests.world import World

from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.columns import Said
from filrouge.store.models import Source
from filrouge.work import drafts, likeness

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


TICKETS: dict[str, Any] = {
    "source": "tickets", "kind": "csv", "place": "tickets.csv", "entity": "north", "brand": "red", "reads": "orders",
    "key": ["Nr"], "required": ["customer_ref", "ordered_at"], "never_kept": ["IBAN"],
    "map": {"source_id": "Nr", "customer_ref": {"column": "Client", "of": "crm"}, "ordered_at": "Date", "total": "TTC"},
    "rules": [{"check": "required", "column": "customer_ref"}, {"check": "reference", "column": "customer_ref",
              "of": "crm"}, {"check": "required", "column": "total"}],
}  # fmt: skip


@pytest.mark.parametrize("entity", ["north", "south"])
@pytest.mark.parametrize(("kind", "never"), [("csv", ("IBAN",)), ("ndjson", ())])
def test_what_is_taken_is_a_definition_in_another_entity_and_in_a_file_of_objects(
    entity: str, kind: str, never: tuple[str, ...]
) -> None:
    data = {name: value for name, value in TICKETS.items() if name in ("reads", "brand")}
    data |= {"source": "more", "kind": kind, "place": "more", "entity": entity, "format": {}, "key": [], "map": {}}
    made = likeness.taken(data, Source(name="tickets", entity="north", brand="red", spec=TICKETS))
    spec = SourceSpec.parse(made, what="more")
    assert spec.never_kept == never
    there = entity == "north"
    assert ("customer_ref" in spec.map, spec.required) == (there, ("customer_ref", "ordered_at")[not there :])
    theirs = ["required_customer_ref", "reference_customer_ref"] if there else []
    assert [rule.called for rule in spec.rules] == [*theirs, "required_total"]
