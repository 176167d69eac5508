"""An officer erases what their own legal entities hold: what others hold stays, linked, and shows nothing of the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.kept import laid_once
from tests.work.test_erasures import holding
from tests.world import World, person

from filrouge.base.errors import Conflict, NotFound, Refused, StorageError
from filrouge.store.live import Live
from filrouge.store.models import (
    Erasure,
    FollowUp,
    Job,
    Note,
    Promise,
    SavedView,
    SubjectSalt,
    Suppression,
    User,
    Verdict,
)
from filrouge.work import access, audit, erasures, identity, live, notes, promises, runs, sources
from filrouge.work.erasures import destroy, verbs

NORTH = person("1", "Augustine", "Lovelacia", mail="augustine.l@example.com", card="CARD-4141", street="4 rue Unique")
SOUTH = person("9", "Augustine", "Lovelacia-Byron", mail="augustine.l@example.com", phone="06 39 98 41 41")
GUS = person("2", "Gus", "Eiffel", mail="gus@example.com")
OF_NORTH = ("rue unique", "card-4141", "card4141", "called about")
OF_SOUTH = ("lovelacia-byron", "06 39 98 41 41", "order-4141")


@pytest.fixture
@laid_once
def group(world: World) -> World:
    world.people(NORTH, GUS)
    world.shop(SOUTH)
    world.orders({"number": "ORDER-4141", "customer": "9", "day": "01/06/2026", "total": "10,00"})
    world.resolve()
    return world


def one_person(group: World) -> str:
    found = {hit.id for text in ("Augustine", "Byron") for hit in group.find(text)}
    assert len(found) == 1
    return found.pop()


def erase(group: World, asking: Any, key: str) -> Erasure:
    return erasures.carry_out(str(erasures.request(asking, key, reason="Augustine Lovelacia wrote to us").id))


def test_what_another_entity_holds_stays_and_shows_only_that(group: World, home: Path) -> None:
    from django.db import connections

    officer, other = group.user("privacy", entities=["north"]), group.user("advisor", entities=["south"])
    key = one_person(group)
    gone = [str(record.key) for record in access.person(officer, key).view.records if record.entity == "north"]
    assert holding(home, tuple(gone)), "the test must be able to see the key of the record"
    notes.add(group.user("advisor", entities=["north"]), key, "Called about her order", entity="north", brand="red")
    notes.add(other, key, "Prefers the shop", entity="south", brand="blue")
    assert set(access.person(other, key).view.brands) == {"red", "blue"}
    row = erase(group, officer, key)
    assert (row.state, row.entities, row.report["records"], row.report["staying"]) == ("done", ["north"], 1, 1)
    assert row.report["found_again"] == {}
    seen = access.person(other, key)
    assert seen.view.id == key, "the id remains"
    assert (seen.view.brands, seen.view.name) == (("blue",), "Augustine Lovelacia-Byron")
    assert [note.text for note in seen.notes] == ["Prefers the shop"]
    assert len(seen.view.orders) == 1
    assert group.find("CARD-4141") == []
    values = group.rows("SELECT entity, value FROM golden_values WHERE value LIKE '%ovelacia%'")
    assert {value["entity"] for value in values} == {"south"}
    assert group.rows(f"SELECT brands FROM people WHERE person_id = '{key}'")[0]["brands"].count("red") == 0
    for alias in connections:
        connections[alias].close()
    assert holding(home, (*OF_NORTH, *gone)) == [], "not even the key, which is made of the source's own identifier"
    assert {word for line in holding(home, OF_SOUTH) for word in OF_SOUTH if word in line} >= {
        "lovelacia-byron",
        "order-4141",
    }


def test_live_copies_after_a_part_went_equal_those_rebuilt(group: World) -> None:
    key = one_person(group)
    erase(group, group.user("privacy", entities=["north"]), key)

    def copies() -> Any:
        found = Live()
        return (
            found.document(key), found.moments(key), sorted(found.rows("SELECT kind, value, person, origins FROM keys")),
            sorted(found.rows("SELECT token, person, origins FROM names")), sorted(found.rows("SELECT token FROM tokens")),
        )  # fmt: skip

    refreshed = copies()
    assert [record["evidence"] for record in refreshed[0]["records"]] == [{}], "evidence spoke of a record that went"
    live.rebuild()
    assert copies() == refreshed
    group.resolve()
    assert [
        value["value"]
        for value in group.rows("SELECT value FROM golden_values WHERE attribute = 'family_name' ORDER BY 1")
    ] == ["Eiffel", "Lovelacia-Byron"]


def test_hashes_bar_the_entities_concerned_and_no_other(group: World) -> None:
    key = one_person(group)
    erase(group, group.user("privacy", entities=["north"]), key)
    assert set(Suppression.objects.values_list("entity", flat=True)) == {"north"}
    back = sources.run("crm_people", by="test", full=True)
    assert (back.unchanged, back.rejected, back.new) == (1, 1, 0)
    shop = sources.run("shop_people", by="test", full=True)
    assert (shop.unchanged, shop.rejected) == (1, 0)
    fresh = group.people({**NORTH, "id": "55"}, source="west_people", place="west.csv", entity="west", brand="green")
    assert (fresh.new, fresh.rejected) == (1, 0), "the west was not asked"


def test_an_officer_of_the_whole_group_erases_everything(group: World, home: Path) -> None:
    key = one_person(group)
    row = erase(group, group.user("privacy"), key)
    assert (row.entities, row.report["records"], row.report["staying"]) == ([], 2, 0)
    with pytest.raises(NotFound):
        access.person(access.OWNER, key)
    assert not SubjectSalt.objects.filter(person=key).exists()
    assert row.reason == "", "it named the person"


def test_two_officers_one_after_the_other_leave_nothing(group: World, home: Path) -> None:
    from django.db import connections

    key = one_person(group)
    erase(group, group.user("privacy", entities=["north"]), key)
    row = erase(group, group.user("privacy", entities=["south"]), key)
    assert row.report["staying"] == 0
    for alias in connections:
        connections[alias].close()
    assert holding(home, (*OF_NORTH, *OF_SOUTH, "lovelacia")) == []
    with pytest.raises(NotFound):
        access.person(access.OWNER, key)


def test_what_stays_remains_one_person_when_its_bridge_went(world: World) -> None:
    world.people(person("1", "Ada", "Byron", mail="ada@example.com", phone="06 39 98 00 01"))
    world.shop(person("7", "Ada", "Byron", mail="ada@example.com"))
    world.people(
        person("8", "Ada", "Byron", phone="06 39 98 00 01"),
        source="shop_calls",
        place="calls.csv",
        entity="south",
        brand="blue",
    )
    world.resolve()
    key = world.find("Ada")[0].id
    assert len(access.person(access.OWNER, key).view.records) == 3
    erase(world, world.user("privacy", entities=["north"]), key)
    world.resolve()
    kept = access.person(access.OWNER, key).view
    assert len(kept.records) == 2, "still one person"
    from filrouge.store.queries import verdicts as decided
    from filrouge.work import verdicts

    assert decided.about([record.key for record in kept.records], access.OWNER) == []
    verdicts.split(access.OWNER, key, [kept.records[0].key])
    identity.resolve(by="test")
    assert len(world.find("Ada")) == 2, "and anybody may still separate them"


@pytest.mark.parametrize(
    ("role", "entities", "brands"), [("privacy", ["west"], []), ("advisor", ["north"], []), ("engineer", [], [])]
)
def test_a_stranger_and_other_roles_erase_nothing(
    group: World, role: str, entities: list[str], brands: list[str]
) -> None:
    key = one_person(group)
    with pytest.raises((Refused, NotFound)):
        erasures.request(group.user(role, entities=entities), key)
    assert not Erasure.objects.exists()


def test_an_officer_who_sees_by_agreement_only_erases_nothing(world: World) -> None:
    world.shop(SOUTH)
    world.resolve()
    officer = world.user("privacy", entities=["north"])
    key = world.find("Augustine", officer)[0].id
    with pytest.raises(Refused):
        erasures.request(officer, key)


def test_an_officer_capped_to_a_brand_erases_nothing(group: World) -> None:
    with pytest.raises(Refused):
        erasures.request(group.user("privacy", entities=["north"], brands=["red"]), one_person(group))


def test_searches_kept_and_work_asked_for_forget_the_name_too(group: World) -> None:
    key = one_person(group)
    group.user("marketer")
    user = User.objects.get(email__startswith="marketer")
    for name, query in (
        ("a", "q=augustine+lovelacia"),
        ("b", "q=augustine.l%40example.com"),
        ("c", "q=lovelacia"),
        ("d", "q=gus+eiffel"),
    ):
        SavedView.objects.create(user=user, page="people", name=name, query=query)
    Job.objects.create(kind="other", state="done", params={"person": key})
    erase(group, access.OWNER, key)
    assert sorted(SavedView.objects.values_list("name", flat=True)) == ["c", "d"], "half a name is nobody's"
    assert not Job.objects.filter(params__person=key).exists()


def test_follow_ups_and_promises_taken_from_sources_go_with_their_rows(group: World) -> None:
    key = one_person(group)
    record = access.person(access.OWNER, key).view.records[0]
    now = audit.clock.now()
    FollowUp.objects.create(
        person="",
        entity=record.entity,
        by="source x",
        subject="Rappeler Augustine",
        due_at=now,
        record_key=record.key,
        source="x",
        source_id="1",
    )
    promises.make(access.OWNER, key, "A refund", now.replace(year=now.year + 1))
    erase(group, access.OWNER, key)
    assert not FollowUp.objects.exists() and not Promise.objects.exists()


def test_verdicts_about_what_went_go_too(group: World) -> None:
    key = one_person(group)
    identity.merge(key, group.find("Gus")[0].id, by="test")
    erase(group, group.user("privacy", entities=["south"]), key)
    records = {record.key for record in access.person(access.OWNER, key).view.records}
    assert all({row.left, row.right} <= records for row in Verdict.objects.all())


def test_nothing_is_imported_while_an_erasure_works_and_it_waits_for_what_runs(group: World) -> None:
    row = erasures.request(access.OWNER, one_person(group))
    with runs.running("identity", by="test") as made:
        with pytest.raises(Conflict):
            erasures.carry_out(str(row.id))
        made.state = "failed"
        made.save()
    Erasure.objects.filter(pk=row.pk).update(state="running")
    with pytest.raises(Conflict):
        sources.run("crm_people", by="test")


STEPS: dict[str, tuple[Any, str]] = {
    "after the plan": (destroy, "rows"), "after the tables": (destroy, "derive"), "before the files": (destroy, "sweep"),
    "before the copies": (destroy, "forget"), "after the copies": (verbs, "forget_copies"),
    "before the search": (destroy, "search_again"), "before the chain": (audit, "chain_waiting"),
    "before the journals": (destroy, "scrub"),
}  # fmt: skip


@pytest.mark.parametrize("when", STEPS)
@pytest.mark.parametrize("whole", [True, False])
def test_a_crash_between_two_steps_is_taken_up_again(
    when: str, whole: bool, group: World, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connections

    key = one_person(group)
    notes.add(access.OWNER, key, "Called about her order", entity="north", brand="red")
    asking = access.OWNER if whole else group.user("privacy", entities=["north"])
    planned = erasures.plan(asking, key)
    row = erasures.request(asking, key)
    where, name = STEPS[when]
    real: Callable[..., Any] = getattr(where, name)

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(where, name, fails)
    with pytest.raises(RuntimeError):
        erasures.carry_out(str(row.id))
    monkeypatch.setattr(where, name, real)
    Job.objects.all().delete()
    assert erasures.take_up() == 1
    done = erasures.carry_out(str(row.id))
    assert (done.state, done.person, done.plan) == ("done", "", {})
    assert done.report["destroyed"] == {**planned["tables"], **planned["acts"]}, "told as if nothing had happened"
    assert audit.verify()["faults"] == []
    for alias in connections:
        connections[alias].close()
    assert holding(home, (*OF_NORTH, *(OF_SOUTH if whole else ()))) == []
    assert not Note.objects.exists()
    assert erasures.take_up() == 0


def test_what_the_search_still_finds_is_told_and_not_called_done(group: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row = erasures.request(access.OWNER, one_person(group))
    monkeypatch.setattr(destroy, "rows", lambda *_: None)
    with pytest.raises(StorageError):
        erasures.carry_out(str(row.id))
    row.refresh_from_db()
    assert (row.state, row.finished_at) == ("planned", None)
    sources.run("crm_people", by="test")  # the group goes on working meanwhile
