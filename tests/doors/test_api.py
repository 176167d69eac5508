"""The API does what the console can: the same perimeter, the same refusals, one shape of error, nothing done twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from tests.conftest import CARGO, HALLE, HORIZON

from filrouge.base import clock
from filrouge.work import access, answers, groups

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
ALL = ["people:read", "people:write", "audit:read", "figures:read", "accounts:read", "accounts:write"]


def api(role: str, *entities: str, scopes: list[str] = ALL, brands: tuple[str, ...] = ()) -> Client:
    _, word = groups.make_key(access.OWNER, "test", role=role, scopes=scopes, entities=entities, brands=brands)
    return Client(headers={"authorization": f"Bearer {word}"})


def post(client: Client, path: str, said: Any = None, **headers: str) -> Any:
    return client.post(f"/api/v1{path}", said or {}, content_type="application/json", headers=headers)


@pytest.fixture
def ada(world: Any) -> str:
    return str(world.person(1, "Ada", "Byron", HORIZON | {"email": "ada@example.com"}))


@pytest.fixture
def todo(ada: str) -> str:
    """A follow-up of the group's, planned through the API."""
    due = (clock.now() + timedelta(days=2)).isoformat()
    made = post(api("advisor", "groupe"), f"/people/{ada}/follow-ups", {"subject": "Rappeler", "due_at": due})
    assert made.status_code == 201, made.content
    return str(made.json()["id"])


def test_a_follow_up_is_worked_by_its_owner_and_not_by_a_stranger(todo: str) -> None:
    owner, stranger = api("advisor", "groupe"), api("advisor", "boutique")
    assert [row["id"] for row in owner.get("/api/v1/follow-ups").json()["items"]] == [todo]
    assert stranger.get("/api/v1/follow-ups").json()["items"] == []
    assert post(stranger, f"/follow-ups/{todo}/close", {"state": "done"}).status_code == 404
    assert post(owner, f"/follow-ups/{todo}/postpone", {"days": 3}).status_code == 200
    assert post(owner, f"/follow-ups/{todo}/close", {"state": "done"}).json()["state"] == "done"
    assert post(owner, f"/follow-ups/{todo}/close", {"state": "done"}).status_code == 409
    assert post(owner, f"/follow-ups/{todo}/reopen").json()["state"] == "open"


@pytest.mark.parametrize("path", ["/follow-ups/nonsense/close", "/follow-ups/promises/1/close", "/accounts/x/active"])
def test_an_id_that_is_none_is_a_sentence(path: str, world: Any) -> None:
    client = api("administrator")
    answer = post(client, path, {"state": "done", "active": True})
    assert answer.status_code in (404, 422)
    assert answer["content-type"].startswith("application/problem+json")


def test_a_key_reads_and_does_no_more_than_its_role_and_scopes(world: Any) -> None:
    marketer, unscoped = api("marketer", "groupe"), api("administrator", scopes=["people:read"])
    for path in ("/audit", "/accounts", "/accounts/keys", "/follow-ups"):
        refused = marketer.get(f"/api/v1{path}")
        assert (path, refused.status_code) == (path, 403)
        assert refused["content-type"].startswith("application/problem+json")
    assert unscoped.get("/api/v1/accounts").status_code == 403
    assert post(unscoped, "/accounts/keys", {"name": "x", "role": "analyst", "scopes": []}).status_code == 403


def test_an_administrator_makes_and_closes_accounts_and_keys(world: Any) -> None:
    client = api("administrator")
    made = post(client, "/accounts", {"email": "Zoe@example.com", "name": "Zoé", "role": "advisor",
                                      "entities": ["groupe"]})  # fmt: skip
    assert made.status_code == 201
    assert len(made.json()["password"]) >= 12
    listed = {row["email"]: row for row in client.get("/api/v1/accounts").json()["items"]}
    assert listed["zoe@example.com"]["grants"][0]["entity"] == "groupe"
    assert post(client, f"/accounts/{made.json()['id']}/active", {"active": False}).json()["active"] is False
    key = post(client, "/accounts/keys", {"name": "bi", "role": "analyst", "scopes": ["people:read"]}).json()
    reader = Client(headers={"authorization": f"Bearer {key['key']}"})
    assert reader.get("/api/v1/people?q=x").status_code == 200
    assert post(client, f"/accounts/keys/{key['prefix']}/revoke").status_code == 204
    assert reader.get("/api/v1/people?q=x").status_code == 401


