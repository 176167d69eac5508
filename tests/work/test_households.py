"""Households and roles are layers: put right by people, kept across resolutions, undone exactly; no person ever changes."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from tests.kept import laid_once
from tests.work.test_companies import firm, firms
from tests.world import World, person
from typer.testing import CliRunner

from filrouge.base import clock
from filrouge.base.errors import NotFound, Refused, UsageError
from filrouge.cli import household as command
from filrouge.store.live import Live
from filrouge.store.models import AuditEntry, HouseholdCorrection, RoleCorrection
from filrouge.store.queries import companies, households
from filrouge.work import access, erasures, roles, sources
from filrouge.work import households as works

pytestmark = pytest.mark.lake

HOME = {"street": "1 rue Neuve", "zip": "44000", "town": "Nantes"}
FLAT = {"street": "9 quai Vert", "zip": "35000", "town": "Rennes"}
OWNER = access.OWNER


@pytest.fixture
@laid_once
def street(world: World) -> World:
    """Ada and Bo Byron at home, Cleo Grand elsewhere, Dan Grand with her; Eve, of another entity, at Ada's."""
    world.people(
        person("1", "Ada", "Byron", mail="ada.byron@example.com", **HOME), person("2", "Bo", "Byron", **HOME),
        person("3", "Cleo", "Grand", **FLAT), person("4", "Dan", "Grand", **FLAT),
    )  # fmt: skip
    world.people(
        person("77", "Eve", "Byron", mail="eve.byron@example.com", **HOME),
        source="far_people", place="far.csv", entity="west", brand="green",
    )  # fmt: skip
    world.resolve()
    return world


def who(world: World, name: str) -> str:
    return str(next(hit.id for hit in world.find(name) if hit.name == name))


def home(world: World, name: str, asking: Any = OWNER) -> dict[str, tuple[str, ...]]:
    return {one.name: one.why for one in access.person(asking, who(world, name)).household}


def state(world: World) -> list[dict[str, Any]]:
    links = "SELECT record_key, person, decision, rule FROM links WHERE undone_at IS NULL ORDER BY ALL"
    return [*world.rows(links), *world.rows("SELECT person_id, brands, household FROM people ORDER BY ALL")]


def test_the_others_of_a_household_are_told_with_why(street: World) -> None:
    assert home(street, "Ada Byron") == {"Bo Byron": ("address", "name"), "Eve Byron": ("address", "name")}
    assert home(street, "Cleo Grand") == {"Dan Grand": ("address", "name")}


def test_a_member_whom_one_may_not_see_is_not_told(street: World) -> None:
    owner, stranger = street.user("advisor", entities=("north",)), street.user("advisor", entities=("west",))
    assert home(street, "Ada Byron", owner) == {"Bo Byron": ("address", "name")}
    assert home(street, "Eve Byron", stranger) == {}
    with pytest.raises(NotFound):
        access.person(stranger, who(street, "Ada Byron"))


def test_whoever_does_not_live_there_leaves_at_once_for_ever_and_comes_back_exactly(street: World) -> None:
    before = state(street)
    gesture = works.away(OWNER, who(street, "Bo Byron"), reason="moved out")
    for _ in range(2):
        assert home(street, "Bo Byron") == {}
        assert home(street, "Ada Byron") == {"Eve Byron": ("address", "name")}
        street.resolve()
    works.undo(OWNER, gesture)
    assert set(home(street, "Ada Byron")) == {"Bo Byron", "Eve Byron"}
    assert state(street) == before
    with pytest.raises(NotFound):
        works.undo(OWNER, gesture)


def test_whoever_lives_with_somebody_joins_the_whole_household(street: World) -> None:
    gesture = works.lives_with(OWNER, who(street, "Ada Byron"), who(street, "Cleo Grand"))
    assert home(street, "Ada Byron")["Cleo Grand"] == ("by_hand",)
    assert home(street, "Ada Byron")["Dan Grand"] == ("through",)
    assert set(home(street, "Dan Grand")) == {"Ada Byron", "Bo Byron", "Cleo Grand", "Eve Byron"}
    street.resolve()
    assert home(street, "Ada Byron")["Cleo Grand"] == ("by_hand",)
    works.undo(OWNER, gesture)
    assert set(home(street, "Dan Grand")) == {"Cleo Grand"}


