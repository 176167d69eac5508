"""Identity in the store: ids last, merges and splits are undone exactly, live copies follow."""

from __future__ import annotations

import pytest
from tests.world import World, person

from filrouge.store.live import Live
from filrouge.store.models import Source
from filrouge.work import access, identity, live

pytestmark = pytest.mark.lake

ADA = person("1", "Ada", "Byron", mail="ada@example.com")
ADA_SHOP = person("7", "Ada", "Byron", mail="ada@example.com", phone="06 39 98 00 01")
BOB = person("2", "Bob", "Martin", mail="bob@example.com")


def ids(world: World) -> dict[int, str]:
    rows = world.rows(
        "SELECT record_key, arg_max(person, decided_at) AS person FROM links WHERE undone_at IS NULL GROUP BY 1"
    )
    return {row["record_key"]: row["person"] for row in rows}


def documents() -> dict[str, object]:
    copies = Live()
    found = {row[0]: copies.document(row[0]) for row in copies.rows("SELECT id FROM documents")}
    for document in found.values():
        assert document is not None
        for record in document["records"]:
            record.pop("decided_at")
    return dict(found)


def test_the_same_address_and_name_are_one_person_under_two_entities(world: World) -> None:
    world.people(ADA, BOB)
    world.shop(ADA_SHOP)
    outcome = world.resolve()
    assert outcome.counts["people"] == 2
    page = access.person(access.OWNER, world.find("Ada")[0].id)
    assert page.view.brands == ("red", "blue")
    assert {r.rule for r in page.view.records} != {"alone"}


def test_resolving_again_changes_no_id(world: World) -> None:
    world.people(ADA, BOB)
    world.shop(ADA_SHOP)
    world.resolve()
    before = ids(world)
    again = world.resolve()
    assert ids(world) == before
    assert again.run.changed == 0


def test_a_new_record_joins_without_changing_the_others(world: World) -> None:
    world.people(ADA, BOB)
    world.resolve()
    before = ids(world)
    world.shop(ADA_SHOP)
    world.resolve()
    after = ids(world)
    assert {key: after[key] for key in before} == before
    assert len(set(after.values())) == 2
    assert len(access.person(access.OWNER, world.find("Ada")[0].id).view.records) == 2


def test_a_merge_by_hand_is_undone_exactly(world: World) -> None:
    world.people(ADA, BOB)
    world.resolve()
    before, pages = ids(world), documents()
    ada, bob = world.find("Ada")[0].id, world.find("Bob")[0].id
    gesture = identity.merge(ada, bob, by="test", reason="same person, she married")
    assert len(set(ids(world).values())) == 1
    merged = access.person(access.OWNER, bob)
    assert {record.source_id for record in merged.view.records} == {"1", "2"}, "both ids lead to the one person"
    identity.undo(gesture, by="test")
    assert ids(world) == before
    assert documents() == pages


def test_a_split_by_hand_holds_and_is_undone_exactly(world: World) -> None:
    world.people(ADA, BOB)
    world.shop(ADA_SHOP)
    world.resolve()
    before = ids(world)
    person_id = world.find("Ada")[0].id
    shop_record = next(k for k in before if before[k] == person_id and k in {
        row["record_key"] for row in world.rows("SELECT record_key FROM person_records WHERE source = 'shop_people'")})  # fmt: skip
    gesture = identity.split(person_id, [shop_record], by="test")
    apart = ids(world)
    assert len(set(apart.values())) == 3
    world.resolve()
    assert ids(world) == apart, "the verdict holds when identity is settled again"
    identity.undo(gesture, by="test")
    assert ids(world) == before


def test_live_copies_refreshed_equal_those_rebuilt(world: World) -> None:
    world.people(ADA, BOB)
    world.resolve()
    world.shop(ADA_SHOP)
    world.orders({"number": "C-1", "customer": "7", "day": "01/06/2026", "total": "12,50"})
    world.resolve()

    def copies() -> dict[str, list[tuple[object, ...]]]:
        found = Live()
        return {
            "documents": sorted(
                (i, str(found.document(i)), str(found.moments(i))) for (i,) in found.rows("SELECT id FROM documents")
            ),
            "keys": sorted(found.rows("SELECT kind, value, person, origins FROM keys")),
            "names": sorted(found.rows("SELECT token, person, origins FROM names")),
            "tokens": sorted(found.rows("SELECT token FROM tokens")),
            "grams": sorted(found.rows("SELECT gram, token FROM grams")),
        }

    refreshed = copies()
    live.rebuild()
    assert copies() == refreshed


def test_search_forgives_accents_spelling_and_order(world: World) -> None:
    world.people(person("1", "Zoé", "Lefèvre", mail="zoe@example.com"), person("2", "Camille", "Rousseau-Petit"))
    world.resolve()
    for text in ("zoe lefevre", "LEFÈVRE Zoé", "Lefevre", "lefebre zoe", "zoe@example.com", "Lefè"):
        assert [hit.name for hit in world.find(text)][:1] == ["Zoé Lefèvre"], text
    for text in ("rousseau petit", "Rousseau-Petit Camille", "camile rousseau"):
        assert [hit.name for hit in world.find(text)] == ["Camille Rousseau-Petit"], text
    assert world.find("nobody at all") == []


def test_home_knows_how_many_people_there_are_without_counting_them(world: World) -> None:
    from filrouge.store.live import Live

    def counted() -> tuple[int, int]:
        live = Live()
        return int(live.meta("people") or 0), int(live.rows("SELECT count(*) FROM documents")[0][0])

    world.people(person("1", "Ada", "Byron"), person("2", "Bo", "Li"), person("3", "Cy", "Twombly"))
    world.resolve()
    assert counted() == (3, 3)
    world.people(person("2", "Bo", "Li"), person("4", "Di", "Prima"), person("5", "Ed", "Poe"))
    world.resolve()
    told, there = counted()
    assert told == there


def test_the_rank_of_a_source_decides_which_value_comes_first(world: World) -> None:
    world.people({**ADA, "town": "Lyon", "zip": "69001", "street": "1 rue A", "seen": "05/07/2026"}, rank=50)
    world.shop({**ADA_SHOP, "town": "Paris", "zip": "75001", "street": "2 rue B", "seen": "01/01/2020"})
    world.resolve()
    key = world.find("Ada")[0].id
    assert "Lyon" in access.person(access.OWNER, key).view.attributes["address"].best.value
    for name, rank in (("crm_people", 50), ("shop_people", 10)):
        Source.objects.filter(name=name).update(rank=rank)
    world.resolve()
    live.rebuild()
    best = access.person(access.OWNER, key).view.attributes["address"].best
    assert ("Paris" in best.value, best.reason) == (True, "source_rank")
