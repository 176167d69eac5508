"""What an agreement does not share cannot be had by any door: owner, colleague, stranger."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from tests.kept import laid_once
from tests.world import World, person

from filrouge.base import clock
from filrouge.base.errors import NotFound, Refused
from filrouge.store.queries import people
from filrouge.work import access, groups
from filrouge.work import sql as door

ADA = person("1", "Ada", "Byron", mail="ada@example.com", phone="06 39 98 00 01", card="A-1")
ADA_SHOP = person("77", "Ada", "Byron", mail="ada@example.com", phone="01 99 00 00 01", card="B-7", town="Secretville")
SHOP_ONLY = person("78", "Olga", "Secrète", mail="olga@example.net", phone="01 99 00 00 02")


@pytest.fixture
@laid_once
def group(world: World) -> World:
    world.people(ADA)
    world.shop(ADA_SHOP, SHOP_ONLY)
    world.orders({"number": "C-900", "customer": "78", "day": "01/06/2026", "total": "12,50"})
    world.resolve()
    return world


def of(world: World, text: str) -> str:
    found = world.find(text)
    assert len(found) == 1
    return str(found[0].id)


def test_the_owner_sees_what_its_own_system_collected(group: World) -> None:
    advisor = group.user("advisor", entities=["south"])
    page = access.person(advisor, of(group, "Olga"))
    assert page.view.attributes["email"].best.value == "olga@example.net"


def test_a_colleague_sees_it_by_the_agreement_and_no_longer_once_it_ends(group: World) -> None:
    advisor = group.user("advisor", entities=["north"])
    assert access.person(advisor, of(group, "Olga")).view.name == "Olga Secrète"
    from filrouge.store.models import Agreement

    groups.end_agreement(str(Agreement.objects.get(giver__slug="south").id), by="test")
    from filrouge.store.models import User

    after = access.caller(User.objects.get(email=advisor.by))
    with pytest.raises(NotFound):
        access.person(after, of(group, "Olga"))


def test_a_stranger_finds_nobody_by_any_word(group: World) -> None:
    stranger = group.user("advisor", entities=["west"])
    for text in ("Olga", "olga@example.net", "01 99 00 00 02", "C-900", "78", "Secrete"):
        assert group.find(text, stranger) == []
        assert len(group.find(text)) == 1, text
    assert people.by_phone("+33199000002", stranger, at=clock.now()) == []
    with pytest.raises(NotFound):
        access.person(stranger, of(group, "Olga"))


def test_an_agreement_for_service_does_not_open_marketing(group: World) -> None:
    marketer = group.user("marketer", entities=["north"])
    assert group.find("Olga", marketer) == []
    ada = access.person(marketer, of(group, "ada@example.com"))
    assert {record.entity for record in ada.view.records} == {"north"}
    assert "Secretville" not in json.dumps(ada.view.plain(), default=str)
    assert group.find("B-7", marketer) == [], "the card of the other entity leads nowhere"
    assert [hit.name for hit in group.find("A-1", marketer)] == ["Ada Byron"]


def test_why_records_are_one_does_not_betray_a_record_that_is_shut(group: World) -> None:
    marketer = group.user("marketer", entities=["north"])
    shut = {
        str(row["record_key"]) for row in group.rows("SELECT record_key FROM person_records WHERE entity = 'south'")
    }
    told = json.dumps(access.person(marketer, of(group, "ada@example.com")).view.plain(), default=str)
    assert not [key for key in shut if key in told]


def test_a_brand_cap_narrows_what_an_agreement_opens(group: World) -> None:
    capped = group.user("advisor", entities=["north"], brands=["red"])
    assert group.find("Olga", capped) == []
    assert {r.brand for r in access.person(capped, of(group, "ada@example.com")).view.records} == {"red"}


def test_sql_gives_the_rows_of_the_perimeter_and_no_column_of_another_role(group: World) -> None:
    marketer = group.user("marketer", entities=["north"])
    rows = door.run(marketer, "SELECT entity, count(*) AS n FROM person_records GROUP BY entity").to_pylist()
    assert rows == [{"entity": "north", "n": 1}]
    assert door.run(marketer, "SELECT count(*) AS n FROM orders").to_pylist() == [{"n": 0}]
    assert door.run(marketer, "SELECT count(*) AS n FROM people").to_pylist() == [{"n": 1}]
    for shut in (
        "SELECT email FROM person_records",
        "SELECT value FROM golden_values",
        "SELECT evidence FROM links",
        "SELECT raw FROM source_records",
    ):
        with pytest.raises(Exception, match=r"fault|not"):
            door.run(marketer, shut)


def test_sql_does_not_tell_that_a_record_rests_on_one_that_is_shut(group: World) -> None:
    capped = group.user("engineer", entities=["north"], brands=["red"])
    shut = {str(row["record_key"]) for row in group.rows("SELECT record_key FROM person_records WHERE brand <> 'red'")}
    told = door.run(capped, "SELECT * FROM links").to_pylist()
    assert told
    assert not [key for key in shut if key in json.dumps(told, default=str)]
    whole = door.run(group.user("engineer"), "SELECT * FROM links").to_pylist()
    assert [row for row in whole if row["evidence"] != "{}"], "who sees both reads why"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_parquet('{lake}/person_records/*.parquet')",
        "SELECT * FROM '{lake}/person_records/*.parquet'",
        "COPY person_records TO '{lake}/stolen.csv'",
        "ATTACH '{home}/filrouge.db' AS f",
        "SET enable_external_access = true",
        "SELECT * FROM read_text('{home}/secret.key')",
        "SELECT * FROM glob('{home}/*')",
        "INSTALL httpfs",
        "SELECT 1; SELECT 2",
        "SELECT getenv('HOME')",
        "SELECT * FROM duckdb_secrets()",
    ],
)
def test_sql_reaches_nothing_but_the_tables(group: World, query: str) -> None:
    from filrouge.base import settings
    from filrouge.base.errors import FilrougeError

    here = settings.get()
    analyst = group.user("analyst", entities=["north"])
    try:
        rows = door.run(analyst, query.format(lake=here.lake, home=here.home))
    except FilrougeError:
        return
    assert rows.num_rows == 0


def api(role: str, entity: str, scopes: list[str]) -> Client:
    _, word = groups.make_key(access.OWNER, "test", role=role, scopes=scopes, entities=[entity])
    return Client(headers={"authorization": f"Bearer {word}"})


def test_the_api_shows_what_the_key_may_see(group: World) -> None:
    olga = of(group, "Olga")
    owner, colleague, stranger = (api("advisor", entity, ["people:read"]) for entity in ("south", "north", "west"))
    assert owner.get(f"/api/v1/people/{olga}").status_code == 200
    assert colleague.get(f"/api/v1/people/{olga}").status_code == 200
    refused = stranger.get(f"/api/v1/people/{olga}")
    assert refused.status_code == 404
    assert refused["content-type"] == "application/problem+json"
    assert stranger.get("/api/v1/people", {"q": "Olga"}).json()["items"] == []
    assert stranger.get("/api/v1/people", {"identifier": "email:olga@example.net"}).json()["items"] == []
    assert stranger.get(f"/api/v1/people/{olga}/events").status_code == 404


def test_a_key_without_the_scope_is_refused(group: World) -> None:
    olga = of(group, "Olga")
    reader = api("advisor", "south", ["people:read"])
    answer = reader.post(f"/api/v1/people/{olga}/notes", {"text": "bonjour"}, content_type="application/json")
    assert answer.status_code == 403
    assert api("advisor", "south", []).get(f"/api/v1/people/{olga}").status_code == 403
    assert Client().get(f"/api/v1/people/{olga}").status_code == 401


def test_an_executive_sees_figures_not_people(group: World) -> None:
    with pytest.raises(Refused):
        access.person(group.user("executive"), of(group, "Olga"))


def test_contact_details_are_masked_for_the_marketer(group: World) -> None:
    marketer = group.user("marketer", entities=["south"])
    view = access.person(marketer, of(group, "Olga")).view
    assert view.attributes["email"].best.value != "olga@example.net"
    assert view.attributes["email"].best.masked
    assert "olga@example.net" not in json.dumps(view.plain(), default=str)
    assert all("total" not in order for order in view.orders)


def moments(page: Any) -> set[str]:
    return {moment.kind for moment in page.view.moments}


def test_the_timeline_follows_the_same_perimeter(group: World) -> None:
    olga = of(group, "Olga")
    assert "order" in moments(access.person(group.user("advisor", entities=["south"]), olga))
    assert "order" in moments(access.person(group.user("advisor", entities=["north"]), olga))


def test_what_a_source_of_several_entities_rejected_is_read_by_those_who_act_for_each(world: World) -> None:
    from filrouge.store.queries import sources

    rows = [person("1", "Ada", "Byron", town="N", born="99/99/1999"), person("2", "Bo", "Li", town="S", born="99/99/1999"),
            person("3", "Olga", "Secrète", town="?")]  # fmt: skip
    told = {"column": "town", "values": {"N": "north", "S": "south"}}
    made = world.people(*rows, entity=told)
    every = len(sources.rejects(made, access.OWNER))
    assert every >= len(rows)
    for entities, count in ((["north"], 0), (["west", "north"], 0), (["north", "south"], every), ([], every)):
        asking = world.user("engineer", entities=entities)
        assert (entities, len(sources.rejects(made, asking))) == (entities, count)
        assert [line.source.name for line in sources.lines(asking)] == ["crm_people"]
    assert sources.lines(world.user("engineer", entities=["west"])) == []
