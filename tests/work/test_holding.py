"""A run that looks wrong waits for a person: nothing of it shows, nothing of it is lost, and a person decides."""

from __future__ import annotations

import os
import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.world import COLUMNS, World, person

from filrouge.base import clock
from filrouge.base.errors import Conflict, NotFound, Refused, UsageError
from filrouge.store.lake import Lake
from filrouge.store.models import AuditEntry, Job, Ruling, Run, Source
from filrouge.store.queries import sources as found
from filrouge.work import access, erasures, holding, jobs, runs, schedules, sources, worker

ADA = person("1", "Ada", "Byron", mail="ada@example.com", optin="yes")
GUS = person("2", "Gus", "Eiffel", optin="no")
STOP = {"check": "required", "column": "email", "does": "stop", "owner": "ana"}


def held(world: World, *rows: dict[str, str], **changes: Any) -> Run:
    """Return a run that waits: Gus has no e-mail, and a rule asks for one."""
    made = world.people(*(rows or (ADA, GUS)), **{"rules": [STOP], **changes})
    assert made.state == "held"
    return made


def test_a_broken_rule_that_stops_leaves_nothing_in_the_lake_and_keeps_the_rows(world: World) -> None:
    made = held(world)
    assert (made.read, made.new, made.warned, made.verdict) == (2, 2, 1, "doubtful")
    assert [one["code"] for one in made.findings] == ["rule_broken"]
    assert world.rows("SELECT * FROM source_records") == []
    assert world.rows("SELECT * FROM rejects") == []
    assert {path.name for path in runs.staging(made).rglob("*.parquet")} == {"raw-0.parquet", "rejects.parquet"}
    assert [(row.row, row.code) for row in found.rejects(made, access.OWNER)] == [(3, "rule_missing")]
    assert Source.objects.get(name="crm_people").as_of is None
    assert runs.recover() == 0


def test_let_in_it_is_as_if_it_had_never_waited(world: World) -> None:
    made = held(world)
    done = holding.let_in(access.OWNER, str(made.id), because="the shop sells without e-mail")
    assert (done.state, done.new, done.lost) == ("committed", 2, 0)
    waited = world.state()
    sources.undo(str(made.id), by="test")
    world.people(ADA, GUS, rules=[])
    assert world.state() == waited
    assert not runs.staging(made).exists()
    line = AuditEntry.objects.get(action="import.let_in")
    assert (line.by, line.subject, line.details["because"]) == (
        access.OWNER.by, str(made.id), "the shop sells without e-mail",
    )  # fmt: skip


def test_a_share_that_is_borne_does_not_stop(world: World) -> None:
    made = world.people(ADA, GUS, rules=[{**STOP, "above": "50%"}])
    assert (made.state, made.verdict, made.warned) == ("committed", "right", 1)
    assert Ruling.objects.get().said == "warned"


def test_later_runs_wait_behind_it_and_say_so(world: World) -> None:
    made = held(world, expect={"every": "0 6 * * *"})
    with pytest.raises(Conflict, match="waits for a person"):
        sources.run("crm_people", by="test")
    assert Run.objects.count() == 1
    later = clock.now() + timedelta(days=2)
    schedules.tick(at=later)
    assert not Job.objects.filter(kind="import").exists()
    holding.give_up(access.OWNER, str(made.id))
    schedules.tick(at=later)
    assert Job.objects.filter(kind="import").count() == 1


def test_given_up_it_leaves_nothing_and_the_source_is_free(world: World) -> None:
    made = held(world)
    holding.give_up(access.OWNER, str(made.id))
    made.refresh_from_db()
    assert (made.state, made.decided_by, runs.staging(made).exists()) == ("given_up", access.OWNER.by, False)
    with pytest.raises(Conflict):
        holding.let_in(access.OWNER, str(made.id), because="too late")
    assert world.people(ADA).state == "committed"


