"""A source that holds each person once keeps its records apart, unless a person says otherwise."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from tests.unit.identity.conftest import AT, crowd, people_table

from filrouge.domain.identity import HumanDecision, IdentitySpec, Memory, resolve, settle
from filrouge.domain.identity.match import Matcher
from filrouge.domain.identity.spec import Training

ANN = {"given_name": "Ann", "family_name": "Roux", "birth_date": "1980-02-03", "email": "ann.roux@example.org"}
TWICE = [
    ANN | {"source": "crm", "source_id": "1"}, ANN | {"source": "crm", "source_id": "2", "phone": "0612345678"},
    ANN | {"source": "shop", "source_id": "3", "phone": "06 12 34 56 78"},
]  # fmt: skip


def groups(found: object) -> list[int]:
    people = found.assignment["person"].to_pylist()  # type: ignore[attr-defined]
    return sorted(people.count(one) for one in set(people))


def test_two_records_of_such_a_source_are_two_people_and_a_third_is_of_one_of_them() -> None:
    table = people_table(*TWICE)
    assert groups(resolve(None, table, at=AT)) == [3]
    once = IdentitySpec(one_each=("crm",))
    found = resolve(None, table, at=AT, spec=once)
    assert groups(found) == [1, 2]
    assert found.assignment == resolve(None, table.take([2, 0, 1]), at=AT, spec=once).assignment
    assert groups(resolve(None, table, at=AT, spec=IdentitySpec(one_each=("desk",)))) == [3]


def test_a_person_who_says_that_they_are_one_is_heard() -> None:
    table = people_table(*TWICE)
    keys = table.column("record_key").to_pylist()
    word = HumanDecision(left=keys[0], right=keys[1], kind="must_link", by="advisor")
    assert groups(resolve(None, table, at=AT, spec=IdentitySpec(one_each=("crm",)), decisions=[word])) == [3]


def test_among_many_no_two_records_of_such_a_source_meet_whether_settled_whole_or_alone(tmp_path: Path) -> None:
    table, _ = crowd(150)
    source = "crm"
    table = table.set_column(table.column_names.index("source"), "source", pa.array([source] * table.num_rows))
    training = Training(u_pairs=4e4, em_pairs=4e4, min_pairs=8_000)
    once = IdentitySpec(training=training, one_each=(source,))
    plain = resolve(None, table, at=AT, spec=IdentitySpec(training=training))
    found = resolve(None, table, at=AT, spec=once, remember=tmp_path / "memory")
    who = dict(zip(found.assignment["record_key"].to_pylist(), found.assignment["person"].to_pylist(), strict=True))
    assert len(set(who.values())) == len(who)
    assert found.counts["people"] > plain.counts["people"]
    told = settle(None, Memory(tmp_path / "memory"), table.slice(0, 40), at=AT, spec=once)
    assert told.resolution.changed.num_rows == 0


def test_a_record_of_such_a_source_is_not_matched_with_whom_the_source_holds_already(tmp_path: Path) -> None:
    table, _ = crowd(150)
    spec = IdentitySpec(training=Training(u_pairs=4e4, em_pairs=4e4, min_pairs=8_000), one_each=("crm",))
    held = table.num_rows // 2
    origin = ["crm" if at < held else "shop" for at in range(table.num_rows)]
    table = table.set_column(table.column_names.index("source"), "source", pa.array(origin))
    resolve(None, table, at=AT, spec=spec, remember=tmp_path / "memory")
    matcher = Matcher(Memory(tmp_path / "memory"), spec)
    known = next(row for row in table.slice(0, held).to_pylist() if matcher.match(row | {"source": "form"}).person)
    person = matcher.match(known | {"source": "form"}).person
    again = matcher.match(known | {"source": "crm"})
    assert person not in (None, again.person)
    assert person in {one.person for one in again.candidates}, "they are told as alike, all the same"
