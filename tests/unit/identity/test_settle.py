"""A few records are settled among the many as the whole would settle them, and nobody else is touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.identity.conftest import AT, crowd, people_table

from filrouge.domain.identity import HumanDecision, IdentitySpec, Memory, resolve, settle, state_hash
from filrouge.domain.identity.desk import desk
from filrouge.domain.identity.gathering import MANY
from filrouge.domain.identity.memory import values_sql
from filrouge.domain.identity.normalise import normalise
from filrouge.domain.identity.spec import Training

FEW = IdentitySpec(training=Training(u_pairs=4e4, em_pairs=4e4, min_pairs=8_000))  # so few that pairs must be chosen
Table = pa.Table


class Group:
    """A group whose memory is kept, as the product keeps it: links by time, decisions, records."""

    def __init__(self, table: Table, folder: Path) -> None:
        self.records = {int(row["record_key"]): row for row in table.to_pylist()}
        self.schema = table.schema
        found = resolve(None, table, at=AT, spec=FEW, remember=folder)
        self.memory = Memory(folder)
        self.lives: dict[int, list[str]] = {}
        self.who: dict[int, str] = {}
        self.decisions: list[HumanDecision] = []
        self._keep(found.assignment)

    def _keep(self, assignment: Table) -> None:
        for row in assignment.to_pylist():
            key, person = int(row["record_key"]), str(row["person"])
            self.who[key] = person
            if person not in (life := self.lives.setdefault(key, [])):
                life.append(person)

    def former(self, keys: Sequence[int]) -> Mapping[int, Sequence[str]]:
        return {key: self.lives[key] for key in keys if len(self.lives.get(key, ())) > 1}

    def settle(self, *keys: int, gone: Sequence[int] = (), around: Sequence[str] = ()) -> Any:
        records = pa.Table.from_pylist([self.records[key] for key in sorted(set(keys))], schema=self.schema)
        told = settle(
            None, self.memory, records, gone=gone, around=around, former=self.former, decisions=self.decisions, at=AT,
            spec=FEW,
        )  # fmt: skip
        for key in gone:
            self.who.pop(key, None)
        self._keep(told.resolution.assignment)
        self.memory.settled("run", told.later)
        return told

    def decide(self, kind: Any, left: int, right: int) -> None:
        self.decisions.append(HumanDecision(left=left, right=right, kind=kind, by="advisor"))
        self.settle(around=sorted({self.who[left], self.who[right]}))

    def take_back(self) -> None:
        last = self.decisions.pop()
        self.settle(around=sorted({self.who[last.left], self.who[last.right]}))


@pytest.fixture
def group(tmp_path: Path) -> Group:
    table, _ = crowd(150)
    return Group(table, tmp_path / "memory")


def test_what_is_settled_already_stays_as_it_is(group: Group) -> None:
    before = dict(group.who)
    assert group.memory.blocks, "pairs are chosen, not all compared"
    told = group.settle(*sorted(before)[::3])
    assert told.resolution.changed.num_rows == 0
    assert told.resolution.counts["records"] >= len(before) // 3
    assert told.before == told.after
    assert group.who == before


def test_new_records_join_whom_the_whole_would_join_them_to(tmp_path: Path) -> None:
    table, truth = crowd(150)
    late = sorted(truth)[::9]
    early = table.filter(pc.invert(pc.is_in(table["record_key"], value_set=pa.array(late))))
    group = Group(early, tmp_path / "early")
    known = dict(group.who)
    group.records |= {int(row["record_key"]): row for row in table.to_pylist()}
    group.settle(*late)
    moved = [key for key, person in known.items() if group.who[key] != person]
    assert len(moved) <= len(known) // 50, "ids stay, but where a new record tells two to be one"
    whole = dict(
        zip(
            *resolve(None, table, at=AT, spec=FEW).assignment.select(["record_key", "person"]).to_pydict().values(),
            strict=True,
        )
    )
    keys = sorted(truth)
    pairs = [(a, b) for at, a in enumerate(keys) for b in keys[at + 1 :]]
    agree = sum((group.who[a] == group.who[b]) == (whole[a] == whole[b]) for a, b in pairs)
    assert agree / len(pairs) > 0.9995


def test_a_record_that_goes_leaves_the_others_as_they_would_be_without_it(group: Group) -> None:
    counted: dict[str, list[int]] = {}
    for key, person in group.who.items():
        counted.setdefault(person, []).append(key)
    several = next(keys for keys in counted.values() if len(keys) > 2)
    group.settle(gone=[several[0]])
    assert group.memory.of_key(several[0]) is None
    assert {known.key for known in group.memory.of_person(group.who[several[1]])} <= set(several[1:])


def test_memory_read_by_another_tells_the_same(group: Group) -> None:
    keys = sorted(group.who)
    left = keys[0]
    right = next(key for key in keys if group.who[key] != group.who[left])
    group.decide("must_link", left, right)
    other = Memory(group.memory.folder)
    assert other.last == group.memory.last == "run"
    assert {key: known.person for key in keys if (known := other.of_key(key))} == group.who
    person = group.who[left]
    assert [known.key for known in other.of_person(person)] == sorted(k for k, p in group.who.items() if p == person)


def test_a_box_that_thousands_give_at_once_joins_nobody(group: Group) -> None:
    late = people_table(
        *(
            {"given_name": name, "family_name": name[::-1], "email": "box@example.org", "source_id": name}
            for name in (f"{number * 7919:07x}" for number in range(MANY + 100))
        )
    )
    group.records |= {int(row["record_key"]): row for row in late.to_pylist()}
    counts = group.settle(*late["record_key"].to_pylist()).resolution.counts
    assert (counts["people"], counts["merges"]) == (MANY + 100, 0)


@pytest.mark.parametrize(
    ("value", "bearers"), [({"email": "chez-nous@example.org"}, 4), ({"phone": "01 39 98 00 77"}, 12)]
)
def test_an_address_that_several_bear_joins_no_two_records_that_say_nothing_else(
    tmp_path: Path, value: dict[str, str], bearers: int
) -> None:
    table, _ = crowd(150)
    names = ("Odilon", "Wenceslas", "Perrine", "Yvette", "Balthazar", "Zacharie", "Quitterie", "Fulbert", "Iphigenie")
    names = (*names, "Kassandre", "Ludivine", "Theophane")
    shared = people_table(
        *(
            {"given_name": name, "family_name": f"Ka{name[::-1].lower()}", "source_id": f"shared-{name}"} | value
            for name in names[:bearers]
        )
    )
    bare = people_table({"source_id": "bare-1"} | value, {"source_id": "bare-2"} | value)
    group = Group(pa.concat_tables([table, shared]), tmp_path / "memory")
    group.records |= {int(row["record_key"]): row for row in bare.to_pylist()}
    keys = bare["record_key"].to_pylist()
    group.settle(*keys)
    whole = resolve(None, pa.concat_tables([table, shared, bare]), at=AT, spec=FEW).assignment
    said = dict(zip(whole["record_key"].to_pylist(), whole["person"].to_pylist(), strict=True))
    assert said[keys[0]] != said[keys[1]]
    assert group.who[keys[0]] != group.who[keys[1]]


def test_memory_tells_what_too_many_bear(group: Group) -> None:
    known = group.memory
    borne: dict[int, int] = {}
    for key, largest in known.blocks.items():
        for row in desk_of(group, key):
            borne[row] = borne.get(row, 0) + 1
        common = np.array([number for number, count in borne.items() if count > largest], np.uint64)
        rare = np.array([number for number, count in borne.items() if count <= largest], np.uint64)
        assert known.too_common(common).all(), key
        assert not known.too_common(rare).any(), key
        assert set(known.reached(rare)) == set(rare.tolist())
        assert known.reached(common) == {}
        borne.clear()


def desk_of(group: Group, key: str) -> list[int]:
    """Return the number of each value of ``key`` that the records bear, once a record."""
    with desk() as table:
        normalise(table, pa.Table.from_pylist(list(group.records.values()), schema=group.schema), FEW)
        return [int(h) for h, _ in table.rows(values_sql(key, "nodes"))]


def test_a_record_split_off_after_a_merge_undone_is_of_nobody_who_lives(group: Group) -> None:
    counted: dict[str, list[int]] = {}
    for key, person in sorted(group.who.items()):
        counted.setdefault(person, []).append(key)
    one, other = sorted((keys for keys in counted.values() if len(keys) > 1), key=len)[-2:]
    before = dict(group.who)
    group.decide("must_link", one[0], other[0])
    group.take_back()
    assert group.who == before
    if len(group.lives[one[0]]) < 2:  # of the two, whose records were the other's for a while
        one, other = other, one
    for stays in one[:-1]:
        group.decisions.append(HumanDecision(left=one[-1], right=stays, kind="cannot_link", by="advisor"))
    group.settle(around=[group.who[one[0]]])
    assert group.who[one[-1]] not in before.values(), "an id that nobody bears"
    assert {key: group.who[key] for key in other} == {key: before[key] for key in other}


KINDS = ["merge", "split", "undo", "again", "change"]
DONE = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 10_000), st.integers(0, 10_000)), min_size=1, max_size=6
)


@settings(max_examples=15, deadline=None)
@given(done=DONE)
def test_whatever_is_done_and_taken_back_leaves_all_as_it_was(
    done: list[tuple[str, int, int]], tmp_path_factory: Any
) -> None:
    table, _ = crowd(90)
    group = Group(table, tmp_path_factory.mktemp("memory"))
    assert group.memory.blocks
    before, keys = dict(group.who), sorted(group.who)
    for act, one, two in done:
        left, right = keys[one % len(keys)], keys[two % len(keys)]
        decided = any({d.left, d.right} == {left, right} for d in group.decisions)
        if act == "merge" and group.who[left] != group.who[right] and not decided:
            group.decide("must_link", left, right)
        elif act == "split" and left != right and group.who[left] == group.who[right] and not decided:
            group.decide("cannot_link", left, right)
            assert group.who[left] != group.who[right]
        elif act == "undo" and group.decisions:
            group.take_back()
        elif act == "again":
            state = state_hash(group.who)
            group.settle(left, right)
            assert state_hash(group.who) == state
        elif act == "change":
            kept = dict(group.records[left])
            group.records[left] = kept | {"city": "Ailleurs"}
            group.settle(left)
            group.records[left] = kept
            group.settle(left)
    while group.decisions:
        group.take_back()
    assert state_hash(group.who) == state_hash(before)
    assert group.who == before
