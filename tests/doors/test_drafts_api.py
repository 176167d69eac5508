"""Drafts over the API: begun by command and ended over the API, by keys that act for the brand; nobody else's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.work.test_draft_door import ran, workbook
from tests.work.test_drafts import worked
from tests.world import World

from filrouge.base import settings
from filrouge.work import access, groups

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "live", "audit"])
ALL = ["sources:read", "sources:run"]


def api(*entities: str, role: str = "engineer", scopes: list[str] = ALL) -> Client:
    _, word = groups.make_key(access.OWNER, "test", role=role, scopes=scopes, entities=entities)
    return Client(headers={"authorization": f"Bearer {word}"})


def post(client: Client, path: str, said: Any = None) -> Any:
    return client.post(f"/api/v1/drafts/{path}", said or {}, content_type="application/json")


@pytest.fixture
def group(tmp_path: Path, transactional_db: None) -> Any:
    before, folder = settings.get(), tmp_path / "home"
    folder.mkdir()
    settings.use(FILROUGE_HOME=str(folder), FILROUGE_LAKE=str(folder / "lake"))
    yield World(tmp_path / "systems")
    settings.use(FILROUGE_HOME=str(before.home), FILROUGE_LAKE=str(before.lake))


def test_begun_by_command_and_ended_over_the_api(group: World, tmp_path: Path) -> None:
    key = ran("bring", str(workbook(tmp_path / "Salon.xlsx")), "--brand", "red", "--json")["key"]
    remy, stranger = api("north"), api("south")
    reader, advisor = api("north", scopes=["sources:read"]), api("north", role="advisor")
    assert [one["key"] for one in remy.get("/api/v1/drafts").json()["items"]] == [key]
    assert stranger.get("/api/v1/drafts").json()["items"] == []
    assert reader.get(f"/api/v1/drafts/{key}").status_code == 200
    for client, status in ((stranger, 404), (reader, 403), (advisor, 403)):
        for what, said in (
            ("trial", {}),
            ("import", {}),
            ("rows", {"reads": "orders"}),
            ("corrections", {"corrections": []}),
        ):
            answer = post(client, f"{key}/{what}", said)
            assert (answer.status_code, answer["content-type"]) == (status, "application/problem+json"), what
        assert client.delete(f"/api/v1/drafts/{key}").status_code == status

    told = {"Accord": {"says": "consent:marketing:email", "states": {"oui": "granted", "non": "denied"}},
            "N° fiche": {"key": True}}  # fmt: skip
    told |= {one["column"]: {"key": False} for one in remy.get(f"/api/v1/drafts/{key}").json()["columns"]
             if one["key"] and one["column"] != "N° fiche"}  # fmt: skip
    assert post(remy, f"{key}/columns", {"columns": {"Nulle part": {"says": "email"}}}).status_code == 400
    assert post(remy, f"{key}/columns", {"columns": {"Nom": {"says": "nothing"}}}).status_code == 400
    said = post(remy, f"{key}/columns", {"columns": told}).json()
    assert (said["faults"], [one["wrong"] for one in said["columns"] if one["wrong"]]) == ([], [])
    assert "elodie@example.com" not in str(said), "an engineer sees what cells hold masked"
    assert post(remy, f"{key}/import").status_code == 409, "it was not tried"
    assert post(remy, f"{key}/trial").status_code == 202
    worked()
    assert remy.get(f"/api/v1/drafts/{key}").json()["counts"]["rejected"] == 1

    lines = remy.get(f"/api/v1/drafts/{key}/faulty", {"limit": 1}).json()
    assert (len(lines["items"]), lines["next"]) == (1, "1")
    assert stranger.get(f"/api/v1/drafts/{key}/faulty.csv").status_code == 404
    file = remy.get(f"/api/v1/drafts/{key}/faulty.csv").getvalue().decode("utf-8-sig")
    assert "31/02/1990" in file, "a day that is wrong is put right by whoever reads it"
    sent = SimpleUploadedFile("faulty.csv", file.replace("31/02/1990", "28/02/1990").encode())
    assert remy.post(f"/api/v1/drafts/{key}/corrections/file", {"file": sent}).json() == {
        "rows": 1, "unchanged": 1, "refused": [],
    }  # fmt: skip
    worked()
    kept = post(
        remy, f"{key}/corrections", {"corrections": [{"row": 8, "do": "leave_out"}, {"row": 7, "do": "leave_out"}]}
    )
    assert [(one["line"], one["code"]) for one in kept.json()["refused"]] == [(2, "not_faulty")]
    worked()
    assert post(remy, f"{key}/import").status_code == 202
    worked()
    done = remy.get(f"/api/v1/drafts/{key}").json()
    assert (done["state"], bool(done["run"])) == ("done", True)
    assert len(group.rows("SELECT 1 FROM person_records")) == 15


def test_a_file_is_brought_over_the_api_once_and_dropped(group: World) -> None:
    def sent(name: str = "Salon.csv", brand: str = "red") -> Any:
        text = "id;nom;mail\n" + "".join(f"{n};Durand-{n};p{n}@example.com\n" for n in range(30))
        return remy.post("/api/v1/drafts", {"file": SimpleUploadedFile(name, text.encode()), "brand": brand})

    remy = api("north")
    made = sent()
    assert made.status_code == 201, made.content
    key = made.json()["key"]
    again = sent()
    assert (again.status_code, again.json()["key"]) == (200, key)
    assert (sent(brand="blue").status_code, sent("x.exe").status_code) == (403, 400)
    data = remy.get(f"/api/v1/drafts/{key}/definition").json()
    put = remy.put(f"/api/v1/drafts/{key}/definition", data | {"brand": "blue"}, content_type="application/json")
    assert put.status_code == 400
    assert remy.put(f"/api/v1/drafts/{key}/definition", data, content_type="application/json").status_code == 200
    assert post(remy, f"{key}/rows", {"reads": "orders"}).json()["reads"] == "orders"
    assert remy.delete(f"/api/v1/drafts/{key}").status_code == 204
    assert remy.get(f"/api/v1/drafts/{key}").status_code == 404
