"""From clusters to people: ids that stay, ids that lead elsewhere after a merge, new ids after a split."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Ids = Callable[[Sequence[int]], Sequence[str]]


@dataclass(frozen=True)
class Assignment:
    """Who each record is of, what became of former people, and how much changed."""

    keys: Ints
    persons: npt.NDArray[np.object_]
    redirects: Mapping[str, str] = field(default_factory=dict)
    merges: int = 0
    splits: int = 0
    new_people: int = 0

    def as_dict(self) -> dict[int, str]:
        """Return record_key -> person."""
        return dict(zip(self.keys.tolist(), self.persons.tolist(), strict=True))


def assign(
    keys: Ints,
    labels: Ints,
    previous: Mapping[int, str] | pa.Table | None,
    ids: Ids,
    *,
    former: Mapping[int, Sequence[str]] | None = None,
    living: Collection[str] = (),
    leaving: Mapping[int, Collection[int]] | None = None,
) -> Assignment:
    """Name the clusters: ``labels[i]`` is the cluster of record ``keys[i]``, keys sorted and distinct.

    Each cluster keeps the person to whom most of its records belonged from the first, then with whom it shares most
    records (ties: the smallest id): so a merge undone gives both ids back. A person kept by no cluster leads to the one
    that took most of its records. A cluster without a person takes back one that its records bore before (``former``:
    record_key -> its people, the first one first) if it is free, else a new id: ``ids`` is given the smallest record key.
    ``living`` are people who have records elsewhere: their ids are not free. ``leaving`` are records that somebody
    separated from others: an id that both bore stays with these.
    """
    codes, smallest, label = _clusters(keys, labels)
    old, names = _previous(keys, previous)
    known = np.flatnonzero(old >= 0)
    pair, shared, native = _shared(
        label[known], old[known], _native(keys[known], old[known], names, former or {}, leaving or {})
    )
    owner = np.full(codes, -1, dtype=np.int64)
    keeper = np.full(len(names), -1, dtype=np.int64)
    # the people are numbered in the order of their ids and the clusters in that of their smallest record: both are content
    for position in (
        np.lexsort((pair[0], pair[1], -shared, -native)).tolist() if _disputed(pair) else range(pair.shape[1])
    ):
        cluster, person = int(pair[0, position]), int(pair[1, position])
        if owner[cluster] < 0 and keeper[person] < 0:
            owner[cluster], keeper[person] = person, cluster
    homeless = np.flatnonzero(owner < 0)
    given = np.empty(codes, dtype=object)
    housed = np.flatnonzero(owner >= 0)
    given[housed] = np.array(names, dtype=object)[owner[housed]] if housed.size else []
    revived = _revive(homeless, label, keys, former or {}, {*names, *living})
    for cluster, person_id in revived.items():
        given[cluster] = person_id
    fresh = np.array([c for c in homeless.tolist() if c not in revived], dtype=np.int64)
    if fresh.size:
        given[fresh] = np.array(list(ids(smallest[fresh].tolist())), dtype=object)
    redirects = _redirects(pair, shared, keeper, names, given)
    taken = np.bincount(pair[0], minlength=codes) if pair.size else np.zeros(codes, np.int64)
    torn = np.bincount(pair[1], minlength=len(names)) if pair.size else np.zeros(0, np.int64)
    return Assignment(
        keys, given[label], redirects, merges=len(redirects), splits=int(np.sum(np.maximum(torn - 1, 0))) - int(np.sum(np.maximum(taken - 1, 0)) - len(redirects)),
        new_people=int(fresh.size),
    )  # fmt: skip


def _clusters(keys: Ints, labels: Ints) -> tuple[int, Ints, Ints]:
    """Number the clusters by their smallest record key."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    smallest = np.full(first.size, np.iinfo(np.int64).max, dtype=np.int64)
    np.minimum.at(smallest, inverse, keys)
    order = np.argsort(smallest, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    return int(first.size), smallest[order], rank[inverse].astype(np.int64)


def _previous(keys: Ints, previous: Mapping[int, str] | pa.Table | None) -> tuple[Ints, list[str]]:
    """Return for each key the number of its person among the sorted ids, -1 for none, and those ids."""
    if isinstance(previous, Mapping):
        columns = {
            "record_key": pa.array(list(previous), pa.int64()),
            "person": pa.array(list(previous.values()), pa.string()),
        }
        table = pa.table(columns)
    else:
        table = previous if previous is not None else pa.table({"record_key": [], "person": []})
    if table.num_rows == 0:
        return np.full(keys.size, -1, dtype=np.int64), []
    known = table.column("record_key").to_numpy(zero_copy_only=False)
    encoded = pc.dictionary_encode(table.column("person").cast(pa.string()).combine_chunks())
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    words = np.array(encoded.dictionary.to_pylist(), dtype=object)
    order = np.argsort(words, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    numbers = rank[encoded.indices.to_numpy(zero_copy_only=False)]
    by_key = np.argsort(known, kind="stable")
    known, numbers = known[by_key], numbers[by_key]
    spot = np.minimum(np.searchsorted(known, keys), known.size - 1)
    return np.where(known[spot] == keys, numbers[spot], -1).astype(np.int64), words[order].tolist()


def _native(
    keys: Ints,
    old: Ints,
    names: list[str],
    former: Mapping[int, Sequence[str]],
    leaving: Mapping[int, Collection[int]],
) -> npt.NDArray[np.bool_]:
    """Tell which records are of the person whom they were of from the first, and were not separated from them."""
    native = np.ones(keys.size, dtype=np.bool_)
    if former:
        wandering = np.fromiter(former, np.int64, len(former))
        for spot in np.flatnonzero(np.isin(keys, wandering)).tolist():
            native[spot] = former[int(keys[spot])][0] == names[int(old[spot])]
    if leaving:
        parted = np.fromiter(leaving, np.int64, len(leaving))
        spots = {int(key): spot for spot, key in enumerate(keys.tolist())} if np.isin(keys, parted).any() else {}
        for key in spots.keys() & leaving.keys():
            person = names[int(old[spots[key]])]
            for other in leaving[key]:
                theirs = names[int(old[spots[other]])] if other in spots else ""
                if person == theirs or person in former.get(other, ()):
                    native[spots[key]] = False
    return native


def _shared(label: Ints, old: Ints, native: npt.NDArray[np.bool_]) -> tuple[Ints, Ints, Ints]:
    """Return each (cluster, person) that share records, how many, and how many of them were the person's from the first."""
    if not label.size:
        return np.empty((2, 0), np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
    pair, where, shared = np.unique(np.stack([label, old]), axis=1, return_inverse=True, return_counts=True)
    counted = np.bincount(where.reshape(-1), weights=native, minlength=shared.size).astype(np.int64)
    return pair, shared, counted


def _disputed(pair: Ints) -> bool:
    return bool(pair.shape[1]) and (np.unique(pair[0]).size < pair.shape[1] or np.unique(pair[1]).size < pair.shape[1])


def _revive(
    homeless: Ints, label: Ints, keys: Ints, former: Mapping[int, Sequence[str]], used: set[str]
) -> dict[int, str]:
    if not former or not homeless.size:
        return {}
    wanted: dict[tuple[int, str], int] = {}
    without = np.isin(label, homeless)
    for cluster, key in zip(label[without].tolist(), keys[without].tolist(), strict=True):
        for person in former.get(key, ()):
            if person not in used:
                wanted[cluster, person] = wanted.get((cluster, person), 0) + 1
    found: dict[int, str] = {}
    for (cluster, person), _ in sorted(wanted.items(), key=lambda item: (-item[1], item[0][1], item[0][0])):
        if cluster not in found and person not in used:
            found[cluster] = person
            used.add(person)
    return found


def _redirects(
    pair: Ints, shared: Ints, keeper: Ints, names: list[str], given: npt.NDArray[np.object_]
) -> dict[str, str]:
    """Return, for each person that no cluster kept, the person whose cluster took most of its records."""
    found: dict[str, str] = {}
    if not pair.size:
        return found
    lost = keeper[pair[1]] < 0
    cluster, person, count = pair[0][lost], pair[1][lost], shared[lost]
    for position in np.lexsort((cluster, -count)).tolist():
        found.setdefault(names[int(person[position])], str(given[int(cluster[position])]))
    return dict(sorted(found.items()))


def state_hash(assignment: Mapping[int, str]) -> str:
    """Return the hash of who is with whom: ids relabelled by their smallest record, so that names and time do not count."""
    smallest: dict[str, int] = {}
    for key in sorted(assignment):
        smallest.setdefault(assignment[key], key)
    digest = hashlib.sha256()
    for key in sorted(assignment):
        digest.update(b"%d:%d\n" % (key, smallest[assignment[key]]))
    return digest.hexdigest()
