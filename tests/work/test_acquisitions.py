"""An acquisition: its state answers, people tick what is theirs, consents open to nobody, it goes live and comes back."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.world import World

from filrouge.base import clock
from filrouge.base.errors import Conflict, NotFound, Refused, UsageError
from filrouge.store.models import Acquisition, AuditEntry
from filrouge.store.queries import acquisitions as found
from filrouge.work import access, acquisitions, groups, sources

ANA = {"given": "Ana", "family": "Lopez", "mail": "ana@example.com", "phone": "0639980001", "seen": "02/10/2026"}
BEN = {"given": "Ben", "family": "Morel", "mail": "ben@example.com", "phone": "0639980002", "seen": "02/10/2026"}


def bought(**said: Any) -> Acquisition:
    """North buys West (brand Green), by its shares."""
    about: dict[str, Any] = {
        "name": "West", "nature": "share", "parent": "north", "entity": "west", "brands": ["green"],
        "systems": [{"name": "west", "title": "CRM of West"}], "started_on": date(2026, 9, 1),
    }  # fmt: skip
    return acquisitions.start(access.OWNER, "west", **(about | said))


def states(row: Acquisition) -> dict[str, str]:
    row.refresh_from_db()
    return {line.step.code: line.state for line in found.checklist(row, at=clock.now()).lines}


def people_of_west(world: World, *rows: dict[str, str], **changes: Any) -> Any:
    return world.people(
        *rows, **({"source": "west_people", "place": "west.csv", "entity": "west", "brand": "green"} | changes)
    )


def test_the_checklist_is_answered_by_what_is_there(world: World) -> None:
    row = bought(entity="later", brands=["late"])
    assert states(row)["entity"] == "todo"
    assert states(row)["brand"] == "todo"
    groups.add_entity("later", "Later SAS", by="test")
    groups.add_brand("late", "Late", "later", by="test")
    agreed = groups.agree("later", "north", category="*", purpose="service", evidence="deed 4", by="test")
    told = states(row)
    assert (told["entity"], told["brand"], told["agreements"]) == ("done", "done", "done")
    groups.end_agreement(str(agreed.pk), by="test")
    assert states(row)["agreements"] == "todo"


def test_a_brand_of_another_entity_does_not_answer(world: World) -> None:
    assert states(bought(brands=["blue"]))["brand"] == "todo"


def test_a_system_goes_from_awaited_to_live_by_schedule(world: World) -> None:
    row = bought()
    progress = lambda: [(one.name, one.progress) for one in found.systems(row)]  # noqa: E731
    assert progress() == [("west", "awaited")]
    people_of_west(world, {"id": "1", **ANA}, run=False)
    assert progress() == [("west", "prepared")]
    sources.run("west_people", by="test")
    assert progress() == [("west", "imported")]
    world.define({"source": "west_people", **_spec(), "expect": {"every": "0 5 * * *"}})
    assert progress() == [("west", "scheduled")]


def _spec() -> dict[str, Any]:
    from tests.world import PEOPLE

    return {name: value for name, value in PEOPLE.items() if name != "source"} | {
        "place": "west.csv", "entity": "west", "brand": "green",
    }  # fmt: skip


def test_a_system_that_nobody_named_is_listed_all_the_same(world: World) -> None:
    people_of_west(world, {"id": "1", **ANA})
    told = found.systems(bought(systems=[]))
    assert [(one.name, one.expected, one.progress) for one in told] == [("west", False, "imported")]


def test_people_known_elsewhere_are_counted_by_brand_with_what_joined_them(world: World) -> None:
    world.people({"id": "1", **ANA})
    people_of_west(world, {"id": "1", **ANA}, {"id": "2", **BEN})
    world.resolve()
    row = acquisitions.measure(access.OWNER, bought().slug)
    (line,) = found.overlap(row, access.OWNER)
    assert (line["brand"], line["other"], line["people"], line["share"]) == ("green", "red", 1, 0.5)
    assert line["kinds"]["email"] == 1
    assert line["through"] == 0
    assert sum(line["decisions"].values()) == 1
    assert row.figures["people"] == 2


def test_overlap_is_told_only_where_both_brands_are_open(world: World) -> None:
    world.people({"id": "1", **ANA})
    people_of_west(world, {"id": "1", **ANA})
    world.resolve()
    row = acquisitions.measure(access.OWNER, bought().slug)
    parent = world.user("executive", entities=["north"])
    assert found.overlap(row, parent) == []
    assert found.people_of(row, parent) is None
    assert found.consents(row, parent) is None
    groups.agree("west", "north", category="*", purpose="analytics", evidence="sums", by="test")
    asking = access.caller(_user(parent))
    assert [line["people"] for line in found.overlap(row, asking)] == [1]
    assert found.people_of(row, asking) == 1


def _user(asking: Any) -> Any:
    from filrouge.store.models import User

    return User.objects.get(pk=asking.user_id)


def test_the_consents_of_the_company_open_to_it_and_not_to_the_buyer(world: World) -> None:
    people_of_west(world, {"id": "1", **ANA, "optin": "yes"}, {"id": "2", **BEN, "optin": "no"})
    world.resolve()
    row = acquisitions.measure(access.OWNER, bought().slug)
    assert found.consents(row, access.OWNER) == [("email", {"denied": 1, "granted": 1})]
    email = next(line for line in row.figures["asked"] if line["channel"] == "email")
    assert (email["own"], email["parent"], email["leaks"]) == (1, 0, 0)
    assert states(row)["consents"] == "done"


def test_what_the_buyer_was_told_itself_still_holds_and_is_no_leak(world: World) -> None:
    world.people({"id": "1", **ANA, "optin": "yes"})
    people_of_west(world, {"id": "1", **ANA, "optin": "no"})
    world.resolve()
    row = acquisitions.measure(access.OWNER, bought().slug)
    email = next(line for line in row.figures["asked"] if line["channel"] == "email")
    assert (email["own"], email["parent"], email["leaks"]) == (0, 1, 0)


def test_a_consent_of_the_company_written_down_as_the_buyers_is_found_and_stops_the_going_live(world: World) -> None:
    people_of_west(world, {"id": "1", **ANA})
    world.write("wrong.csv", ("id", "person", "day"), [{"id": "9", "person": "1", "day": "03/10/2026"}])
    name = world.define({
        "source": "west_consents", "kind": "csv", "place": "wrong.csv", "entity": "north", "brand": "red",
        "reads": "consents", "format": {"delimiter": ";", "date": "%d/%m/%Y", "zone": "Europe/Paris"}, "key": ["id"],
        "map": {
            "person_ref": {"column": "person", "of": "west_people"}, "purpose": {"const": "marketing"},
            "channel": {"const": "email"}, "state": {"const": "granted"}, "at": "day",
        },
    })  # fmt: skip
    sources.run(name, by="test")
    world.resolve()
    row = acquisitions.measure(access.OWNER, bought().slug)
    assert next(line for line in row.figures["asked"] if line["channel"] == "email")["leaks"] == 1
    assert states(row)["consents"] == "wrong"
    with pytest.raises(Conflict):
        acquisitions.go_live(access.OWNER, "west", reason="anyway")


def test_a_person_ticks_what_is_theirs_with_a_note_and_takes_it_back(world: World) -> None:
    row, officer = bought(), world.user("privacy", entities=["north"])
    kept = acquisitions.say(officer, "west", "informed", "done", note=" letter sent ")
    assert (kept.note, kept.by) == ("letter sent", officer.by)
    assert states(row)["informed"] == "done"
    acquisitions.say(officer, "west", "informed", "")
    assert states(row)["informed"] == "todo"
    told = AuditEntry.objects.filter(action="acquisition.step").order_by("id").values_list("details__state", flat=True)
    assert list(told) == ["done", "open"]


def test_what_the_installation_answers_is_not_ticked_and_needs_a_reason_not_to_apply(world: World) -> None:
    row = bought()
    with pytest.raises(Conflict):
        acquisitions.say(access.OWNER, "west", "entity", "done")
    with pytest.raises(UsageError):
        acquisitions.say(access.OWNER, "west", "agreements", "without", note="  ")
    acquisitions.say(access.OWNER, "west", "agreements", "without", note="nothing is shared")
    assert states(row)["agreements"] == "without"
    with pytest.raises(NotFound):
        acquisitions.say(access.OWNER, "west", "sorted", "done")  # a purchase of shares hands no file over


def test_owner_colleague_stranger(world: World) -> None:
    engineer = world.user("engineer", entities=["north"])
    row = acquisitions.start(
        engineer, "west", name="West", nature="share", parent="north", entity="west", brands=["green"]
    )
    for role in ("executive", "privacy"):
        colleague = world.user(role, entities=["north"])
        assert found.acquisitions(colleague) == [row]
        with pytest.raises(Refused):
            acquisitions.go_live(colleague, "west", reason="now")
    with pytest.raises(Refused):
        acquisitions.say(engineer, "west", "informed", "done")  # the law is the privacy officer's
    for stranger in (world.user("engineer", entities=["south"]), world.user("advisor", entities=["north"])):
        assert found.acquisitions(stranger) == []
        with pytest.raises(NotFound):
            acquisitions.go_live(stranger, "west", reason="now")
    with pytest.raises(Refused):
        acquisitions.start(engineer, "other", name="Other", nature="asset", parent="south")


def test_a_step_is_entrusted_and_waits_for_whoever_has_it_in_hand(world: World) -> None:
    row, officer = bought(), world.user("privacy", entities=["north"])
    acquisitions.entrust(access.OWNER, "west", "informed", owner=officer.by, due_on=date(2026, 9, 20))
    ((whose, line),) = found.mine(officer, at=clock.now())
    assert (whose, line.step.code, line.owner) == (row, "informed", officer.name)
    assert line.late(date(2026, 9, 21))
    assert found.checklist(row, at=clock.now()).next == line
    acquisitions.say(officer, "west", "informed", "done")
    assert found.mine(officer, at=clock.now()) == []
    with pytest.raises(NotFound):
        acquisitions.entrust(access.OWNER, "west", "informed", owner="nobody@example.com")


def test_going_live_says_what_was_open_and_why_and_is_taken_back(world: World) -> None:
    row = bought()
    with pytest.raises(UsageError):
        acquisitions.go_live(access.OWNER, "west")
    acquisitions.go_live(access.OWNER, "west", reason="the board decided")
    row.refresh_from_db()
    assert "informed" in row.live_open
    assert (row.live_reason, row.live_by) == ("the board decided", access.OWNER.by)
    assert found.figure([row], today=date(2027, 1, 1)).live == 1
    with pytest.raises(Conflict):
        acquisitions.remove(access.OWNER, "west")
    acquisitions.take_back(access.OWNER, "west")
    row.refresh_from_db()
    assert (row.live_at, row.live_open) == (None, [])
    with pytest.raises(Conflict):
        acquisitions.take_back(access.OWNER, "west")
    acquisitions.remove(access.OWNER, "west")
    assert not Acquisition.objects.exists()


def test_after_an_asset_purchase_the_buyer_is_the_controller(world: World) -> None:
    row = bought(nature="asset", entity="ignored", brands=["red"])
    assert row.entity == "north"
    told = states(row)
    assert told["agreements"] == "without"
    assert "sorted" in told
    assert (row.target_on - row.started_on).days == 84


@pytest.mark.parametrize(
    "said",
    [
        {"entity": "north"},
        {"nature": "loan"},
        {"name": " "},
        {"brands": ["Not a slug"]},
        {"target_on": date(2026, 8, 1)},
    ],
)
def test_what_cannot_be_is_refused(world: World, said: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        bought(**said)


def test_every_acquisition_under_way_is_counted_by_the_worker(world: World) -> None:
    row = bought()
    assert acquisitions.measure_all(by="schedule") == 1
    row.refresh_from_db()
    assert row.measured_at is not None
