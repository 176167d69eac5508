"""Who acts on a source is its engineer: for its entity and its brand, not by a role held elsewhere or another role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.kept import laid_once
from tests.world import COLUMNS, PEOPLE, World, person

from filrouge.base.errors import NotFound, Refused, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import AuditEntry, Job, Run, Source
from filrouge.store.queries import sources as found
from filrouge.work import access, drafts, files, groups, holding, rejects, reshaping, schedules, sources, watching

STOP = {"check": "required", "column": "email", "does": "stop", "owner": "ana"}
ROWS = (person("1", "Ada", "Byron", mail="ada@example.com"), person("2", "Gus", "Eiffel", born="soon"))
OTHERS = ("advisor of it, engineer elsewhere", "engineer of another brand", "analyst", "stranger")


def asking(world: World, who: str) -> Caller:
    """Return somebody who asks, of the brand red of north, which has another one."""
    if who.startswith("advisor"):
        user, _ = groups.add_user("both@example.com", "Both", role="advisor", by="test", entities=["north"])
        groups.grant(str(user.id), "engineer", by="test", entities=["south"])
        return access.caller(user)
    entity = "south" if who == "stranger" else "north"
    brands = {"engineer of another brand": ["plum"], "engineer of the brand": ["red"]}.get(who, [])
    return world.user("analyst" if who == "analyst" else "engineer", entities=[entity], brands=brands)


@pytest.fixture
@laid_once
def imported(world: World) -> str:
    groups.add_brand("plum", "Plum", "north", by="test")
    return str(world.people(*ROWS).pk)


@pytest.fixture
@laid_once
def held(world: World) -> str:
    groups.add_brand("plum", "Plum", "north", by="test")
    return str(world.people(*ROWS, rules=[STOP]).pk)


def undo(caller: Caller, run: str) -> None:
    schedules.whole(caller, Run.objects.get(pk=run).source)  # type: ignore[arg-type]
    sources.undo(run, by=caller.by)


def keep(caller: Caller, _run: str) -> None:
    watching.watch(caller, "crm_people", watching.Watch(), of=watching.state(Source.objects.get(name="crm_people")))


def take(caller: Caller, run: str) -> None:
    rejects.write(caller, run, form="csv", say=lambda code, _kind: code).close()


ACTS: dict[str, Callable[[Caller, str], Any]] = {
    "run": lambda caller, _: schedules.own(caller, "crm_people"),
    "watch": keep,
    "pause": lambda caller, _: schedules.pause(caller, "crm_people"),
    "take what was rejected": take,
    "undo": undo,
}


@pytest.mark.parametrize("who", OTHERS)
def test_an_act_on_a_source_is_refused_to_whoever_is_not_its_engineer(imported: str, world: World, who: str) -> None:
    caller = asking(world, who)
    for act in ACTS.values():
        with pytest.raises((Refused, NotFound)):
            act(caller, imported)
    assert Run.objects.get(pk=imported).state == "committed"
    assert not AuditEntry.objects.filter(by=caller.by, action__startswith="source.").exists()


@pytest.mark.parametrize("who", ["engineer of the brand", "engineer of the entity"])
def test_the_engineer_of_a_source_acts_on_it(imported: str, world: World, who: str) -> None:
    caller = asking(world, who)
    for act in ACTS.values():
        act(caller, imported)
    assert Run.objects.get(pk=imported).state == "undone"


@pytest.mark.parametrize("who", OTHERS)
def test_a_run_that_waits_is_decided_by_the_engineer_of_its_source(held: str, world: World, who: str) -> None:
    caller = asking(world, who)
    acts: list[Callable[[], Any]] = [
        lambda: holding.ask(caller, held, because="the shop says so"),
        lambda: holding.give_up(caller, held),
        lambda: reshaping.accept(caller, held),
    ]
    for act in acts:
        with pytest.raises((Refused, NotFound)):
            act()
    assert Run.objects.get(pk=held).decided_by == ""
    assert not Job.objects.filter(kind="let_in").exists()
    assert holding.ask(asking(world, "engineer of the brand"), held, because="the shop says so").decided_by


def test_rows_that_were_not_taken_are_read_by_those_who_read_that_source(imported: str, world: World) -> None:
    made = Run.objects.get(pk=imported)
    told = {who: len(found.rejects(made, asking(world, who))) for who in (*OTHERS, "engineer of the brand")}
    assert told == dict.fromkeys(OTHERS, 0) | {"analyst": 1, "engineer of the brand": 1}


TOLD = {"column": "town", "values": {"N": "north", "S": "south"}}


@pytest.mark.parametrize(
    ("entities", "brands", "may"),
    [(["north", "south"], [], True), ([], [], True), (["north"], [], False), (["north", "south"], ["red"], False)],
)
def test_rows_that_tell_their_entity_ask_for_the_engineer_of_each(
    world: World, entities: list[str], brands: list[str], may: bool
) -> None:
    world.people(*ROWS, run=False, entity=TOLD, brand={"column": "card"})
    caller = world.user("engineer", entities=entities, brands=brands)
    assert found.acts(Source.objects.get(name="crm_people"), caller) is may
    groups.add_entity("east", "East", by="test")
    mixed, _ = groups.add_user("both@example.com", "Both", role="advisor", by="test", entities=["south"])
    groups.grant(str(mixed.id), "engineer", by="test", entities=["north"])
    with pytest.raises(Refused):
        schedules.own(access.caller(mixed), "crm_people")


@pytest.mark.parametrize("who", [*OTHERS, "engineer of the brand"])
def test_a_file_is_imported_for_a_brand_by_its_engineer(world: World, who: str) -> None:
    groups.add_brand("plum", "Plum", "north", by="test")
    path = world.write("brought.csv", COLUMNS, ROWS)
    given = {**PEOPLE, "source": "brought", "place": str(path)}
    read = files.proposed(path, entity="north", brand="red", given=given)
    caller = asking(world, who)
    if who == "engineer of the brand":
        assert files.bring(caller, read).state == "committed"
        return
    with pytest.raises(Refused):
        files.bring(caller, read)
    assert not Source.objects.filter(name="brought").exists()


def test_a_rule_judges_by_a_source_of_the_same_entity_of_which_one_is_an_engineer(imported: str, world: World) -> None:
    for name, entity, brand in (("plum_people", "north", "plum"), ("red_people", "north", "red")):
        world.people(*ROWS, run=False, source=name, place=f"{name}.csv", entity=entity, brand=brand)
    world.people(*ROWS, run=False, source="shop_people", place="shop.csv", entity="south", brand="blue")
    group = world.user("engineer")
    of_north, of_red = (asking(world, f"engineer of the {of}") for of in ("entity", "brand"))
    offered = {
        who: [one.name for one in found.referable(Source.objects.get(name="crm_people"), caller)]
        for who, caller in {"group": group, "north": of_north, "red": of_red}.items()
    }
    assert offered == {
        "group": ["plum_people", "red_people"], "north": ["plum_people", "red_people"], "red": ["red_people"],
    }  # fmt: skip

    def add(caller: Caller, of: str) -> None:
        rule = {"check": "reference", "columns": ["loyalty_id"], "of": of}
        watching.add_rule(caller, "crm_people", rule, of=watching.state(Source.objects.get(name="crm_people")))

    for caller, of in ((of_red, "plum_people"), (of_red, "shop_people"), (group, "shop_people"), (group, "nothing")):
        with pytest.raises(UsageError, match="of the same entity"):
            add(caller, of)
    assert "rules" not in Source.objects.get(name="crm_people").spec
    add(of_red, "red_people")
    assert [one["of"] for one in Source.objects.get(name="crm_people").spec["rules"]] == ["red_people"]


@pytest.mark.parametrize("name", ["shop_people", "nothing"])
def test_a_newer_file_of_a_source_that_one_does_not_see_tells_no_name_of_a_source(
    imported: str, world: World, name: str
) -> None:
    world.people(*ROWS, run=False, source="shop_people", place="shop.csv", entity="south", brand="blue")
    caller = asking(world, "engineer of the brand")
    with pytest.raises(NotFound, match=f"No source is called {name}") as refused:
        drafts.bring(caller, "a.csv", [b"id;mail\n1;a@example.com\n"], brand="red", source=name)
    assert "people" not in refused.value.hint


def test_an_address_called_a_date_is_masked_among_the_rows_that_were_not_taken(world: World) -> None:
    rows = [person(str(n), "Ada", "Byron", mail=f"ada{n}@example.com", born="01/02/1960") for n in range(9)]
    rows[0] |= {"born": "31/02/1990"}
    known = world.people(*rows)
    called = {name: cell for name, cell in PEOPLE["map"].items() if name != "email"}
    made = world.people(*rows, source="again", map={**called, "birth_date": "mail"})
    engineer = world.user("engineer", entities=["north"])
    mixed, _ = groups.add_user("both@example.com", "Both", role="engineer", by="test", entities=["north"])
    groups.grant(str(mixed.id), "advisor", by="test", entities=["west"])
    officer = world.user("privacy", entities=["north"])
    for caller in (engineer, access.caller(mixed)):
        assert [row.value for row in found.rejects(known, caller)] == ["31/02/1990"]
        assert {row.value for row in found.rejects(made, caller)} == {"a•••@e•••"}
    assert "ada3@example.com" in {row.value for row in found.rejects(made, officer)}
