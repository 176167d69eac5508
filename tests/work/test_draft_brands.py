"""A file may hold rows of several brands: a column tells which, and nobody reads past their own."""

from __future__ import annotations

from typing import Any

import pytest
from tests.work.test_drafts import imported, told, worked
from tests.world import World

from filrouge.base.errors import NotFound, Refused, UsageError
from filrouge.domain.sources.columns import Said
from filrouge.store.models import Source, SourceDraft
from filrouge.store.queries import drafts as found
from filrouge.work import draft_definitions, draft_files, draft_rows, drafts, groups, rejects

pytestmark = pytest.mark.lake

HEAD = "Fiche;Prénom;Nom;Courriel;Enseigne\n"
ROWS = [f"{n};Paul;Durand-{n};paul{n}@example.com;{('RED', 'rose')[n % 2]}\n" for n in range(1, 9)]
CODES = HEAD + "".join(row.replace("RED", "R1").replace("rose", "R9") for row in ROWS)


@pytest.fixture
def remy(world: World) -> Any:
    groups.add_brand("rose", "Rose", "north", by="test")
    return world.user("engineer", entities=("north",))


def brought(asking: Any, text: str = HEAD + "".join(ROWS), name: str = "group.csv", **given: Any) -> SourceDraft:
    return drafts.bring(asking, name, [text.encode()], brand=given.pop("brand", "red"), **given)[0]


def say(asking: Any, draft: SourceDraft, column: str, **new: Any) -> SourceDraft:
    draft.refresh_from_db()
    rows = [Said(**{**one.__dict__, **new}) if one.column == column else one for one in told(draft)]
    return drafts.say(asking, str(draft.pk), rows)


def brands(world: World) -> dict[str, str]:
    rows = world.rows("SELECT source_id, brand FROM person_records WHERE family_name LIKE 'Durand%'")
    return {row["source_id"]: row["brand"] for row in rows}


def test_a_column_that_names_brands_of_the_entity_is_proposed_and_read_so(world: World, remy: Any) -> None:
    draft = brought(remy)
    assert {one.column: one.says for one in told(draft)}["Enseigne"] == "brand"
    assert found.brands_of(draft) == ("red", "rose")
    done = imported(remy, draft)
    assert done.run is not None
    assert (done.run.new, done.run.rejected) == (8, 0)
    assert brands(world) == {str(n): ("red", "rose")[n % 2] for n in range(1, 9)}
    assert Source.objects.get(name=draft.spec["source"]).brand == "", "it is of the entity, not of one brand"


def test_a_column_called_so_is_proposed_though_a_value_of_it_names_no_brand(world: World, remy: Any) -> None:
    draft = brought(remy, HEAD + "".join(ROWS) + "9;Awa;Durand-9;awa@example.com;Kiosque\n")
    assert draft.spec["brand"] == {"column": "Enseigne", "values": {"RED": "red", "rose": "rose"}}
    text = HEAD.replace("Enseigne", "Titre favori") + "".join(ROWS) + "9;Awa;Durand-9;awa@example.com;Kiosque\n"
    assert brought(remy, text, "other.csv").spec["brand"] == "red", "one that is called otherwise is not"


def test_a_value_that_names_no_brand_is_told_and_rejected_until_it_is_said(world: World, remy: Any) -> None:
    draft = brought(remy, CODES)
    assert draft.spec["brand"] == "red", "codes that nobody knows are not guessed"
    say(remy, draft, "Enseigne", says="brand")
    with pytest.raises(UsageError, match="not told well enough"):
        drafts.try_out(remy, str(draft.pk))
    say(remy, draft, "Enseigne", values={"R1": "red"})
    drafts.try_out(remy, str(draft.pk))
    worked()
    draft.refresh_from_db()
    assert (draft.tried["new"], draft.tried["rejected"], draft.tried["lost"]) == (4, 4, 0)
    assert {row["column"] for row in draft_files.rejects(draft)} == {"brand"}
    draft_definitions.tell(remy, str(draft.pk), {"Enseigne": {"states": {"R9": "rose"}}})
    draft.refresh_from_db()
    imported(remy, draft)
    assert brands(world) == {str(n): ("red", "rose")[n % 2] for n in range(1, 9)}


def test_once_no_column_tells_the_brand_all_are_of_the_one_chosen(world: World, remy: Any) -> None:
    draft = brought(remy)
    say(remy, draft, "Enseigne", says="")
    imported(remy, draft)
    assert set(brands(world).values()) == {"red"}


