"""Segments over the API: who acts for the entity writes, a colleague reads, a stranger knows of nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])
SPEC = {"rules": [{"on": "brands", "brands": ["horizon"]}]}


def client(role: str, *scopes: str, entity: str = "groupe", brands: tuple[str, ...] = ()) -> Any:
    from django.test import Client

    from filrouge.work import access, groups

    held = list(scopes or ("segments:read", "segments:write"))
    _, word = groups.make_key(access.OWNER, "k", role=role, scopes=held, entities=[entity], brands=list(brands))
    return Client(headers={"authorization": f"Bearer {word}"})


def put(who: Any, name: str, **body: Any) -> Any:
    said = {"spec": SPEC, "entity": "groupe", "brand": "horizon", **body}
    return who.put(f"/api/v1/segments/{name}", json.dumps(said), content_type="application/json")


@pytest.fixture(autouse=True)
def home(tmp_path: Any, world: Any) -> Any:
    from filrouge.base import settings

    before = settings.get()
    settings.use(FILROUGE_HOME=str(tmp_path), FILROUGE_LAKE=str(tmp_path / "lake"))
    yield tmp_path
    settings.use(FILROUGE_HOME=str(before.home), FILROUGE_LAKE=str(before.lake))


def test_who_acts_for_it_writes_a_colleague_reads_a_stranger_knows_of_nothing() -> None:
    owner, colleague = client("marketer"), client("sales")
    stranger, other_brand = client("marketer", entity="boutique"), client("marketer", brands=("cargo",))
    assert put(owner, "readers", title="Readers").status_code == 200
    assert put(colleague, "readers").status_code == 403
    assert put(stranger, "readers").status_code == 403
    assert put(stranger, "readers", entity="boutique", brand="halle").status_code == 409, "the name is taken"
    for who, status in ((owner, 200), (colleague, 200), (stranger, 404), (other_brand, 404)):
        for path in ("", "/count", "/people", "/people/0190a000-0000-7000-8000-000000000001/why"):
            wanted = 404 if path.endswith("why") else status
            assert who.get(f"/api/v1/segments/readers{path}").status_code == wanted, path
        names = [row["name"] for row in who.get("/api/v1/segments").json()["items"]]
        assert names == (["readers"] if status == 200 else [])
    assert client("marketer", "people:read").get("/api/v1/segments").status_code == 403
    assert client("executive").get("/api/v1/segments/fields").status_code == 403
    assert stranger.delete("/api/v1/segments/readers").status_code == 404
    assert colleague.delete("/api/v1/segments/readers").status_code == 403
    assert owner.delete("/api/v1/segments/readers").status_code == 204
    assert owner.get("/api/v1/segments/readers").status_code == 404


def test_pages_follow_each_other_and_a_fault_is_a_problem_with_its_place() -> None:
    owner = client("marketer")
    for name in ("a", "b", "c"):
        put(owner, name)
    first = owner.get("/api/v1/segments?limit=2").json()
    rest = owner.get(f"/api/v1/segments?limit=2&cursor={first['next']}").json()
    assert [row["name"] for row in (*first["items"], *rest["items"])] == ["a", "b", "c"]
    assert rest["next"] is None
    refused = put(owner, "d", spec={"rules": [{"on": "events", "within_days": 0}]})
    assert refused.status_code == 422
    assert refused.json()["faults"] == ["rules.0.within_days: Write a number of days from 1 to 36,500."]
    assert put(owner, "No Name").status_code == 400
    rules = {"spec": SPEC, "entity": "groupe", "brand": "horizon"}
    told = owner.post("/api/v1/segments/count", json.dumps(rules), content_type="application/json")
    assert told.json()["people"] == 0
    assert owner.get("/api/v1/segments/a/people?cursor=x").status_code == 400


def test_a_build_asked_twice_with_one_key_is_asked_once() -> None:
    owner = client("marketer")
    put(owner, "readers")
    asked = [owner.post("/api/v1/segments/readers/build", headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert [answer.status_code for answer in asked] == [202, 202]
    assert asked[0].json() == asked[1].json()


def test_the_catalogue_tells_what_may_be_asked_of_each_field() -> None:
    told = client("marketer").get("/api/v1/segments/fields").json()
    city = next(field for field in told["fields"] if field["words"] == "person.city")
    assert "starts_with" in city["operators"]
    assert city["type"] == "text"
