"""Ids of people: kept, given back, never decided by order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.identity.conftest import AT

from filrouge.domain.identity.graph import Assignment, assign, state_hash
from filrouge.domain.identity.weigh import maker
from filrouge.store.live import number

partitions = st.dictionaries(st.integers(1, 60), st.integers(0, 12), min_size=1, max_size=40)


class Ids:
    """New ids that are never the same twice."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, smallest: Sequence[int]) -> list[str]:
        self.made += len(smallest)
        return [f"n{self.made:04d}-{key:04d}" for key in smallest]


def named(clusters: dict[int, int], previous: dict[int, str] | None = None, **more: object) -> Assignment:
    keys = np.array(sorted(clusters), dtype=np.int64)
    labels = np.array([clusters[int(k)] for k in keys], dtype=np.int64)
    return assign(keys, labels, previous, more.pop("ids", Ids()), **more)  # type: ignore[arg-type]


@given(partitions)
def test_each_cluster_is_one_person_and_each_person_one_cluster(clusters: dict[int, int]) -> None:
    who = named(clusters).as_dict()
    assert {k: set(v) for k, v in _groups(clusters).items()}.keys() == set(clusters.values())
    assert len(set(who.values())) == len(set(clusters.values()))
    assert {frozenset(g) for g in _groups(who).values()} == {frozenset(g) for g in _groups(clusters).values()}


@given(partitions)
def test_running_again_changes_nobody(clusters: dict[int, int]) -> None:
    first = named(clusters).as_dict()
    again = named(clusters, first)
    assert again.as_dict() == first
    assert (again.merges, again.splits, again.new_people, dict(again.redirects)) == (0, 0, 0, {})


@given(partitions, partitions, st.randoms(use_true_random=False))
def test_the_order_of_what_was_known_does_not_count(
    before: dict[int, int], after: dict[int, int], rng: random.Random
) -> None:
    known = list(named(before).as_dict().items())
    plain = named(after, dict(known)).as_dict()
    rng.shuffle(known)
    assert named(after, dict(known)).as_dict() == plain


@given(partitions, partitions)
def test_people_whose_records_did_not_move_keep_their_id(before: dict[int, int], after: dict[int, int]) -> None:
    first = named(before).as_dict()
    second = named(after, first).as_dict()
    old = {frozenset(g): p for p, g in _groups(first).items()}
    for person, group in _groups(second).items():
        if frozenset(group) in old:
            assert person == old[frozenset(group)]


@given(partitions, partitions)
def test_an_id_that_no_cluster_keeps_leads_to_a_living_person(before: dict[int, int], after: dict[int, int]) -> None:
    first = named(before).as_dict()
    made = named(after, first)
    living = set(made.as_dict().values())
    assert not set(made.redirects) & living
    assert set(made.redirects.values()) <= living
    gone = {p for p, g in _groups(first).items() if set(g) & set(after)} - living
    assert set(made.redirects) == gone


@given(partitions, partitions)
def test_a_change_undone_gives_back_every_id(before: dict[int, int], change: dict[int, int]) -> None:
    moved = {key: change.get(key, label) for key, label in before.items()}
    first = named(before).as_dict()
    second = named(moved, first)
    former = {key: [person] for key, person in first.items()}
    third = named(before, second.as_dict(), former=former).as_dict()
    assert state_hash(third) == state_hash(first)
    merged_only = len(set(moved.values())) <= len(set(before.values())) and not second.splits and not second.new_people
    if merged_only:
        assert set(third.values()) == set(first.values())


def test_the_larger_share_keeps_the_id_and_ties_go_to_the_smallest() -> None:
    previous = {1: "a", 2: "a", 3: "b", 4: "b", 5: "c"}
    made = named({1: 0, 2: 0, 3: 0, 4: 0, 5: 0}, previous)
    assert set(made.as_dict().values()) == {"a"}
    assert dict(made.redirects) == {"b": "a", "c": "a"}
    assert made.merges == 2


def test_a_split_keeps_the_id_with_most_records_and_makes_one_new() -> None:
    made = named({1: 0, 2: 0, 3: 1}, {1: "a", 2: "a", 3: "a"})
    who = made.as_dict()
    assert who[1] == who[2] == "a"
    assert who[3] != "a"
    assert (made.splits, made.new_people, made.merges) == (1, 1, 0)


def test_the_state_hash_forgets_names_but_not_company() -> None:
    assert state_hash({1: "x", 2: "x", 3: "y"}) == state_hash({3: "p", 2: "q", 1: "q"})
    assert state_hash({1: "x", 2: "x", 3: "y"}) != state_hash({1: "x", 2: "y", 3: "y"})


def _groups(who: dict[int, object]) -> dict[object, list[int]]:
    found: dict[object, list[int]] = {}
    for key, person in who.items():
        found.setdefault(person, []).append(key)
    return found


def test_an_id_stays_with_those_from_whom_records_were_separated_and_with_nobody_else() -> None:
    before = {1: "p", 2: "p", 3: "p", 9: "q"}
    apart = {1: 0, 2: 1, 3: 1, 9: 2}
    assert named(apart, before, leaving={2: {1}, 3: {1}}).as_dict()[1] == "p", "fewer, and yet they stay"
    assert named(apart, before, leaving={1: {2, 3}}).as_dict()[2] == "p"
    two = {1: 0, 2: 1, 9: 2}
    plain = named(two, before).as_dict()
    assert named(two, before, leaving={1: {9}}).as_dict() == plain, "what was said of somebody else moves no id"


def test_an_id_made_later_for_the_same_record_is_unlike_the_first_in_all_of_its_parts() -> None:
    first, second, again = (maker(AT + timedelta(days=day), 7)([42])[0] for day in (0, 1, 0))
    assert first == again, "the same records at the same time give the same id"
    assert first.rpartition("-")[2] != second.rpartition("-")[2]
    assert number(first) != number(second), "live copies stand under the last bits"