def test_who_acts_for_a_part_of_the_entity_neither_tells_several_brands_nor_opens_such_a_file(
    world: World, remy: Any
) -> None:
    colleague = world.user("engineer", entities=("north",), brands=("red",))
    theirs = brought(colleague)
    assert theirs.spec["brand"] == "red"
    with pytest.raises(Refused, match="whole of their entities"):
        say(colleague, theirs, "Enseigne", says="brand")
    cell = {"column": "Enseigne", "values": {"RED": "red", "rose": "rose"}}
    stands = draft_definitions.definition(theirs, colleague)
    with pytest.raises(Refused, match="whole of their entities"):
        draft_definitions.define(colleague, str(theirs.pk), stands | {"brand": cell})

    ours = brought(remy, HEAD + "".join(ROWS[1:]), "other.csv")
    assert [one.pk for one in found.drafts(colleague)] == [theirs.pk]
    with pytest.raises(NotFound):
        found.draft(str(ours.pk), colleague)
    stranger = world.user("engineer", entities=("south",))
    assert found.drafts(stranger) == []
    with pytest.raises(Refused):
        brought(stranger)


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ({"column": "Enseigne", "values": {"RED": "blue"}}, "blue"),
        ({"column": "Enseigne", "values": {"RED": "red"}, "default": "blue"}, "blue"),
        ({"column": "Enseigne"}, "named one by one"),
        ({"column": "Enseigne", "values": {"RED": "red"}, "other": "keep"}, "named one by one"),
        ({"expr": "lower({Enseigne})"}, "named one by one"),
        ({"columns": ["Enseigne"], "values": {"RED": "red"}}, "named one by one"),
        ({"columns": ["Enseigne", "Nom"], "values": {"RED": "red"}}, "named one by one"),
        ("rose", "brought for red"),
    ],
)
def test_a_definition_makes_no_row_of_a_brand_that_is_not_of_theirs(
    world: World, remy: Any, cell: Any, why: str
) -> None:
    draft = brought(remy, CODES)
    stands = draft_definitions.definition(draft, remy)
    with pytest.raises(UsageError, match=why):
        draft_definitions.define(remy, str(draft.pk), stands | {"brand": cell})
    draft.refresh_from_db()
    assert draft.spec["brand"] == "red"


def test_a_definition_tells_the_brand_of_each_row_and_of_empty_cells(world: World, remy: Any) -> None:
    draft = brought(remy, CODES + "9;Awa;Durand-9;awa@example.com;\n")
    cell = {"column": "Enseigne", "values": {"R1": "red", "R9": "rose"}, "default": "rose"}
    stands = draft_definitions.definition(draft, remy)
    draft_definitions.define(remy, str(draft.pk), stands | {"brand": cell})
    draft.refresh_from_db()
    imported(remy, draft)
    assert brands(world)["9"] == "rose"
    assert len(brands(world)) == 9


def test_a_newer_file_and_one_alike_tell_the_brand_as_the_first(world: World, remy: Any) -> None:
    draft = brought(remy, CODES)
    say(remy, draft, "Enseigne", says="brand")
    say(remy, draft, "Enseigne", values={"R1": "red", "R9": "rose"})
    first = imported(remy, draft)
    cell = {"column": "Enseigne", "values": {"R1": "red", "R9": "rose"}}

    newer = brought(remy, CODES + "9;Awa;Durand-9;awa@example.com;R9\n", brand="rose", source=first.spec["source"])
    assert newer.spec["brand"] == cell
    imported(remy, newer)
    assert brands(world)["9"] == "rose"
    alike = brought(remy, CODES.replace("paul", "jean"), "alike.csv")
    assert (draft_files.like(alike), alike.spec["brand"]) == (first.spec["source"], cell)
    same, known = drafts.bring(remy, "again.csv", [CODES.encode()], brand="rose")
    assert (same.pk, known) == (first.pk, True), "the very file is one, whichever of its brands is named"


SHARED = (HEAD + "".join(ROWS)).replace("rose", "Blue")


