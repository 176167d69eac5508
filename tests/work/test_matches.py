"""A record is matched as it arrives, over the API and the command line, within what the caller sees and no further."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from tests.kept import laid_once
from tests.work.test_people_doors import api
from tests.work.test_settling import crowd, few
from tests.world import World, person
from typer.testing import CliRunner

from filrouge.base.errors import Conflict, Refused, UsageError
from filrouge.cli import identity as command
from filrouge.store.models import AuditEntry
from filrouge.work import access, audit, deriving, identity, matches, memory

ZOE = {"given_name": "Zoé", "family_name": "Quillard", "email": "zoe.quillard@example.org", "phone": "06 39 98 77 11"}


@pytest.fixture
def trained_on_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deriving, "spec", few)
    monkeypatch.setattr(matches, "spec", few)


@pytest.fixture
@laid_once
def group(world: World, trained_on_few: None) -> World:
    """Settle a group that leaves a memory.

    Zoé is a customer of north and of west, which shares nothing; her second phone is known to west alone."""
    world.people(*crowd(), person("Z", "Zoé", "Quillard", mail=ZOE["email"], phone=ZOE["phone"]))
    world.people(
        person("W", "Zoé", "Quillard", mail=ZOE["email"], phone="06 39 98 66 22"),
        person("S", "Simone", "Verdier", mail="simone.verdier@example.org"),
        source="west_people", place="west.csv", entity="west", brand="green",
    )  # fmt: skip
    world.resolve()
    return world


def post(client: Client, **said: str) -> Any:
    return client.post("/api/v1/people/match", said, content_type="application/json")


def test_whose_a_record_is_and_why_is_told_to_its_owner(group: World) -> None:
    answer = post(api("advisor", "north"), email=ZOE["email"], given_name="Zoe").json()
    (zoe,) = [hit.id for hit in group.find("quillard")]
    assert answer.get("person") == zoe, answer
    assert answer["probability"] > 0.9
    (pair,) = answer["pairs"]
    assert (pair["source"], pair["brand"]) == ("crm_people", "red")
    assert sum(part["bits"] for part in pair["parts"]) == pytest.approx(pair["bits"], abs=0.06)
    assert answer["candidates"][0]["person"] == zoe
    (line,) = AuditEntry.objects.filter(action="person.open", subject=audit.person_word(zoe))
    assert line.details["door"] == "match"
    assert "quillard" not in json.dumps(line.details)


def test_a_colleague_matches_by_what_is_shared_with_them(group: World) -> None:
    answer = post(api("advisor", "south"), email=ZOE["email"], given_name="Zoe").json()
    assert [pair["brand"] for pair in answer["pairs"]] == ["red"], "north shares customer service, west nothing"


def test_what_another_entity_alone_knows_finds_nobody(group: World) -> None:
    north = api("advisor", "north")
    hidden = post(north, phone="06 39 98 66 22", given_name="Zoé", family_name="Quillard").json()
    assert all(pair["brand"] == "red" for pair in hidden["pairs"])
    assert not any("phone" in pair["kinds"] for pair in hidden["pairs"])
    stranger = post(north, email="simone.verdier@example.org", given_name="Simone", family_name="Verdier").json()
    assert (stranger["person"], stranger["candidates"]) == (None, [])
    west = post(api("advisor", "west"), email="simone.verdier@example.org", given_name="Simone").json()
    assert west["person"] == group.find("verdier")[0].id


def test_a_role_that_reads_no_evidence_is_told_whose_and_not_why(group: World) -> None:
    answer = post(api("marketer", "north"), email=ZOE["email"], given_name="Zoé").json()
    assert answer["pairs"] == []
    assert all(one["pair"] is None for one in answer["candidates"])


def test_a_key_without_the_scope_and_a_role_of_figures_are_refused(group: World) -> None:
    assert post(api("advisor", "north", scopes=["people:write"]), email=ZOE["email"]).status_code == 403
    assert post(api("executive", "north"), email=ZOE["email"]).status_code == 403
    with pytest.raises(Refused):
        matches.match(group.user("executive", entities=["north"]), {"email": ZOE["email"]})
    assert post(Client(), email=ZOE["email"]).status_code == 401


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "Nothing says"),
        ({"email": "   "}, "Nothing says"),
        ({"birth_date": "yesterday"}, "no date"),
        ({"given_name": "x" * 300}, "too long"),
        ({"shoe": "42"}, "shoe"),
        ({"loyalty_id": "C-1"}, "of one entity"),
    ],
)
def test_what_makes_no_sense_is_said(group: World, said: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        matches.match(access.OWNER, said)


def test_without_memory_it_says_what_to_do(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.people(person("B", "Bob", "Boole", mail="bob@example.org"))
    world.resolve()
    with pytest.raises(Conflict, match="no memory"):
        matches.match(access.OWNER, {"email": "bob@example.org"})
    assert post(api("advisor", "north"), email="bob@example.org").status_code == 409


def test_what_is_settled_meanwhile_is_known_at_the_next_call(group: World) -> None:
    newcomer = {"email": "ottokar@example.org", "given_name": "Ottokar", "family_name": "Brandt"}
    assert matches.match(access.OWNER, newcomer).person is None
    group.people(
        person("O", "Ottokar", "Brandt", mail="ottokar@example.org"), source="shop_people", place="shop.csv",
        entity="south", brand="blue",
    )  # fmt: skip
    group.resolve()
    (ottokar,) = [hit.id for hit in group.find("ottokar")]
    assert matches.match(access.OWNER, newcomer).person == ottokar
    identity.resolve(by="test", full=True)  # memory is laid anew, elsewhere
    assert matches.match(access.OWNER, newcomer).person == ottokar


def test_an_id_merged_away_meanwhile_leads_to_todays(group: World) -> None:
    (zoe,) = [hit.id for hit in group.find("quillard")]
    other = group.find("ida")[0].id
    identity.merge(other, zoe, by="test")
    today = group.find("quillard")[0].id
    assert matches.match(access.OWNER, ZOE).person == today


def test_nothing_is_matched_once_memory_is_forgotten(group: World) -> None:
    assert matches.match(access.OWNER, ZOE).person is not None
    memory.forget()  # as an erasure does
    with pytest.raises(Conflict):
        matches.match(access.OWNER, ZOE)


def test_the_command_line_tells_it_in_words_or_as_json(group: World) -> None:
    runner = CliRunner()
    said = runner.invoke(command.app, ["match", f"email={ZOE['email']}", "given_name=Zoé"])
    assert said.exit_code == 0
    (zoe,) = [hit.id for hit in group.find("quillard")]
    assert said.stdout.startswith(zoe)
    assert "Same e-mail" in said.stdout
    piped = runner.invoke(command.app, ["match", "-", "--json"], input=json.dumps({"email": ZOE["email"]}))
    assert json.loads(piped.stdout)["person"] == zoe
    nobody = runner.invoke(command.app, ["match", "family_name=Wyszynski", "given_name=Ottokar"])
    assert nobody.stdout.startswith("Nobody who is known.")
    for wrong in (["match", "zoe"], ["match", "-"]):
        assert isinstance(runner.invoke(command.app, wrong, input="[1]").exception, UsageError)


def test_a_misspelt_name_of_a_value_is_told_to_the_program(group: World) -> None:
    answer = post(api("advisor", "north"), mail=ZOE["email"])
    assert answer.status_code == 422
    assert "mail" in answer.content.decode()


def test_an_entity_that_is_none_is_told_to_the_program(group: World) -> None:
    answer = post(api("advisor", "north"), email=ZOE["email"], entity="nrth")
    assert answer.status_code == 400
    assert "nrth" in answer.content.decode()
