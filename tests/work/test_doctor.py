"""The doctor finds what is broken, says what to do, and is quiet about what is well."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.kept import laid_once
from tests.world import World, person

from filrouge.base import clock, settings
from filrouge.base.errors import Refused
from filrouge.store.models import AuditLine, Job, Run
from filrouge.store.routers import audit_alias
from filrouge.work import access, audit, doctor, runs, worker


def states(part: str) -> list[str]:
    return [line.state for line in doctor.look(access.OWNER) if line.part == part]


@pytest.fixture
@laid_once
def group(world: World) -> World:
    settings.get().home.chmod(0o700)
    world.people(person("1", "Ada", "Byron", mail="ada@example.com"))
    world.resolve()
    worker.alive("here:1")
    audit.chain_waiting()
    return world


def test_an_installation_that_is_well_has_nothing_to_do(group: World) -> None:
    found = doctor.look(access.OWNER)
    assert [(line.part, line.message) for line in found if line.state != "ok"] == []
    assert {line.part for line in found} == set(doctor.CHECKS)


def test_a_missing_file_of_the_lake_fails(group: World) -> None:
    Path(runs.lake().files("person_records")[0]).unlink()
    assert "fail" in states("lake")


def test_a_chain_cut_short_fails(group: World) -> None:
    AuditLine.objects.using(audit_alias()).order_by("-seq")[0].delete(using=audit_alias())
    assert states("audit") == ["fail"]


def test_live_copies_of_another_shape_fail_and_late_ones_warn(group: World) -> None:
    from filrouge.store.live import Live

    group.people(person("2", "Gus", "Eiffel"))
    assert states("live copies") == ["warn"]
    Live().set_meta("version", "0")
    assert states("live copies") == ["fail"]


def test_a_key_open_to_others_fails(group: World, home: Path) -> None:
    (home / "audit.key").chmod(0o644)
    assert "fail" in states("keys")


def test_a_silent_worker_and_stuck_jobs_warn(group: World) -> None:
    from filrouge.store.models import Worker

    long_ago = clock.now() - timedelta(hours=1)
    Worker.objects.update(seen_at=long_ago)
    Job.objects.create(kind="import", state="running", lease_until=long_ago)
    Job.objects.create(kind="import", state="waiting", run_at=long_ago)
    assert states("workers") == ["warn"]
    assert states("jobs") == ["warn", "warn"]


def test_a_run_cut_short_warns(group: World) -> None:
    Run.objects.create(kind="import", by="test", started_at=clock.now())
    assert states("runs") == ["warn"]


def test_a_clock_behind_what_was_recorded_fails(group: World, monkeypatch: pytest.MonkeyPatch) -> None:
    past = clock.now() - timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: past)
    assert states("clock") == ["fail"]


def test_little_space_and_an_open_home_are_told(group: World, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.chmod(0o755)
    monkeypatch.setattr(doctor, "LITTLE", 1 << 60)
    assert states("home") == ["warn"]
    assert states("disk") == ["warn", "warn"]
    assert all(line.hint for line in doctor.look(access.OWNER) if line.state != "ok")


def test_only_an_administrator_asks(group: World) -> None:
    with pytest.raises(Refused):
        doctor.look(group.user("engineer"))