def test_a_column_may_name_brands_of_several_entities_each_row_is_of_the_one_of_its_brand(
    world: World, remy: Any
) -> None:
    both = world.user("engineer", entities=("north", "south"))
    draft = brought(both, SHARED)
    assert found.brands_of(draft) == ("blue", "red")
    assert found.entities_of(draft) == {"north", "south"}
    imported(both, draft)
    rows = world.rows("SELECT source_id, entity, brand FROM person_records")
    assert {row["source_id"]: (row["entity"], row["brand"]) for row in rows} == {
        str(n): (("north", "red"), ("south", "blue"))[n % 2] for n in range(1, 9)
    }
    source = Source.objects.get(name=draft.spec["source"])
    assert (source.entity, source.brand) == ("", "")

    other = brought(both, SHARED.replace("paul", "jean").replace("Blue", "BLUE"), "other.csv")
    assert (draft_files.like(other), found.entities_of(other)) == (source.name, {"north", "south"})
    assert [one.pk for one in found.drafts(remy)] == [], "who acts for one of the entities opens no such file"
    newer = brought(both, SHARED + "9;Awa;Durand-9;awa@example.com;Green\n", brand="blue", source=source.name)
    with pytest.raises(UsageError, match="all the brands"):
        say(both, newer, "Enseigne", says="")
    say(both, other, "Enseigne", says="")
    other.refresh_from_db()
    assert (other.spec["entity"], other.spec["brand"]) == ("north", "red"), "of the one chosen once none is told"


def test_who_acts_for_one_entity_is_offered_none_of_another(world: World, remy: Any) -> None:
    draft = brought(remy, SHARED)
    assert draft.spec["brand"] == "red"
    say(remy, draft, "Enseigne", says="brand")
    draft.refresh_from_db()
    assert draft.spec["brand"]["values"] == {"RED": "red"}
    with pytest.raises(UsageError, match="blue"):
        draft_definitions.tell(remy, str(draft.pk), {"Enseigne": {"says": "brand", "states": {"Blue": "blue"}}})
    drafts.try_out(remy, str(draft.pk))
    worked()
    assert {row["column"] for row in draft_files.rejects(draft)} == {"brand"}, "a row says once what is wrong"


def test_rows_of_several_entities_name_customers_of_the_same(world: World, remy: Any) -> None:
    both = world.user("engineer", entities=("north", "south"))
    people = imported(both, brought(both, SHARED))
    orders = "Commande;Client;Date;Total;Enseigne\n" + "".join(
        f"C-{n};{n};0{n}/03/2026;{n}9,50;{('RED', 'Blue')[n % 2]}\n" for n in range(1, 9)
    )
    draft = brought(both, orders, "orders.csv")
    draft_rows.become(both, str(draft.pk), "orders")
    draft.refresh_from_db()
    said = {one.column: one.says for one in told(draft)}
    assert (said["Client"], said["Enseigne"]) == (f"customer_ref@{people.spec['source']}", "brand")
    imported(both, draft)
    rows = world.rows("SELECT source_id, entity, brand FROM orders")
    assert {row["entity"]: row["brand"] for row in rows} == {"north": "red", "south": "blue"}


def test_a_newer_file_may_be_of_more_brands_than_its_source_and_never_of_fewer(world: World, remy: Any) -> None:
    colleague = world.user("engineer", entities=("north",), brands=("red",))
    first = imported(remy, brought(remy, HEAD + "".join(ROWS[::2])))
    assert first.spec["brand"] == "red", "every row says the same"
    theirs = brought(colleague, HEAD + "".join(ROWS[::2]) + "9;Awa;Durand-9;awa@example.com;RED\n",
                     source=first.spec["source"])  # fmt: skip
    drafts.try_out(colleague, str(theirs.pk))
    worked()
    newer = brought(remy, HEAD + "".join(ROWS), "newer.csv", source=first.spec["source"])
    say(remy, newer, "Enseigne", says="brand")
    newer.refresh_from_db()
    imported(remy, newer)
    assert Source.objects.get(name=first.spec["source"]).brand == ""
    with pytest.raises(UsageError, match="all the brands"):
        drafts.try_out(colleague, str(theirs.pk))
    drafts.go(colleague, str(theirs.pk))
    worked()
    theirs.refresh_from_db()
    assert (theirs.state, "all the brands" in str(theirs.trouble)) == ("open", True), "it was tried before"
    both = world.user("engineer", entities=("north", "south"))
    wider = brought(both, SHARED + "".join(ROWS), "wider.csv", source=first.spec["source"])
    say(both, wider, "Enseigne", values={"Blue": "blue"})
    wider.refresh_from_db()
    assert found.entities_of(wider) == {"north", "south"}


