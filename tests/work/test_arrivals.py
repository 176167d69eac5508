"""A record is kept as it arrives: durable before the answer, in the lake once, of the person it was found to be."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from tests.work.test_matches import ZOE
from tests.work.test_matches import group as group
from tests.work.test_matches import trained_on_few as trained_on_few
from tests.work.test_people_doors import api
from tests.world import World

from filrouge.base.errors import Conflict, Refused, UsageError
from filrouge.store.models import Arrival, AuditEntry, Job, Run
from filrouge.work import access, arrivals, deriving, erasures, identity, runs, worker
from filrouge.work.jobs import claim, work

SCOPES = ("people:read", "people:write")
NEW = {
    "given_name": "Ottokar",
    "family_name": "Brandt",
    "email": "Ottokar.Brandt@example.org",
    "birth_date": "1980-05-06",
}
HERE = {"entity": "north", "brand": "red"}


def post(client: Client, said: dict[str, Any], token: str = "t1", **more: Any) -> Any:
    headers = {"Idempotency-Key": token} if token else {}
    return client.post(
        "/api/v1/people/match", {**said, **HERE, "keep": True, **more}, content_type="application/json", headers=headers
    )


def kept(said: dict[str, Any], token: str = "t1") -> arrivals.Kept:
    return arrivals.keep(access.OWNER, said, **HERE, token=token)


def in_lake(group: World) -> list[dict[str, Any]]:
    return group.rows(
        "SELECT source_id, given_name, email, birth_date FROM person_records WHERE source = 'filrouge' ORDER BY 1"
    )


def test_what_arrives_of_somebody_known_is_theirs_and_found_at_once(group: World) -> None:
    (zoe,) = [hit.id for hit in group.find("quillard")]
    answer = post(api("advisor", "north", SCOPES), {**ZOE, "email": ZOE["email"], "phone": "06 39 98 55 44"})
    assert (answer.status_code, answer.json()["person"], answer.json()["kept"]) == (201, zoe, True)
    assert [hit.id for hit in group.find("06 39 98 55 44")] == [zoe]
    (line,) = AuditEntry.objects.filter(action="arrival.keep")
    assert "quillard" not in str(line.details).lower()
    assert Job.objects.filter(key="arrivals", state="waiting").count() == 1


def test_a_newcomer_keeps_the_id_that_the_answer_gave(group: World) -> None:
    person = kept(NEW).person
    assert Arrival.objects.get().person == person
    identity.resolve(by="test")
    assert [hit.id for hit in group.find("brandt")] == [person]
    (row,) = in_lake(group)
    assert (row["given_name"], row["email"], str(row["birth_date"])) == (
        "Ottokar",
        "ottokar.brandt@example.org",
        "1980-05-06",
    )
    taken = Arrival.objects.get()
    assert taken.taken_at is not None
    assert (taken.values, taken.evidence) == ({}, {}), "what it says is in the lake alone"
    (link,) = group.rows(f"SELECT DISTINCT person FROM links WHERE record_key = {taken.record_key}")
    assert link["person"] == person


def test_the_same_call_keeps_one_record(group: World) -> None:
    client = api("advisor", "north", SCOPES)
    first, again = post(client, NEW), post(client, NEW)
    assert first.json()["person"] == again.json()["person"]
    assert kept(NEW, "mine").person == kept(NEW, "mine").person
    assert Arrival.objects.count() == 2
    identity.resolve(by="test")
    assert not kept(NEW, "mine").new, "also once it is in the lake"
    assert len(in_lake(group)) == 2


def test_the_worker_settles_what_arrived(group: World) -> None:
    person = kept(NEW).person
    Job.objects.filter(key="arrivals").update(run_at=Run.objects.latest("started_at").started_at)
    job = claim("test")
    assert job is not None
    work(job, worker.VERBS)
    assert [hit.id for hit in group.find("brandt")] == [person]


class Crash(BaseException):
    """The power is gone."""


@pytest.mark.parametrize("where", ["before the promise", "after the promise", "after the lake"])
def test_a_crash_loses_nothing_and_doubles_nothing(
    group: World,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
) -> None:
    person = kept(NEW).person

    def gone(*_: Any, **__: Any) -> None:
        raise Crash

    name = {"before the promise": "commit", "after the promise": "carry_out"}.get(where)
    if name:
        monkeypatch.setattr(runs, name, gone)
    else:
        real, calls = arrivals._close, []
        monkeypatch.setattr(arrivals, "_close", lambda: gone() if calls else (calls.append(1), real())[1])
    with pytest.raises(Crash):
        identity.resolve(by="test")
    monkeypatch.undo()
    from tests.work.test_settling import few

    monkeypatch.setattr(deriving, "spec", few)
    runs.recover()
    identity.resolve(by="test")
    identity.resolve(by="test")
    assert len(in_lake(group)) == 1
    assert [hit.id for hit in group.find("brandt")] == [person]
    assert Arrival.objects.get().values == {}


def test_who_may_not_write_people_down_keeps_nothing(group: World) -> None:
    assert post(api("advisor", "north", ("people:read",)), NEW).status_code == 403
    assert post(api("marketer", "north", SCOPES), NEW).status_code == 403
    assert post(api("advisor", "south", SCOPES), NEW).status_code == 403, "another entity's"
    assert post(api("advisor", "north", SCOPES), NEW, token="").status_code == 400
    assert post(api("advisor", "north", SCOPES), NEW, token="t2", brand="mauve").status_code == 400
    with pytest.raises(UsageError):
        kept({})
    assert not Arrival.objects.exists()


def test_whoever_was_erased_is_not_kept(group: World) -> None:
    (zoe,) = [hit.id for hit in group.find("quillard")]
    waits = kept({**NEW, "email": ZOE["email"], "phone": ZOE["phone"], "given_name": "Zoé", "family_name": "Quillard"})
    assert waits.person == zoe
    erasures.at_once(access.OWNER, zoe)
    assert not Arrival.objects.exists(), "what waited of them went with them"
    identity.resolve(by="test", full=True)
    with pytest.raises(Refused, match="erased"):
        kept(ZOE, "t2")
    assert not Arrival.objects.exists()
    assert in_lake(group) == []


def test_an_address_that_only_what_waits_gave_is_kept_out_too(group: World) -> None:
    (zoe,) = [hit.id for hit in group.find("quillard")]
    other = {**NEW, "given_name": "Zoé", "family_name": "Quillard", "email": ZOE["email"], "phone": "06 39 98 12 12"}
    assert kept(other).person == zoe
    erasures.at_once(access.OWNER, zoe)
    with pytest.raises(Refused, match="erased"):
        kept({**NEW, "phone": "06 39 98 12 12", "email": ""}, "t2")


def test_a_newcomer_is_erased_once_they_have_a_page_and_told_so_until_then(group: World) -> None:
    person = kept(NEW).person
    with pytest.raises(Conflict, match="a moment ago"):
        erasures.plan(access.OWNER, person)
    identity.resolve(by="test")
    erasures.at_once(access.OWNER, person)
    assert Job.objects.filter(kind="identity", state="waiting").exists(), "what is matched needs its memory again"


def test_what_waits_of_somebody_erased_meanwhile_is_not_taken(group: World) -> None:
    from filrouge.work import suppressions

    kept(NEW)
    suppressions.add("email", ["ottokar.brandt@example.org"], erasure=uuid4())
    identity.resolve(by="test")
    assert in_lake(group) == []
    assert not Arrival.objects.exists()
