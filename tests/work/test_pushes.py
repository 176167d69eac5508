"""Pushes: a segment given to another tool, confirmed row by row; who may no longer be reached is taken back."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import time_machine
from tests.kept import laid_once
from tests.world import World, person

from filrouge import sample
from filrouge.base import clock
from filrouge.base.errors import Conflict, DefinitionError, NotFound, Refused, UsageError
from filrouge.domain import segments as rules
from filrouge.domain.privacy.caller import OWNER
from filrouge.store.models import AuditEntry, Destination, Entity, Job, Push, PushRemoval, PushRun, Segment
from filrouge.work import consents, definitions, demo_segments, erasures, pushes, retention, segments

ADA = person("1", "Ada", "Lovelace", mail="ada@example.com", town="Lyon", optin="yes")
GUS = person("2", "Gus", "Eiffel", mail="gus@example.com", town="Paris", optin="no")
EVA = person("3", "Eva", "Curie", mail="eva@example.com", town="Lyon", optin="yes")
BOB = person("4", "Bob", "=2+2", mail="bob@example.com", town="Lyon", optin="yes")
EVERYBODY = {"rules": [{"on": "brands", "brands": ["red"]}]}
COLUMNS = ("id", "given_name", "family_name", "email", "city")


@pytest.fixture
@laid_once
def group(world: World) -> World:
    world.people(ADA, GUS, EVA, BOB)
    world.resolve()
    segments.keep(OWNER, "all", spec=EVERYBODY, entity="north", brand="red", purpose="marketing", channel="email")
    segments.build(["all"], by="test")
    return world


def drop(name: str = "desk", **more: Any) -> Any:
    spec = {"kind": "folder", "place": name, **more}
    return pushes.keep_destination(OWNER, name, spec=spec, entity="north", brand="red")


def give(name: str = "news", destination: str = "desk", asking: Any = OWNER, **more: Any) -> Push:
    return pushes.keep(asking, name, segment="all", destination=destination, **{"columns": COLUMNS, **more})


def held(home: Path, name: str = "news") -> dict[str, dict[str, str]]:
    text = (home / "drops" / "desk" / f"{name}.csv").read_text(encoding="utf-8-sig")
    return {row["email"]: row for row in csv.DictReader(io.StringIO(text), delimiter=";")}


def figures(run: PushRun) -> tuple[int, int, int, int]:
    return run.sent, run.removed, run.withheld, run.failed


def outcomes(name: str, run: PushRun, **more: Any) -> dict[str, tuple[str, str]]:
    return {one.name: (one.outcome, one.reason) for one in pushes.rows(OWNER, name, str(run.id), **more)[0]}


def test_who_may_be_reached_is_given_and_each_other_has_a_reason(group: World, home: Path) -> None:
    drop()
    give()
    run = pushes.run("news", by="test")
    assert (run.state, *figures(run)) == ("done", 3, 0, 1, 0)
    assert run.reasons == {"denied": 1}
    assert set(held(home)) == {"ada@example.com", "eva@example.com", "bob@example.com"}
    assert outcomes("news", run)["Gus Eiffel"] == ("withheld", "denied")
    assert outcomes("news", run)["Ada Lovelace"] == ("sent", "")
    assert Push.objects.get(name="news").held == 3


def test_a_file_opens_safely_in_a_spreadsheet(group: World, home: Path) -> None:
    drop()
    give()
    pushes.run("news", by="test")
    raw = (home / "drops" / "desk" / "news.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert held(home)["bob@example.com"]["family_name"] == "'=2+2"
    assert [path.name for path in (home / "drops" / "desk").iterdir()] == ["news.csv"]


def test_a_run_that_changes_nothing_gives_nothing(group: World, home: Path) -> None:
    drop()
    give(gives="changes")
    pushes.run("news", by="test")
    run = pushes.run("news", by="test")
    assert (run.state, run.ordered, run.unchanged, run.withheld) == ("done", 0, 3, 1)
    assert len(list((home / "drops" / "desk").iterdir())) == 1
    assert pushes.rows(OWNER, "news", str(run.id), outcome="withheld")[0][0].reason == "denied"


def test_who_objects_or_leaves_is_taken_back_first(group: World, home: Path) -> None:
    drop()
    give(gives="changes")
    pushes.run("news", by="test")
    (ada,) = (hit.id for hit in group.find("Ada"))
    consents.record(OWNER, ada, purpose="marketing", channel="email", state="objected", entity="north")
    group.people(ADA, GUS, {**EVA, "town": "Brest"}, BOB)
    group.resolve()
    but_bob = {"rules": [{"on": "person", "field": "given_name", "op": "is_not", "value": "Bob"}]}
    segments.keep(OWNER, "all", spec=but_bob, entity="north", brand="red", purpose="marketing", channel="email")
    segments.build(["all"], by="test")
    run = pushes.run("news", by="test")
    assert figures(run) == (1, 2, 1, 0)
    assert outcomes("news", run) == {
        "Ada Lovelace": ("removed", "objected"), "Eva Curie": ("sent", ""), "Gus Eiffel": ("withheld", "denied"),
        "Bob =2+2": ("removed", "left"),
    }  # fmt: skip
    (newest,) = [path for path in (home / "drops" / "desk").iterdir() if run.id.hex[-6:] in path.name]
    rows = list(csv.DictReader(io.StringIO(newest.read_text(encoding="utf-8-sig")), delimiter=";"))
    assert [row["action"] for row in rows] == ["remove", "remove", "change"]
    assert rows[0]["email"] == ""
    then = pushes.run("news", by="test")
    assert (figures(then), then.reasons) == ((0, 0, 2, 0), {"denied": 1, "objected": 1})


def test_a_destination_that_knows_people_by_address_holds_one_of_two_who_share_it(world: World, home: Path) -> None:
    world.people(ADA, {**EVA, "mail": "ADA@example.com", "given": "Zelda", "family": "Bis", "town": "Nice"})
    world.resolve()
    segments.keep(OWNER, "all", spec=EVERYBODY, entity="north", brand="red", purpose="marketing", channel="email")
    drop()
    give(key="email")
    run = pushes.run("news", by="test")
    assert (run.sent, run.reasons) == (1, {"same_address": 1})


def test_a_new_address_takes_back_the_old_one(group: World, home: Path) -> None:
    drop()
    give(key="email", gives="changes")
    pushes.run("news", by="test")
    group.people({**ADA, "mail": "countess@example.com"}, GUS, EVA, BOB)
    group.resolve()
    segments.build(["all"], by="test")
    run = pushes.run("news", by="test")
    assert figures(run)[:2] == (1, 1)
    assert pushes.rows(OWNER, "news", str(run.id), outcome="removed")[0][0].reason == "new_key"
    whole, end = pushes.rows(OWNER, "news", str(run.id))
    told, more = pushes.rows(OWNER, "news", str(run.id), limit=1)
    while more:
        one, more = pushes.rows(OWNER, "news", str(run.id), after=more, limit=1)
        told += one
    assert (told, end) == (whole, ""), "who has two rows has both, wherever a page ends"
    assert {row.outcome for row in whole} >= {"removed", "sent"}
    for wrong in ("x", whole[0].person + ".x", whole[0].person + ".9999999"):
        with pytest.raises(UsageError):
            pushes.rows(OWNER, "news", str(run.id), after=wrong)


def test_a_folder_outside_those_allowed_is_never_written(group: World, home: Path, tmp_path: Path) -> None:
    for place in ("../out", str(tmp_path / "out"), "/etc"):
        with pytest.raises(Exception, match="none of the folders"):
            pushes.keep_destination(OWNER, "out", spec={"kind": "folder", "place": place}, entity="north")
    (home / "drops").mkdir(exist_ok=True)
    drop("link")
    (home / "drops" / "link").symlink_to(tmp_path)
    give(destination="link")
    run = pushes.run("news", by="test")
    assert (run.state, run.sent, run.waiting) == ("stopped", 0, 3)
    assert list(tmp_path.glob("*.csv")) == []
    assert pushes.check(OWNER, "link").trouble["template"].startswith("The folder {place} is in none")


def test_an_erased_person_is_taken_back_even_from_a_paused_push(group: World, home: Path) -> None:
    drop()
    give()
    pushes.run("news", by="test")
    pushes.pause(OWNER, "news")
    (ada,) = (hit.id for hit in group.find("Ada"))
    done = erasures.at_once(OWNER, ada)
    assert done.report["owed"] == {"news": 1}
    assert done.report["destroyed"]["deliveries"] == 1
    assert "ada@example.com" in held(home)
    assert pushes.wake() == 1
    assert Job.objects.get(kind="push").params == {"push": "news", "only": "removals"}
    run = pushes.run("news", by="test", only="removals")
    assert figures(run) == (0, 1, 0, 0)
    assert "ada@example.com" not in held(home)
    assert PushRemoval.objects.count() == 0
    assert group.rows(f"SELECT * FROM deliveries WHERE person = '{ada}'") == []


def test_a_push_and_an_erasure_wait_for_each_other(group: World, home: Path) -> None:
    drop()
    push = give()
    (ada,) = (hit.id for hit in group.find("Ada"))
    erasures.request(OWNER, ada)
    with pytest.raises(Conflict, match="erasure"):
        pushes.run("news", by="test")
    PushRun.objects.create(push=push, by="elsewhere")
    from filrouge.work import locks

    with locks.held("push-news"):
        PushRun.objects.get(state="running")
    # nobody holds it any more: the erasure takes it up, and goes on
    assert erasures.at_once(OWNER, ada).state == "done"
    assert PushRun.objects.get().state == "failed"


def test_emptied_a_push_holds_nobody_and_may_be_removed(group: World, home: Path) -> None:
    drop()
    give()
    pushes.run("news", by="test")
    with pytest.raises(Conflict, match="holds people"):
        pushes.remove(OWNER, "news")
    pushes.empty(OWNER, "news")
    run = pushes.run("news", by="test", only="empty")
    assert figures(run) == (0, 3, 0, 0)
    assert held(home) == {}
    pushes.remove(OWNER, "news")
    pushes.remove_destination(OWNER, "desk")
    assert group.rows("SELECT * FROM deliveries") == []


def test_what_waits_for_a_push_goes_with_it_and_empties_no_other_of_its_name(group: World, home: Path) -> None:
    drop()
    give(timing="")
    pushes.run("news", by="test")
    pushes.empty(OWNER, "news")
    pushes.resume(OWNER, "news")
    assert not Job.objects.exists(), "who resumes it wants nobody taken back"
    pushes.empty(OWNER, "news")
    pushes.remove(OWNER, "news", leave=True)
    assert not Job.objects.exists()
    with pytest.raises(NotFound, match="removed meanwhile"):  # the worker tries it no more
        pushes.run("news", by="test")


def test_a_segment_that_is_given_somewhere_cannot_go(group: World) -> None:
    drop()
    give()
    with pytest.raises(Conflict):
        segments.remove(OWNER, "all")
    with pytest.raises(Conflict):
        pushes.remove_destination(OWNER, "desk")


def test_only_its_own_people_may_give_a_segment(group: World) -> None:
    drop()
    owner = group.user("marketer", entities=["north"])
    colleague = group.user("sales", entities=["north"])
    stranger = group.user("marketer", entities=["west"])
    give(asking=owner)
    with pytest.raises(Refused):
        give("other", asking=colleague)
    with pytest.raises(NotFound):
        give("other", asking=stranger)
    with pytest.raises(NotFound):
        pushes.run_as(stranger, "news")
    with pytest.raises(Refused):
        pushes.pause(colleague, "news")
    run = pushes.run_as(owner, "news")
    assert len(pushes.rows(colleague, "news", str(run.id))[0]) == 4
    with pytest.raises(NotFound):
        pushes.rows(stranger, "news", str(run.id))
    with pytest.raises(Refused):
        pushes.keep_destination(owner, "mine", spec={"kind": "folder", "place": "mine"}, entity="north")
    engineer = group.user("engineer", entities=["north"])
    with pytest.raises(Refused):
        pushes.keep_destination(engineer, "theirs", spec={"kind": "folder", "place": "theirs"}, entity="south")


def test_a_role_gives_people_for_its_purposes_and_channels_alone(group: World) -> None:
    drop()
    marketer = group.user("marketer", entities=["north"])
    analyst = group.user("analyst", entities=["north"])
    with pytest.raises(Refused, match="purpose"):
        give(asking=marketer, purpose="service")
    with pytest.raises(Refused, match="addresses"):
        give(asking=analyst, purpose="analytics")
    with pytest.raises(DefinitionError) as told:
        give(columns=("id", "phone", "shoe_size"), key="email", timing="every day", gives="half")
    assert len(told.value.faults) == 5
    with pytest.raises(UsageError):
        pushes.ask(OWNER, give().name, only="half")


def test_a_push_that_follows_its_segment_is_woken_by_what_changed(group: World, home: Path) -> None:
    drop()
    give(timing="change")
    assert pushes.wake() == 1
    assert pushes.wake() == 0  # it waits already
    Job.objects.all().delete()
    pushes.run("news", by="test")
    PushRun.objects.update(finished_at="2026-01-01T00:00:00Z")
    assert pushes.wake() == 0
    segments.build(["all"], by="test")
    assert pushes.wake() == 1


def test_every_decision_leaves_its_line(group: World, home: Path) -> None:
    drop()
    give()
    pushes.run("news", by="test")
    pushes.pause(OWNER, "news")
    pushes.resume(OWNER, "news")
    told = set(AuditEntry.objects.filter(subject__in=("news", "desk")).values_list("action", flat=True))
    assert told == {"destination.keep", "push.keep", "push.run", "push.pause", "push.resume"}
    assert not any("@example" in str(entry.details) for entry in AuditEntry.objects.all())


def test_who_is_beyond_retention_is_taken_back_too(group: World, home: Path) -> None:
    drop()
    give()
    pushes.run("news", by="test")
    with time_machine.travel(clock.now() + timedelta(days=3650), tick=False):
        retention.sweep(by="test")
    assert PushRemoval.objects.count() == 3
    run = pushes.run("news", by="test")
    assert run.removed == 3
    assert held(home) == {}


def test_segments_and_pushes_of_a_sample_go_with_it_and_others_stay(group: World, home: Path) -> None:
    segments.keep(OWNER, "theirs", spec=EVERYBODY, entity="south", brand="blue")
    drop()
    give()
    pushes.run("news", by="test")
    Entity.objects.filter(slug="north").update(sample=True)
    demo_segments.remove()
    assert [row.name for row in Segment.objects.all()] == ["theirs"]
    assert not Push.objects.exists()
    assert not Destination.objects.exists()
    for table in ("memberships", "deliveries"):
        assert group.rows(f"SELECT 1 FROM {table}") == []


def test_every_segment_of_the_sample_means_something() -> None:
    for path in sorted(Path(str(resources.files(sample) / "segments")).glob("*.yaml")):
        spec = rules.parse(definitions.read(path)["spec"])
        assert spec.rules
