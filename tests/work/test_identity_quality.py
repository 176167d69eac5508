"""How identity stands is measured with each resolution, kept, and read within one's perimeter; evaluations are kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.kept import laid_once
from tests.world import World, person
from typer.testing import CliRunner

from filrouge.base.errors import NotFound
from filrouge.cli import identity as command
from filrouge.domain.identity import evaluate
from filrouge.domain.privacy.caller import OWNER
from filrouge.store.models import AuditEntry, Doubt, Evaluation, IdentityQuality
from filrouge.store.queries import identity_quality as quality
from filrouge.work import erasures, identity, identity_quality

pytestmark = pytest.mark.lake

ADA = {"mail": "ada.byron@example.com", "born": "10/12/1985"}


@pytest.fixture
@laid_once
def group(world: World) -> World:
    """Ada in both systems, twice in the first, joined by hand; Bea in the first, Cleo in the second."""
    world.people(
        person("1", "Ada", "Byron", **ADA), person("2", "Ada", "Byron", card="7", **ADA),
        person("3", "Bea", "Petit", mail="bea.petit@example.com"),
    )  # fmt: skip
    world.shop(
        person("A", "Ada", "Byron", mail=ADA["mail"], born="05/06/1999"), person("B", "Cleo", "Grand", mail="cleo.grand@example.com")
    )  # fmt: skip
    world.resolve()
    left, right = sorted({hit.id for hit in world.find("Ada Byron")})
    identity.merge(left, right, by="test")
    return world


def test_the_figures_say_what_the_resolution_made(group: World) -> None:
    found = quality.latest(OWNER)
    assert found is not None
    assert (found.now.records, found.now.people, found.now.largest, found.several) == (5, 3, 3, 1)
    assert {one.brand: (one.records, one.people, one.only) for one in found.brands} == {
        "red": (3, 2, 1),
        "blue": (2, 2, 1),
    }
    assert found.overlap["red", "blue"] == quality.Overlap(1, 0.5)
    assert {(one.source, one.duplicates) for one in found.sources} == {("crm_people", 1), ("shop_people", 0)}
    assert [(one.people, one.merges) for one in found.runs] == [(4, 0), (3, 1)]
    assert found.plain()["overlap"][0]["people"] == 1


def test_nothing_is_told_before_the_first_resolution(world: World) -> None:
    assert quality.latest(OWNER) is None
    assert quality.doubted(OWNER) == []


def test_brands_and_overlap_stop_at_the_perimeter(group: World) -> None:
    owner, colleague, stranger = (
        group.user("engineer", entities=("north",)), group.user("engineer", entities=("north",), brands=("red",)),
        group.user("engineer", entities=("west",)),
    )  # fmt: skip
    seen = {
        name: quality.latest(who) for name, who in (("owner", owner), ("colleague", colleague), ("stranger", stranger))
    }
    told = {name: sorted(one.brand for one in found.brands) for name, found in seen.items() if found}
    assert told == {"owner": ["blue", "red"], "colleague": ["red"], "stranger": []}
    assert seen["colleague"].overlap == {}
    assert seen["colleague"].several == 0, "that another brand knows somebody is not told"
    assert seen["stranger"].sources == ()


def test_a_doubt_is_told_to_whoever_sees_all_that_it_rests_on(group: World) -> None:
    assert [one.doubts[0][0] for one in quality.doubted(OWNER)] == ["birth_dates"]
    assert len(quality.doubted(group.user("analyst", entities=("north",)))) == 0, (
        "no agreement opens one entity to the other for analysis"
    )
    assert len(quality.doubted(group.user("engineer", entities=("north",)))) == 1, "an agreement for service does"
    assert quality.doubted(group.user("engineer", entities=("north",), brands=("red",))) == []
    assert quality.doubted(group.user("engineer", entities=("west",))) == []
    assert quality.doubted(group.user("executive")) == [], "figures, and nobody named"


def test_doubts_are_those_of_the_last_resolution(group: World) -> None:
    first = list(Doubt.objects.values_list("person", "code"))
    group.resolve()
    assert list(Doubt.objects.values_list("person", "code")) == first
    assert IdentityQuality.objects.count() == 3
    assert AuditEntry.objects.filter(action="identity.measure").exists()


def test_an_erased_person_is_doubted_no_more(group: World) -> None:
    (doubted,) = quality.doubted(OWNER)
    erasures.carry_out(str(erasures.request(OWNER, doubted.person).id))
    assert not Doubt.objects.exists()


def test_an_evaluation_is_kept_without_the_words_of_its_file(world: World, tmp_path: Path) -> None:
    lines = [f"{n},{who} {n // 2},Byron{n // 2},x{n // 2}@example.org,{n // 2}" for n, who in enumerate(["Ada"] * 20)]
    file = tmp_path / "labelled.csv"
    file.write_text("id,given,family,email,cluster\n" + "\n".join(lines))
    found = evaluate(file, "cluster", "id")
    identity_quality.keep_evaluation(file.name, found, by="test")
    kept = Evaluation.objects.get()
    assert kept.name == "labelled.csv"
    assert kept.figures["pairwise"] == found["pairwise"]
    assert "columns" not in kept.figures
    line = AuditEntry.objects.get(action="identity.evaluate")
    assert line.details == {"records": 20}


def test_the_command_line_tells_the_figures_and_that_there_are_none_yet(world: World) -> None:
    none = CliRunner().invoke(command.app, ["quality"])
    assert isinstance(none.exception, NotFound)
    world.people(person("1", "Ada", "Byron", **ADA), person("2", "Ada", "Byron", **ADA))
    world.resolve()
    told = json.loads(CliRunner().invoke(command.app, ["quality", "--json"]).stdout)
    assert (told["people"], told["records"], told["sources"][0]["duplicates"]) == (1, 2, 1)
    lines = CliRunner().invoke(command.app, ["quality"]).stdout
    assert "2 records are 1 people" in lines
    assert "byron" not in lines.lower() and "ada@" not in lines.lower(), "nobody is named"


def test_a_table_that_teaches_nothing_is_told_why_and_what_would_help(tmp_path: Path) -> None:
    file = tmp_path / "same.csv"
    rows = [f"{number},Martin,Paul,p@example.org,{number}" for number in range(200)]
    file.write_text("\n".join(["id,nom,prenom,email,truth", *rows]), encoding="utf-8")
    told = CliRunner().invoke(command.app, ["evaluate", str(file), "--truth", "truth", "--id", "id"])
    assert told.exit_code == 0
    said = " ".join(told.output.split())
    assert "The same on every record: given, family. Bring columns that tell people apart" in said
