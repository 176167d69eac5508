"""Rules in the path of an import: counted, told, obeyed."""

from __future__ import annotations

import pytest
from tests.world import World, person

from filrouge.work import sources

ADA = person("1", "Ada", "Byron", mail="ada@example.com", zip="75001")
GUS = person("2", "Gus", "Eiffel", mail="gus@example.com", zip="7500")
ZOE = person("3", "Zoé", "Martin", mail="ada@example.com")


def test_a_rule_warns_and_the_row_is_taken_whole(world: World) -> None:
    run = world.people(ADA, GUS, rules=[{"check": "pattern", "column": "postcode", "like": r"\d{5}"}])
    assert (run.read, run.new, run.rejected, run.warned, run.lost) == (2, 2, 0, 1, 0)
    assert world.rows('SELECT row, "column", code, warning FROM rejects') == [
        {"row": 3, "column": "postcode", "code": "rule_not_like", "warning": True}
    ]
    assert world.rows("SELECT postcode FROM person_records ORDER BY record_key") != [{"postcode": None}] * 2
    assert {row["postcode"] for row in world.rows("SELECT postcode FROM person_records")} == {"75001", "7500"}


def test_a_rule_rejects_the_row_alone_and_every_row_is_accounted_for(world: World) -> None:
    run = world.people(ADA, GUS, ZOE, rules=[{"check": "unique", "column": "email", "does": "reject"}])
    assert (run.read, run.new, run.rejected, run.lost) == (3, 1, 2, 0)
    assert [row["family_name"] for row in world.rows("SELECT family_name FROM person_records")] == ["Eiffel"]


def test_a_reference_to_nobody_is_told(world: World) -> None:
    world.people(ADA)
    rule = {"check": "reference", "column": "loyalty_id", "of": "crm_people", "does": "reject"}
    shop = {"source": "shop_people", "place": "shop.csv", "entity": "south", "brand": "blue", "rules": [rule]}
    run = world.people(person("8", "A", "B", card="1"), person("9", "C", "D", card="7"), **shop)
    assert (run.new, run.rejected) == (1, 1)
    assert world.rows("SELECT code FROM rejects") == [{"code": "rule_not_known"}]


def test_a_changed_rule_makes_no_row_another(world: World) -> None:
    world.people(ADA, GUS)
    run = world.people(ADA, GUS, rules=[{"check": "required", "column": "email"}])
    assert (run.new, run.changed, run.unchanged) == (0, 0, 2)


@pytest.mark.parametrize("check", ["required", "unique"])
def test_a_dry_run_tells_what_rules_would(world: World, check: str) -> None:
    rule = {"check": check, "column": "postcode" if check == "required" else "email", "does": "reject"}
    name = world.people(ADA, ZOE, run=False, rules=[rule])
    assert sources.dry_run(name)["rejected"] == (1 if check == "required" else 2)
