"""Quarantine: what is corrected goes down the road again once, what still fails stays, and nothing is lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests import aside
from tests.world import World

from filrouge.base import ids
from filrouge.base.errors import Conflict, NotFound, Refused, UsageError
from filrouge.domain.events.edits import Edit
from filrouge.domain.privacy.caller import OWNER
from filrouge.store.queries import quarantine as found
from filrouge.store.queries.quarantine import Chosen

AT = datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC)


def _event(number: int, **more: Any) -> dict[str, Any]:
    return {"type": "track", "messageId": f"m{number}", "anonymousId": "b1", "event": "Bought"} | more


@pytest.fixture
def web(world: World) -> str:
    return aside.sender("web", "red")


def _source(name: str) -> Any:
    from filrouge.store.models import Source

    return Source.objects.get(name=name)


def test_what_is_set_aside_is_grouped_by_why_and_name_and_counted(web: str) -> None:
    lot = [_event(at, properties="none") for at in range(3)]
    lot += [{"type": "track", "messageId": "x", "anonymousId": "b"}, _event(9)]
    aside.send(web, "north", "red", [*lot, '{"type":"page","messageId":"h","userId":"\\ud83d"}'], at=AT)
    groups = found.groups(_source(web), OWNER)
    told = [(group.code, group.kind, group.name, group.field, group.count) for group in groups]
    assert told[0] == ("field_wrong", "track", "Bought", "properties", 3)
    assert sorted(told[1:]) == [("event_missing", "track", "", "", 1), ("letters_unkept", "page", "", "", 1)]
    assert groups[0].example.at == AT
    assert found.totals(OWNER) == {web: 5}
    assert found.days(_source(web), OWNER) == [("2026-11-20", 5)]
    assert len(found.rows(_source(web), OWNER, Chosen(code="field_wrong"), most=2)) == 2


def test_a_correction_is_tried_first_and_changes_nothing(web: str) -> None:
    from filrouge.work import quarantine

    aside.send(web, "north", "red", [_event(at, properties="none") for at in range(3)], at=AT)
    tried = quarantine.correct(OWNER, web, Chosen(code="field_wrong"), [Edit("remove", "properties")], dry_run=True)
    assert (tried.tried, tried.passing, sum(tried.failing.values())) == (3, 3, 0)
    before, after, reason = tried.examples[0]
    assert json.loads(before.raw)["properties"] == "none"
    assert "properties" not in json.loads(after)
    assert reason is None
    assert aside.spooled() == []
    assert found.totals(OWNER) == {web: 3}


def test_what_passes_enters_the_spool_with_its_id_and_when_it_was_received_and_what_fails_stays(web: str) -> None:
    from filrouge.store.models import AuditEntry
    from filrouge.work import quarantine

    lot = [_event(1, properties="none"), _event(2, properties="none", timestamp="long ago"), _event(3, event="")]
    aside.send(web, "north", "red", lot, at=AT)
    done = quarantine.correct(OWNER, web, Chosen(code="field_wrong"), [Edit("remove", "properties")])
    assert (done.tried, done.passing) == (2, 1)
    assert [reason.code for reason in done.reasons.values()] == ["time_unreadable"]
    ((entry, kept),) = aside.spooled()
    assert (entry.source, entry.count, entry.received_at) == (web, 1, int(AT.timestamp() * 1_000_000))
    assert (kept.entity, kept.brand) == ("north", "red")
    (event,) = kept.events
    assert (event.message_id, event.kind, event.code) == ("m1", "track", "")
    assert json.loads(event.body) == _event(1)
    line = AuditEntry.objects.get(action="quarantine.correct")
    assert line.details == {"tried": 2, "replayed": 1, "left": 1, "code": "field_wrong"}


@pytest.mark.parametrize("told", [True, False])
def test_an_event_without_an_id_keeps_the_one_it_was_given_so_that_twice_is_once(web: str, told: bool) -> None:
    from filrouge.work import quarantine

    given = "3c0a6d2e-5b1f-4c53-9d0e-0f6f6c1f2a11"
    key = ids.record_key(web, given)
    event = {"type": "track", "messageId": given, "anonymousId": "b", "properties": {}}
    aside.set_aside(web, "north", "red", "event_missing", {"id": given} if told else {}, event, without=("messageId",))
    chosen = Chosen(keys=(key,))
    edits = [Edit("set", "event", "Bought")]
    assert quarantine.correct(OWNER, web, chosen, edits, dry_run=True).passing == 1
    assert quarantine.correct(OWNER, web, chosen, edits).passing == 1
    ((_, kept),) = aside.spooled()
    message_id = kept.events[0].message_id
    assert json.loads(kept.events[0].body)["messageId"] == message_id
    if told:
        assert message_id == given
        assert found.totals(OWNER) == {web: 1}, "the worker closes its line"
    else:
        assert message_id == f"corrected-{key:015x}"
        assert found.totals(OWNER) == {}, "its line is closed here: the worker would not find it"


def test_when_an_event_was_received_is_kept_where_its_line_tells(web: str) -> None:
    from filrouge.work import quarantine

    micros = int(AT.timestamp() * 1_000_000)
    aside.set_aside(web, "north", "red", "event_missing", {"id": "m1", "received_at": micros}, _event(1, event=""))
    assert quarantine.correct(OWNER, web, Chosen(), [Edit("set", "event", "Bought")]).passing == 1
    ((entry, _),) = aside.spooled()
    assert entry.received_at == micros


def test_nothing_is_done_of_an_event_of_somebody_who_was_erased(web: str) -> None:
    from filrouge.work import quarantine

    aside.append("rejects", [{
        "source": web, "entity": "north", "brand": "red", "record_key": 5, "run_id": "live", "recorded_at": AT,
        "place": "track", "code": "suppressed", "warning": False,
    }])  # fmt: skip
    assert [group.code for group in found.groups(_source(web), OWNER)] == ["suppressed"]
    assert quarantine.correct(OWNER, web, Chosen(), [Edit("set", "event", "Bought")]).tried == 0
    assert aside.spooled() == []


def test_an_event_keeps_the_kind_of_the_address_that_it_was_sent_to(web: str) -> None:
    from filrouge.work import quarantine

    event = {"messageId": "m1", "anonymousId": "b", "name": "Home", "context": 3}
    key = aside.set_aside(
        web, "north", "red", "field_wrong", {"field": "context", "expected": "object"}, event | {"type": "page"}
    )
    assert (
        quarantine.correct(OWNER, web, Chosen(keys=(key,)), [Edit("remove", "context"), Edit("remove", "type")]).passing
        == 1
    )
    ((_, kept),) = aside.spooled()
    assert kept.events[0].kind == "page"


def test_the_plan_in_force_judges_what_is_corrected(web: str) -> None:
    from filrouge.work import plans, quarantine

    schema = {"properties": {"price": {"type": "number"}}, "required": ["price"]}
    event = {"kind": "track", "name": "Bought", "schema": schema}
    plans.keep(OWNER, web, {"mode": "enforce", "events": [event]})
    told = {"field": "properties.price", "expected": "number"}
    for at, price in enumerate(("12,50", "free")):
        aside.set_aside(web, "north", "red", "plan_violated", told, _event(at, properties={"price": price}))
    done = quarantine.correct(
        OWNER, web, Chosen(code="plan_violated"), [Edit("convert", "properties.price", to="number")]
    )
    assert (done.passing, [reason.code for reason in done.reasons.values()]) == (1, ["plan_violated"])
    ((_, kept),) = aside.spooled()
    assert json.loads(kept.events[0].body)["properties"] == {"price": 12.5}


def test_half_a_letter_is_replaced_and_the_rest_of_the_event_is_kept(web: str) -> None:
    from filrouge.work import quarantine

    raw = '{"type":"page","messageId":"h","userId":"u","name":"a\\ud83db\\u0000","properties":{"x":"\\ud83d\\ude00"}}'
    aside.send(web, "north", "red", [raw], at=AT)
    assert quarantine.correct(OWNER, web, Chosen(code="letters_unkept"), []).passing == 0
    assert quarantine.correct(OWNER, web, Chosen(code="letters_unkept"), [Edit("letters")]).passing == 1
    ((_, kept),) = aside.spooled()
    said = json.loads(kept.events[0].body)
    assert (said["name"], said["properties"]) == ("a\ufffdb\ufffd", {"x": "\U0001f600"})


def test_one_event_is_written_by_hand(web: str) -> None:
    from filrouge.work import quarantine

    (key,) = aside.send(web, "north", "red", [_event(1, event="")], at=AT)
    for text in ("{", "[1]", '"x"'):
        with pytest.raises(UsageError):
            quarantine.correct_one(OWNER, web, key, text)
    assert quarantine.correct_one(OWNER, web, key, json.dumps(_event(1, event=""))).passing == 0
    assert aside.spooled() == []
    assert quarantine.correct_one(OWNER, web, key, json.dumps(_event(1)), dry_run=True).passing == 1
    assert quarantine.correct_one(OWNER, web, key, json.dumps(_event(1))).passing == 1
    ((_, kept),) = aside.spooled()
    assert kept.events[0].message_id == "m1"


def test_what_is_discarded_is_gone_and_the_line_says_how_many(web: str) -> None:
    from filrouge.store.models import AuditEntry
    from filrouge.work import quarantine

    keys = aside.send(web, "north", "red", [_event(1, event=""), _event(2, properties=3)], at=AT)
    assert quarantine.discard(OWNER, web, Chosen(code="event_missing")).count == 1
    assert [row.key for row in found.rows(_source(web), OWNER, Chosen(), after=-1)] == [keys[1]]
    assert AuditEntry.objects.get(action="quarantine.discard").details == {"count": 1, "code": "event_missing"}
    with pytest.raises(Conflict, match="You discarded this event"):
        quarantine.opened(OWNER, web, keys[0])
    with pytest.raises(NotFound):
        quarantine.opened(OWNER, web, 7)
    assert aside.spooled() == []


def test_more_than_a_dry_run_tries_is_told(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from filrouge.work import quarantine

    monkeypatch.setattr(quarantine, "TRIED", 4)
    monkeypatch.setattr(quarantine, "EACH", 2)
    aside.send(web, "north", "red", [_event(at, event="") for at in range(5)], at=AT)
    edits = [Edit("set", "event", "Bought")]
    tried = quarantine.correct(OWNER, web, Chosen(), edits, dry_run=True)
    assert (tried.tried, tried.more) == (4, True)
    done = quarantine.correct(OWNER, web, Chosen(), edits)
    assert (done.tried, done.passing, done.more) == (5, 5, False)


def test_however_long_events_are_all_are_corrected_some_at_a_time(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from filrouge.work import quarantine

    monkeypatch.setattr(found, "TOGETHER", 4_000)
    aside.send(web, "north", "red", [_event(at, event="", properties={"note": "é" * 900}) for at in range(7)], at=AT)
    assert 1 <= len(found.rows(_source(web), OWNER, Chosen(), after=-1)) <= 3
    assert len(found.rows(_source(web), OWNER, Chosen(), after=-1, words=False)) == 7
    assert quarantine.correct(OWNER, web, Chosen(), [], dry_run=True).tried == 7
    edits = [Edit("set", "event", "Bought")]
    monkeypatch.setattr(quarantine, "HELD", 4_000)
    done = quarantine.correct(OWNER, web, Chosen(), edits)
    assert done.more
    assert 2 <= done.passing < 7
    assert sum(entry.count for entry, _ in aside.spooled()) == done.passing


def test_nothing_is_discarded_where_nothing_is_named(web: str) -> None:
    from filrouge.work import quarantine

    aside.send(web, "north", "red", [_event(1, event="")], at=AT)
    with pytest.raises(UsageError):
        quarantine.discard(OWNER, web, Chosen())
    assert found.totals(OWNER) == {web: 1}


def test_only_an_engineer_of_the_brand_corrects(web: str) -> None:
    from filrouge.work import quarantine

    aside.send(web, "north", "red", [_event(1, event="")], at=AT)
    edits = [Edit("set", "event", "Bought")]
    mate = aside.caller("engineer", "north", ("red",))
    assert quarantine.correct(mate, web, Chosen(), edits, dry_run=True).passing == 1
    with pytest.raises(Refused):
        quarantine.correct(aside.caller("analyst", "north"), web, Chosen(), edits)
    for stranger in (aside.caller("engineer", "south"), aside.caller("administrator", "west")):
        assert found.totals(stranger) == {}
        with pytest.raises(NotFound):
            quarantine.correct(stranger, web, Chosen(), edits)
        with pytest.raises(NotFound):
            quarantine.discard(stranger, web, Chosen())


@pytest.mark.parametrize("operation", ["set", "rename", "remove", "convert"])
def test_a_path_that_names_nothing_is_refused(operation: Any) -> None:
    with pytest.raises(UsageError):
        Edit(operation, "properties..price", to="number")


def test_a_day_narrows_what_is_meant(web: str) -> None:
    aside.send(web, "north", "red", [_event(1, event="")], at=AT)
    aside.send(web, "north", "red", [_event(2, event="")], at=AT + timedelta(days=1))
    assert found.count(_source(web), OWNER, Chosen(day="2026-11-21")) == 1
    assert found.count(_source(web), OWNER, Chosen(day="2026-11-22")) == 0
