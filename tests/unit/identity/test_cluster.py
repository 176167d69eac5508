"""Clusters: joined on the whole of the evidence, whatever the order it came in."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from filrouge.domain.identity.cluster import Edges, cluster, components
from filrouge.domain.identity.evidence import spanning

weights = st.integers(-15, 20).map(float)
graphs = st.dictionaries(
    st.tuples(st.integers(0, 14), st.integers(0, 14)).filter(lambda p: p[0] < p[1]), weights, max_size=50
)
Pairs = dict[tuple[int, int], float]


def edges(pairs: Pairs, order: list[tuple[int, int]] | None = None) -> Edges:
    keys = order if order is not None else sorted(pairs)
    left, right = (np.array([k[side] for k in keys], dtype=np.int64) for side in (0, 1))
    weight = np.array([pairs[k] for k in keys], dtype=np.float64)
    return Edges(left, right, weight, weight)


@given(graphs, st.randoms(use_true_random=False))
def test_the_order_of_the_pairs_does_not_count(pairs: Pairs, rng: random.Random) -> None:
    order = sorted(pairs)
    rng.shuffle(order)
    assert cluster(15, edges(pairs)).tolist() == cluster(15, edges(pairs, order)).tolist()


@given(graphs)
def test_a_cluster_never_reaches_beyond_what_is_connected(pairs: Pairs) -> None:
    label = cluster(15, edges(pairs))
    good = [k for k, w in pairs.items() if w > 0]
    whole = components(
        15, np.array([a for a, _ in good], dtype=np.int64), np.array([b for _, b in good], dtype=np.int64)
    )
    for node, mine in enumerate(label.tolist()):
        assert whole[node] == whole[mine]
        assert mine <= node


@given(graphs, st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)).filter(lambda p: p[0] != p[1]), max_size=6))
def test_what_a_person_set_apart_stays_apart(pairs: Pairs, apart: list[tuple[int, int]]) -> None:
    label = cluster(15, edges(pairs), cannot=apart)
    assert all(label[a] != label[b] for a, b in apart)


@given(graphs, st.tuples(st.integers(0, 14), st.integers(0, 14)).filter(lambda p: p[0] != p[1]))
def test_what_a_person_joined_stays_joined(pairs: Pairs, joined: tuple[int, int]) -> None:
    label = cluster(15, edges(pairs), must=[joined])
    assert label[joined[0]] == label[joined[1]]


@given(graphs, st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)).filter(lambda p: p[0] != p[1]), max_size=3))
def test_two_people_joined_by_hand_bring_all_their_records(pairs: Pairs, joined: list[tuple[int, int]]) -> None:
    before = cluster(15, edges(pairs))
    after = cluster(15, edges(pairs), must=joined)
    for node, first in enumerate(before.tolist()):
        assert after[node] == after[first], "who was together stays together"


def test_two_who_contradict_each_other_are_one_when_somebody_says_so() -> None:
    inside = {(a, b): 15.0 for group in ((0, 1, 2), (3, 4, 5)) for a in group for b in group if a < b}
    apart = {(a, b): -15.0 for a in (0, 1, 2) for b in (3, 4, 5)}
    assert cluster(6, edges(inside | apart), must=[(0, 3)]).tolist() == [0] * 6
    assert cluster(6, edges(inside | apart), must=[(0, 3)], cannot=[(2, 5)]).tolist() != [0] * 6


@given(graphs, st.integers(1, 5))
def test_what_is_said_elsewhere_changes_nothing_here(pairs: Pairs, offset: int) -> None:
    moved = {(a + 15, b + 15): w for (a, b), w in pairs.items()}
    both = cluster(30 + offset, edges(pairs | moved))
    assert both[:15].tolist() == cluster(15, edges(pairs)).tolist()
    assert (both[15:30] - 15).tolist() == both[:15].tolist()


def test_a_weak_bridge_does_not_hold_two_families_together() -> None:
    inside = {(a, b): 15.0 for group in ((0, 1, 2), (3, 4, 5)) for a in group for b in group if a < b}
    bridge = {(2, 3): 4.0} | {(a, b): -10.0 for a in (0, 1, 2) for b in (3, 4, 5) if (a, b) != (2, 3)}
    assert cluster(6, edges(inside | bridge)).tolist() == [0, 0, 0, 3, 3, 3]


def test_a_chain_of_twins_is_cut_where_they_contradict() -> None:
    found = Edges(np.array([0, 1, 0]), np.array([1, 2, 2]), np.array([14.0, 9.0, -6.0]), np.array([20.0, 15.0, -12.0]))
    assert cluster(3, found).tolist() == [0, 0, 2]


def test_a_pair_that_says_too_little_is_not_a_pair_that_says_no() -> None:
    quiet = Edges(np.array([0, 1, 0]), np.array([1, 2, 2]), np.array([14.0, 9.0, -6.0]), np.array([20.0, 15.0, 2.0]))
    assert cluster(3, quiet).tolist() == [0, 0, 0]


def test_a_cluster_too_large_to_be_one_person_is_cut() -> None:
    chain = {(n, n + 1): 5.0 + (n % 3) * 10 for n in range(59)}
    sizes = np.bincount(cluster(60, edges(chain), largest=10))
    assert sizes.max() <= 10


@given(graphs)
def test_the_pairs_told_as_evidence_lead_from_any_record_to_any_other(pairs: Pairs) -> None:
    keys = sorted(pairs, key=lambda k: (-pairs[k], k))
    left, right = (np.array([k[side] for k in keys], dtype=np.int64) for side in (0, 1))
    chosen = spanning(15, left, right)
    assert components(15, left[chosen], right[chosen]).tolist() == components(15, left, right).tolist()
    assert chosen.size == 15 - len(set(components(15, left, right).tolist()))
