"""One person erased is nowhere, and does not come back."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.db import connections
from tests.kept import laid_once
from tests.world import World, person

from filrouge.base import settings
from filrouge.base.errors import Conflict, NotFound, Refused
from filrouge.store.models import Erasure, FollowUp, Job, Note, SubjectSalt
from filrouge.work import access, audit, consents, erasures, notes, runs, sources, worker

ADA = person(
    "1",
    "Augustine",
    "Lovelacia",
    mail="augustine.l@example.com",
    phone="06 39 98 41 41",
    card="CARD-4141",
    street="4 rue Unique",
)
GUS = person("2", "Gus", "Eiffel", mail="gus@example.com")
WORDS = ("augustine", "lovelacia", "0639984141", "06 39 98 41 41", "card-4141", "card4141", "rue unique", "order-4141")


def holding(home: Path, words: tuple[str, ...] = WORDS) -> list[str]:
    """Return the files of the home folder that hold one of the words: their bytes, and what their columns decode to."""
    found = []
    for path in home.rglob("*"):
        if not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", "ignore").lower()
        if path.suffix == ".parquet":
            text += str(pq.read_table(path).to_pylist()).lower()
        found += [f"{path.name}: {word}" for word in words if word in text]
    return found


@pytest.fixture
@laid_once
def group(world: World) -> World:
    world.people(ADA, GUS, person("", "Augustine", "Lovelacia", mail="augustine.l@example.com"))
    world.shop({**ADA, "id": "9", "card": ""})
    world.orders({"number": "ORDER-4141", "customer": "9", "day": "01/06/2026", "total": "10,00"})
    world.resolve()
    return world


def test_an_erased_person_is_in_no_byte_of_the_home_folder(group: World, home: Path) -> None:
    key = group.find("Augustine")[0].id
    assert holding(home), "the test must be able to see her"
    notes.add(access.OWNER, key, "Augustine called about her order")
    consents.stop_calling(access.OWNER, key)
    row = erasures.carry_out(str(erasures.request(access.OWNER, key, reason="asked by letter").id))
    assert row.report["found_again"] == {}
    from django.db import connections

    for alias in connections:
        connections[alias].close()
    assert holding(home) == []
    assert not Note.objects.exists() and not FollowUp.objects.filter(person=key).exists()
    with pytest.raises(NotFound):
        access.person(access.OWNER, key)
    assert group.find("Augustine") == [] and group.find("ORDER-4141") == []
    assert [hit.name for hit in group.find("Gus")] == ["Gus Eiffel"]


def test_what_a_run_that_died_left_behind_goes_too(group: World, home: Path) -> None:
    import os
    import time

    for folder, hours in (("staging/dry-1", 2), ("staging/dry-2", 0), ("scratch/spilled", 2)):
        (home / folder).mkdir(parents=True)
        (home / folder / "raw.txt").write_text("Augustine Lovelacia", encoding="utf-8")
        os.utime(home / folder, (time.time() - 3600 * hours,) * 2)
    erasures.carry_out(str(erasures.request(access.OWNER, group.find("Augustine")[0].id).id))
    assert [path.parent.name for path in home.rglob("raw.txt")] == ["dry-2"], "a trial under way is left alone"


def test_a_second_import_does_not_bring_them_back(group: World, home: Path) -> None:
    key = group.find("Augustine")[0].id
    erasures.carry_out(str(erasures.request(access.OWNER, key).id))
    for name in ("crm_people", "shop_people", "shop_orders"):
        run = sources.run(name, by="test", full=True)
        assert (run.new, run.changed, run.lost) == (0, 0, 0)
        assert run.rejected >= 1
    world_again = group.people(GUS, {**ADA, "id": "555"}, place="crm.csv")
    assert world_again.new == 0, "another number of hers does not let her in either"
    group.resolve()
    assert group.find("Augustine") == []
    reasons = {row["code"] for row in group.rows("SELECT code FROM rejects")}
    assert "suppressed" in reasons
    assert holding(home) == []


def test_a_row_that_cannot_be_read_does_not_bring_them_back(group: World, home: Path) -> None:
    erasures.carry_out(str(erasures.request(access.OWNER, group.find("Augustine")[0].id).id))
    with (group.folder / "crm.csv").open("a", encoding="utf-8") as stream:
        stream.write("77;Augustine;L;;augustine.l@example.com;06 39 98 41 41;a;b;c;d;e;f;g;h;i\n")
        stream.write("78;Gus;E;;gus@example.com;;a;b;c;d;e;f;g;h;i\n")
    run = sources.run("crm_people", by="test")
    assert run.rejected >= 2
    kept = [row["raw"] for row in group.rows("SELECT raw FROM rejects WHERE code = 'too_many_fields' ORDER BY row")]
    assert kept[0] is None
    assert "gus@example.com" in kept[1]
    assert holding(home) == []


def test_the_audit_stays_whole_and_speaks_of_nobody(group: World) -> None:
    key = group.find("Augustine")[0].id
    access.person(access.OWNER, key)
    erasures.carry_out(str(erasures.request(access.OWNER, key).id))
    assert audit.verify()["faults"] == []
    assert not SubjectSalt.objects.filter(person=key).exists()


def test_an_erasure_interrupted_is_taken_up_again(group: World, monkeypatch: pytest.MonkeyPatch) -> None:
    key = group.find("Augustine")[0].id
    row = erasures.request(access.OWNER, key)
    real = erasures.verbs.destroy.forget

    def fails(*_: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(erasures.verbs.destroy, "forget", fails)
    with pytest.raises(RuntimeError):
        erasures.carry_out(str(row.id))
    monkeypatch.setattr(erasures.verbs.destroy, "forget", real)
    done = erasures.carry_out(str(row.id))
    assert done.state == "done" and done.person == "" and done.plan == {}


def test_only_privacy_may_erase(group: World) -> None:
    key = group.find("Augustine")[0].id
    for role in ("advisor", "sales", "marketer", "engineer"):
        with pytest.raises(Refused):
            erasures.request(group.user(role), key)
    assert erasures.plan(group.user("privacy"), key)["records"] == 2


def test_a_shared_address_does_not_bar_the_others(world: World) -> None:
    shared = {"mail": "family@example.com", "street": "4 rue Unique", "zip": "75001", "town": "Paris"}
    world.people(person("1", "Anne", "Roux", **shared), person("2", "Paul", "Roux", **shared))
    world.resolve()
    anne = next(hit for hit in world.find("Roux") if hit.name.startswith("Anne"))
    erasures.carry_out(str(erasures.request(access.OWNER, anne.id).id))
    run = sources.run("crm_people", by="test")
    assert (run.unchanged, run.rejected) == (1, 1)
    assert [hit.name for hit in world.find("Roux")] == ["Paul Roux"]
    assert settings.get().home.exists()


def test_two_that_carry_out_one_erasure_do_it_once_and_tell_the_same(
    group: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = erasures.request(access.OWNER, group.find("Augustine")[0].id)
    destroy = erasures.verbs.destroy
    real, begun, told = destroy.rows, threading.Event(), []
    times: list[int] = []

    def slow(*given: object) -> None:
        times.append(1)
        begun.set()
        time.sleep(0.5)
        real(*given)

    def second() -> None:
        begun.wait(20)
        told.append(erasures.carry_out(str(row.id)))
        connections.close_all()

    monkeypatch.setattr(destroy, "rows", slow)
    other = threading.Thread(target=second)
    other.start()
    first = erasures.carry_out(str(row.id))
    other.join()
    assert len(times) == 1
    assert [one.state for one in (first, *told)] == ["done", "done"]
    assert told[0].report == first.report and first.report["destroyed"]["person_records"] == 2


def test_the_second_who_fails_does_not_reset_the_first(group: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row = erasures.request(access.OWNER, group.find("Augustine")[0].id)
    with runs.running("identity", by="test") as made:
        Erasure.objects.filter(pk=row.pk).update(state="running")
        with pytest.raises(Conflict):
            erasures.carry_out(str(row.id))
        made.state = "failed"
        made.save()
    assert Erasure.objects.get(pk=row.pk).state == "running"


def test_the_command_line_erases_by_itself_and_prints_what_went(group: World) -> None:
    from typer.testing import CliRunner

    from filrouge.cli import person as command

    told = CliRunner().invoke(command.app, ["erase", group.find("Augustine")[0].id, "--yes", "--json"])
    assert told.exit_code == 0 and '"person_records": 2' in told.output
    assert not Job.objects.filter(kind="erase").exists(), "no worker is asked to do it a second time"


def test_what_cannot_be_erased_at_once_is_left_to_the_worker(group: World) -> None:
    key = group.find("Augustine")[0].id
    with runs.running("identity", by="test") as made:
        with pytest.raises(Conflict):
            erasures.at_once(access.OWNER, key)
        made.state = "failed"
        made.save()
    job = Job.objects.get(kind="erase")
    worker.VERBS["erase"](job, **job.params)
    assert group.find("Augustine") == []
