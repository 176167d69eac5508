"""After any history of memberships and failures, a destination holds whom it should; nothing untrue is told before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filrouge.domain.pushes import plan
from filrouge.domain.pushes.outcomes import DONE, REFUSED, UNSURE, UNTOUCHED, told
from filrouge.engines import Engine, open_engine

PEOPLE = pa.schema([(name, pa.string()) for name in ("id", "key", "reason", "c_email", "digest")])
STATE = pa.schema([("id", pa.string()), ("key", pa.string()), ("held", pa.bool_()), ("digest", pa.string()),
                   ("outcome", pa.string()), ("reason", pa.string())])  # fmt: skip
# What one person is at one moment: out of the segment, may not be reached, or to be given by a key, with a content.
ONE = st.one_of(st.none(), st.just("objected"), st.tuples(st.sampled_from("xyz"), st.sampled_from("12")))
MOMENT = st.tuples(ONE, ONE, ONE)
# What becomes of an order: the answer, and whether the destination did it all the same.
FATE = st.sampled_from(
    [(DONE, True), (DONE, True), (REFUSED, False), (UNSURE, True), (UNSURE, False), (UNTOUCHED, False)]
)
STEP = st.tuples(
    MOMENT, st.lists(FATE, min_size=8, max_size=8), st.sampled_from(["", "", "failed", "removals", "empty"])
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = open_engine()
    yield made
    made.close()


def people(moment: tuple[Any, ...], by_key: bool) -> list[dict[str, Any]]:
    rows, taken = [], set()
    for number, one in enumerate(moment):
        if one is None:
            continue
        name = f"p{number}"
        if one == "objected":
            rows.append({"id": name, "key": "", "reason": "objected", "c_email": "", "digest": "-"})
            continue
        key = one[0] if by_key else name
        reason = "same_address" if key in taken else ""
        taken.add(key)
        rows.append(
            {"id": name, "key": key, "reason": reason, "c_email": f"{name}{one[1]}", "digest": f"{name}{one[1]}"}
        )
    return rows


class Destination:
    """Holds a content by key, and what Filrouge believes of it."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}
        self.state: dict[tuple[str, str], dict[str, Any]] = {}

    def run(self, engine: Engine, moment: list[dict[str, Any]], fates: list[tuple[int, bool]], only: str) -> None:
        table = engine.load("people", pa.Table.from_pylist(moment, schema=PEOPLE))
        state = engine.load("state", pa.Table.from_pylist(list(self.state.values()), schema=STATE))
        owed = engine.load("owed", pa.table({"key": pa.array([], pa.string())}))
        made = plan(table, state, owed, only=only)
        orders = [("removals", row) for row in made.removals.to_pyarrow().to_pylist()]
        orders += [("gives", row) for row in made.gives.to_pyarrow().to_pylist()]
        fresh = made.fresh.to_pyarrow().to_pylist() if not only else []
        for row in made.stale.to_pyarrow().to_pylist() if not only else []:
            self.state.pop((row["id"], row["key"]), None)
        stopped = False
        for at, (kind, row) in enumerate(orders):
            code, applied = fates[at % len(fates)] if fates else (DONE, True)
            stopped = stopped or code == UNTOUCHED
            if stopped:
                continue
            if applied:
                if kind == "removals":
                    self.rows.pop(row["key"], None)
                else:
                    self.rows[row["key"]] = row["c_email"]
            said = told(kind, np.array([code]), np.array([row["action"] == "add"]))
            self.state[(row["id"], row["key"])] = {
                "id": row["id"], "key": row["key"], "held": bool(said.held[0]), "outcome": str(said.outcome[0]),
                "digest": row["digest"] if said.sure[0] else "", "reason": row.get("reason", ""),
            }  # fmt: skip
        none = {"key": "", "held": False, "outcome": "withheld", "digest": ""}
        for row in fresh:
            self.state[(row["id"], "")] = none | {"id": row["id"], "reason": row["reason"]}

    def believed(self) -> set[str]:
        return {key for (_, key), row in self.state.items() if row["held"]}


@settings(max_examples=12)
@given(st.lists(STEP, min_size=1, max_size=4), MOMENT, st.booleans())
def test_after_any_history_a_run_that_does_not_fail_leaves_whom_it_should(
    engine: Engine, steps: list[Any], last: tuple[Any, ...], by_key: bool
) -> None:
    there = Destination()
    for moment, fates, only in steps:
        there.run(engine, people(moment, by_key), fates, only)
        assert set(there.rows) <= there.believed()  # whoever may be there is known to be
        for (_, key), row in there.state.items():
            if row["held"] and row["digest"]:  # told as delivered: it is there, as it was given
                assert there.rows[key] == row["digest"]
    now = people(last, by_key)
    there.run(engine, now, [], "")
    assert there.rows == {row["key"]: row["c_email"] for row in now if row["reason"] == ""}
    assert there.believed() == set(there.rows)
    withheld = {row["id"] for row in there.state.values() if row["outcome"] == "withheld"}
    there.run(engine, now, [(REFUSED, False)], "")  # and there is nothing left to do
    assert {row["id"] for row in there.state.values() if row["outcome"] == "withheld"} >= withheld
    assert all(row["outcome"] != "failed" for row in there.state.values())
