"""A dry run says what identity would do with the people of a file, as the import then does it; nothing is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.kept import laid_once
from tests.work.test_settling import crowd, few
from tests.world import World, person

from filrouge.store.models import Run, SourceDraft
from filrouge.work import deriving, drafts, foreseeing, jobs, memory, settling, worker

pytestmark = pytest.mark.lake

HEAD = "Id;Prénom;Nom;Courriel;Téléphone;Ville\n"


def line(key: str, row: dict[str, Any]) -> str:
    """Return somebody of the crowd as another system writes them."""
    return f"{key};{row['given']};{row['family']};{row['mail']};{row['phone']};{row['town']}\n"


def bought() -> str:
    """Return two whom the group knows, one of them twice in the file, and three whom nobody knows."""
    first, _, second, *_ = crowd()
    return (
        HEAD
        + line("d1", first)
        + line("d2", second)
        + line("d3", second)
        + "d4;Zoé;Quémeneur;zoe@example.net;0639700001;Brest\nd5;Yann;Kervella;yann@example.net;0639700002;Brest\n"
        + "d6;Maël;Riou;mael@example.net;0639700003;Brest\n"
    )


@pytest.fixture
@laid_once
def group(world: World, trained_on_few: None) -> World:
    world.people(*crowd())
    world.resolve()
    assert memory.recall(few()) is not None
    return world


@pytest.fixture
def trained_on_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deriving, "spec", few)


@pytest.fixture
def remy(world: World) -> Any:
    return world.user("engineer", entities=("north", "west"))


def worked() -> None:
    while job := jobs.claim("test"):
        jobs.work(job, worker.VERBS)


def tried(asking: Any, text: str, name: str, brand: str) -> SourceDraft:
    draft = drafts.bring(asking, name, [text.encode()], brand=brand)[0]
    drafts.try_out(asking, str(draft.pk))
    worked()
    draft.refresh_from_db()
    return draft


def imported(asking: Any, draft: SourceDraft) -> None:
    drafts.go(asking, str(draft.pk))
    worked()


@pytest.mark.parametrize("way", ["few", "whole"])
def test_what_is_foreseen_is_what_the_import_then_does(
    group: World, remy: Any, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = figures()
    if way == "whole":
        monkeypatch.setattr(settling, "most", lambda memory: 0)
    draft = tried(remy, bought(), "bought.csv", "green")
    found = draft.tried["identity"]
    assert {name: found[name] for name in ("people", "known", "merges", "brands")} == {
        "people": 5, "known": 2, "merges": 0, "brands": {"red": 2},
    }  # fmt: skip
    group.resolve()
    assert figures()["people"] == before["people"], "nothing was kept"

    imported(remy, draft)
    group.resolve()
    assert figures()["people"] == before["people"] + 3


@pytest.mark.parametrize("way", ["few", "whole"])
def test_people_known_apart_who_would_become_one_are_counted(
    group: World, remy: Any, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart = [
        person("900", "Ada", "Martin", mail="noe@example.com", phone="", town=""),
        person("901", "Ada", "Martin", mail="", phone="06 39 77 77 77", town=""),
    ]
    group.people(*crowd(), *apart)
    group.resolve()
    before = figures()
    if way == "whole":
        monkeypatch.setattr(settling, "most", lambda memory: 0)
    text = HEAD + "n1;Ada;Martin;noe@example.com;0639777777;\n"
    draft = tried(remy, text, "bought.csv", "green")
    found = draft.tried["identity"]
    assert (found["people"], found["known"], found["merges"]) == (1, 1, 1)
    imported(remy, draft)
    group.resolve()
    assert figures()["people"] == before["people"] - 1


def test_a_dry_run_that_staged_nobody_foresees_nobody(world: World, tmp_path: Path) -> None:
    assert foreseeing.foresee(tmp_path).plain() == {"people": 0, "known": 0, "merges": 0, "reviews": 0, "brands": {}}


def test_memory_is_left_as_it_was(group: World, remy: Any) -> None:
    folder = memory.laid()
    assert folder is not None
    held = {path.name: path.read_bytes() for path in folder.iterdir()}
    tried(remy, bought(), "bought.csv", "green")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == held


def figures() -> dict[str, Any]:
    """Return what the last settlement counted."""
    return Run.objects.filter(kind="identity").latest("started_at").figures
