"""Plans and events set aside, over the API: what the console does, by the same rules, with the same lines of audit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests import aside
from tests.doors.test_api import api, post

from filrouge.base import ids, settings
from filrouge.store.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
SCOPES = ["sources:read", "sources:run"]
MAIL = "camille.martin@example.org"
ASIDE = "/senders/web/quarantine"


@pytest.fixture
def web(world: Any, tmp_path: Path) -> Iterator[str]:
    before = settings.get()
    settings.use(FILROUGE_HOME=str(tmp_path), FILROUGE_LAKE=str(tmp_path / "lake"))
    name = aside.sender("web", "horizon")
    lot = [
        {"type": "track", "messageId": f"m{at}", "userId": "U-77012", "event": "Achat", "properties": MAIL}
        for at in range(3)
    ]
    aside.send(name, "groupe", "horizon", lot)
    yield name
    settings.use(FILROUGE_HOME=str(before.home), FILROUGE_LAKE=str(before.lake))


@pytest.fixture
def engineer(web: str) -> Client:
    return api("engineer", "groupe", scopes=SCOPES)


def get(client: Client, path: str, **asked: Any) -> Any:
    return client.get(f"/api/v1{path}", asked)


def test_what_is_set_aside_is_counted_tried_and_replayed(engineer: Client) -> None:
    (group,) = get(engineer, ASIDE).json()["items"]
    assert (group["code"], group["kind"], group["name"], group["field"], group["count"]) == (
        "field_wrong", "track", "Achat", "properties", 3,
    )  # fmt: skip
    said = {"code": "field_wrong", "edits": [{"operation": "remove", "path": "properties"}]}
    tried = post(engineer, f"{ASIDE}/correct", said | {"dry_run": True}).json()
    assert (tried["tried"], tried["passing"], tried["failing"]) == (3, 3, [])
    assert aside.spooled() == []
    assert post(engineer, f"{ASIDE}/correct", said).json()["passing"] == 3
    assert sum(entry.count for entry, _ in aside.spooled()) == 3


def test_what_somebody_corrected_is_told_and_left(engineer: Client) -> None:
    key = str(ids.record_key("web", "m1"))
    edits = [{"operation": "remove", "path": "properties"}]
    assert post(engineer, f"{ASIDE}/correct", {"keys": [key], "edits": edits}).json()["left"] is None
    lines = {row["key"]: row["corrected"] for row in get(engineer, f"{ASIDE}/events").json()["items"]}
    assert [at for at, corrected in lines.items() if corrected] == [key]
    other = api("engineer", "groupe", scopes=SCOPES)
    told = post(other, f"{ASIDE}/events/{key}", {"event": {"type": "track", "userId": "u", "event": "Sold"}})
    assert told.status_code == 409
    assert "corrected this event at " in told.json()["title"]
    assert post(other, f"{ASIDE}/discard", {"keys": [key]}).status_code == 409
    made = post(other, f"{ASIDE}/correct", {"code": "field_wrong", "edits": edits}).json()
    assert (made["passing"], made["left"]["count"]) == (2, 1)
    assert sum(entry.count for entry, _ in aside.spooled()) == 3
    assert post(other, f"{ASIDE}/correct", {"code": "field_wrong", "edits": edits}).status_code == 409


def test_what_still_fails_says_why_and_stays(engineer: Client) -> None:
    made = post(engineer, f"{ASIDE}/correct", {}).json()
    assert made["failing"] == [{"code": "field_wrong", "field": "properties", "count": 3}]
    assert aside.spooled() == []


def test_pages_of_events_follow_each_other_without_a_hole(engineer: Client) -> None:
    first = get(engineer, f"{ASIDE}/events", limit=2).json()
    rest = get(engineer, f"{ASIDE}/events", limit=2, cursor=first["next"]).json()
    keys = [row["key"] for row in first["items"] + rest["items"]]
    assert sorted(keys) == sorted(str(ids.record_key("web", f"m{at}")) for at in range(3))
    assert rest["next"] is None
    assert MAIL not in json.dumps(first), "an event is read in clear one by one"


def test_one_event_is_read_in_clear_with_a_line_and_replaced(engineer: Client) -> None:
    key = ids.record_key("web", "m1")
    assert MAIL in get(engineer, f"{ASIDE}/events/{key}").json()["event"]
    assert AuditEntry.objects.filter(action="quarantine.open", subject="web").count() == 1
    event = {"type": "track", "messageId": "m1", "userId": "u", "event": "Achat"}
    assert post(engineer, f"{ASIDE}/events/{key}", {"event": event}).json()["passing"] == 1
    assert sum(entry.count for entry, _ in aside.spooled()) == 1


def test_discarding_names_what_it_discards(engineer: Client) -> None:
    assert post(engineer, f"{ASIDE}/discard").status_code == 400
    one = post(engineer, f"{ASIDE}/discard", {"keys": [str(ids.record_key("web", "m0"))]})
    assert one.json() == {"discarded": 1, "left": None}
    assert post(engineer, f"{ASIDE}/discard", {"code": "field_wrong"}).json() == {"discarded": 2, "left": None}
    assert get(engineer, ASIDE).json()["items"] == []


@pytest.mark.parametrize("body", ["[]", '"x"', "3", "true", "null"])
def test_a_body_that_is_no_object_is_refused_and_does_nothing(body: str, engineer: Client) -> None:
    edits = json.dumps({"edits": [{"operation": "remove", "path": "properties"}]})
    assert engineer.post(f"/api/v1{ASIDE}/correct", edits, content_type="application/json").json()["passing"] == 3
    for act in ("correct", "discard"):
        told = engineer.post(f"/api/v1{ASIDE}/{act}", body, content_type="application/json")
        assert told.status_code in (400, 422)
        assert told.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("key", ["x", "-1", str(1 << 63), "9" * 40])
def test_a_key_that_is_none_is_told(key: str, engineer: Client) -> None:
    answer = get(engineer, f"{ASIDE}/events/{key}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")


def test_a_plan_is_inferred_enforced_and_put_back(web: str, engineer: Client) -> None:
    assert get(engineer, "/senders/web/plan").status_code == 404
    aside.send(web, "groupe", "horizon", [
        {"type": "track", "messageId": f"p{at}", "userId": "u", "event": "Vue", "properties": {"prix": 1.5}}
        for at in range(60)
    ])  # fmt: skip
    proposed = get(engineer, "/senders/web/plan/proposed").json()["plan"]
    assert [event["name"] for event in proposed["events"]] == ["Vue"]
    assert get(engineer, "/senders/web/plan").status_code == 404, "nothing was kept"
    made = post(engineer, "/senders/web/plan/infer")
    assert (made.status_code, made.json()["version"], made.json()["mode"]) == (201, 1, "watch")
    assert post(engineer, "/senders/web/plan/mode", {"mode": "enforce"}).json()["version"] == 2
    wrong = engineer.put("/api/v1/senders/web/plan", {"events": [{"kind": "x"}]}, content_type="application/json")
    assert (wrong.status_code, bool(wrong.json()["faults"])) == (422, True)
    kept = engineer.put("/api/v1/senders/web/plan", proposed, content_type="application/json").json()
    assert (kept["version"], kept["mode"]) == (3, "watch")
    assert post(engineer, "/senders/web/plan/versions/2/restore").json()["mode"] == "enforce"
    assert [row["in_force"] for row in get(engineer, "/senders/web/plan/versions").json()["items"]] == [
        False, True, False,
    ]  # fmt: skip
    assert get(engineer, "/senders/web/plan").json()["version"] == 2


@pytest.mark.parametrize(
    ("role", "entity", "scopes", "reads", "acts", "plan"),
    [
        ("analyst", "groupe", SCOPES, 200, 403, 200),
        ("marketer", "groupe", SCOPES, 403, 403, 200),
        ("advisor", "groupe", SCOPES, 403, 404, 403),
        ("engineer", "groupe", ["sources:read"], 200, 403, 200),
        ("engineer", "groupe", ["people:read"], 403, 403, 403),
        ("engineer", "boutique", SCOPES, 404, 404, 404),
    ],
)
def test_others_read_as_far_as_their_role_and_key_go_and_never_act(
    role: str, entity: str, scopes: list[str], reads: int, acts: int, plan: int, web: str
) -> None:
    client = api(role, entity, scopes=scopes)
    assert get(client, ASIDE).status_code == reads
    assert get(client, f"{ASIDE}/events").status_code == reads
    assert get(client, f"{ASIDE}/events/{ids.record_key('web', 'm1')}").status_code == acts
    assert post(client, f"{ASIDE}/discard", {"code": "field_wrong"}).status_code == acts
    assert post(client, f"{ASIDE}/correct", {"code": "field_wrong"}).status_code == acts
    assert post(client, "/senders/web/plan/infer").status_code == acts
    assert get(client, "/senders/web/plan/versions").status_code == plan
    assert aside.spooled() == []
