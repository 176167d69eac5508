"""The page of identity's quality: figures for all who read it, names for those who open pages, both languages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.conftest import HALLE, HORIZON
from tests.doors.test_api import api

from filrouge.base import clock, ids
from filrouge.domain.identity.quality import DOUBTS
from filrouge.store.models import Doubt, Evaluation, IdentityQuality

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
SignedIn = Callable[[str], Any]


def figures(people: int = 1200) -> dict[str, Any]:
    return {
        "records": 2000, "people": people, "largest": 12, "mean": 1.667, "sizes": [900, 200, 60, 30, 9, 1, 0],
        "origins": [["groupe", "horizon", 1400], ["boutique", "halle", 600]],
        "known": [[[0], 700], [[0, 1], 300], [[1], 200]],
        "sources": [["crm_people", "groupe", "horizon", 1400, 1350], ["shop_people", "boutique", "halle", 600, 600]],
        "shared": {kind: {"values": 4, "most": 5, "bearers": [3, 1, 0]} for kind in ("email", "phone")},
        "doubts": dict.fromkeys(DOUBTS, 0) | {"people": 2, "birth_dates": 2},
    }  # fmt: skip


def resolved(people: int = 1200) -> None:
    learned = {
        "version": "m1", "healthy": True,
        "notes": [
            {"code": "column_empty", "column": "sex"}, {"code": "taught", "pairs": 84, "reviewed": 82, "shift": 0.2}
        ],
        "comparisons": [
            {"name": "given", "levels": [{"label": "same", "bits": 8.4}, {"label": "different", "bits": -9.1}]}
        ],
    }  # fmt: skip
    IdentityQuality.objects.create(
        run=ids.uuid7(), at=clock.now(), records=2000, people=people, new_people=3, merges=2, splits=1, reviews=44,
        doubts=2, largest=12, model="m1", figures=figures(people), learned=learned,
    )  # fmt: skip


@pytest.fixture
def doubted(world: Any) -> str:
    """Camille, whose records contradict each other in one entity; Zoé, doubted across two."""
    resolved(1190)
    resolved()
    camille = str(world.person(1, "Camille", "Rousseau", HORIZON, HORIZON))
    zoe = str(world.person(2, "Zoé", "Marin", HORIZON, HALLE))
    mine, theirs = ["groupe", "horizon"], ["boutique", "halle"]
    for at, (who, origins) in enumerate(((camille, [mine]), (zoe, [mine, theirs]))):
        Doubt.objects.create(person=who, code="birth_dates", figure=2, records=2, origins=origins, place=at)
    world.user("remy", "engineer")
    world.user("karim", "engineer", entities=("groupe",))
    world.user("lea", "engineer", entities=("boutique",))
    world.user("helene", "executive")
    world.user("marie", "advisor")
    return camille


def page(client: Any, path: str = "/identity") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_before_the_first_resolution_the_page_says_when_there_will_be_figures(world: Any, signed_in: SignedIn) -> None:
    world.user("remy", "engineer")
    assert "à la fin de chaque rapprochement" in page(signed_in("remy"))


def test_the_figures_are_told_in_both_languages(doubted: str, signed_in: SignedIn) -> None:
    client = signed_in("remy")
    told = page(client)
    for word in (
        "Qualité de l’identité",
        "Recouvrement",
        "30,0 %",
        "1\u202f200",
        "plus de 30",
        "Sexe : rien n’est rempli",
        "84 paires décidées à la main, dont 82",
        "+8,4",
    ):
        assert word in told, word
    client.post("/reader", {"language": "en", "next": "/"})
    told = page(client)
    for word in ("Quality of identity", "Overlap", "30.0%", "1,200", "over 30", "Sex: nothing is filled in", "−9.1"):
        assert word in told, word


def test_a_chart_says_in_words_what_it_draws(doubted: str, signed_in: SignedIn) -> None:
    assert "Personnes : de 1\u202f190 à 1\u202f200 sur 2 rapprochements" in page(signed_in("remy"))


def test_people_are_named_to_whoever_sees_all_that_a_doubt_rests_on(doubted: str, signed_in: SignedIn) -> None:
    told = page(signed_in("remy"))
    assert f"/people/{doubted}/records" in told
    assert "2 dates de naissance qui se contredisent" in told
    assert "Zoé" in told
    told = page(signed_in("karim"))
    assert "Camille" in told
    assert "Zoé" not in told
    told = page(signed_in("lea"))
    assert "Camille" not in told
    assert "Zoé" not in told
    assert "Horizon" not in told[told.index("<main") :], "a brand of another entity"


def test_an_executive_reads_figures_and_nobody_is_named(doubted: str, signed_in: SignedIn) -> None:
    told = page(signed_in("helene"))
    assert "Dates de naissance qui se contredisent" in told
    assert "Camille" not in told
    assert "/people/" not in told[told.index("<main") :]


def test_the_page_is_refused_to_who_does_not_read_figures_of_identity(doubted: str, signed_in: SignedIn) -> None:
    assert signed_in("marie").get("/identity").status_code == 403


def test_the_list_is_narrowed_by_one_kind_of_doubt(doubted: str, signed_in: SignedIn) -> None:
    Doubt.objects.create(person=doubted, code="sexes", figure=2, records=2, origins=[["groupe", "horizon"]], place=0)
    client = signed_in("remy")
    assert "Zoé" not in page(client, "/identity?doubt=sexes")
    assert "Zoé" in page(client, "/identity?doubt=nonsense")


def test_the_last_evaluation_is_told_with_its_file(doubted: str, signed_in: SignedIn) -> None:
    scores = {"precision": 0.991, "recall": 0.93, "f1": 0.96}
    said = {"records": 1000, "pairwise": scores, "b_cubed": scores, "exact_clusters": 210, "true_clusters": 251}
    Evaluation.objects.create(name="people.csv", by="test", figures=said)
    told = page(signed_in("remy"))
    assert "people.csv" in told
    assert "99,1 %" in told
    assert "210 sur 251" in told


def test_a_program_reads_the_same_within_its_perimeter(doubted: str) -> None:
    whole = api("analyst").get("/api/v1/identity/quality").json()
    assert whole["people"] == 1200
    assert [one["people"] for one in whole["overlap"]] == [300, 300]
    assert whole["sizes"][0] == {"from": 1, "to": 1, "people": 900}
    narrowed = api("analyst", "boutique").get("/api/v1/identity/quality").json()
    assert [one["brand"] for one in narrowed["brands"]] == ["halle"]
    assert narrowed["overlap"] == []
    assert api("advisor").get("/api/v1/identity/quality").status_code == 403
    assert api("analyst", scopes=["people:read"]).get("/api/v1/identity/quality").status_code == 403


def test_a_program_is_told_when_nothing_is_measured(world: Any) -> None:
    answer = api("analyst").get("/api/v1/identity/quality")
    assert answer.status_code == 404
    assert "resolve" in answer.json()["detail"]