def test_after_a_fortnight_it_is_given_up_by_itself_and_told(world: World) -> None:
    made = held(world)
    assert holding.expire(at=clock.now() + timedelta(days=13)) == 0
    assert holding.expire(at=clock.now() + timedelta(days=15)) == 1
    made.refresh_from_db()
    assert (made.state, made.decided_by, "14 days" in made.problem) == ("given_up", "schedule", True)


def test_who_was_erased_meanwhile_is_in_no_row_that_waits_and_stays_out(world: World, home: Path) -> None:
    world.people(ADA, GUS)
    world.resolve()
    made = held(world, {**ADA, "town": "Londres"}, GUS, person("3", "Zoé", "Martin", mail="zoe@example.com"))
    os.utime(runs.staging(made), (time.time() - 7200,) * 2)
    asked = erasures.request(access.OWNER, world.find("Byron")[0].id, reason="asked by letter")
    erasures.carry_out(str(asked.id))
    kept = pq.read_table(runs.received(made) / "raw-0.parquet")
    assert kept["family"].to_pylist() == ["Eiffel", "Martin"]
    assert [path.name for path in runs.staging(made).rglob("*") if path.is_file()] == ["raw-0.parquet"]
    made.refresh_from_db()
    assert (made.state, made.figures["erased"]) == ("held", 1)
    done = holding.let_in(access.OWNER, str(made.id), because="asked at the shop")
    assert (done.read, done.new, done.unchanged, done.lost) == (2, 1, 1, 0)
    assert world.find("Byron") == []


def test_what_an_erasure_cannot_look_through_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = held(world)
    monkeypatch.setattr("filrouge.work.imports.Import.forget", lambda _: 1 / 0)
    holding.forget_erased()
    made.refresh_from_db()
    assert (made.state, runs.staging(made).exists()) == ("given_up", False)


def test_who_decides_is_an_engineer_of_the_entity_and_says_why(world: World) -> None:
    made = held(world)
    key = str(made.id)
    with pytest.raises(NotFound):
        holding.let_in(world.user("engineer", entities=["west"]), key, because="mine")
    for colleague in (world.user("advisor", entities=["north"]), world.user("analyst", entities=["north"])):
        with pytest.raises(Refused):
            holding.give_up(colleague, key)
    mine = world.user("engineer", entities=["north"])
    with pytest.raises(UsageError):
        holding.let_in(mine, key, because="  ")
    assert holding.let_in(mine, key, because="seen with the shop").decided_by == mine.by


