"""Companies: what several systems say of one is one page, and nobody sees the part of it that is shut to them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.kept import laid_once
from tests.world import World, person

from filrouge.base import clock
from filrouge.store.queries import companies
from filrouge.work import access, sources

SPEC: dict[str, Any] = {
    "kind": "csv", "format": {"delimiter": ";"}, "key": ["id"], "reads": "company_records",
    "map": {"source_id": "id", "name": "name", "registration_id": "siren", "postcode": "zip", "city": "town"},
}  # fmt: skip
COLUMNS = ("id", "name", "siren", "zip", "town")


def firms(world: World, name: str, entity: str, brand: str, *rows: dict[str, str]) -> None:
    world.write(f"{name}.csv", COLUMNS, rows)
    world.define(SPEC, source=name, place=f"{name}.csv", entity=entity, brand=brand)
    sources.run(name, by="test")


def firm(number: str, name: str, **values: str) -> dict[str, str]:
    return {"id": number, "name": name, **values}


@pytest.fixture
@laid_once
def group(world: World) -> World:
    world.people(person("1", "Ada", "Byron", mail="ada@example.com"))
    firms(
        world, "crm_companies", "north", "red",
        firm("10", "Moulin Bleu SARL", siren="123 456 789", zip="44000", town="Nantes"),
        firm("11", "Moulin Bleu", town="NANTES CEDEX 2"),
        firm("12", "Moulin Bleu SAS", siren="987654321", town="Lyon"),
        firm("13", "Lune & Fils", town="Brest"),
    )  # fmt: skip
    firms(
        world, "shop_companies", "south", "blue",
        firm("A", "MOULIN BLEU", siren="FR32123456789", town="Nantes"),
        firm("B", "Lune et fils", town="Brest"),
        firm("C", "Secrète SA", siren="555555555", town="Brest"),
    )  # fmt: skip
    world.resolve()
    return world


def names(world: World, text: str, asking: Any = None) -> list[tuple[str, int]]:
    found = companies.search(text, asking or access.OWNER)
    return [(line.name, len(line.brands)) for line in found]


def test_the_records_of_one_company_are_one_page_whatever_system_says_it(group: World) -> None:
    assert sorted(names(group, "moulin")) == [("MOULIN BLEU", 2), ("Moulin Bleu SAS", 1)]
    (one,) = companies.search("123456789", access.OWNER)
    page = companies.page(str(one.key), access.OWNER, at=clock.now())
    assert page is not None
    assert {record["source_id"] for record in page.records} == {"10", "11", "A"}


def test_two_registration_numbers_are_never_one_company(group: World) -> None:
    keys = {line.key for text in ("123456789", "987654321") for line in companies.search(text, access.OWNER)}
    assert len(keys) == 2


def test_any_of_its_records_leads_to_the_company(group: World) -> None:
    (one,) = companies.search("123456789", access.OWNER)
    page = companies.page(str(one.key), access.OWNER, at=clock.now())
    assert page is not None
    led = [companies.page(str(record["key"]), access.OWNER, at=clock.now()) for record in page.records]
    assert {other.key for other in led if other} == {one.key}


def test_owner_colleague_and_stranger_of_a_company(group: World) -> None:
    (secret,) = companies.search("Secrète", access.OWNER)
    owner, colleague, stranger = (group.user("advisor", entities=[entity]) for entity in ("south", "north", "west"))
    assert companies.page(str(secret.key), owner, at=clock.now()) is not None
    assert companies.page(str(secret.key), colleague, at=clock.now()) is not None
    assert companies.page(str(secret.key), stranger, at=clock.now()) is None
    assert names(group, "secrete", stranger) == []
    assert companies.names([str(secret.key)], stranger) == {}


def test_without_an_agreement_only_the_records_of_ones_own_entity_speak(group: World) -> None:
    marketer = group.user("marketer", entities=["north"])
    (one,) = companies.search("123456789", marketer)
    assert one.name == "Moulin Bleu SARL"
    page = companies.page(str(one.key), marketer, at=clock.now())
    assert page is not None
    assert {record["entity"] for record in page.records} == {"north"}


def test_a_company_that_arrives_later_is_found_without_building_everything_anew(group: World) -> None:
    firms(group, "fair_companies", "north", "red", firm("Z", "Nouvelle Voile", town="Nice"))
    group.people(person("1", "Ada", "Byron", mail="ada@example.com"), person("2", "Bo", "Li", mail="bo@example.com"))
    group.resolve()
    assert names(group, "voile") == [("Nouvelle Voile", 1)]


def test_every_company_is_on_one_page_or_the_next_and_counted(group: World) -> None:
    for text in ("", "lu", "mo"):
        seen, after = [], ""
        for _ in range(9):
            page = companies.find(text, access.OWNER, limit=2, after=after)
            assert len(page.lines) <= 2
            seen += [line.key for line in page.lines]
            if not (after := page.next):
                break
        assert not after
        assert len(set(seen)) == len(seen) == page.total
        assert set(seen) == {line.key for line in companies.search(text, access.OWNER, limit=100)}
        assert not page.more


def test_the_count_of_companies_is_that_of_those_one_may_see(group: World) -> None:
    stranger = group.user("marketer", entities=["west"])
    assert companies.find("", access.OWNER).total == len(companies.search("", access.OWNER, limit=100)) > 0
    assert companies.find("", stranger).total == 0
    colleague = group.user("marketer", entities=["north"])
    assert companies.find("", colleague).total == len(companies.search("", colleague, limit=100)) == 3
