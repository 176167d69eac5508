"""A source is read at its hours: once each, one catch-up after a night off, and not at all while it is paused."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from tests.world import World, person

from filrouge.base.errors import Conflict, NotFound, Refused
from filrouge.store.models import Job, Run, Source
from filrouge.store.queries import sources as reads
from filrouge.work import access, audit, jobs, runs, schedules, sources, worker

ADA = person("1", "Ada", "Byron", mail="ada@example.com")
DAILY = {"every": "0 6 * * *", "fresh_within": "26h"}
EVENING = datetime(2026, 11, 2, 20, tzinfo=UTC)  # 21:00 in Paris; the next six o'clock is 05:00 UTC


@pytest.fixture
def daily(world: World) -> World:
    with time_machine.travel(EVENING, tick=False):
        world.people(ADA, run=False, expect=DAILY)
    return world


def waiting(kind: str = "import") -> int:
    return Job.objects.filter(kind=kind, state="waiting").count()


def work_all() -> None:
    while (job := jobs.claim("test")) is not None:
        jobs.work(job, worker.VERBS)


def test_a_due_source_becomes_one_job_however_often_one_looks(daily: World) -> None:
    assert schedules.tick(at=EVENING) == 0
    morning = EVENING + timedelta(hours=9)
    assert [schedules.tick(at=morning), schedules.tick(at=morning)] == [1, 0]
    assert waiting() == 1
    assert Source.objects.get().due_at == morning + timedelta(days=1)


def test_a_week_off_is_made_up_for_by_one_run(daily: World) -> None:
    back = EVENING + timedelta(days=7)
    schedules.tick(at=back)
    work_all()
    assert Run.objects.filter(kind="import").count() == 1
    assert schedules.tick(at=back + timedelta(minutes=1)) == 0


def test_two_workers_that_look_at_once_make_one_job(daily: World) -> None:
    morning, made = EVENING + timedelta(hours=9), []
    source = Source.objects.get()
    real = Source.objects.filter

    def both() -> None:
        from django.db import connections

        made.append(schedules.tick(at=morning))
        connections.close_all()

    threads = [threading.Thread(target=both) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(made) == 1 and waiting() == 1
    assert real(pk=source.pk).get().due_at == morning + timedelta(days=1)


def test_a_run_asked_for_by_hand_counts_as_the_one_that_was_due(daily: World) -> None:
    jobs.ask("import", by="somebody", key="import crm_people", source="crm_people")
    assert schedules.tick(at=EVENING + timedelta(hours=9)) == 0
    assert waiting() == 1


def test_a_failure_that_may_pass_is_tried_again_and_another_waits_for_its_next_hour(daily: World) -> None:
    file = daily.folder / "crm.csv"
    whole = file.read_text(encoding="utf-8")
    file.unlink()  # an export that has not come yet may come
    morning = EVENING + timedelta(hours=9)
    with time_machine.travel(morning, tick=False):
        schedules.tick()
        work_all()
    job = Job.objects.get(kind="import")
    assert (job.state, job.attempts) == ("waiting", 1) and morning < job.run_at < morning + timedelta(minutes=5)
    job.delete()
    file.write_text(
        whole.replace("mail", "courriel"), encoding="utf-8"
    )  # a column that went will not come back by itself
    with time_machine.travel(morning + timedelta(days=1), tick=False):
        schedules.tick()
        work_all()
    assert Job.objects.get(kind="import").state == "failed"
    assert Source.objects.get().due_at == morning + timedelta(days=2)


def test_several_imports_are_followed_by_one_resolution(daily: World) -> None:
    daily.people(ADA, run=False, source="shop_people", place="shop.csv", entity="south", brand="blue", expect=DAILY)
    Source.objects.update(due_at=EVENING)
    assert schedules.tick(at=EVENING + timedelta(hours=9)) == 2
    work_all()
    assert Run.objects.filter(kind="import").count() == 2
    assert Run.objects.filter(kind="identity").count() == 1
    Source.objects.update(due_at=EVENING)
    schedules.tick(at=EVENING + timedelta(hours=10))
    work_all()
    assert Run.objects.filter(kind="identity").count() == 1, "nothing changed, so there is nothing to settle"


def test_a_paused_source_is_left_alone_until_it_is_resumed(daily: World) -> None:
    engineer = daily.user("engineer", entities=["north"])
    morning = EVENING + timedelta(hours=9)
    schedules.tick(at=morning)
    schedules.pause(engineer, "crm_people")
    assert waiting() == 0, "what waited by schedule goes too"
    assert schedules.tick(at=morning + timedelta(days=3)) == 0
    with pytest.raises(Conflict):
        schedules.pause(engineer, "crm_people")
    with time_machine.travel(morning + timedelta(days=3, hours=1), tick=False):
        schedules.resume(engineer, "crm_people")
    assert schedules.tick(at=morning + timedelta(days=3, hours=2)) == 0, "what was missed meanwhile is not made up for"
    assert schedules.tick(at=morning + timedelta(days=4)) == 1
    audit.chain_waiting()
    from filrouge.store.queries import audits

    assert [line.action for line in audits.lines(action="source.") if line.action != "source.add"] == [
        "source.resume", "source.pause",
    ]  # fmt: skip


def test_only_an_engineer_of_the_entity_pauses(daily: World) -> None:
    with pytest.raises(Refused):
        schedules.pause(daily.user("advisor", entities=["north"]), "crm_people")
    with pytest.raises(NotFound):
        schedules.pause(daily.user("engineer", entities=["west"]), "crm_people")
    schedules.pause(daily.user("engineer", entities=["north"]), "crm_people")


def test_a_definition_kept_again_keeps_its_next_run_unless_its_schedule_changed(daily: World) -> None:
    due = Source.objects.get().due_at
    with time_machine.travel(EVENING + timedelta(days=2), tick=False):
        daily.people(ADA, run=False, expect=DAILY, rank=5)
        assert Source.objects.get().due_at == due, "the run that is due stays due"
        daily.people(ADA, run=False, expect={"every": "0 9 * * *"})
    assert Source.objects.get().due_at == datetime(2026, 11, 5, 8, tzinfo=UTC)


def test_a_source_is_late_when_what_is_known_is_older_than_its_owner_expects(daily: World) -> None:
    sources.run("crm_people", by="test")
    Source.objects.update(as_of=EVENING)
    with time_machine.travel(EVENING + timedelta(hours=30), tick=False):
        assert reads.line("crm_people", access.OWNER).late_by == timedelta(hours=4)
        assert [line.source.name for line in reads.late(access.OWNER, at=EVENING)] == ["crm_people"]


def test_what_the_sample_missed_overnight_is_let_go(daily: World) -> None:
    Source.objects.update(sample=True)
    assert schedules.tick(at=EVENING + timedelta(days=7)) == 0
    assert Source.objects.get().due_at == datetime(2026, 11, 10, 5, tzinfo=UTC)


def test_a_run_at_work_elsewhere_is_not_taken_for_a_crash(world: World) -> None:
    name = world.people(ADA, run=False)
    source, _ = sources.get(name)
    with runs.running("import", by="test", source=source) as run:
        assert runs.recover() == 0
        assert Run.objects.get(pk=run.pk).state == Run.State.RUNNING
        run.state = Run.State.UNDONE
    Run.objects.filter(pk=run.pk).update(state=Run.State.RUNNING)  # as a killed process leaves it
    assert runs.recover() == 1
    assert Run.objects.get(pk=run.pk).state == Run.State.FAILED


def test_a_worker_leaves_a_sign_of_life(world: Any) -> None:
    from filrouge.store.models import Worker

    worker.alive("here:1")
    worker.alive("here:1")
    assert Worker.objects.get().name == "here:1"


def test_a_definition_that_cannot_be_read_stops_no_other(daily: World) -> None:
    daily.people(ADA, run=False, source="shop_people", place="shop.csv", entity="south", brand="blue", expect=DAILY)
    broken = Source.objects.get(name="crm_people")
    Source.objects.filter(pk=broken.pk).update(spec={**broken.spec, "reads": "faxes"}, due_at=EVENING)
    Source.objects.filter(name="shop_people").update(due_at=EVENING)
    assert schedules.tick(at=EVENING + timedelta(hours=9)) == 1
    schedules.plan_all()
    assert Source.objects.get(name="crm_people").due_at is None