def test_what_makes_no_sense_is_told_and_nothing_is_written(street: World) -> None:
    ada = who(street, "Ada Byron")
    with pytest.raises(UsageError, match="one person"):
        works.lives_with(OWNER, ada, ada)
    with pytest.raises(UsageError, match="already"):
        works.lives_with(OWNER, ada, who(street, "Bo Byron"))
    works.away(OWNER, who(street, "Cleo Grand"))
    with pytest.raises(UsageError, match="Nobody"):
        works.away(OWNER, who(street, "Cleo Grand"))
    assert HouseholdCorrection.objects.count() == 1


def test_only_those_who_act_for_a_person_correct_and_take_back(street: World) -> None:
    owner, colleague = street.user("advisor", entities=("north",)), street.user("advisor", entities=("south",))
    stranger, reader = street.user("advisor", entities=("west",)), street.user("engineer", entities=("north",))
    bo = who(street, "Bo Byron")
    for asking, error in ((reader, Refused), (stranger, NotFound)):
        with pytest.raises(error):
            works.away(asking, bo)
    gesture = works.away(owner, bo)
    assert home(street, "Bo Byron", colleague) == {}, "an agreement opens what is said, as it opens the records"
    assert set(home(street, "Eve Byron")) == {"Ada Byron"}
    for asking in (colleague, stranger):
        with pytest.raises(NotFound):
            works.undo(asking, gesture)
    (told,) = households.told(Live(), bo, owner)
    assert (told.kind, told.undoable, len(told.others)) == ("away", True, 1)
    assert households.told(Live(), bo, stranger) == []
    works.undo(owner, gesture)


def test_no_personal_data_stands_in_the_audit_of_a_household(street: World) -> None:
    works.away(OWNER, who(street, "Bo Byron"), reason="moved to Lyon")
    line = AuditEntry.objects.get(action="household.away")
    assert set(line.details) == {"gesture", "people"}
    assert "Lyon" not in str(line.details)


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_said_of_households_people_and_links_stay_as_they_are(street: World, seed: int) -> None:
    chance, before = random.Random(seed), state(street)
    names = ["Ada Byron", "Bo Byron", "Cleo Grand", "Dan Grand", "Eve Byron"]
    gestures: list[str] = []
    for _ in range(12):
        one, other = chance.sample(names, 2)
        try:
            match chance.choice(["away", "with", "with", "undo"]):
                case "away":
                    gestures.append(works.away(OWNER, who(street, one)))
                case "with":
                    gestures.append(works.lives_with(OWNER, who(street, one), who(street, other)))
                case _ if gestures:
                    works.undo(OWNER, gestures.pop())
        except UsageError:
            continue
    told = {name: home(street, name) for name in names}
    assert all(name in told[other] for name in names for other in told[name]), "who lives with whom is said by both"
    assert state(street) == before
    street.resolve()
    assert state(street) == before
    assert {name: home(street, name) for name in names} == told
    for gesture in gestures:
        works.undo(OWNER, gesture)
    assert set(home(street, "Ada Byron")) == {"Bo Byron", "Eve Byron"}


def test_a_correction_follows_a_person_who_was_joined_to_another(street: World) -> None:
    from filrouge.work import identity

    works.lives_with(OWNER, who(street, "Bo Byron"), who(street, "Cleo Grand"))
    identity.merge(who(street, "Cleo Grand"), who(street, "Dan Grand"), by="test")
    assert len(home(street, "Bo Byron")) == 3


def test_an_erasure_takes_what_was_said_with_it_whoever_was_named_first(street: World) -> None:
    works.lives_with(OWNER, who(street, "Ada Byron"), who(street, "Cleo Grand"))
    works.away(OWNER, who(street, "Dan Grand"))
    works.lives_with(OWNER, who(street, "Bo Byron"), who(street, "Dan Grand"))
    cleo = who(street, "Cleo Grand")
    erasures.carry_out(str(erasures.request(OWNER, cleo).id))
    left = {(row.person, row.other) for row in HouseholdCorrection.objects.all()}
    assert (who(street, "Bo Byron"), who(street, "Dan Grand")) in left
    assert not any(cleo in pair for pair in left)


# --- roles in companies -----------------------------------------------------------------------------------------------

ROLES: dict[str, Any] = {
    "kind": "csv", "format": {"delimiter": ";"}, "key": ["id"], "reads": "roles", "entity": "north", "brand": "red",
    "map": {
        "source_id": "id", "person_ref": {"column": "who", "of": "crm_people"},
        "company_ref": {"column": "firm", "of": "crm_companies"}, "role": "role",
    },
}  # fmt: skip


