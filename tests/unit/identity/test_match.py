"""A record matched by itself is given to whom it would be given among all, for the same reasons, word for word."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.unit.identity.conftest import AT, crowd
from tests.unit.identity.test_settle import FEW, Group

from filrouge.domain.identity import IdentitySpec, Memory, resolve, settle
from filrouge.domain.identity.anatomy import probability
from filrouge.domain.identity.compiled import Uncompilable
from filrouge.domain.identity.evaluate import as_records, holdings, read
from filrouge.domain.identity.match import WHOLE, Match, Matcher
from filrouge.domain.identity.meaning import guess
from filrouge.domain.identity.spec import Training

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "identity"
SETS = (
    ("fake_1000.csv",),
    ("febrl3.csv",),
    ("febrl4a.csv", "febrl4b.csv"),
    ("french_20k.csv",),
    ("historical_dev.parquet",),
)
ENTRY = 0.0101  # a hundredth of a bit: the last digit told


def same_as_settled(matcher: Matcher, record: dict[str, Any], schema: pa.Schema, spec: IdentitySpec) -> bool:
    """Check one record; False when settling it would change other people too, which a match leaves to it."""
    key, memory = int(record["record_key"]), matcher.memory
    told = settle(None, memory, pa.Table.from_pylist([record], schema=schema), at=AT, spec=spec)
    rows = {int(row["record_key"]): row for row in told.resolution.assignment.to_pylist()}
    mine, others = rows.pop(key), rows
    for other, row in others.items():
        known = memory.of_key(other)
        if known is None or known.person != row["person"]:
            return False
    found = matcher.match(record, key=key)
    known_people = {row["person"] for row in others.values()}
    assert found.person == (mine["person"] if mine["person"] in known_people else None)
    if found.person is not None:
        same_reasons(found, mine)
    return True


def same_reasons(found: Match, link: dict[str, Any]) -> None:
    first, evidence = found.steps[0], json.loads(link["evidence"])
    assert (first.right, first.decision, first.rule) == (evidence["with"], link["decision"], link["rule"])
    assert (list(first.kinds), first.told) == (evidence["kinds"], evidence["told"])
    assert first.weight == pytest.approx(evidence["weight"], abs=ENTRY)
    assert found.bits == first.weight
    assert found.probability == pytest.approx(probability(evidence["weight"]), abs=0.01)


def parted(table: pa.Table, every: int) -> tuple[pa.Table, list[dict[str, Any]]]:
    late = pa.array(sorted(table["record_key"].to_pylist())[::every])
    held = pc.is_in(table["record_key"], value_set=late)
    return table.filter(pc.invert(held)), table.filter(held).to_pylist()


def test_a_record_is_given_to_whom_settling_gives_it(tmp_path: Path) -> None:
    table, truth = crowd(150)
    early, late = parted(table, 25)
    resolve(None, early, at=AT, spec=FEW, remember=tmp_path / "memory")
    matcher = Matcher(Memory(tmp_path / "memory"), FEW)
    checked = [same_as_settled(matcher, record, table.schema, FEW) for record in late]
    assert sum(checked) > 0.9 * len(late)
    people = {int(row["record_key"]): matcher.match(row, key=int(row["record_key"])).person for row in late}
    right = [
        person is not None and any(truth[known.key] == truth[key] for known in matcher.memory.of_person(person))
        for key, person in people.items()
    ]
    assert sum(right) > 0.8 * len(right)


@pytest.mark.slow
@pytest.mark.parametrize("names", SETS, ids=lambda names: names[0])
def test_on_public_sets_too(names: tuple[str, ...], tmp_path: Path) -> None:
    if not all((DATA / name).exists() for name in names):
        pytest.skip("the public sets are not here")
    frame = pl.concat([read(DATA / name) for name in names])
    frame = frame.sort(pl.col("cluster"), maintain_order=True).head(3_000)
    meaning = guess(holdings(frame), never={"cluster", "unique_id", "rec_id"})
    table, _ = as_records(frame, meaning, np.zeros(frame.height, dtype=np.int64))
    spec = IdentitySpec(extras=meaning.extras, training=Training(u_pairs=2e5, em_pairs=1e5, min_pairs=8_000))
    early, late = parted(table, frame.height // 12)
    resolve(None, early, at=AT, spec=spec, remember=tmp_path / "memory")
    matcher = Matcher(Memory(tmp_path / "memory"), spec)
    assert any(same_as_settled(matcher, record, table.schema, spec) for record in late)


def test_what_was_settled_since_counts(tmp_path: Path) -> None:
    table, truth = crowd(150)
    early, late = parted(table, 30)
    group = Group(early, tmp_path / "memory")
    matcher = Matcher(group.memory, FEW)
    group.records |= {int(row["record_key"]): row for row in table.to_pylist()}
    first, rest = late[: len(late) // 2], late[len(late) // 2 :]
    group.settle(*(int(row["record_key"]) for row in first))
    newest = next(int(row["record_key"]) for row in first if truth[int(row["record_key"])] is not None)
    again = matcher.match(group.records[newest])  # the same values, from somebody who gives no key
    assert again.person == group.who[newest]
    assert any(same_as_settled(matcher, record, table.schema, FEW) for record in rest)
    gone = [known.key for known in group.memory.of_person(group.who[newest])]
    group.settle(gone=gone)
    assert matcher.match(group.records[newest]).person is None, "who is gone is found no more"


def test_a_stranger_is_nobody(tmp_path: Path) -> None:
    resolve(None, crowd(150)[0], at=AT, spec=FEW, remember=tmp_path / "memory")
    matcher = Matcher(Memory(tmp_path / "memory"), FEW)
    stranger = matcher.match(
        {"given_name": "Ottokar", "family_name": "Wyszyński", "email": "ottokar@example.net", "entity": "group"}
    )
    assert (stranger.person, stranger.bits, stranger.probability) == (None, None, None)
    assert (stranger.decision, stranger.steps) == ("alone", ())
    nothing = matcher.match({})
    assert (nothing.person, nothing.candidates) == (None, ())


def test_verdicts_on_the_people_it_meets_are_kept(tmp_path: Path) -> None:
    table, _ = crowd(150)
    group = Group(table, tmp_path / "memory")
    keys = sorted(group.who)
    left = keys[0]
    right = next(key for key in keys if group.who[key] != group.who[left])
    group.decide("must_link", left, right)
    matcher = Matcher(group.memory, FEW)
    for key in (left, right):  # two unlike people joined by hand: whoever resembles either is theirs
        record = dict(group.records[key])
        assert matcher.match(record).person == group.who[left]


def test_a_person_of_many_records_is_taken_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many records they have, the time is bounded: each is weighed against the record alone."""
    table, _ = crowd(150)
    early, late = parted(table, 9)
    resolve(None, early, at=AT, spec=FEW, remember=tmp_path / "memory")
    matcher = Matcher(Memory(tmp_path / "memory"), FEW)
    whole = [matcher.match(row, key=int(row["record_key"])).person for row in late]
    monkeypatch.setattr("filrouge.domain.identity.match.WHOLE", 0)
    assert WHOLE > 0
    assert [matcher.match(row, key=int(row["record_key"])).person for row in late] == whole


def test_a_model_that_cannot_be_worked_out_here_is_refused(tmp_path: Path) -> None:
    resolve(None, crowd(150)[0], at=AT, spec=FEW, remember=tmp_path / "memory")
    memory = Memory(tmp_path / "memory")
    first, *others = memory.model.comparisons
    level = replace(first.levels[0], sql="soundex(l.given_key) = soundex(r.given_key)")
    odd = replace(first, levels=(level, *first.levels[1:]))
    memory.model = replace(memory.model, comparisons=(odd, *others))
    with pytest.raises(Uncompilable, match="cannot be matched by"):
        Matcher(memory, FEW)
