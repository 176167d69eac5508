"""A score that an analyst published, on every door: card, list, person’s page, API, command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from filrouge.base import clock
from filrouge.domain.scores import own
from filrouge.domain.scores.own import Own
from filrouge.store.models import AuditEntry, ScoreModel
from filrouge.store.queries import scores as reads
from filrouge.store.queries.scores import Score

Enter = Callable[..., Any]
pytestmark = pytest.mark.django_db
SPEC = {
    "score": "comes_back", "entity": "groupe", "title": {"fr": "Reviendra", "en": "Comes back"}, "colour": "green",
    "foretells": {"fr": "Rachète dans le mois", "en": "Buys again"}, "sql": "SELECT person, 1 AS value FROM owners",
}  # fmt: skip
CARD: dict[str, Any] = {
    "kind": "published", "proved": True, "means": "points", "scored": 900, "left_out": 3, "with_reasons": 900,
    "within": 30, "people": 800, "happened": 60, "rate": 0.075, "expected": 0.4, "auc": 0.7112,
    "lift_10": 2.4, "lift_20": 1.9,
    "stability": 0.02,
    "calibration": [{"expected": 0.1 * n, "happened": 0.01 * n, "people": 80} for n in range(10)],
    "drift": {"own_value": 0.04}, "fairness": {}, "refused": {},
}  # fmt: skip


def model(card: dict[str, Any], state: str = "candidate", **more: Any) -> ScoreModel:
    spec = Own.parse(SPEC).model_dump(mode="json")
    return ScoreModel.objects.create(
        entity="groupe", name="comes_back", version=f"v{ScoreModel.objects.count()}", kind="published", card=card,
        content={"spec": spec, "role": "analyst", "handed": False}, trained_at=clock.now(), by="ana", owner="Ana Perez",
        state=state, **more,
    )  # fmt: skip


def unproved() -> dict[str, Any]:
    told = own.card(Own.parse(SPEC), own.Values(None, own.np.zeros(5), ["[]"] * 5), None)
    return {**told}


@pytest.fixture(autouse=True)
def people(world: Any) -> None:
    world.user("ana", "analyst", entities=("groupe",))
    world.user("lea", "privacy", entities=("groupe",))
    world.user("sol", "analyst", entities=("boutique",))


def test_the_card_of_a_published_score_names_its_owner_and_how_it_was_tried(signed_in: Enter) -> None:
    model(CARD)
    page = signed_in("ana").get("/scores/groupe/comes_back").content.decode()
    for said in ("Reviendra", "Rachète dans le mois", "par Ana Perez", "0,71", "× 2,4", "Utiliser cette version",
                 "des points, pas des chances", "tel qu’il était 30 jours avant", "SELECT person"):  # fmt: skip
        assert said in page, said
    assert "<circle" not in page  # points are not held against how often it happened


def test_one_that_nothing_proves_is_marked_on_the_list_the_card_and_where_a_score_is_chosen(signed_in: Enter) -> None:
    from filrouge.console.segments import score_name

    model(unproved(), "promoted")
    client = signed_in("ana")
    assert "Reviendra (non prouvé)" in client.get("/scores").content.decode()
    page = client.get("/scores/groupe/comes_back").content.decode()
    assert "Aucun résultat n’est nommé" in page
    assert score_name("comes_back") == "Reviendra (non prouvé)"


def test_it_is_retired_by_who_answers_for_it_and_by_nobody_else(signed_in: Enter) -> None:
    model(CARD, "promoted")
    page = "/scores/groupe/comes_back"
    assert "Ne plus l’utiliser" in signed_in("ana").get(page).content.decode()
    for stranger in ("sol", "lea"):
        assert signed_in(stranger).post(f"{page}/retire").status_code == 403
    assert "Ne plus l’utiliser" not in signed_in("lea").get(page).content.decode()
    assert signed_in("ana").post(f"{page}/retire").status_code == 302
    assert ScoreModel.objects.get().state == "retired"
    assert AuditEntry.objects.filter(action="score.retire").count() == 1


def test_one_that_could_not_be_refreshed_says_so(signed_in: Enter) -> None:
    trouble = own.UsageError("The query has a fault: {why}", why="vanished").plain()
    model(CARD, "promoted", trouble=trouble)
    client = signed_in("ana")
    assert "n’a pas pu être recalculé" in client.get("/scores").content.decode()
    assert "vanished" in client.get("/scores/groupe/comes_back").content.decode()


def test_on_the_page_it_says_its_reasons_or_that_it_gives_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from filrouge.console import scores
    from filrouge.domain.privacy.caller import OWNER

    model(unproved(), "promoted")
    said = reads.published()["groupe", "comes_back"]
    reasons = json.loads(
        own._written([{"fr": "lit beaucoup", "en": "reads a lot", "contribution": 3}, "vient souvent"])
    )
    told = [
        Score("groupe", "", "comes_back", 64, "medium", 4.0, tuple(those), "comes_back@v0", ("blue",), None, None, said)
        for those in (reasons, [])
    ]
    full, bare = (scores.lines("p", OWNER, told=[one])[0] for one in told)
    assert (full.kind, full.label, full.value, full.owner, full.proved) == (
        "engagement", "Reviendra", "64", "Ana Perez", False,
    )  # fmt: skip
    assert full.because == "lit beaucoup"
    assert [one.alone for one in full.reasons] == [False, True]
    assert bare.because == "il ne donne pas de raisons"


def test_programs_read_the_card_with_the_scope_of_figures(client: Any, world: Any) -> None:
    model(CARD)
    from filrouge.work import access, groups

    owner, stranger = (
        groups.make_key(access.OWNER, "k", role="analyst", scopes=["figures:read"], entities=[one], brands=[])[1]
        for one in ("groupe", "boutique")
    )
    found = client.get("/api/v1/scores", headers={"Authorization": f"Bearer {owner}"}).json()
    assert [(one["name"], one["owner"], one["proved"]) for one in found["items"]] == [("comes_back", "Ana Perez", True)]
    card = client.get("/api/v1/scores/groupe/comes_back", headers={"Authorization": f"Bearer {owner}"}).json()
    assert card["definition"]["sql"] == SPEC["sql"]
    assert card["versions"][0]["card"]["auc"] == 0.7112
    assert (
        client.get("/api/v1/scores/groupe/comes_back", headers={"Authorization": f"Bearer {stranger}"}).status_code
        == 404
    )


def test_the_command_line_prints_the_card_of_a_published_score() -> None:
    from filrouge.cli.score import app

    model(unproved(), "promoted")
    done = CliRunner().invoke(app, ["report", "comes_back"])
    assert "Published by Ana Perez" in done.output
    assert "cannot be proved" in done.output