def test_the_audit_is_read_by_pages_that_neither_repeat_nor_forget(ada: str) -> None:
    from filrouge.work import audit

    officer = api("privacy")
    for _ in range(7):
        post(api("advisor", "groupe"), f"/people/{ada}/notes", {"text": "bonjour"})
    audit.chain_waiting()
    seen, cursor = [], ""
    while True:
        page = officer.get("/api/v1/audit", {"limit": 4, "cursor": cursor}).json()
        seen += [row["seq"] for row in page["items"]]
        if not (cursor := page["next"] or ""):
            break
    assert seen == list(range(len(seen), 0, -1))
    assert officer.get("/api/v1/audit/verify").json()["faults"] == []


def test_the_same_call_twice_is_done_once_and_answered_the_same(ada: str) -> None:
    from filrouge.store.models import Note

    client = api("advisor", "groupe")
    first = post(client, f"/people/{ada}/notes", {"text": "bonjour"}, **{"Idempotency-Key": "k-1"})
    again = post(client, f"/people/{ada}/notes", {"text": "bonjour"}, **{"Idempotency-Key": "k-1"})
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert again["Idempotent-Replayed"] == "true"
    assert Note.objects.count() == 1
    other = post(client, f"/people/{ada}/notes", {"text": "autre"}, **{"Idempotency-Key": "k-1"})
    assert other.status_code == 400
    assert Note.objects.count() == 1


def test_a_key_of_somebody_else_is_another_key(ada: str) -> None:
    from filrouge.store.models import Note

    for client in (api("advisor", "groupe"), api("advisor", "groupe")):
        assert post(client, f"/people/{ada}/notes", {"text": "x"}, **{"Idempotency-Key": "k"}).status_code == 201
    assert Note.objects.count() == 2


def test_a_word_told_once_is_not_told_again(world: Any) -> None:
    client, said = api("administrator"), {"name": "bi", "role": "analyst", "scopes": ["people:read"]}
    word = post(client, "/accounts/keys", said, **{"Idempotency-Key": "k"}).json()["key"]
    again = post(client, "/accounts/keys", said, **{"Idempotency-Key": "k"})
    assert again.status_code == 409
    assert word not in again.content.decode()


def test_a_revoked_or_unknown_key_is_told_no_old_answer(ada: str) -> None:
    from filrouge.store.models import ApiKey

    client = api("advisor", "groupe")
    assert post(client, f"/people/{ada}/notes", {"text": "x"}, **{"Idempotency-Key": "k"}).status_code == 201
    ApiKey.objects.update(revoked_at=clock.now())
    again = post(client, f"/people/{ada}/notes", {"text": "x"}, **{"Idempotency-Key": "k"})
    assert again.status_code == 401
    assert again["content-type"].startswith("application/problem+json")
    for headers in ({}, {"authorization": "Bearer fr_nobody"}, {"authorization": "Basic eDp5"}):
        unknown = post(Client(headers=headers), f"/people/{ada}/notes", {"text": "x"}, **{"Idempotency-Key": "k"})
        assert unknown.status_code == 401


def test_a_file_asked_for_again_is_a_file_again(ada: str) -> None:
    client = api("marketer", "groupe", scopes=["people:read", "people:export"])
    said = {"purpose": "marketing", "channel": "email", "entity": "groupe", "brand": "horizon", "q": "Ada"}
    for _ in range(2):
        answer = post(client, "/people/exports", said, **{"Idempotency-Key": "k"})
        assert answer.status_code == 200, answer.content
        assert answer["content-disposition"].startswith("attachment")
        assert b"".join(answer.streaming_content)


def test_answers_are_forgotten_after_a_day(ada: str) -> None:
    from filrouge.store.models import Answer

    client = api("advisor", "groupe")
    post(client, f"/people/{ada}/notes", {"text": "x"}, **{"Idempotency-Key": "k"})
    Answer.objects.update(created_at=clock.now() - timedelta(hours=25))
    assert answers.forget_old() == 1


def test_companies_and_baselines_are_read(world: Any) -> None:
    world.person(2, "Bo", "Li", CARGO, HALLE)
    reader = api("advisor", "groupe")
    assert reader.get("/api/v1/companies").json() == {"items": [], "total": 0, "more": False, "next": None}
    assert reader.get("/api/v1/companies/12").status_code == 404
    assert api("executive").get("/api/v1/baselines").json() == {"items": []}


def test_the_description_of_the_api_is_served(world: Any) -> None:
    described = api("analyst").get("/api/v1/openapi.json").json()
    assert "/api/v1/follow-ups/{follow_up}/close" in described["paths"]
