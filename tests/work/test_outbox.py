"""Whoever follows what happens to people is told of each of them, once they changed, at its own pace and after a fall."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.work.test_draining import drain, group, say, send, spool, turns
from tests.world import World

from filrouge.spool import Spool
from filrouge.store import outbox
from filrouge.store.live import Live
from filrouge.work import draining, live

__all__ = ("drain", "group", "spool")


def told(follower: str, *, most: int = 1_000) -> set[str]:
    """Return whom the follower is told of, and say that it did its part."""
    copies = Live()
    people, number = outbox.waiting(copies, follower, most=most)
    outbox.told(copies, follower, number)
    return set(people)


def zoe(group: World) -> str:
    return next(hit.id for hit in group.find("quillard"))


def test_who_follows_is_told_of_whom_an_event_is(group: World, spool: Spool, drain: draining.Drain) -> None:
    assert outbox.follow(Live(), "a")
    send(spool, say("identify", 1, 1, userId="u", traits={"name": "Nora Delacroix"}))
    turns(drain)
    (nora,) = [hit.id for hit in group.find("delacroix")]
    assert told("a") == {nora}
    assert told("a") == set()
    send(spool, say("track", 2, 2, userId="u", event="Read"), say("track", 3, 3, anonymousId="nobody", event="Read"))
    turns(drain)
    assert told("a") == {nora}, "also of an event that changes no account; of a browser that is nobody's, no one"


def test_each_follower_has_its_own_place(group: World) -> None:
    copies = Live()
    outbox.follow(copies, "a")
    outbox.follow(copies, "b")
    outbox.put(copies, ["p1", "p2"])
    assert told("a") == {"p1", "p2"}
    outbox.put(copies, ["p2", "p3"])
    assert told("a") == {"p2", "p3"}, "what it did is not repeated to it"
    assert outbox.behind(copies, "b") == 3
    assert told("b") == {"p1", "p2", "p3"}


def test_what_was_not_said_to_be_done_is_told_again(group: World) -> None:
    copies = Live()
    outbox.follow(copies, "a")
    outbox.put(copies, ["p1"])
    assert outbox.waiting(copies, "a")[0] == ["p1"]
    assert told("a") == {"p1"}


def test_nothing_is_kept_where_nobody_follows(group: World) -> None:
    copies = Live()
    outbox.put(copies, ["p1"])
    assert copies.rows("SELECT count(*) FROM outbox") == [(0,)]
    assert outbox.follow(copies, "a")
    assert not outbox.follow(copies, "a"), "it is known already"
    outbox.put(copies, ["p1"])
    outbox.unfollow(copies, "a")
    assert copies.rows("SELECT count(*) FROM outbox") == [(0,)]


def test_copies_built_anew_are_told_as_everybody_and_lose_nothing(group: World) -> None:
    copies = Live()
    outbox.follow(copies, "a")
    outbox.put(copies, ["p1"])
    live.rebuild()
    assert told("a") == {"p1", outbox.EVERYBODY}
    live.refresh([zoe(group)])
    assert told("a") == {zoe(group)}


@pytest.mark.usefixtures("group")
def test_whatever_the_order_of_changes_and_falls_each_follower_learns_of_each_change() -> None:
    step = st.one_of(
        st.tuples(st.just("put"), st.sets(st.sampled_from("pqrst"), min_size=1)),
        st.tuples(st.sampled_from(["done", "fall"]), st.tuples(st.sampled_from("ab"), st.integers(1, 3))),
    )

    @given(st.lists(step, max_size=25))
    def learns(steps: list[tuple[str, Any]]) -> None:
        copies = Live()
        for name in "ab":
            outbox.unfollow(copies, name)
            outbox.follow(copies, name)
        due: dict[str, set[str]] = {"a": set(), "b": set()}
        for what, said in steps:
            if what == "put":
                outbox.put(copies, said)
                for name in due:
                    due[name] |= said
                continue
            name, most = said
            people, number = outbox.waiting(copies, name, most=most)
            assert set(people) <= due[name], "of nobody twice"
            if what == "done" and people:
                outbox.told(copies, name, number)
                due[name] -= set(people)
        for name, left in due.items():
            assert told(name) == left

    learns()
