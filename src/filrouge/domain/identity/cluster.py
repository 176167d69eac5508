"""Clusters from weighted pairs, under constraints: evidence is weighed inside a cluster, weak bridges do not hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Pairs = list[tuple[int, int]]
FORBIDDEN = -1e9
_STEP, _HIGHEST = 2.0, 60.0
_WIDEST, _CELLS = 1500, 4_000_000
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
    join: float = 0.0,
    clip: float = 12.0,
    must: Pairs | None = None,
    cannot: Pairs | None = None,
    largest: int = 400,
) -> Ints:
    """Return for each node the smallest node of its cluster.

    Groups are joined by average weight, best first, as long as what is known between two of them exceeds ``join`` on the
    whole; ``cannot`` pairs never end together, ``must`` pairs do unless a ``cannot`` forbids it, and bring along the groups
    that they are of. The numbering of the nodes is their only order: number them by content and the order of arrival never
    matters.
    """
    must, cannot = must or [], cannot or []
    label = _candidates(count, edges, link, must, largest)
    inside = label[edges.left] == label[edges.right]
    left, right, weight = edges.left[inside], edges.right[inside], edges.weight[inside]
    contested = _contested(count, label, left, right, weight, link, [*must, *cannot])
    result = label.copy()
    if not contested.any():
        return result
    value, share = (column[inside] for column in edges.votes(link, clip))
    chosen = contested[label[left]]
    left, right, value, share = left[chosen], right[chosen], value[chosen], share[chosen]
    nodes = np.flatnonzero(contested[label])
    nodes = nodes[np.lexsort((nodes, label[nodes]))]
    roots, first, sizes = np.unique(label[nodes], return_index=True, return_counts=True)
    spot = np.zeros(count, dtype=np.int64)  # place of a node inside its component
    spot[nodes] = np.arange(nodes.size) - np.repeat(first, sizes)
    home = np.searchsorted(roots, label[left])
    wide = _UnionRows(spot, roots, label, must, cannot)
    for size in np.unique(sizes).tolist():
        everyone = np.flatnonzero(sizes == size)
        if size > _WIDEST:  # too many to be one person, and nothing tells them apart: they stay as they were
            for index in everyone.tolist():
                result[nodes[first[index] : first[index] + size]] = nodes[first[index] : first[index] + size]
            continue
        step = max(1, _CELLS // (size * size))
        mine = np.flatnonzero(sizes[home] == size)
        mine = mine[np.argsort(home[mine], kind="stable")]
        for start in range(0, everyone.size, step):
            batch = everyone[start : start + step]
            here = mine[np.searchsorted(home[mine], batch[0]) : np.searchsorted(home[mine], batch[-1], side="right")]
            row = np.searchsorted(batch, home[here])
            pairs = spot[left[here]], spot[right[here]], value[here], share[here]
            owner = _settle(size, batch.size, row, *pairs, wide.of(batch), join)
            members = nodes[first[batch][:, None] + np.arange(size)]
            result[members] = np.take_along_axis(members, owner, axis=1)
    return result


class _UnionRows:
    """The constraints, by component: (rows of a batch, places) for the pairs that must and that cannot be together."""

    def __init__(self, spot: Ints, roots: Ints, label: Ints, must: Pairs, cannot: Pairs) -> None:
        self._held: dict[int, tuple[Pairs, Pairs]] = {}
        for kind, pairs in enumerate((must, cannot)):
            for a, b in sorted((min(pair), max(pair)) for pair in pairs):
                if label[a] == label[b]:
                    component = int(np.searchsorted(roots, label[a]))
                    self._held.setdefault(component, ([], []))[kind].append((int(spot[a]), int(spot[b])))

    def of(self, batch: Ints) -> dict[int, tuple[Pairs, Pairs]]:
        """Return the constraints of the components in ``batch``, by row."""
        if not self._held:
            return {}
        return {row: self._held[index] for row, index in enumerate(batch.tolist()) if index in self._held}


def _candidates(count: int, edges: Edges, link: float, must: Pairs, largest: int) -> Ints:
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


def _contested(
    count: int, label: Ints, left: Ints, right: Ints, weight: Floats, link: float, pairs: Pairs
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
    size: int,
    rows: int,
    row: Ints,
    left: Ints,
    right: Ints,
    value: Floats,
    share: Floats,
    constraints: dict[int, tuple[Pairs, Pairs]],
    join: float,
) -> Ints:
    """Return, for ``rows`` components of ``size`` nodes at once, the first node of the group of each node.

    In each component the two groups that agree best are joined, again and again, until none agree. Then the groups of
    each pair that must be together are joined, and what agrees with the whole that they make joins it. Where a pair that
    cannot be together forbids that, the two nodes are joined by themselves before anything else.
    """
    total, votes = np.full((rows, size, size), _MUTE * _UNSEEN), np.full((rows, size, size), _MUTE)
    total[row, left, right] = total[row, right, left] = value
    votes[row, left, right] = votes[row, right, left] = share
    total[:, np.arange(size), np.arange(size)] = -np.inf
    for index, (_, cannot) in constraints.items():
        for a, b in cannot:
            total[index, a, b] = total[index, b, a] = FORBIDDEN
    forced = np.array([index for index, (must, _) in constraints.items() if must], dtype=np.int64)
    fresh = total[forced], votes[forced]
    owner = np.tile(np.arange(size, dtype=np.int64), (rows, 1))
    _agree(total, votes, owner, np.arange(rows), join)
    for index in forced.tolist():
        _force(total, votes, owner, index, constraints[index][0])
    _agree(total, votes, owner, forced, join)
    torn = [
        spot
        for spot, index in enumerate(forced.tolist())
        if any(owner[index, a] != owner[index, b] for a, b in constraints[index][0])
    ]
    if torn:
        total, votes, again = fresh[0][torn], fresh[1][torn], np.tile(np.arange(size, dtype=np.int64), (len(torn), 1))
        for line, index in enumerate(forced[torn].tolist()):
            _force(total, votes, again, line, constraints[index][0])
        _agree(total, votes, again, np.arange(len(torn)), join)
        owner[forced[torn]] = again
    return owner


def _force(total: Floats, votes: Floats, owner: Ints, row: int, must: Pairs) -> None:
    """Join the groups of each pair of ``must`` in one ``row``, unless that is forbidden."""
    for a, b in must:
        low, high = sorted((int(owner[row, a]), int(owner[row, b])))
        if low != high and total[row, low, high] > FORBIDDEN / 2:
            _join(total, votes, owner, np.array([row]), np.array([low]), np.array([high]))


def _agree(total: Floats, votes: Floats, owner: Ints, alive: Ints, join: float) -> None:
    """Join the two groups that agree best, in each row of ``alive``, until none exceed ``join`` on average."""
    size = owner.shape[1]
    for _ in range(size - 1):
        if not alive.size:
            break
        average = (total[alive] / votes[alive]).reshape(alive.size, -1)
        best = np.argmax(average, axis=1)
        open_ = average[np.arange(alive.size), best] > join
        alive, best = alive[open_], best[open_]
        a, b = np.divmod(best, size)
        _join(total, votes, owner, alive, np.minimum(a, b), np.maximum(a, b))


def _join(total: Floats, votes: Floats, owner: Ints, rows: Ints, low: Ints, high: Ints) -> None:
    """Join group ``high`` to group ``low`` in each of ``rows``."""
    for table in (total, votes):
        table[rows, low] += table[rows, high]
        table[rows, :, low] = table[rows, low]
    total[rows, low, low] = -np.inf
    total[rows, high] = -np.inf
    total[rows, :, high] = -np.inf
    mine = owner[rows]
    owner[rows] = np.where(mine == high[:, None], low[:, None], mine)
