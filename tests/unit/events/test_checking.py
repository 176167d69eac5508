"""One judge for the door, the spool and corrections: whatever is sent, they say the same of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from filrouge.domain.events import parse
from filrouge.domain.events.checking import Checker, name_of
from filrouge.domain.events.plan import PlanSpec

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SCHEMAS: list[dict[str, Any]] = [
    {}, {"required": ["a"]}, {"properties": {"a": {"type": "number"}}}, {"additionalProperties": False},
    {"properties": {"name": {"enum": ["Red", "Blue"]}, "at": {"format": "date-time", "type": "string"}}},
]  # fmt: skip
NAMES = ["", "Red", "Blue", "*", "x" * 301]
planned = st.tuples(
    st.sampled_from(["track", "page", "screen", "identify", "group"]),
    st.sampled_from(NAMES[:4]),
    st.sampled_from(SCHEMAS),
)
plans = st.builds(
    lambda mode, unknown, events: PlanSpec.checked({
        "mode": mode, "unknown": unknown,
        "events": [
            {"kind": kind, "name": name, "schema": schema}
            for (kind, name), schema in {(kind, name): schema for kind, name, schema in events}.items()
        ],
    }),
    st.sampled_from(["watch", "enforce"]), st.sampled_from(["allow", "quarantine"]), st.lists(planned, max_size=6),
)  # fmt: skip
values = st.one_of(st.none(), st.integers(-5, 5), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=4))
held = st.one_of(
    st.none(), st.dictionaries(st.sampled_from(["a", "name", "at", "of"]), values | st.dictionaries(st.text(), values))
)
said = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "page", "screen", "identify", "group", "alias"]), "userId": st.just("u")},
    optional={
        "event": st.sampled_from(NAMES), "name": st.sampled_from(NAMES) | st.none(), "groupId": st.just(7),
        "previousId": st.just("b"), "properties": held, "traits": held,
    },
)  # fmt: skip


@given(plans, said)
def test_the_door_foresees_what_the_worker_and_corrections_say(plan: PlanSpec, event: dict[str, Any]) -> None:
    published = plan.published()
    body = json.dumps(event).encode()
    (one,) = parse(body, kind="", received=NOW, foresees=Checker(published).foreseen).events
    if one.reason is not None:  # set aside before any plan is asked
        assert one.foreseen is None
        return
    worker, corrected = Checker(published), Checker(published)
    assert one.foreseen == worker.check_sent(one.kind, one.body)
    assert one.foreseen == corrected.check(one.kind, name_of(one.kind, event), event)
    assert worker.noted == corrected.noted
    assert plan.mode == "enforce" or one.foreseen is None
    assert (one.foreseen is not None) == (plan.mode == "enforce" and bool(worker.noted))


def test_what_is_foreseen_is_counted_nowhere_and_kept_nowhere() -> None:
    from filrouge.spool.kept import packed, unpacked

    plan = PlanSpec.checked({"mode": "enforce", "events": [{"kind": "page", "schema": {"required": ["a"]}}]})
    checker = Checker(plan.published())
    batch = parse(b'{"type":"page","userId":"u"}', kind="page", received=NOW, foresees=checker.foreseen)
    assert batch.events[0].foreseen is not None
    assert not checker.noted
    assert unpacked(packed(batch, entity="north", brand="red")).events[0].code == ""
