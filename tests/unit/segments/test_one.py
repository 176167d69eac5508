"""Why somebody is in or out, and until when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.segmented import AT, NORTH, People

from filrouge.domain import segments


def tell(rule: dict[str, Any], *, at: datetime = AT, **facts: Any) -> segments.Told:
    world = People()
    world.person(1, NORTH, **facts)
    return segments.tell(segments.parse({"rules": [rule]}), world.facts()[0], at=at, entity="north", brand="red")


def ago(days: float) -> datetime:
    return AT - timedelta(days=days)


def test_each_rule_says_what_was_seen_and_where_it_came_from() -> None:
    world = People()
    world.person(1, golden_values=[{"attribute": "country", "value": "FR", "rank": 1, "source": "billing"}],
                 events=[{"name": "Read", "at": ago(3), "source": "web"}])  # fmt: skip
    spec = segments.parse({"combinator": "or", "rules": [
        {"on": "person", "field": "country", "op": "is", "value": "BE"},
        {"rules": [{"on": "events", "within_days": 7}]},
    ]})  # fmt: skip
    told = segments.tell(spec, world.facts()[0], at=AT)
    assert told.holds
    assert [(leaf.place, leaf.holds, leaf.value, leaf.source) for leaf in told.leaves()] == [
        (("rules", 0), False, "FR", "billing"),
        (("rules", 1, "rules", 0), True, 1, "web"),
    ]


@pytest.mark.parametrize(
    ("rule", "facts", "moment"),
    [
        ({"on": "events", "within_days": 7}, {"events": [{"at": ago(2)}, {"at": ago(6)}]}, ago(-5)),
        ({"on": "events", "within_days": 7, "value": 2}, {"events": [{"at": ago(2)}, {"at": ago(6)}]}, ago(-1)),
        ({"on": "events"}, {"events": [{"at": ago(2)}]}, None),
        ({"on": "orders", "measure": "last", "op": "longer_ago", "value": 30}, {"orders": [{"ordered_at": ago(10)}]}, ago(-20)),
        ({"on": "contracts", "where": [{"field": "running", "op": "is", "value": True}]},
         {"contracts": [{"record_key": 5, "ended_at": ago(-3)}]}, ago(-3)),
        ({"on": "person", "field": "age", "op": "at_least", "value": 18},
         {"golden_values": [{"attribute": "birth_date", "value": "2008-12-01", "rank": 1}]},
         datetime(2026, 11, 30, 23, tzinfo=AT.tzinfo)),
        ({"on": "consent", "purpose": "marketing", "channel": "post"}, {"held": [{"due_at": ago(-1), "until": ago(-1), "forbids": ""}]},
         ago(-1) + timedelta(microseconds=1)),
        ({"on": "consent", "purpose": "marketing", "channel": "post"},
         {"held": [{"due_at": ago(3), "until": ago(-1), "forbids": "offers"}]}, ago(-1) + timedelta(microseconds=1)),
    ],
)  # fmt: skip
def test_when_time_alone_changes_the_answer_is_known_before(
    rule: dict[str, Any], facts: dict[str, Any], moment: datetime | None
) -> None:
    told = tell(rule, **facts)
    assert told.changes_at == moment
    if moment is not None:
        assert tell(rule, at=moment, **facts).holds is not told.holds
        assert tell(rule, at=moment - timedelta(microseconds=1), **facts).holds is told.holds


def test_a_window_ends_to_the_microsecond() -> None:
    rule = {"on": "events", "within_days": 7}
    assert not tell(rule, events=[{"at": ago(7)}]).holds
    assert tell(rule, events=[{"at": ago(7) + timedelta(microseconds=1)}]).holds
    assert tell(rule, events=[{"at": AT}]).holds
    assert not tell(rule, events=[{"at": AT + timedelta(microseconds=1)}]).holds, "it has not happened yet"


def test_nobody_without_a_record_that_may_be_seen_is_in_a_segment() -> None:
    world = People()
    world.person(1, {**NORTH, "gone": True})
    spec = segments.parse({"rules": [{"on": "events", "op": "exactly", "value": 0}]})
    assert not segments.tell(spec, world.facts()[0], at=AT).holds
