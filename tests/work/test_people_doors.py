"""The same gestures by program: create, read on, export, over the API and the command line."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.kept import laid_once
from tests.world import World, person
from typer.testing import CliRunner

from filrouge.base import clock
from filrouge.base.errors import Conflict
from filrouge.cli import person as command
from filrouge.store.models import AuditEntry
from filrouge.work import access, groups

ADA = {"given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.org", "entity": "north", "brand": "red"}
ORDER = {"purpose": "service", "channel": "email", "entity": "north", "brand": "red", "known_by_brand": "red"}
SCOPES = ("people:read", "people:write", "people:export")


@pytest.fixture
@laid_once
def group(world: World) -> World:
    world.people(person("B", "Bob", "Boole", mail="bob@example.org"))
    world.resolve()
    return world


def api(role: str, entity: str, scopes: Any = SCOPES) -> Client:
    _, word = groups.make_key(access.OWNER, f"{role} {entity}", role=role, scopes=list(scopes), entities=[entity])
    return Client(headers={"authorization": f"Bearer {word}"})


def test_a_person_created_over_the_api_is_read_searched_and_exported(group: World) -> None:
    advisor = api("advisor", "north")
    made = advisor.post("/api/v1/people", ADA, content_type="application/json", headers={"Idempotency-Key": "k1"})
    again = advisor.post("/api/v1/people", ADA, content_type="application/json", headers={"Idempotency-Key": "k1"})
    assert (made.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert made.json() == again.json()
    found = advisor.get("/api/v1/people", {"q": "lovelace", "brand": "red"}).json()
    assert [item["id"] for item in found["items"]] == [made.json()["id"]]
    assert (found["total"], found["more"], found["next"]) == (1, False, None)
    answer = advisor.post("/api/v1/people/exports", ORDER, content_type="application/json")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert {row["email"] for row in rows if "@" in (row["email"] or "")} == {"ada@example.org", "bob@example.org"}
    assert answer["X-Exported"] == "2"
    assert AuditEntry.objects.filter(action="person.export").count() == 1


def test_pages_of_the_search_follow_by_cursor(group: World) -> None:
    advisor = api("advisor", "north")
    advisor.post("/api/v1/people", ADA, content_type="application/json")
    first = advisor.get("/api/v1/people", {"brand": "red", "limit": 1}).json()
    second = advisor.get("/api/v1/people", {"brand": "red", "limit": 1, "cursor": first["next"]}).json()
    assert {item["name"] for page in (first, second) for item in page["items"]} == {"Ada Lovelace", "Bob Boole"}
    assert second["next"] is None


@pytest.mark.parametrize(
    ("role", "entity", "scopes", "status"),
    [("advisor", "west", SCOPES, 403), ("marketer", "north", SCOPES, 403), ("advisor", "north", ("people:read",), 403)],
)
def test_a_stranger_another_role_and_a_key_without_the_scope_are_refused(
    role: str, entity: str, scopes: Any, status: int, group: World
) -> None:
    for path, body in (("/api/v1/people", ADA), ("/api/v1/people/exports", ORDER)):
        answer = api(role, entity, scopes).post(path, body, content_type="application/json")
        assert answer.status_code == status
        assert answer["content-type"] == "application/problem+json"
    assert not AuditEntry.objects.filter(action__in=("person.create", "person.export")).exists()


def test_bad_input_is_told(group: World) -> None:
    advisor = api("advisor", "north")
    bob = group.find("bob@example.org")[0].id
    assert advisor.post("/api/v1/people", {**ADA, "email": "x"}, content_type="application/json").status_code == 400
    assert advisor.get("/api/v1/people", {"subscription": "x"}).status_code == 400
    assert advisor.get(f"/api/v1/people/{bob}/events", {"cursor": "zz"}).status_code == 400
    wrong = {**ORDER, "format": "pdf"}
    assert advisor.post("/api/v1/people/exports", wrong, content_type="application/json").status_code == 422


def test_the_thread_is_read_to_its_beginning_over_the_api(group: World) -> None:
    group.shop(person("S", "Bob", "Boole", mail="bob@example.org"))
    group.orders(
        *({"number": f"O{n}", "customer": "S", "day": f"{n % 3 + 1:02}/03/2026", "total": "1,00"} for n in range(230))
    )
    group.resolve()
    bob, advisor = group.find("bob@example.org")[0].id, api("advisor", "south")
    told, cursor = [], ""
    while True:
        page = advisor.get(f"/api/v1/people/{bob}/events", {"limit": 90, "cursor": cursor}).json()
        told += [item["ref"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(told) == sorted(f"O{n}" for n in range(230))
    assert api("advisor", "west").get(f"/api/v1/people/{bob}/events").status_code == 404


def test_the_command_line_writes_a_file_for_its_owner_alone(group: World, tmp_path: Path) -> None:
    asked = ["export", "--purpose", "service", "--channel", "email", "--entity", "north", "--brand", "red"]
    done = CliRunner().invoke(command.app, [*asked, "--known-by-brand", "red"])
    assert done.exit_code == 0
    assert "bob@example.org" in done.stdout
    path = tmp_path / "people.xlsx"
    assert CliRunner().invoke(command.app, [*asked, "--known-by-brand", "red", "--to", str(path)]).exit_code == 0
    assert path.read_bytes()[:2] == b"PK"
    assert path.stat().st_mode & 0o077 == 0
    assert list(tmp_path.glob("*.part")) == []


def test_every_act_over_the_api_answers_that_it_was_made(group: World) -> None:
    bob, advisor = group.find("bob@example.org")[0].id, api("advisor", "north")
    soon = (clock.now() + timedelta(days=2)).isoformat()
    acts = {
        "notes": {"text": "calls in the evening"},
        "promises": {"text": "a call back", "due_at": soon},
        "follow-ups": {"subject": "call", "due_at": soon},
        "consents": {"purpose": "marketing", "channel": "sms", "state": "granted"},
        "corrections": {"attribute": "given_name", "value": "Robert"},
    }
    for act, said in acts.items():
        answer = advisor.post(f"/api/v1/people/{bob}/{act}", said, content_type="application/json")
        assert (act, answer.status_code) == (act, 201)
        assert answer.json()["id"]
    assert len(advisor.get(f"/api/v1/people/{bob}/events").json()["items"]) == 4


def test_the_command_line_shows_who_looks_alike_before_it_creates(group: World) -> None:
    said = [
        "add",
        "--entity",
        "north",
        "--brand",
        "red",
        "--given-name",
        "Bob",
        "--family-name",
        "Boole",
        "--email",
        "b@example.net",
    ]
    told = CliRunner().invoke(command.app, said)
    assert isinstance(told.exception, Conflict)
    assert len(group.find("boole")) == 1
    assert CliRunner().invoke(command.app, [*said, "--yes", "--json"]).exit_code == 0
    assert len(group.find("b@example.net")) == 1
