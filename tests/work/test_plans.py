"""Tracking plans kept: inferred from what came, every version kept, one in force, told to whoever judges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests import aside
from tests.world import World

from filrouge.base.errors import Conflict, DefinitionError, NotFound, Refused
from filrouge.domain.privacy.caller import OWNER
from filrouge.store.queries import plans as found

BOUGHT = {"kind": "track", "name": "Bought", "schema": {"required": ["price"]}}


@pytest.fixture
def web(world: World) -> str:
    return aside.sender("web", "red")


def test_a_plan_is_inferred_from_the_lake_and_every_event_meets_it(web: str) -> None:
    from filrouge.work import plans

    with pytest.raises(Conflict):
        plans.infer(OWNER, web)
    lot = [
        {
            "type": "track",
            "messageId": f"m{at}",
            "anonymousId": "b",
            "event": "Bought",
            "properties": {"price": at + 0.5},
        }
        for at in range(30)
    ]
    lot += [{"type": "identify", "messageId": "i", "userId": "u", "traits": {"email": "a@b.example"}}]
    aside.send(web, "north", "red", lot)
    aside.send("other", "north", "red", [lot[0] | {"event": "Sold"}])
    row = plans.infer(OWNER, web)
    held = found.in_force(web)
    assert held is not None
    assert (row.version, held.spec.mode) == (1, "watch")
    told = {(event.kind, event.name): event for event in held.spec.events}
    assert set(told) == {("track", "Bought"), ("identify", "")}
    assert told[("track", "Bought")].schema_["required"] == ["price"]
    assert told[("track", "Bought")].shares == {"price": 1.0}
    assert "a@b.example" not in json.dumps(row.spec)
    assert plans.trial(web, held.spec).wrong.total() == 0
    assert plans.trial(web, held.spec).tried == 31


def test_every_version_is_kept_and_one_is_in_force(web: str) -> None:
    from filrouge.store.models import AuditEntry
    from filrouge.work import plans

    plans.keep(OWNER, web, {"events": [BOUGHT]})
    plans.set_mode(OWNER, web, "enforce", unknown="quarantine")
    assert found.stamps() == {web: 2}
    plans.roll_back(OWNER, web, 1)
    assert [(row.version, row.mode, row.in_force) for row in found.versions(web)] == [
        (2, "enforce", False), (1, "watch", True),
    ]  # fmt: skip
    assert plans.keep(OWNER, web, {"events": []}).version == 3
    assert list(AuditEntry.objects.filter(action__startswith="plan.").order_by("id").values_list("action", flat=True)) == [
        "plan.keep", "plan.keep", "plan.roll_back", "plan.keep",
    ]  # fmt: skip
    with pytest.raises(NotFound):
        plans.roll_back(OWNER, web, 9)


def test_a_plan_with_faults_is_not_kept(web: str) -> None:
    from filrouge.work import plans

    with pytest.raises(DefinitionError) as told:
        plans.keep(OWNER, web, {"events": [BOUGHT, BOUGHT, BOUGHT | {"name": "x", "schema": {"type": "strin"}}]})
    assert len(told.value.faults) == 2
    assert found.versions(web) == []


def test_whoever_judges_learns_of_another_version_and_leaves_what_it_counted(web: str) -> None:
    from filrouge.work import plans

    checker = plans.in_force(web)
    assert checker.check("track", "Bought", {}) is None
    assert plans.renewed(checker, found.stamps()) is checker
    plans.keep(OWNER, web, {"events": [BOUGHT]})
    checker = plans.renewed(checker, found.stamps())
    assert checker.version == 1
    for _ in range(2):
        assert checker.check("track", "Bought", {}) is None
        assert plans.note(checker) == 1
    assert plans.note(checker) == 0
    ((told,),) = [found.findings(web, 1)]
    assert (told.name, told.field, told.expected, told.count) == ("Bought", "properties.price", "present", 2)
    plans.set_mode(OWNER, web, "enforce")
    checker = plans.renewed(checker, found.stamps())
    reason = checker.check("track", "Bought", {})
    assert reason is not None
    assert reason.code == "plan_violated"


def test_what_the_command_prints_it_reads_back(web: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from filrouge.cli import plan
    from filrouge.work import plans

    plans.keep(OWNER, web, {"mode": "enforce", "unknown": "quarantine", "events": [BOUGHT]})
    plan.show(web)
    file = tmp_path / "plan.yaml"
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    plan.set_(web, file)
    one, two = found.versions(web)
    assert one.spec == two.spec
    file.write_text(yaml.safe_dump({"events": [{"kind": "alias"}]}), encoding="utf-8")
    with pytest.raises(DefinitionError):
        plan.set_(web, file)


@pytest.mark.parametrize("act", ["infer", "keep", "mode", "back"])
def test_only_an_engineer_of_the_brand_changes_a_plan_and_a_stranger_knows_of_none(web: str, act: str) -> None:
    from filrouge.work import plans

    acts: dict[str, Any] = {
        "infer": lambda who: plans.infer(who, web), "keep": lambda who: plans.keep(who, web, {"events": [BOUGHT]}),
        "mode": lambda who: plans.set_mode(who, web, "enforce"), "back": lambda who: plans.roll_back(who, web, 1),
    }  # fmt: skip
    plans.keep(OWNER, web, {"events": [BOUGHT]})
    for reader in (aside.caller("marketer", "north"), aside.caller("analyst", "north")):
        assert [source.name for source in found.senders(reader)] == [web]
        with pytest.raises(Refused):
            acts[act](reader)
    for stranger in (aside.caller("engineer", "south"), aside.caller("sales", "north")):
        assert found.senders(stranger) == []
        with pytest.raises(NotFound):
            acts[act](stranger)
    if act != "infer":
        acts[act](aside.caller("engineer", "north", ("red",)))
