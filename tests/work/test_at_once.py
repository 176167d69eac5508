"""What happens at the same time is done one after the other: commits, the copies, what is taken back."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import connections
from tests.world import World, person

from filrouge.base import clock
from filrouge.base.errors import Conflict
from filrouge.store.lake import Lake
from filrouge.store.models import Erasure, Job, Run
from filrouge.work import live, people, runs, sources, worker

ADA = person("1", "Ada", "Lovelace", mail="ada@example.org")
BOB = person("B", "Bob", "Boole", mail="bob@example.org")
SHOP = {"source": "shop_people", "place": "shop.csv", "entity": "south", "brand": "blue"}


def at_once(*verbs: Any) -> None:
    """Do each in a thread of its own; wait for all."""

    def alone(verb: Any) -> None:
        verb()
        connections.close_all()

    threads = [threading.Thread(target=alone, args=(verb,)) for verb in verbs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_two_imports_that_end_at_once_are_both_in_place(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [world.people(ADA, run=False), world.people(BOB, run=False, **SHOP)]
    busy, most, real = [0], [0], runs.carry_out

    def watched(run: Run) -> None:
        busy[0] += 1
        most[0] = max(most[0], busy[0])
        time.sleep(1)
        real(run)
        busy[0] -= 1

    monkeypatch.setattr(runs, "carry_out", watched)
    at_once(*(lambda name=name: sources.run(name, by="test") for name in names))
    assert most[0] == 1
    assert [run.state for run in Run.objects.all()] == [Run.State.COMMITTED] * 2
    assert world.rows("SELECT count(*) AS n FROM person_records") == [{"n": 2}]


def test_who_holds_the_lake_may_ask_again(world: World) -> None:
    with runs.writing(), runs.writing():
        assert world.people(ADA).new == 1


def test_a_worker_goes_on_with_what_was_promised(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    name = world.people(ADA, run=False)
    append = Lake.append

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("another wrote first")

    monkeypatch.setattr(Lake, "append", fails)
    with pytest.raises(RuntimeError):
        sources.run(name, by="test")
    assert Run.objects.get().state == Run.State.STAGED
    monkeypatch.setattr(Lake, "append", append)
    stop, looks = threading.Event(), []

    def none(_: str, **kinds: Any) -> None:
        if "but" in kinds:
            looks.append(1)
            stop.set()

    monkeypatch.setattr(worker.installation, "ready", lambda: None)  # it started long ago
    monkeypatch.setattr(worker.jobs, "claim", none)
    worker.run(stop)
    assert Run.objects.get().state == Run.State.COMMITTED
    assert Job.objects.filter(key="identity", state="waiting").exists(), "and who is who follows"


def test_two_that_recover_do_it_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    name = world.people(ADA, run=False)
    real = runs.carry_out
    monkeypatch.setattr(runs, "carry_out", lambda _: (_ for _ in ()).throw(RuntimeError("power cut")))
    with pytest.raises(RuntimeError):
        sources.run(name, by="test")
    times: list[int] = []

    def slow(run: Run) -> None:
        times.append(1)
        time.sleep(0.5)
        real(run)

    monkeypatch.setattr(runs, "carry_out", slow)
    at_once(runs.recover, runs.recover)
    assert len(times) == 1
    assert Run.objects.get().state == Run.State.COMMITTED


def test_a_person_created_while_the_copies_are_built_is_among_them(world: World) -> None:
    world.people(ADA)
    world.resolve()
    advisor = world.user("advisor", entities=["north"])
    newcomer = people.Newcomer("Grace", "Hopper", "grace@example.org", "", "north", "red")
    creating = threading.Thread(target=at_once, args=(lambda: people.create(advisor, newcomer),))

    def meanwhile(step: str, *_: object) -> None:
        """Once the people were read, and before what was built is put in place."""
        if step == "names" and not creating.ident:
            creating.start()
            until = time.monotonic() + 20
            while time.monotonic() < until:
                if Run.objects.filter(kind="person", state=Run.State.COMMITTED).exists():
                    break
                time.sleep(0.05)
            creating.join(5)  # without a lock it ends here, and what it wrote is replaced

    live.rebuild(progress=meanwhile)
    creating.join()
    assert [hit.name for hit in world.find("Grace")] == ["Grace Hopper"]


def test_the_companies_built_during_a_rebuild_do_not_break_it(world: World) -> None:
    world.people(ADA)
    world.resolve()
    other = threading.Thread(target=at_once, args=(live.companies,))

    def meanwhile(step: str, *_: object) -> None:
        if step == "documents" and not other.ident:
            other.start()
            other.join(1)

    assert live.rebuild(progress=meanwhile)["people"] == 1
    other.join()
    assert [hit.name for hit in world.find("Ada")] == ["Ada Lovelace"]


def test_nothing_is_undone_while_the_source_is_read_or_an_erasure_works(world: World) -> None:
    made = world.people(ADA)
    source, _ = sources.get("crm_people")
    going = Run.objects.create(kind="import", source=source, source_name=source.name, by="test", started_at=clock.now())
    with pytest.raises(Conflict, match="already running"):
        sources.undo(str(made.id), by="test")
    going.delete()
    erasure = Erasure.objects.create(subject="s", person="", by="test", state="running")
    with pytest.raises(Conflict, match="erasure"):
        sources.undo(str(made.id), by="test")
    erasure.delete()
    assert sources.undo(str(made.id), by="test").state == Run.State.UNDONE


def test_two_that_undo_one_run_undo_it_once(world: World) -> None:
    made = world.people(ADA)
    told: list[str] = []

    def undo() -> None:
        try:
            told.append(str(sources.undo(str(made.id), by="test").state))
        except Conflict as error:
            told.append(error.message)

    at_once(undo, undo)
    assert sorted(told) == ["This run is not in place.", "undone"]
