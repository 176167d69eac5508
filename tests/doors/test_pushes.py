"""Destinations and pushes on the console and over the API: who keeps, who reads, who knows of nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from filrouge.base import settings
from filrouge.domain.privacy.caller import OWNER
from filrouge.store.models import Destination, Job, Push, PushRun
from filrouge.work import pushes, segments

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
Enter = Callable[[str], Any]
PLACE = {"title": "Dossier de l’imprimeur", "entity": "groupe", "brand": "", "kind": "folder", "place": "imprimeur",
         "form": "csv", "delimiter": ";"}  # fmt: skip
ABOUT = {"title": "Lettre hebdo", "destination": "dossier-de-limprimeur", "purpose": "marketing", "channel": "email",
         "columns": ["id", "email"], "key": "id", "gives": "", "timing": "change"}  # fmt: skip
SPEC = {"rules": [{"on": "brands", "brands": ["horizon"]}]}


@pytest.fixture(autouse=True)
def group(world: Any, tmp_path: Path) -> Iterator[Any]:
    before = settings.get()
    settings.use(FILROUGE_HOME=str(tmp_path), FILROUGE_LAKE=str(tmp_path / "lake"))
    world.user("remy", "engineer", entities=("groupe",))
    world.user("ines", "marketer", entities=("groupe",))  # owner
    world.user("nadia", "sales", entities=("groupe",))  # colleague: reads
    world.user("bastien", "marketer", entities=("boutique",))  # stranger
    segments.keep(OWNER, "readers", spec=SPEC, entity="groupe", brand="horizon", channel="email", title="Lecteurs")
    yield world
    settings.use(FILROUGE_HOME=str(before.home), FILROUGE_LAKE=str(before.lake))


def given(**more: Any) -> Push:
    pushes.keep_destination(OWNER, "desk", spec={"kind": "folder", "place": "desk"}, entity="groupe", title="Imprimeur")
    return pushes.keep(OWNER, "weekly", segment="readers", destination="desk", columns=["id", "email"], **more)


def test_an_engineer_keeps_a_destination_and_a_marketer_sends_a_segment_to_it(signed_in: Enter) -> None:
    client = signed_in("remy")
    assert "Enregistrer la première" in client.get("/destinations").content.decode()
    assert client.get("/destinations/new").status_code == 200
    answer = client.post("/destinations/new", PLACE)
    assert answer["Location"] == "/destinations/dossier-de-limprimeur"
    assert "reçoit ce qu’on lui donne" in client.get(answer["Location"]).content.decode()
    wrong = client.post("/destinations/new", PLACE | {"kind": "rest"})
    assert (wrong.status_code, "https://host/path" in wrong.content.decode()) == (422, False)
    client = signed_in("ines")
    assert "Choisir un segment" in client.get("/pushes").content.decode()
    page = client.get("/segments/readers/push").content.decode()
    assert "Dossier de l’imprimeur" in page
    assert 'aria-current="page"' in page
    answer = client.post("/segments/readers/push", ABOUT)
    assert answer["Location"] == "/pushes/lettre-hebdo"
    row = Push.objects.get()
    assert (row.gives, row.by, row.brand) == ("whole", "ines@example.com", "horizon")
    assert Job.objects.get(kind="push").params == {"push": "lettre-hebdo", "only": ""}
    assert client.post("/segments/readers/push", ABOUT | {"columns": ["id", "phone"]}).status_code == 422
    for path in ("/pushes", "/pushes/lettre-hebdo", "/pushes/lettre-hebdo/edit", "/segments/readers"):
        assert "Lettre hebdo" in client.get(path).content.decode(), path


def test_a_run_says_in_a_sentence_what_it_did_and_never_success_of_what_was_not_confirmed(signed_in: Enter) -> None:
    row = given()
    counts = {"ordered": 5, "sent": 3, "withheld": 2, "failed": 2, "reasons": {"objected": 2}}
    run = PushRun.objects.create(push=row, by="test", state="partly", finished_at="2026-11-26T10:00:00Z", **counts)
    client = signed_in("ines")
    page = client.get(f"/pushes/weekly/runs/{run.id}").content.decode()
    for said in ("3 transmises", "2 écartées : opposition 2", "2 en échec", "toutes les lignes ne sont pas confirmées"):
        assert said in page, said
    assert "Réessayer les lignes en échec" in page
    client.post("/pushes/weekly/run", {"only": "failed"})
    assert Job.objects.get(kind="push").params["only"] == "failed"
    page = client.get("/pushes/weekly").content.decode()
    assert "2 lignes ont échoué au dernier passage." in page


def test_a_push_is_paused_resumed_emptied_and_removed(signed_in: Enter) -> None:
    given()
    client = signed_in("ines")
    client.post("/pushes/weekly/pause")
    assert not Push.objects.get().enabled
    assert "suspendue" in client.get("/pushes/weekly").content.decode()
    client.post("/pushes/weekly/resume")
    assert Push.objects.get().enabled
    client.post("/pushes/weekly/empty")
    assert Job.objects.get(kind="push").params["only"] == "empty"
    client.post("/pushes/weekly/remove")
    assert Push.objects.count() == 0
    signed_in("remy").post("/destinations/desk/remove")
    assert Destination.objects.count() == 0


def test_a_colleague_reads_and_a_stranger_knows_of_nothing(signed_in: Enter) -> None:
    row = given()
    run = PushRun.objects.create(push=row, by="test", state="done", finished_at="2026-11-26T10:00:00Z")
    pages = ("/pushes/weekly", f"/pushes/weekly/runs/{run.id}", "/destinations/desk")
    for name, status in (("ines", 200), ("nadia", 200), ("bastien", 404)):
        client = signed_in(name)
        assert [client.get(page).status_code for page in pages] == [status] * 3, name
        assert ("weekly" in client.get("/pushes").content.decode()) is (status == 200)
    for name in ("nadia", "bastien"):
        client = signed_in(name)
        assert client.post("/pushes/weekly/pause").status_code in (403, 404), name
        assert client.get("/pushes/weekly/edit").status_code in (403, 404), name
    assert signed_in("ines").get("/destinations/desk/edit").status_code == 403
    assert Push.objects.get().enabled


def test_the_api_keeps_runs_and_tells(world: Any) -> None:
    from django.test import Client

    from filrouge.work import access, groups

    def key(role: str, entity: str = "groupe", *scopes: str) -> Any:
        held = list(scopes or ("pushes:read", "pushes:write"))
        _, word = groups.make_key(access.OWNER, "k", role=role, scopes=held, entities=[entity], brands=[])
        return Client(headers={"authorization": f"Bearer {word}"})

    def put(who: Any, path: str, **body: Any) -> int:
        return int(who.put(f"/api/v1/{path}", json.dumps(body), content_type="application/json").status_code)

    engineer, owner, colleague = key("engineer"), key("marketer"), key("sales")
    stranger, reader = key("marketer", "boutique"), key("marketer", "groupe", "pushes:read")
    place = {"spec": {"kind": "folder", "place": "desk"}, "entity": "groupe"}
    assert put(owner, "destinations/desk", **place) == 403
    assert put(engineer, "destinations/desk", **place) == 200
    assert engineer.post("/api/v1/destinations/desk/check").json()["trouble"] == {}
    said = {"segment": "readers", "destination": "desk", "columns": ["id", "email"]}
    assert [put(who, "pushes/weekly", **said) for who in (owner, colleague, stranger, reader)] == [200, 403, 404, 403]
    assert put(owner, "pushes/other", **said | {"columns": ["id", "shoe"]}) == 422
    assert owner.get("/api/v1/pushes").json()["items"][0]["last"] is None
    assert owner.post("/api/v1/pushes/weekly/run").status_code == 202
    run = PushRun.objects.create(push=Push.objects.get(), by="t", state="done", finished_at="2026-11-26T10:00:00Z")
    told = colleague.get(f"/api/v1/pushes/weekly/runs/{run.id}/rows").json()
    assert told == {"items": [], "next": None}
    assert stranger.get(f"/api/v1/pushes/weekly/runs/{run.id}/rows").status_code == 404
    assert owner.post("/api/v1/pushes/weekly/pause").json()["enabled"] is False
    assert owner.post("/api/v1/pushes/weekly/run").status_code == 409
    assert engineer.delete("/api/v1/destinations/desk").status_code == 409
    assert owner.delete("/api/v1/pushes/weekly").status_code == 204
    assert engineer.delete("/api/v1/destinations/desk").status_code == 204