@pytest.fixture
@laid_once
def office(world: World) -> World:
    world.people(person("1", "Ada", "Byron"), person("2", "Bo", "Petit"))
    firms(
        world,
        "crm_companies",
        "north",
        "red",
        firm("10", "Moulin Bleu", town="Nantes"),
        firm("11", "Lune", town="Brest"),
    )
    world.write("roles.csv", ("id", "who", "firm", "role"), [{"id": "r1", "who": "1", "firm": "10", "role": "Achats"}])
    world.define(ROLES, source="crm_roles", place="roles.csv")
    sources.run("crm_roles", by="test")
    world.resolve()
    return world


def key_of(name: str) -> str:
    return str(companies.search(name, OWNER)[0].key)


def jobs(world: World, name: str, asking: Any = OWNER) -> list[tuple[str, str, bool]]:
    found = access.person(asking, who(world, name)).view.roles
    return sorted((str(row["name"]), str(row["role"]), bool(row["until"])) for row in found)


def staff(company: str, asking: Any = OWNER) -> list[tuple[str, str]]:
    page = companies.page(key_of(company), asking, at=clock.now())
    return sorted((row["name"], row["role"]) for row in page.people) if page else []


def test_a_role_is_ended_where_a_system_still_says_it_and_comes_back_exactly(office: World) -> None:
    assert jobs(office, "Ada Byron") == [("Moulin Bleu", "Achats", False)]
    row = roles.end(OWNER, who(office, "Ada Byron"), key_of("moulin"), "achats")
    for _ in range(2):
        assert jobs(office, "Ada Byron") == [("Moulin Bleu", "Achats", True)]
        assert staff("moulin") == []
        office.resolve()
    roles.undo(OWNER, str(row.pk))
    assert jobs(office, "Ada Byron") == [("Moulin Bleu", "Achats", False)]
    assert staff("moulin") == [("Ada Byron", "Achats")]
    with pytest.raises(NotFound):
        roles.undo(OWNER, str(row.pk))


def test_a_role_that_no_system_knows_is_added_and_ended(office: World) -> None:
    bo = who(office, "Bo Petit")
    roles.add(OWNER, bo, key_of("lune"), "Gérant")
    assert jobs(office, "Bo Petit") == [("Lune", "Gérant", False)]
    assert staff("lune") == [("Bo Petit", "Gérant")]
    with pytest.raises(UsageError, match="already"):
        roles.add(OWNER, bo, key_of("lune"), "gérant")
    roles.end(OWNER, bo, key_of("lune"), "Gérant")
    assert jobs(office, "Bo Petit") == [("Lune", "Gérant", True)]
    with pytest.raises(NotFound):
        roles.end(OWNER, bo, key_of("lune"), "Gérant")
    with pytest.raises(NotFound):
        roles.add(OWNER, bo, "12345", "Gérant")


def test_roles_are_corrected_by_those_who_act_and_read_by_those_who_see(office: World) -> None:
    owner, colleague = office.user("advisor", entities=("north",)), office.user("advisor", entities=("south",))
    stranger = office.user("advisor", entities=("west",))
    bo = who(office, "Bo Petit")
    with pytest.raises(NotFound):
        roles.add(stranger, bo, key_of("lune"), "Gérant")
    row = roles.add(owner, bo, key_of("lune"), "Gérant")
    assert jobs(office, "Bo Petit", colleague) == [("Lune", "Gérant", False)]
    for asking in (colleague, stranger):
        with pytest.raises(NotFound):
            roles.undo(asking, str(row.pk))
    assert set(AuditEntry.objects.get(action="role.added").details) == {"correction"}


def test_corrections_of_roles_make_no_person_and_no_link(office: World) -> None:
    before = state(office)
    roles.add(OWNER, who(office, "Bo Petit"), key_of("lune"), "Gérant")
    roles.end(OWNER, who(office, "Ada Byron"), key_of("moulin"), "Achats")
    office.resolve()
    assert state(office) == before
    assert RoleCorrection.objects.count() == 2


def test_the_command_line_puts_a_household_right_and_takes_it_back(street: World) -> None:
    def said(*words: str) -> str:
        done = CliRunner().invoke(command.app, list(words))
        assert done.exit_code == 0, done.exception
        return done.stdout.strip()

    ada, cleo = who(street, "Ada Byron"), who(street, "Cleo Grand")
    assert {one["name"] for one in json.loads(said("show", ada, "--json"))} == {"Bo Byron", "Eve Byron"}
    gone, come = said("away", ada), said("with", ada, cleo)
    assert {one["name"] for one in json.loads(said("show", ada, "--json"))} == {"Cleo Grand", "Dan Grand"}
    for gesture in (come, gone):
        said("undo", gesture)
    assert "Bo Byron" in said("show", ada)
