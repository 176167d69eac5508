"""What the collector foresees of an event by the enforced plan is what the live worker does with it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from typing import Any

import httpx
import pytest
from tests.work.test_draining import emptied, turns
from tests.world import World

from filrouge.base import settings
from filrouge.collector import Collector
from filrouge.collector.committer import Committer
from filrouge.collector.keys import Keys
from filrouge.domain.privacy.caller import OWNER
from filrouge.store.models import Ledger, PlanFinding
from filrouge.work import draining, plans, senders, waiting

PAID = {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}
PLAN: dict[str, Any] = {
    "mode": "enforce",
    "unknown": "quarantine",
    "events": [
        {"kind": "track", "name": "Paid", "schema": PAID},
        {"kind": "page", "name": "Shop", "schema": {"required": ["topic"]}},
        {"kind": "page", "name": "*", "schema": {"properties": {"path": {"type": "string"}}}},
        {"kind": "identify", "schema": {"properties": {"email": {"type": "string", "format": "email"}}}},
    ],
}
EVENTS: list[dict[str, Any]] = [
    {"type": "track", "userId": "u", "event": "Paid", "properties": {"total": 12}},
    {"type": "track", "userId": "u", "event": "Paid", "properties": {"total": "12"}},
    {"type": "track", "userId": "u", "event": "Paid", "properties": None},
    {"type": "track", "userId": "u", "event": "Sold", "properties": {}},
    {"type": "page", "userId": "u", "name": "Shop"},
    {"type": "page", "anonymousId": "b", "properties": {"name": "Shop", "topic": "x"}},
    {"type": "page", "anonymousId": "b", "name": "", "properties": {"name": "Shop"}},
    {"type": "page", "userId": "u", "properties": {"path": 4}},
    {"type": "screen", "userId": "u", "name": "Home"},
    {"type": "identify", "userId": "u", "traits": {"email": "nobody"}},
    {"type": "identify", "userId": "u", "traits": {"email": "u@example.com"}},
    {"type": "group", "userId": "u", "groupId": 7, "traits": {"name": "x"}},
    {"type": "alias", "userId": "u", "previousId": "b"},
    {"type": "track", "userId": "null", "event": "Paid", "properties": {"total": 12}},
    {"type": "track", "userId": "u"},
]


def sent(word: str, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Send a batch to a collector over this home; return its verdicts."""
    spool = waiting.opened()
    app = Collector(Committer(spool), Keys(settings.get().write_keys))

    async def asks() -> Any:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://collect.test") as client:
            basic = base64.b64encode(f"{word}:".encode()).decode()
            return await client.post("/v1/batch", json={"batch": events}, headers={"Authorization": f"Basic {basic}"})

    answer = asyncio.run(asks())
    spool.close()
    assert answer.status_code == 200, answer.text
    return list(answer.json()["events"])


@pytest.fixture
def word(world: World) -> str:
    emptied().close()
    return senders.make_key(OWNER, source="site", brand="red")[1]


def drained() -> None:
    drain = draining.Drain(waiting.opened())
    turns(drain)
    drain.finish()
    drain.close()


def test_the_collector_says_what_the_live_worker_then_does(world: World, word: str) -> None:
    plans.keep(OWNER, "site", PLAN)
    events = [event | {"messageId": f"m{at}"} for at, event in enumerate(EVENTS)]
    told = {one["messageId"]: one.get("code", "") for one in sent(word, events)}
    drained()
    done = {str(row["event_id"]): "" for row in world.rows("SELECT event_id FROM events")}
    done |= {json.loads(row["raw"])["messageId"]: row["code"] for row in world.rows("SELECT raw, code FROM rejects")}
    assert told == done
    found = {"": 4, "plan_violated": 6, "plan_unknown_event": 3, "nobody": 1, "event_missing": 1}
    assert Counter(told.values()) == found
    ledger = Ledger.objects.get()
    assert (ledger.received, ledger.accepted, ledger.quarantined) == (15, 4, 11)
    assert sum(PlanFinding.objects.values_list("count", flat=True)) == 9, "the worker alone counts what a plan finds"


def test_a_plan_is_told_to_the_collector_as_soon_as_it_is_enforced_and_until_it_no_longer_is(
    world: World, word: str
) -> None:
    wrong = {"type": "track", "userId": "u", "event": "Paid"}
    verdicts = []
    for act in (
        lambda: plans.keep(OWNER, "site", PLAN | {"mode": "watch"}),
        lambda: plans.set_mode(OWNER, "site", "enforce"),
        lambda: plans.set_mode(OWNER, "site", "watch"),
        lambda: plans.roll_back(OWNER, "site", 2),
    ):
        act()
        ((one,),) = (sent(word, [wrong]),)
        verdicts.append((one["verdict"], one.get("code", "")))
    accepted, aside = ("accepted", ""), ("quarantined", "plan_violated")
    assert verdicts == [accepted, aside, accepted, aside]


def test_what_is_sent_again_word_for_word_is_a_repeat_at_the_door_as_for_the_worker(world: World, word: str) -> None:
    plans.keep(OWNER, "site", PLAN)
    wrong = {"type": "track", "userId": "u", "event": "Paid", "messageId": "m"}
    assert [one["verdict"] for one in sent(word, [wrong, wrong])] == ["quarantined", "repeated"]
    drained()
    ledger = Ledger.objects.get()
    assert (ledger.received, ledger.quarantined, ledger.duplicate) == (2, 1, 1)


def test_a_plan_too_long_for_the_collector_is_left_to_the_worker(
    world: World, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("filrouge.store.queries.plans.PUBLISHED", 100)
    plans.keep(OWNER, "site", PLAN)
    (told,) = sent(word, [{"type": "track", "userId": "u", "event": "Paid"}])
    assert told["verdict"] == "accepted"
    drained()
    assert Ledger.objects.get().quarantined == 1


def test_a_plan_that_cannot_be_read_keeps_no_key_from_being_told(world: World, word: str) -> None:
    from filrouge.store.models import TrackingPlan

    plans.keep(OWNER, "site", PLAN)
    odd = {"mode": "enforce", "events": [{"kind": "dance"}]}
    TrackingPlan.objects.filter(source="site").update(in_force=False)
    TrackingPlan.objects.create(source="site", version=9, mode="enforce", spec=odd, in_force=True, by="test")
    _, late = senders.make_key(OWNER, source="site", brand="red")
    for one in (word, late):
        (told,) = sent(one, [{"type": "track", "userId": "u", "event": "Paid"}])
        assert told["verdict"] == "accepted"
