"""Segments kept, counted, built: who is in, who came and went, why; told only to whoever may see the people."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from tests.kept import laid_once
from tests.world import World, person

from filrouge.base import clock
from filrouge.base.errors import Conflict, DefinitionError, NotFound, Refused, UsageError
from filrouge.domain.privacy.caller import OWNER
from filrouge.store.models import AuditEntry, ConsentEvent, Job, Segment
from filrouge.store.queries import segments as found
from filrouge.work import consents, erasures, identity, segments

ADA = person("1", "Ada", "Lovelace", mail="ada@example.com", town="Lyon", zip="69001", optin="yes")
GUS = person("2", "Gus", "Eiffel", mail="gus@example.com", town="Paris", zip="75007", optin="no")
EVA = person("3", "Eva", "Curie", mail="eva@example.com", town="LYON", zip="69002")
RED = segments.Scope("north", "red")
IN_LYON = {"rules": [{"on": "person", "field": "city", "op": "is", "value": "Lyon"}]}
EVERYBODY = {"rules": [{"on": "brands", "brands": ["red"]}]}


@pytest.fixture
@laid_once
def group(world: World) -> World:
    world.people(ADA, GUS, EVA)
    world.shop(
        person("9", "Ada", "Lovelace", mail="ada@example.com"), person("8", "Zoe", "Blue", mail="zoe@example.com")
    )
    world.orders({"number": "A", "customer": "9", "day": "01/06/2026", "total": "10,00"})
    world.resolve()
    return world


def save(name: str, spec: Any, asking: Any = OWNER, **more: Any) -> Segment:
    return segments.keep(asking, name, **{"entity": "north", "brand": "red", "spec": spec, **more})


def names(name: str, asking: Any = OWNER) -> set[str]:
    return {row["person"] for row in segments.members(asking, name).to_pylist()}


def ids(group: World, *given: str) -> set[str]:
    return {group.find(name)[0].id for name in given}


def test_each_change_of_the_rules_is_a_version_and_leaves_its_line(group: World) -> None:
    assert save("lyon", IN_LYON, title="In Lyon").version == 1
    assert save("lyon", IN_LYON, title="In Lyon, again").version == 1
    assert save("lyon", EVERYBODY).version == 2
    assert [kept.version for kept in found.versions(found.segment("lyon", OWNER))] == [2, 1]
    assert AuditEntry.objects.filter(action="segment.keep", subject="lyon").count() == 3


def test_a_segment_with_faults_or_in_a_circle_is_not_kept(group: World) -> None:
    save("a", EVERYBODY)
    save("b", {"rules": [{"on": "segment", "segment": "a"}]})
    with pytest.raises(DefinitionError) as told:
        save("a", {"rules": [{"on": "segment", "segment": "b"}]})
    assert told.value.faults == ("rules.0.segment: A segment cannot rest on itself: a → b → a.",)
    with pytest.raises(DefinitionError) as told:
        save("c", {"rules": [{"on": "score", "score": "engagement", "op": "above", "value": 1}]})
    assert "score" in told.value.faults[0]
    assert found.segment("a", OWNER).spec == EVERYBODY


def test_a_count_tells_some_people_and_why_others_may_not_be_reached(group: World) -> None:
    told = segments.count(OWNER, EVERYBODY, segments.Scope("north", "red", "marketing", "email"))
    assert (told.people, told.everybody) == (3, 3)
    assert {hit.name for hit in told.sample} == {"Ada Lovelace", "Gus Eiffel", "Eva Curie"}
    assert dict(told.left_out) == {"denied": 1, "no_consent": 1}
    assert told.reached == 1


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize("year", [1, 9999])
def test_a_day_that_no_lake_knows_is_refused_in_a_sentence(year: int) -> None:
    with pytest.raises(UsageError, match="Write a day"):
        segments.count(OWNER, EVERYBODY, RED, as_of=datetime(year, 1, 1, tzinfo=UTC))


def test_what_somebody_refused_here_counts_at_once(group: World) -> None:
    (ada,) = ids(group, "Ada")
    consents.record(OWNER, ada, purpose="marketing", channel="email", state="objected", entity="north")
    assert ConsentEvent.objects.count() == 1
    told = segments.count(OWNER, EVERYBODY, segments.Scope("north", "red", "marketing", "email"))
    assert dict(told.left_out) == {"denied": 1, "no_consent": 1, "objected": 1}
    refused = {
        "rules": [
            {"on": "consent", "purpose": "marketing", "channel": "email", "allowed": False, "reasons": ["objected"]}
        ]
    }
    assert segments.count(OWNER, refused, RED).people == 1


def test_a_count_is_of_the_people_whom_its_caller_sees(group: World) -> None:
    owner, stranger = group.user("marketer", entities=["north"]), group.user("marketer", entities=["west"])
    assert segments.count(owner, EVERYBODY, RED).people == 3
    with pytest.raises(Refused):
        segments.count(stranger, EVERYBODY, RED)
    with pytest.raises(Refused):
        segments.count(group.user("executive", entities=["north"]), EVERYBODY, RED)
    # orders of the south are shared with the north for service, and not for marketing
    buyers = {"rules": [{"on": "orders"}]}
    assert segments.count(owner, buyers, RED).people == 0
    assert segments.count(owner, buyers, segments.Scope("north", "", "service")).people == 1


def test_a_role_that_does_not_see_contact_details_cannot_guess_them(group: World) -> None:
    marketer = group.user("marketer", entities=["north"])
    guess = {"rules": [{"on": "person", "field": "email", "op": "starts_with", "value": "a"}]}
    with pytest.raises(DefinitionError) as told:
        segments.count(marketer, guess, RED)
    assert told.value.faults == ("rules.0.op: Your role does not see email: ask for empty or filled only.",)
    assert segments.count(marketer, {"rules": [{"on": "person", "field": "email", "op": "filled"}]}, RED).people == 3
    assert segments.count(OWNER, guess, RED).people == 1


def test_a_build_tells_who_came_and_who_went_and_keeps_the_history(group: World) -> None:
    save("lyon", IN_LYON)
    (first,) = segments.build(["lyon"], by="test")
    assert (first.people, first.entered, first.left) == (2, 2, 0)
    (again,) = segments.build(["lyon"], by="test")
    assert (again.people, again.entered, again.left) == (2, 0, 0)
    group.people({**ADA, "town": "Paris"}, {**GUS, "town": "Lyon"}, EVA)
    group.resolve()
    (then,) = segments.build(["lyon"], by="test")
    assert (then.people, then.entered, then.left) == (2, 1, 1)
    assert names("lyon") == ids(group, "Gus", "Eva")
    (ada,) = ids(group, "Ada")
    why = segments.why(OWNER, "lyon", ada)
    assert not why.holds
    assert why.since is None
    assert why.left is not None
    (day,) = found.growth(found.segment("lyon", OWNER))
    assert (day.people, day.entered, day.left) == (2, 3, 1)
    rows = group.rows("SELECT person, entered_at, left_at FROM memberships")
    assert sum(row["left_at"] is None for row in rows) == 2
    assert len(rows) == 3
    runs = AuditEntry.objects.filter(action="segments.run")
    assert [(row.details["came"], row.details["went"]) for row in runs.order_by("id")] == [(2, 0), (0, 0), (1, 1)]
    assert ada not in json.dumps([row.details for row in runs])


def test_who_comes_back_is_in_since_they_came_back(group: World) -> None:
    save("lyon", IN_LYON)
    segments.build(["lyon"], by="test")
    for town in ("Paris", "Lyon"):
        group.people({**ADA, "town": town}, GUS, EVA)
        group.resolve()
        segments.build(["lyon"], by="test")
    (ada,) = ids(group, "Ada")
    row = found.segment("lyon", OWNER)
    assert segments.why(OWNER, "lyon", ada).since == row.built_at
    assert names("lyon") == ids(group, "Ada", "Eva")


def test_two_people_merged_are_one_member_since_the_first_came(group: World) -> None:
    save("all", EVERYBODY)
    segments.build(["all"], by="test")
    since = found.segment("all", OWNER).built_at
    gus, eva = (group.find(name)[0].id for name in ("Gus", "Eva"))
    identity.merge(gus, eva, by="test")
    assert len(names("all")) == 2, "before any build too"
    (built,) = segments.build(["all"], by="test")
    assert (built.people, built.entered, built.left) == (2, 0, 0)
    kept = group.find("Gus")[0].id
    assert segments.why(OWNER, "all", kept).since == since


def test_why_says_each_rule_with_what_was_seen_and_until_when(group: World) -> None:
    spec = {"combinator": "and", "rules": [
        {"on": "person", "field": "city", "op": "is", "value": "lyon"},
        {"on": "orders", "within_days": 36_000, "op": "exactly", "value": 0},
    ]}  # fmt: skip
    save("lyon", spec, purpose="service", brand="")
    (ada,) = ids(group, "Ada")
    told = segments.why(OWNER, "lyon", ada).plain()
    assert not told["in"]
    assert [(rule["place"], rule["holds"], rule["value"], rule["source"]) for rule in told["rules"]] == [
        ("rules.0", True, "Lyon", "crm_people"), ("rules.1", False, 1, "shop_orders"),
    ]  # fmt: skip
    assert told["changes_at"] is not None
    with pytest.raises(NotFound):
        segments.why(group.user("marketer", entities=["west"]), "lyon", ada)
    with pytest.raises(NotFound):
        segments.why(OWNER, "lyon", "0190a000-0000-7000-8000-00000000abcd")


def test_a_segment_that_others_rest_on_is_not_deleted_and_they_are_named(group: World) -> None:
    save("base", EVERYBODY)
    save("rest", {"rules": [{"on": "segment", "segment": "base", "op": "not_in"}]})
    segments.build(by="test")
    for verb in (segments.remove, segments.archive):
        with pytest.raises(Conflict, match="rest"):
            verb(OWNER, "base")
    segments.remove(OWNER, "rest")
    segments.remove(OWNER, "base")
    assert group.rows("SELECT * FROM memberships") == []
    with pytest.raises(NotFound):
        found.segment("base", OWNER)


def test_segments_are_built_after_those_that_they_name(group: World) -> None:
    save("zz", IN_LYON)
    save("aa", {"rules": [{"on": "segment", "segment": "zz", "op": "not_in"}]})
    assert [(one.name, one.people) for one in segments.build(by="test")] == [("zz", 2), ("aa", 1)]
    assert segments.overlap(OWNER, "aa", "zz") == segments.Overlap(1, 2, 0)


def test_a_frozen_segment_keeps_the_people_of_its_first_build(group: World) -> None:
    save("lyon", IN_LYON, kind="frozen")
    segments.build(by="test")
    group.people({**ADA, "town": "Paris"}, GUS, EVA)
    group.resolve()
    assert segments.build(by="test") == []
    assert segments.count(OWNER, "lyon").people == 2
    with pytest.raises(Conflict, match="frozen"):
        segments.build_as(OWNER, "lyon")


def test_one_that_cannot_be_built_is_told_and_the_others_are_built(group: World) -> None:
    save("lyon", IN_LYON)
    save("broken", EVERYBODY)
    Segment.objects.filter(name="broken").update(
        spec={"rules": [{"on": "person", "field": "gone", "op": "is", "value": "x"}]}
    )
    done = {one.name: one for one in segments.build(by="test")}
    assert "There is no field “gone”" in done["broken"].trouble
    assert done["lyon"].people == 2
    assert Segment.objects.get(name="broken").trouble["template"]
    assert Segment.objects.get(name="broken").people is None


def test_an_erased_person_is_in_no_segment_and_in_no_list(group: World, home: Path) -> None:
    (ada,) = ids(group, "Ada")
    save("list", {"rules": [{"on": "list", "people": [ada, *ids(group, "Gus")]}]})
    segments.build(by="test")
    assert ada in str(group.rows("SELECT person FROM memberships"))
    erasures.carry_out(str(erasures.request(OWNER, ada, reason="asked").id))
    assert ada not in str(group.rows("SELECT person FROM memberships"))
    row = found.segment("list", OWNER)
    assert ada not in json.dumps([row.spec, *(kept.spec for kept in found.versions(row))])
    assert segments.count(OWNER, "list").people == 1


def test_a_window_that_passes_takes_people_out(group: World) -> None:
    save(
        "buyers",
        {"rules": [{"on": "orders", "since": "2026-06-01"}, {"on": "orders", "within_days": 3_000}]},
        entity="south",
        brand="blue",
    )
    assert segments.build(by="test")[0].people == 1
    with time_machine.travel(clock.now() + timedelta(days=3_000)):
        (built,) = segments.build(by="test")
    assert (built.people, built.left) == (0, 1)


def test_the_worker_builds_what_is_due(group: World) -> None:
    from filrouge.work import jobs, worker

    save("lyon", IN_LYON)
    job = segments.ask(OWNER, "lyon")
    with pytest.raises(Conflict):
        segments.ask(OWNER, "lyon")
    claimed = jobs.claim("test")
    assert claimed is not None
    assert str(claimed.id) == job
    jobs.work(claimed, worker.VERBS)
    assert Job.objects.get(pk=claimed.pk).state == "done"
    assert found.segment("lyon", OWNER).people == 2


def test_a_notebook_reads_a_segment_as_a_data_frame(group: World) -> None:
    import filrouge

    save("lyon", IN_LYON)
    fr = filrouge.open()
    frame = fr.segment("lyon").to_polars()
    assert set(frame["person"].to_list()) == ids(group, "Ada", "Eva")
    segments.build(by="test")
    frame = fr.segment("lyon").to_polars()
    assert frame["entered_at"].null_count() == 0
    assert fr.segment("lyon").count() == 2


def test_what_the_command_prints_it_reads_back(
    group: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from filrouge.cli import segment as command

    save("lyon", IN_LYON, channel="email", description="Those of Lyon")
    command.show("lyon")
    file = tmp_path / "lyon.yaml"
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    command.save(file)
    assert found.segment("lyon", OWNER).version == 1
    command.count(str(file), as_json=True)
    assert json.loads(capsys.readouterr().out)["people"] == 2
    command.build("lyon", as_json=True)
    capsys.readouterr()
    (ada,) = ids(group, "Ada")
    command.why("lyon", ada, as_json=True)
    assert json.loads(capsys.readouterr().out)["in"] is True
    command.list_(as_json=True)
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == ["lyon"]


def test_a_person_is_told_the_segments_they_are_in_as_far_as_the_reader_goes(group: World) -> None:
    save("lyon", IN_LYON, title="In Lyon")
    save("all", EVERYBODY, title="Everybody")
    segments.build(by="test")
    gus = next(iter(ids(group, "gus")))
    ada = next(iter(ids(group, "ada")))
    assert [one.title for one in segments.of_person(OWNER, gus)] == ["Everybody"]
    advisor = group.user("advisor", entities=("north",))
    assert [(one.title, one.asks) for one in segments.of_person(advisor, ada)] == [
        ("Everybody", False),
        ("In Lyon", False),
    ]
    assert segments.of_person(group.user("advisor", entities=("south",)), ada) == []
