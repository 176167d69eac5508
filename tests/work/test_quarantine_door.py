"""Events set aside, from the command line: listed, corrected, replaced, discarded, by the rules of the other doors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests import aside
from tests.world import World
from typer.testing import CliRunner

from filrouge.base.errors import Conflict, UsageError
from filrouge.cli import quarantine as door
from filrouge.domain.privacy.caller import EVERYTHING, OWNER, Caller
from filrouge.store.queries import quarantine as found
from filrouge.store.queries.quarantine import Chosen
from filrouge.work import quarantine

MATE = Caller(by="remy@example.com", perimeter=EVERYTHING, name="Rémy")


@pytest.fixture
def keys(world: World) -> list[int]:
    aside.sender("web", "red")
    lot = [
        {"type": "track", "messageId": f"m{at}", "anonymousId": "b", "event": "Bought", "properties": "none"}
        for at in range(3)
    ]
    return aside.send("web", "north", "red", lot)


def filrouge(*asked: str) -> Any:
    return CliRunner().invoke(door.app, list(asked), catch_exceptions=False)


@pytest.mark.usefixtures("keys")
def test_what_is_set_aside_is_listed_by_reason_then_one_by_one(keys: list[int]) -> None:
    (group,) = json.loads(filrouge("list", "web", "--json").stdout)
    assert (group["code"], group["name"], group["count"]) == ("field_wrong", "Bought", 3)
    lines = json.loads(filrouge("list", "web", "--code", "field_wrong", "--json").stdout)
    assert {line["key"] for line in lines} == {str(key) for key in keys}
    assert json.loads(filrouge("show", "web", str(keys[0])).stdout)["messageId"] == "m0"


def test_a_correction_is_tried_then_done_and_what_a_colleague_has_in_hand_is_left(keys: list[int]) -> None:
    quarantine.discard(MATE, "web", Chosen(keys=(keys[2],)))
    asked = ("correct", "web", "--code", "field_wrong", "--remove", "properties", "--json")
    assert json.loads(filrouge(*asked, "--dry-run").stdout)["passing"] == 2
    assert aside.spooled() == []
    assert json.loads(filrouge(*asked).stdout) == {
        "tried": 2, "passing": 2, "failing": {}, "more": False, "left": 0,
    }  # fmt: skip
    with pytest.raises(Conflict, match="You corrected these events"):
        filrouge(*asked)
    with pytest.raises(Conflict, match=r"remy@example\.com discarded this event"):
        filrouge("show", "web", str(keys[2]))
    assert sum(entry.count for entry, _ in aside.spooled()) == 2


def test_one_is_replaced_by_a_file_and_the_rest_discarded_once_said(keys: list[int], tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps({"type": "track", "anonymousId": "b", "event": "Bought"}))
    assert json.loads(filrouge("replace", "web", str(keys[0]), str(file), "--json").stdout)["passing"] == 1
    filrouge("discard", "web", "--code", "field_wrong")
    assert found.totals(OWNER) == {"web": 3}
    filrouge("discard", "web", "--code", "field_wrong", "--yes")
    assert found.totals(OWNER) == {"web": 1}, "the one that is on its way stays until the worker came"


@pytest.mark.parametrize(
    "asked",
    [
        ("show", "web", "x"), ("correct", "web", "--set", "nothing"), ("list", "web", "--day", "tomorrow"),
        ("discard", "web", "--yes"), ("correct", "web", "--key", "9" * 30), ("replace", "web", "1", "/nowhere"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("keys")
def test_what_cannot_be_understood_is_told(asked: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        filrouge(*asked)