def test_a_file_like_that_of_one_brand_is_still_of_the_brands_that_its_column_names(world: World, remy: Any) -> None:
    first = imported(remy, brought(remy, HEAD + "".join(ROWS[::2])))
    like = brought(remy, name="like.csv")
    assert draft_files.like(like) == first.spec["source"]
    assert found.brands_of(like) == ("red", "rose")


def test_consents_follow_a_row_to_its_new_brand(world: World, remy: Any) -> None:
    both = world.user("engineer", entities=("north", "south"))
    text = "Fiche;Nom;Courriel;Enseigne;Accord\n" + "".join(
        f"{n};Durand-{n};p{n}@example.com;{('RED', 'Blue')[n % 2]};oui\n" for n in range(1, 7)
    )
    draft = brought(both, text)
    say(both, draft, "Accord", says="consent:marketing:email", states={"oui": "granted"})
    draft.refresh_from_db()
    done = imported(both, draft)
    imported(both, brought(both, text.replace("Blue", "RED", 1), "newer.csv", source=done.spec["source"]))
    now = world.rows("SELECT entity, brand, count(*) n FROM consents WHERE superseded_at IS NULL GROUP BY 1, 2")
    assert {(row["entity"], row["brand"]): row["n"] for row in now} == {("north", "red"): 4, ("south", "blue"): 2}


def test_whoever_is_left_with_one_brand_saves_the_page_and_changes_nothing(world: World, remy: Any) -> None:
    both, south = world.user("engineer", entities=("north", "south")), world.user("engineer", entities=("south",))
    draft = brought(both, SHARED)
    say(both, draft, "Enseigne", values={"RED": "", "Blue": "blue"})
    draft.refresh_from_db()
    assert found.entities_of(draft) == {"south"}
    drafts.say(south, str(draft.pk), told(draft))
    draft.refresh_from_db()
    assert draft.spec["brand"]["values"] == {"Blue": "blue"}
    with pytest.raises(Refused):
        say(south, draft, "Enseigne", says="")
    draft.refresh_from_db()
    say(both, draft, "Enseigne", values={"Blue": ""})
    draft.refresh_from_db()
    assert draft.spec["brand"] == {"column": "Enseigne", "values": {}}, "no row is of a brand that is not said"


def test_what_is_said_in_one_breath_is_kept(world: World, remy: Any) -> None:
    draft = brought(remy, CODES)
    said = {"Enseigne": {"says": "brand", "states": {"R1": "red", "R9": "rose"}}}
    draft_definitions.tell(remy, str(draft.pk), said)
    draft.refresh_from_db()
    assert draft.spec["brand"]["values"] == {"R1": "red", "R9": "rose"}


def test_a_newer_file_whose_brand_column_bears_another_name_is_read_by_what_it_holds(world: World, remy: Any) -> None:
    first = imported(remy, brought(remy))
    newer = brought(remy, (HEAD + "".join(ROWS)).replace("Enseigne", "Enseignes"), source=first.spec["source"])
    assert newer.spec["brand"]["column"] == "Enseignes"
    cut = "\n".join(line.rpartition(";")[0] for line in (HEAD + "".join(ROWS)).splitlines())
    with pytest.raises(UsageError, match="lacks columns that the source reads: Enseigne"):
        brought(remy, cut, "cut.csv", source=first.spec["source"])


def test_rows_not_taken_of_a_file_of_several_entities_are_mended_by_who_acts_for_all(world: World, remy: Any) -> None:
    both = world.user("engineer", entities=("north", "south"))
    done = imported(both, brought(both, SHARED + "9;Awa;Durand-9;awa@example.com;Kiosque\n"))
    assert done.run is not None
    with rejects.write(both, str(done.run.pk), form="csv", say=lambda code, _kind: code) as file:
        assert "Kiosque" in file.read().decode()
    with pytest.raises(Refused):
        rejects.write(remy, str(done.run.pk), form="csv", say=lambda code, _kind: code)


def test_a_name_that_two_brands_bear_names_none(world: World, remy: Any) -> None:
    for slug, name in (("one", "Kiosque"), ("two", "Kiosque"), ("odd", "red")):
        groups.add_brand(slug, name, "north", by="test")
    draft = brought(remy, (HEAD + "".join(ROWS)).replace("rose", "Kiosque").replace("RED", "red"))
    say(remy, draft, "Enseigne", says="brand")
    draft.refresh_from_db()
    assert draft.spec["brand"]["values"] == {"red": "red"}, "a short name is one brand's"
