"""What is beyond its retention is counted, destroyed, and not taken again; what holds a person keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from tests.kept import laid_once
from tests.world import World, person

from filrouge.base import clock
from filrouge.base.errors import Conflict, Refused
from filrouge.store.live import Live
from filrouge.store.models import AuditEntry, ConsentEvent, Note, Promise, Review, SubjectSalt
from filrouge.work import access, audit, erasures, live, notes, retention, sources

OLD, RECENT = "05/07/2021", "05/07/2026"
ADA = person("1", "Ada", "Byron", mail="ada@example.com", optin="yes") | {"seen": OLD}
GUS = person("2", "Gus", "Eiffel", mail="gus@example.com", optin="no") | {"seen": RECENT}
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
@laid_once
def group(world: World) -> World:
    with time_machine.travel(NOW - timedelta(days=1), tick=True):
        world.people(ADA, GUS)
        world.resolve()
    return world


def count(group: World, table: str) -> int:
    return int(group.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"])


def test_a_person_whose_records_are_all_over_disappears_everywhere(group: World) -> None:
    key = group.find("Ada")[0].id
    access.person(access.OWNER, key)
    assert SubjectSalt.objects.filter(person=key).exists()
    planned = retention.plan(access.OWNER, at=NOW)
    assert {name: planned[name] for name in ("person_records", "people", "links", "source_records", "consents")} == {
        "person_records": 1, "people": 1, "links": 1, "source_records": 1, "consents": 1,
    }  # fmt: skip
    assert count(group, "person_records") == 2, "a plan touches nothing"
    assert retention.sweep(by="test", at=NOW) == planned
    assert [hit.name for hit in group.find("Ada")] == []
    assert [hit.name for hit in group.find("Gus")] == ["Gus Eiffel"]
    assert {table: count(group, table) for table in ("person_records", "people", "links", "consents")} == {
        "person_records": 1, "people": 1, "links": 1, "consents": 1,
    }  # fmt: skip
    assert group.rows("SELECT * FROM golden_values WHERE value LIKE '%ada%'") == []
    assert group.rows("SELECT * FROM source_records WHERE raw LIKE '%Byron%'") == []
    assert Live().document(key) is None
    assert not SubjectSalt.objects.filter(person=key).exists()
    assert retention.plan(access.OWNER, at=NOW) == {}


def test_what_is_told_of_a_sweep_is_numbers(group: World) -> None:
    retention.sweep(by="test", at=NOW)
    line = AuditEntry.objects.get(action="retention.sweep")
    assert all(isinstance(value, int) for value in line.details["destroyed"].values())
    retention.sweep(by="test", at=NOW)
    assert AuditEntry.objects.filter(action="retention.sweep").count() == 1, "nothing destroyed, nothing told"


def test_an_old_record_stays_while_something_recent_speaks_of_it(group: World) -> None:
    group.shop({**ADA, "id": "9"})
    group.orders({"number": "O-1", "customer": "9", "day": "01/06/2026", "total": "10,00"})
    group.resolve()
    retention.sweep(by="test", at=NOW)
    assert [row["source"] for row in group.rows("SELECT source FROM person_records ORDER BY 1")] == [
        "crm_people", "shop_people",
    ]  # fmt: skip
    assert len(group.find("Ada")) == 1, "one record is over, the person is not"
    later = NOW + timedelta(days=1825)
    retention.sweep(by="test", at=later)
    assert count(group, "orders") == 0
    assert group.find("Ada") == []


def test_an_open_promise_holds_the_person(group: World) -> None:
    key = group.find("Ada")[0].id
    Promise.objects.create(person=key, entity="north", by="test", text="call back", due_at=NOW + timedelta(days=3))
    retention.sweep(by="test", at=NOW)
    assert len(group.find("Ada")) == 1
    retention.sweep(by="test", at=NOW + timedelta(days=4 * 365))
    assert group.find("Ada") == []
    assert not Promise.objects.exists()


def test_a_contract_that_runs_is_never_over(world: World) -> None:
    spec = {
        "source": "billing", "kind": "csv", "place": "contracts.csv", "entity": "south", "brand": "blue",
        "reads": "contracts", "format": {"delimiter": ";", "date": "%d/%m/%Y"}, "key": ["number"],
        "map": {
            "source_id": "number", "payer_ref": {"column": "customer", "of": "shop_people"}, "started_at": "start",
            "ended_at": "end",
        },
    }  # fmt: skip
    world.shop({**ADA, "id": "9"}, {**GUS, "id": "8", "seen": OLD})
    rows = [
        {"number": "C-1", "customer": "9", "start": "01/01/2010", "end": ""},
        {"number": "C-2", "customer": "8", "start": "01/01/2010", "end": "01/01/2015"},
    ]
    world.write("contracts.csv", ("number", "customer", "start", "end"), rows)
    sources.run(world.define(spec), by="test")
    world.resolve()
    retention.sweep(by="test", at=NOW)
    assert [row["source_id"] for row in world.rows("SELECT source_id FROM contracts")] == ["C-1"]
    assert len(world.find("Ada")) == 1
    assert world.find("Gus") == []


def test_what_was_destroyed_is_not_taken_again_until_the_person_comes_back(group: World) -> None:
    retention.sweep(by="test", at=NOW)
    with time_machine.travel(NOW, tick=True):
        run = sources.run("crm_people", by="test")
        assert (run.read, run.new, run.lost, run.figures) == (1, 0, 0, {"beyond_retention": 1})
        back = group.people({**ADA, "seen": RECENT}, GUS)
        assert (back.read, back.new) == (2, 1)


def test_earlier_versions_of_rows_as_received_go_after_ninety_days(group: World) -> None:
    with time_machine.travel(NOW, tick=True):
        group.people(ADA, {**GUS, "town": "Dijon"})
    assert retention.plan(access.OWNER, at=NOW + timedelta(days=80)).get("source_records") == 1, "Ada's"
    run = sources.Run.objects.filter(kind="import").first()
    retention.sweep(by="test", at=NOW + timedelta(days=100))
    assert count(group, "source_records") == 1
    assert run is not None
    with pytest.raises(Conflict, match="past its retention"):
        sources.undo(str(run.id), by="test")


def test_rejected_rows_go_after_ninety_days(world: World) -> None:
    world.people(GUS, person("", "No", "Number"))
    now = clock.now()
    assert "rejects" not in retention.plan(access.OWNER, at=now + timedelta(days=80))
    assert retention.sweep(by="test", at=now + timedelta(days=100))["rejects"] == 1
    assert count(world, "rejects") == 0


def test_old_notes_go_and_a_refusal_stays(group: World) -> None:
    key = group.find("Gus")[0].id
    notes.add(access.OWNER, key, "prefers mornings")
    ConsentEvent.objects.create(
        person=key, entity="north", by="test", purpose="marketing", channel="email", state="objected", method="phone",
        at=NOW - timedelta(days=4000),
    )  # fmt: skip
    Note.objects.update(created_at=NOW - timedelta(days=1200))
    assert retention.sweep(by="test", at=NOW)["note"] == 1
    assert not Note.objects.exists()
    assert ConsentEvent.objects.exists()


def test_a_sweep_cut_short_is_finished_by_the_next(group: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = retention._destroy

    def broken(lake: object, name: str, *rest: object) -> None:
        if name == "people":
            raise ConnectionError
        real(lake, name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(retention, "_destroy", broken)
    with pytest.raises(ConnectionError):
        retention.sweep(by="test", at=NOW)
    monkeypatch.undo()
    assert len(group.find("Ada")) == 1
    retention.sweep(by="test", at=NOW)
    assert group.find("Ada") == []
    assert group.rows("SELECT * FROM golden_values WHERE value LIKE '%ada%'") == []


def test_after_a_sweep_the_live_copies_are_those_of_a_rebuild(group: World) -> None:
    group.shop({**ADA, "id": "9", "seen": RECENT}, {**GUS, "id": "8"})
    group.resolve()
    retention.sweep(by="test", at=NOW)
    refreshed = {hit.id: Live().document(hit.id) for hit in (*group.find("Ada"), *group.find("Gus"))}
    live.rebuild()
    assert refreshed == {hit.id: Live().document(hit.id) for hit in (*group.find("Ada"), *group.find("Gus"))}
    assert len(refreshed) == 2


def test_only_privacy_plans_and_sweeps(group: World) -> None:
    engineer = group.user("engineer", entities=["north"])
    for gesture in (retention.plan, retention.sweep_as):
        with pytest.raises(Refused):
            gesture(engineer)
    with pytest.raises(Refused):
        retention.plan(group.user("privacy", entities=["north"]))
    retention.plan(group.user("privacy"))


def test_an_erased_person_stays_erased_by_a_sweep(group: World, home: Path) -> None:
    key = group.find("Gus")[0].id
    erasures.carry_out(str(erasures.request(access.OWNER, key).id))
    retention.sweep(by="test", at=NOW)
    assert audit.verify()["faults"] == []
    assert group.find("Gus") == []


def test_what_is_left_of_signing_in_goes_too(group: World) -> None:
    from axes.models import AccessAttempt
    from django.contrib.sessions.models import Session

    for name, days in (("old", 400), ("new", 10)):
        attempt = AccessAttempt.objects.create(username=name, failures_since_start=1)
        AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=NOW - timedelta(days=days))
        Session.objects.create(session_key=name, session_data="", expire_date=NOW - timedelta(days=days - 20))
    planned = retention.plan(access.OWNER, at=NOW)
    assert (planned["session"], planned["accessattempt"]) == (1, 1)
    retention.sweep(by="test", at=NOW)
    assert list(AccessAttempt.objects.values_list("username", flat=True)) == ["new"]
    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]


def test_a_pair_to_review_goes_with_either_of_its_records(group: World) -> None:
    rows = group.rows("SELECT record_key FROM person_records ORDER BY given_name")
    ada, gus = (row["record_key"] for row in rows)
    Review.objects.all().delete()
    for left, right in ((ada, gus), (1, ada), (1, gus)):
        Review.objects.create(
            kind="ambiguous", left=left, right=right, left_entity="north", right_entity="north", score=-1.0,
            left_person="a", right_person="b",
        )  # fmt: skip
    retention.sweep(by="test", at=NOW)
    assert list(Review.objects.values_list("left", "right")) == [(1, gus)]
