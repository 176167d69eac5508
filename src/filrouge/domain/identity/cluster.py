"""Clusters from weighted pairs, under constraints: evidence is weighed inside a cluster, weak bridges do not hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
FORBIDDEN = -1e6
_STEP, _HIGHEST = 2.0, 60.0
# A pair that says too little to join is not a pair that says no. It counts for a third of a vote, one that was never
# compared likewise, with a mild sign that these are two people.
_MUTE, _UNSEEN = 0.3, -2.0


@dataclass(frozen=True)
class Edges:
    """Pairs of nodes (0..n-1, numbered by content): ``weight`` in bits of their being one person, prior included, and
    ``said``, what the comparison itself says, without the prior: below 0 it contradicts."""

    left: Ints
    right: Ints
    weight: Floats
    said: Floats

    def __len__(self) -> int:
        return int(self.left.size)

    def votes(self, link: float, clip: float) -> tuple[Floats, Floats]:
        """Return what each pair weighs inside a cluster and for how much of a vote it counts."""
        mute = (self.weight <= link) & (self.said >= 0)
        value = np.where(
            self.weight > link, np.minimum(self.weight, clip), np.where(mute, _MUTE * self.weight, self.said)
        )
        return np.maximum(value, np.where(mute, -_MUTE * clip, -clip)), np.where(mute, _MUTE, 1.0)


def components(count: int, left: Ints, right: Ints) -> Ints:
    """Return for each of ``count`` nodes the smallest node that edges lead to."""
    label = np.arange(count, dtype=np.int64)
    left, right = left.astype(np.int64), right.astype(np.int64)
    while left.size:
        low, high = np.minimum(label[left], label[right]), np.maximum(label[left], label[right])
        np.minimum.at(label, high, low)
        while True:
            shorter = label[label]
            if np.array_equal(shorter, label):
                break
            label = shorter
        open_ = label[left] != label[right]
        left, right = left[open_], right[open_]
    return label


def cluster(
    count: int,
    edges: Edges,
    *,
    link: float = 0.0,
    clip: float = 12.0,
    must: list[tuple[int, int]] | None = None,
    cannot: list[tuple[int, int]] | None = None,
    largest: int = 400,
) -> Ints:
    """Return for each node the smallest node of its cluster.

    Nodes are joined by average weight, best first,
        as long as the average of what is known between two groups exceeds ``link``;
    ``cannot`` pairs never end together,
        ``must`` pairs do unless a ``cannot`` forbids it. The numbering of the nodes is their
    only order: number them by content and the order of arrival never matters.
    """
    must, cannot = must or [], cannot or []
    label = _candidates(count, edges, link, must, largest)
    inside = label[edges.left] == label[edges.right]
    value, share = edges.votes(link, clip)
    left, right, weight = edges.left[inside], edges.right[inside], edges.weight[inside]
    contested = _contested(count, label, left, right, weight, link, [*must, *cannot])
    result = label.copy()
    if not contested.any():
        return result
    chosen = contested[label[left]]
    left, right, value, share = left[chosen], right[chosen], value[inside][chosen], share[inside][chosen]
    order = np.argsort(label[left], kind="stable")
    left, right, value, share = left[order], right[order], value[order], share[order]
    nodes = np.flatnonzero(contested[label])
    nodes = nodes[np.lexsort((nodes, label[nodes]))]
    node_cuts = np.flatnonzero(np.diff(label[nodes])) + 1
    edge_roots = label[left]
    musts, cannots = _by_component(label, must), _by_component(label, cannot)
    for members in np.split(nodes, node_cuts):
        root = int(label[members[0]])
        start, stop = np.searchsorted(edge_roots, [root, root + 1])
        _settle(
            result,
            members,
            left[start:stop],
            right[start:stop],
            value[start:stop],
            share[start:stop],
            musts.get(root, []),
            cannots.get(root, []),
            largest,
        )
    return result


def _candidates(count: int, edges: Edges, link: float, must: list[tuple[int, int]], largest: int) -> Ints:
    """Return the components of pairs above ``link``; those too large to weigh are cut at their weakest bridges first."""
    forced_l = np.array([a for a, _ in must], dtype=np.int64)
    forced_r = np.array([b for _, b in must], dtype=np.int64)
    bar = np.full(count, link)
    while True:
        kept = edges.weight > np.maximum(bar[edges.left], bar[edges.right])
        label = components(
            count, np.concatenate([edges.left[kept], forced_l]), np.concatenate([edges.right[kept], forced_r])
        )
        size = np.bincount(label, minlength=count)
        heavy = (size[label] > largest) & (bar < _HIGHEST)
        if not heavy.any():
            return label
        bar[heavy] += _STEP


def _by_component(label: Ints, pairs: list[tuple[int, int]]) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = {}
    for a, b in pairs:
        if label[a] == label[b]:
            found.setdefault(int(label[a]), []).append((a, b))
    return found


def _contested(
    count: int, label: Ints, left: Ints, right: Ints, weight: Floats, link: float, pairs: list[tuple[int, int]]
) -> npt.NDArray[np.bool_]:
    """Return which components need weighing: those where some pair is not itself above ``link``, or that bear a constraint."""
    size = np.bincount(label, minlength=count)
    agreed = np.bincount(label[left[weight > link]], minlength=count)
    contested: npt.NDArray[np.bool_] = (size > 1) & (agreed < size * (size - 1) // 2)
    for a, b in pairs:
        if label[a] == label[b]:
            contested[label[a]] = True
    return contested


def _settle(
    result: Ints,
    members: Ints,
    left: Ints,
    right: Ints,
    value: Floats,
    share: Floats,
    must: list[tuple[int, int]],
    cannot: list[tuple[int, int]],
    largest: int,
) -> None:
    """Write into ``result`` the clusters of one component: the two groups that agree best are joined, again and again."""
    size = members.size
    here_l, here_r = np.searchsorted(members, left), np.searchsorted(members, right)
    total, votes = np.full((size, size), _MUTE * _UNSEEN), np.full((size, size), _MUTE)
    total[here_l, here_r] = total[here_r, here_l] = value
    votes[here_l, here_r] = votes[here_r, here_l] = share
    spot = {int(node): index for index, node in enumerate(members)}
    for a, b in cannot:
        total[spot[a], spot[b]] = total[spot[b], spot[a]] = FORBIDDEN
    groups: list[list[int]] = [[index] for index in range(size)]
    np.fill_diagonal(total, -np.inf)

    def join(a: int, b: int) -> None:
        a, b = min(a, b), max(a, b)
        for table in (total, votes):
            table[a] += table[b]
            table[:, a] = table[a]
        total[a, a] = -np.inf
        total[b] = total[:, b] = -np.inf
        groups[a].extend(groups[b])
        groups[b] = []

    where = list(range(size))
    for a, b in sorted((min(p), max(p)) for p in must):
        first, second = sorted(_group(where, spot[x]) for x in (a, b))
        if first != second and total[first, second] > FORBIDDEN / 2:
            join(first, second)
            where[second] = first
    while True:
        average = total / votes
        best = int(np.argmax(average))
        a, b = divmod(best, size)
        if not average[a, b] > 0:
            break
        if len(groups[a]) + len(groups[b]) > largest:
            total[a, b] = total[b, a] = -np.inf
            continue
        join(a, b)
    for group in groups:
        if group:
            result[members[group]] = members[min(group)]


def _group(where: list[int], index: int) -> int:
    while where[index] != index:
        index = where[index]
    return index
