"""Records split off and people made one at the doors: said in numbers before, undone after, refused to others."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.conftest import HALLE, HORIZON

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
SignedIn = Callable[[str], Any]


@pytest.fixture
def two(world: Any) -> tuple[str, str]:
    world.user("marie", "advisor", entities=("groupe",))
    world.user("claire", "privacy", entities=("groupe",))
    world.user("remy", "engineer", entities=("groupe",))
    world.user("hugo", "advisor", entities=("boutique",))
    camille = world.person(
        1,
        "Camille",
        "Rousseau",
        HORIZON | {"email": "camille@example.org"},
        HORIZON | {"email": "c@example.org"},
        HALLE,
    )
    return camille, world.person(2, "Kamille", "Rousso", HORIZON | {"email": "camille@example.org"})


def waiting() -> list[str]:
    from filrouge.store.models import Job

    return list(Job.objects.filter(state="waiting").values_list("key", flat=True))


def undo_of(page: str) -> str:
    toast = page[page.index('class="toast-line') :]
    return toast.partition('action="')[2].partition('"')[0]


def test_a_split_is_said_in_numbers_done_and_undone(two: tuple[str, str], signed_in: SignedIn) -> None:
    camille, _ = two
    client = signed_in("marie")
    page = client.get(f"/people/{camille}/records").content.decode()
    assert page.count('type="checkbox" name="records"') == 2, "the shop's record is not hers to see"
    said = client.get(f"/people/{camille}/split?records=102").content.decode()
    assert "<strong>1 fiche</strong> quitte Camille Rousseau ; 1 reste." in said
    done = client.post(
        f"/people/{camille}/split", {"records": "102", "reason": "sa fille"}, follow=True
    ).content.decode()
    assert "1 fiche séparée de 1 autre" in done
    assert "sa fille" in done
    assert "sera appliqué dans un instant" in done
    assert waiting() == ["identity"]
    assert "sera appliqué dans un instant" in client.get(f"/people/{camille}").content.decode()
    undone = client.post(undo_of(done), {"next": f"/people/{camille}/records"}, follow=True).content.decode()
    assert "annulée par Marie" in undone


def test_a_split_of_nothing_or_of_everything_is_told_in_a_sentence(two: tuple[str, str], signed_in: SignedIn) -> None:
    client = signed_in("marie")
    for chosen in ("", "?records=101&records=102", "?records=103", "?records=x"):
        answer = client.get(f"/people/{two[0]}/split{chosen}")
        assert answer.status_code == 422
        said = (
            "ne sont pas de cette personne"
            if chosen in ("?records=103", "?records=x")
            else "Séparer demande des fiches"
        )
        assert said in answer.content.decode()
    assert waiting() == []


def test_two_people_are_found_compared_and_made_one(two: tuple[str, str], signed_in: SignedIn) -> None:
    camille, kamille = two
    client = signed_in("claire")
    found = client.get(f"/people/{camille}/merge?q=rousso").content.decode()
    assert f"/people/{camille}/merge/{kamille}" in found
    beside = client.get(f"/people/{camille}/merge/{kamille}").content.decode()
    assert "pareil" in beside
    assert "différent" in beside
    assert "<strong>3 fiches</strong>" in beside
    done = client.post(f"/people/{camille}/merge/{kamille}", {"reason": ""}, follow=True).content.decode()
    assert "réunies en une personne" in done
    assert waiting() == ["identity"]
    again = client.post(f"/people/{camille}/merge/{kamille}", {}, follow=True)
    assert again.status_code == 200
    assert waiting() == ["identity"]


def test_an_engineer_reads_and_decides_nothing(two: tuple[str, str], signed_in: SignedIn) -> None:
    client = signed_in("remy")
    page = client.get(f"/people/{two[0]}/records")
    assert page.status_code == 200
    assert 'name="records"' not in page.content.decode()
    assert client.post(f"/people/{two[0]}/split", {"records": "101"}).status_code == 403
    assert client.post(f"/people/{two[0]}/merge/{two[1]}").status_code == 403


def test_the_shop_s_advisor_decides_of_nothing_beyond_the_shop(two: tuple[str, str], signed_in: SignedIn) -> None:
    camille, kamille = two
    client = signed_in("hugo")
    assert client.post(f"/people/{camille}/split", {"records": ["101"]}).status_code == 422, "as if it did not exist"
    assert client.post(f"/people/{camille}/merge/{kamille}").status_code == 404
    assert client.get(f"/people/{kamille}/records").status_code == 404
    assert waiting() == []


def test_the_undo_of_a_stranger_finds_nothing(two: tuple[str, str], signed_in: SignedIn) -> None:
    done = signed_in("marie").post(f"/people/{two[0]}/split", {"records": "102"}, follow=True).content.decode()
    assert signed_in("hugo").post(undo_of(done)).status_code == 404
    assert signed_in("remy").post(undo_of(done)).status_code == 403


def test_the_same_over_the_api(two: tuple[str, str], client: Any, world: Any) -> None:
    from filrouge.work import access, groups

    camille, kamille = two
    _, word = groups.make_key(
        access.OWNER, "crm", role="advisor", scopes=["people:read", "people:write"], entities=["groupe"], brands=[]
    )
    _, reader = groups.make_key(
        access.OWNER, "bi", role="advisor", scopes=["people:read"], entities=["groupe"], brands=[]
    )

    def post(path: str, body: dict[str, Any], key: str = word) -> Any:
        return client.post(
            f"/api/v1{path}",
            json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )

    assert post(f"/people/{camille}/split", {"records": ["102"]}, reader).status_code == 403
    made = post(f"/people/{camille}/split", {"records": ["102"], "reason": "her daughter"})
    assert made.status_code == 202
    merged = post(f"/people/{camille}/merge", {"other": kamille})
    assert merged.status_code == 202
    told = client.get(f"/api/v1/people/{camille}/verdicts", headers={"Authorization": f"Bearer {word}"}).json()
    assert {(one["kind"], tuple(one["going"])) for one in told} == {("cannot_link", ("102",)), ("must_link", ("101",))}
    assert post(f"/verdicts/{made.json()['gesture']}/undo", {}).status_code == 202
    assert post(f"/verdicts/{made.json()['gesture']}/undo", {}).status_code == 404
    history = client.get(f"/api/v1/people/{camille}/history", headers={"Authorization": f"Bearer {word}"})
    assert history.status_code == 200
