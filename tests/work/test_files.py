"""One file: shown first, counted, then imported and kept as a source."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.world import World

from filrouge.base.errors import Refused, SourceError, UsageError
from filrouge.store.models import Brand, Run, Source
from filrouge.work import access, files, groups, sources

pytestmark = pytest.mark.lake

TEXT = (
    "N° fiche;Prénom;Nom;Courriel;Ville\n1;Élodie;Dupré;elodie@example.com;Nantes\n2;Jean;Noël;jean@example.com;Lyon\n"
)


@pytest.fixture
def file(world: World) -> Path:
    path = world.folder / "Salon d'été 2026.csv"
    path.write_bytes(TEXT.encode("cp1252"))
    return path


def test_what_would_be_done_is_told_and_nothing_is_kept(world: World, file: Path) -> None:
    read = files.reading(file, brand="red")
    assert read.data["source"] == "salon_d_ete_2026"
    assert (read.data["entity"], read.data["format"]["encoding"]) == ("north", "cp1252")
    assert "family_name: Nom" in read.yaml
    assert files.try_out(read)["new"] == 2
    assert not Source.objects.exists()
    assert not Run.objects.exists()
    assert world.rows("SELECT * FROM person_records") == []


def test_it_is_imported_kept_and_resolved(world: World, file: Path) -> None:
    run = files.bring(access.OWNER, files.reading(file, brand="red"))
    assert (run.read, run.new, run.rejected) == (2, 2, 0)
    world.resolve()
    assert [hit.name for hit in world.find("Élodie Dupré")] == ["Élodie Dupré"]
    assert sources.run("salon_d_ete_2026", by="test").unchanged == 2
    assert files.reading(file, brand="red").data["source"] == "salon_d_ete_2026", "the same file is the same source"


def test_another_file_of_that_name_is_another_source(world: World, file: Path) -> None:
    files.bring(access.OWNER, files.reading(file, brand="red"))
    other = world.folder / "more"
    other.mkdir()
    again = other / file.name
    again.write_bytes(file.read_bytes())
    assert files.reading(again, brand="red").data["source"] == "salon_d_ete_2026_2"


def test_what_a_mapping_says_is_not_guessed(world: World, file: Path) -> None:
    mapping = world.folder / "m.yaml"
    mapping.write_text(
        "map: {city: {const: Paris}}\nkey: [Courriel]\nsource: fair\nrequired: [email]\n", encoding="utf-8"
    )
    read = files.reading(file, brand="red", mapping=mapping)
    assert read.data["source"] == "fair"
    assert read.data["map"]["family_name"] == "Nom"
    assert (read.data["required"], read.data["key"]) == (["email"], ["Courriel"])
    files.bring(access.OWNER, read)
    assert {row["city"] for row in world.rows("SELECT city FROM person_records")} == {"Paris"}


def test_a_mapping_says_which_brand_the_values_of_a_column_name(world: World, file: Path) -> None:
    groups.add_brand("rose", "Rose", "north", by="test")
    mapping = world.folder / "m.yaml"
    mapping.write_text("brand: {column: Nom, values: {Dupré: rose, Noël: red}}\n", encoding="utf-8")
    read = files.reading(file, mapping=mapping)
    assert read.data["entity"] == "north", "the entity of the brands that it names"
    files.bring(access.OWNER, read)
    rows = world.rows("SELECT family_name, brand FROM person_records")
    assert {row["family_name"]: row["brand"] for row in rows} == {"Dupré": "rose", "Noël": "red"}


def test_a_mapping_over_several_entities_puts_each_row_where_its_brand_is(world: World, file: Path) -> None:
    mapping = world.folder / "m.yaml"
    mapping.write_text("brand: {column: Nom, values: {Dupré: blue, Noël: red}}\n", encoding="utf-8")
    files.bring(access.OWNER, files.reading(file, mapping=mapping))
    rows = world.rows("SELECT family_name, entity FROM person_records")
    assert {row["family_name"]: row["entity"] for row in rows} == {"Dupré": "south", "Noël": "north"}
    with pytest.raises(Refused):
        files.bring(world.user("engineer", entities=("north",)), files.reading(file, mapping=mapping))


def test_the_first_file_of_a_new_installation_names_its_brand(world: World, file: Path) -> None:
    from filrouge.store.models import Agreement, Entity

    for model in (Agreement, Brand, Entity):
        model.objects.all().delete()
    with pytest.raises(UsageError, match="No entity or brand"):
        files.reading(file)
    read = files.reading(file, brand="gazette", entity="press")
    assert read.added == (("entity", "press"), ("brand", "gazette"))
    assert files.reading(file, brand="gazette").added == (("entity", "gazette"), ("brand", "gazette"))
    files.bring(access.OWNER, read)
    assert Brand.objects.get().entity.slug == "press"


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        ("Couleur;Taille\nbleu;4\n", UsageError, "tells who somebody is"),
        ("Nom;Prénom\n", SourceError, "no row"),
        ("", SourceError, "no row of column names"),
    ],
)
def test_a_file_without_people_is_told(world: World, file: Path, text: str, error: type[Exception], told: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=told):
        files.reading(file, brand="red")


def test_whose_file_it_is_must_be_said(world: World, file: Path) -> None:
    with pytest.raises(UsageError, match="one of blue, green, red"):
        files.reading(file)
    with pytest.raises(UsageError, match="one of blue, green, red"):
        files.reading(file, brand="black")
    with pytest.raises(UsageError, match="no file"):
        files.reading(file.with_name("absent.csv"), brand="red")


def test_only_an_engineer_of_the_entity_imports(world: World, file: Path) -> None:
    with pytest.raises(Refused):
        files.bring(world.user("advisor", entities=["north"]), files.reading(file, brand="red"))
    with pytest.raises(Refused):
        files.bring(world.user("engineer", entities=["south"]), files.reading(file, brand="red"))
    assert not Source.objects.exists()
    files.bring(world.user("engineer", entities=["north"]), files.reading(file, brand="red"))


def test_objects_are_guessed_by_their_paths(world: World) -> None:
    path = world.folder / "people.ndjson"
    path.write_text(
        '{"id": "u1", "traits": {"firstName": "Zoé", "lastName": "Martin", "email": "zoe@example.com"}}\n'
        '{"id": "u2", "traits": {"firstName": "Ada", "lastName": "Byron", "phone": "+33639981234"}}\n',
        encoding="utf-8",
    )
    read = files.reading(path, brand="red")
    assert read.data["key"] == ["id"]
    assert read.data["map"]["given_name"] == "traits.firstName"
    assert files.try_out(read)["new"] == 2