def test_a_failure_while_it_is_let_in_leaves_it_waiting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = held(world)
    with monkeypatch.context() as broken:
        broken.setattr("filrouge.work.imports.Import._stage", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            holding.let_in(access.OWNER, str(made.id), because="fine")
    made.refresh_from_db()
    assert made.state == "held"
    assert holding.let_in(access.OWNER, str(made.id), because="fine").new == 2


def test_a_crash_while_it_is_stored_ends_with_all_of_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = held(world)
    with monkeypatch.context() as broken:
        broken.setattr(Lake, "append", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            holding.let_in(access.OWNER, str(made.id), because="fine")
    assert runs.recover() == 1
    made.refresh_from_db()
    assert (made.state, made.because) == ("committed", "fine")
    assert len(world.rows("SELECT * FROM person_records")) == 2


def test_rows_that_could_not_be_read_are_told_again(world: World) -> None:
    name = world.people(ADA, GUS, run=False, rules=[STOP])
    path = world.folder / "crm.csv"
    path.write_text(path.read_text() + "3;Zoé;Martin\n", encoding="utf-8")
    made = sources.run(name, by="test")
    assert (made.state, made.read, made.rejected) == ("held", 3, 1)
    done = holding.let_in(access.OWNER, str(made.id), because="one line is cut")
    assert (done.read, done.new, done.rejected) == (3, 2, 1)
    assert {row["code"] for row in world.rows("SELECT code, raw FROM rejects WHERE NOT warning")} == {"too_few_fields"}


def test_a_doubt_waits_only_where_the_source_says_so(world: World) -> None:
    many = [person(str(n), f"N{n}", "X", mail=f"{n}@example.com") for n in range(40)]
    assert world.people(*many).state == "committed"
    assert world.people().verdict == "doubtful"
    assert Run.objects.first().state == "committed"  # type: ignore[union-attr]
    made = world.people(expect={"doubtful": "wait"})
    assert (made.state, [one["code"] for one in made.findings]) == ("held", ["nothing_came"])


def test_a_strange_volume_is_usual_after_three_in_a_row(world: World) -> None:
    def read(count: int) -> str:
        many = (person(str(n), f"N{n}", "X", mail=f"{n}@example.com") for n in range(count))
        return str(world.people(*many).verdict)

    assert [read(count) for count in (2, 20, 20, 20, 20, 2)] == ["right", *["doubtful"] * 3, "right", "right"]


def test_rows_that_are_old_do_not_wait_for_that_alone(world: World) -> None:
    made = world.people({**ADA, "seen": "01/01/2020"}, expect={"doubtful": "wait", "fresh_within": "2d"})
    assert (made.state, made.verdict) == ("committed", "doubtful")
    ruled = world.people({**ADA, "seen": "01/01/2020"}, rules=[{"check": "freshness", "within": "2d", "does": "stop"}])
    assert ruled.state == "held"


def test_a_run_that_waited_teaches_nothing_until_somebody_says_that_it_is_usual(world: World) -> None:
    def many(count: int) -> list[dict[str, str]]:
        return [person(str(n), f"N{n}", "X", mail=f"{n}@example.com") for n in range(count)]

    wait = {"rules": [{"check": "volume", "does": "stop"}]}
    world.people(*many(10), **wait)
    first = world.people(*many(60), **wait)
    assert first.state == "held"
    holding.let_in(access.OWNER, str(first.id), because="a fair")
    second = world.people(*many(60), **wait)
    assert second.state == "held"
    holding.let_in(access.OWNER, str(second.id), because="a second shop", usual=True)
    assert world.people(*many(60), **wait).state == "committed"


def test_what_each_rule_said_is_kept_run_by_run(world: World) -> None:
    rules = [STOP | {"above": 0.6}, {"check": "pattern", "column": "city", "like": "[A-Z].*", "does": "reject"}]
    world.people(ADA, {**GUS, "town": "paris"}, rules=rules)
    found = {one.rule: (one.said, one.rows, one.of, one.owner) for one in Ruling.objects.all()}
    assert found == {"required_email": ("warned", 1, 2, "ana"), "pattern_city": ("broken", 1, 2, "")}


def test_the_columns_of_the_file_are_those_of_the_definition(world: World) -> None:
    made = held(world)
    from tests.world import PEOPLE

    world.define(PEOPLE, rules=[STOP], map={**PEOPLE["map"], "city": "commune"})
    with pytest.raises(Conflict, match="commune"):
        holding.let_in(access.OWNER, str(made.id), because="fine")
    assert "commune" not in COLUMNS
    made.refresh_from_db()
    assert made.state == "held"


def test_the_worker_lets_in_what_was_decided_and_identities_follow(world: World) -> None:
    made = held(world)
    holding.ask(access.OWNER, str(made.id), because="fine")
    made.refresh_from_db()
    assert made.state == "held"
    job = jobs.claim("test")
    assert job is not None
    jobs.work(job, worker.VERBS)
    made.refresh_from_db()
    assert (made.state, made.new, made.decided_by) == ("committed", 2, access.OWNER.by)
    assert Job.objects.filter(key="identity", state="waiting").exists()
    assert AuditEntry.objects.get(action="import.run").by == access.OWNER.by


def test_what_was_received_and_is_gone_is_not_taken_for_an_empty_file(world: World) -> None:
    made = held(world)
    shutil.rmtree(runs.staging(made))
    with pytest.raises(Conflict, match="not here any more"):
        holding.let_in(access.OWNER, str(made.id), because="fine")
    made.refresh_from_db()
    assert (made.state, made.decided_by, bool(made.trouble)) == ("held", "", True)
    holding.give_up(access.OWNER, str(made.id))
