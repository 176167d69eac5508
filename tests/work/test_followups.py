"""What sources hold to be done is taken over, and follows them: open here while open there, closed when closed there."""

from __future__ import annotations

from typing import Any

import pytest
from tests.kept import laid_once
from tests.world import World, person

from filrouge.store.models import FollowUp, Promise
from filrouge.work import access, baselines, followups, sources

TODO: dict[str, Any] = {
    "source": "crm_todo", "kind": "csv", "place": "todo.csv", "entity": "north", "brand": "red", "reads": "followups",
    "format": {"delimiter": ";", "date": "%d/%m/%Y"}, "key": ["id"],
    "map": {"source_id": "id", "person_ref": {"column": "who", "of": "crm_people"}, "subject": "what", "due_at": "due",
            "status": {"column": "state", "values": {"todo": "open", "done": "done"}}},
}  # fmt: skip
CALLS: dict[str, Any] = {
    "source": "calls", "kind": "csv", "place": "calls.csv", "entity": "north", "brand": "red", "reads": "interactions",
    "format": {"delimiter": ";", "date": "%d/%m/%Y"}, "key": ["id"],
    "map": {"source_id": "id", "person_ref": {"column": "who", "of": "crm_people"}, "kind": {"const": "call"}, "at": "day",
            "promised": "said", "promised_for": "due",
            "status": {"column": "state", "values": {"open": "open", "kept": "kept"}}},
}  # fmt: skip


def todo(world: World, *rows: tuple[str, str]) -> None:
    """Import follow-ups of Ada (number, state), all due in the past."""
    world.write("todo.csv", ("id", "who", "what", "due", "state"),
                [{"id": n, "who": "1", "what": f"Rappeler {n}", "due": "01/02/2026", "state": s} for n, s in rows])  # fmt: skip
    sources.run(world.define(TODO), by="test")
    followups.adopt()


def calls(world: World, *rows: tuple[str, str]) -> None:
    """Import calls of Ada (number, state of what was promised)."""
    world.write("calls.csv", ("id", "who", "day", "said", "due", "state"),
                [{"id": n, "who": "1", "day": "01/01/2026", "said": "Un avoir", "due": "01/02/2026", "state": s}
                 for n, s in rows])  # fmt: skip
    sources.run(world.define(CALLS), by="test")
    followups.adopt()


@pytest.fixture
@laid_once
def ada(world: World) -> World:
    world.people(person("1", "Ada", "Byron"))
    world.resolve()
    return world


def states(model: Any) -> dict[str, str]:
    return dict(model.objects.values_list("source_id", "state"))


def test_what_is_open_at_the_source_is_to_do_here(ada: World) -> None:
    todo(ada, ("a", "todo"), ("b", "done"))
    assert states(FollowUp) == {"a": "open"}


def test_a_promise_that_was_kept_is_no_debt(ada: World) -> None:
    calls(ada, ("a", "kept"), ("b", "open"))
    assert states(Promise) == {"a": "kept", "b": "open"}


def test_what_the_source_closes_later_is_closed_here(ada: World) -> None:
    todo(ada, ("a", "todo"))
    calls(ada, ("p", "open"))
    todo(ada, ("a", "done"))
    calls(ada, ("p", "kept"))
    assert states(FollowUp) == {"a": "done"}
    assert states(Promise) == {"p": "kept"}
    assert FollowUp.objects.get().closed_by == "source crm_todo"


def test_what_was_closed_here_stays_closed_whatever_the_source_says(ada: World) -> None:
    todo(ada, ("a", "todo"))
    followups.close(access.OWNER, str(FollowUp.objects.get().id), "cancelled")
    todo(ada, ("a", "done"))
    assert states(FollowUp) == {"a": "cancelled"}


def test_the_share_kept_counts_what_was_done_there_and_here(ada: World) -> None:
    todo(ada, ("a", "done"), ("b", "todo"), ("c", "todo"), ("d", "todo"))
    followups.close(access.OWNER, str(FollowUp.objects.get(source_id="b").id), "done")
    kept = next(row for row in baselines.measure(by="test") if row.figure == "follow_ups_kept")
    assert kept.value == 0.5


def test_a_source_that_writes_at_length_is_taken_over_within_the_columns(ada: World) -> None:
    number = "n" * 130
    long = {**TODO, "map": {**TODO["map"], "owner": "owner", "currency": "money", "amount": "sum"}}
    for state in ("todo", "done"):
        row = {"id": number, "who": "1", "what": "Rappeler", "due": "01/02/2026", "state": state, "owner": "o" * 150,
               "money": "EUROS", "sum": "12"}  # fmt: skip
        ada.write("todo.csv", tuple(row), [row])
        sources.run(ada.define(long), by="test")
        followups.adopt()
        kept = FollowUp.objects.get()
        for name in ("owner", "currency", "source_id", "source", "brand", "entity"):
            assert len(getattr(kept, name)) <= FollowUp._meta.get_field(name).max_length
    assert (kept.owner, kept.currency, kept.state) == ("o" * 100, "EUR", "done")
