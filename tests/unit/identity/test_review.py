"""What is worth a look, in which order; a score taken apart adds up; what people decide moves the model, how far."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.identity.conftest import AT, crowd
from tests.unit.identity.test_resolve import QUICK

from filrouge.domain.identity import HumanDecision, Resolution, resolve
from filrouge.domain.identity import teaching as teach
from filrouge.domain.identity.anatomy import CEILING, RULE, START, anatomy, pattern, probability
from filrouge.domain.identity.review import EVERY, Doubt, rank, uncertainty, worth

scores = st.floats(-40, 40, allow_nan=False)
sizes = st.integers(1, 400)


@given(scores)
def test_nothing_is_more_open_than_an_even_chance(score: float) -> None:
    assert 0 <= uncertainty(score, together=score > 0) <= uncertainty(0.0, together=False) == 1.0


@given(st.floats(0.01, 40), st.floats(0.01, 40))
def test_the_surer_a_score_the_less_it_is_worth(near: float, far: float) -> None:
    near, far = sorted((near, far))
    for sign in (1, -1):
        mine, theirs = (Doubt(1, 2, sign * bits, "ambiguous", together=sign > 0) for bits in (near, far))
        assert worth(mine) >= worth(theirs)


@given(scores, sizes, sizes, st.integers(0, 30), st.integers(1, 500))
def test_more_records_are_worth_more_and_a_pattern_judged_often_less(
    score: float, left: int, right: int, judged: int, alike: int
) -> None:
    doubt = Doubt(1, 2, score, "bridge", together=True, left_records=left, right_records=right)
    assert worth(dataclasses.replace(doubt, left_records=left + 1)) >= worth(doubt)
    assert worth(doubt, alike=alike, judged=judged) >= worth(doubt, alike=alike, judged=judged + 1) >= worth(doubt)


def test_what_was_decided_against_the_score_of_the_pair_is_as_open_as_can_be() -> None:
    assert uncertainty(20.0, together=False) == uncertainty(-20.0, together=True) == 1.0


doubtful = st.builds(
    Doubt, st.integers(0, 10**6), st.integers(0, 10**6), scores, st.sampled_from(["ambiguous", "bridge", "sample"]),
    st.booleans(), sizes, sizes, st.sampled_from(["a", "b", "c"]),
)  # fmt: skip


@given(st.lists(doubtful, max_size=60), st.integers(0, 80))
def test_the_queue_holds_the_worthiest_and_chance_has_its_place(doubts: list[Doubt], most: int) -> None:
    order = rank(doubts, most=most)
    assert len(order) == min(most, len(doubts))
    values = [value for _, value in order]
    assert values == sorted(values, reverse=True)
    drawn = [doubt for doubt, _ in order if doubt.kind == "sample"]
    assert drawn == [doubt for doubt in doubts if doubt.kind == "sample"][: len(drawn)], "in the order of the draw"
    others = [doubt for doubt, _ in order if doubt.kind != "sample"]
    if len(others) < sum(doubt.kind != "sample" for doubt in doubts):
        assert len(drawn) <= len(order) // EVERY


@given(st.lists(doubtful, max_size=40, unique_by=lambda d: (d.left, d.right)), st.randoms())
def test_the_order_follows_content_and_not_arrival(doubts: list[Doubt], chance: object) -> None:
    mine = [doubt for doubt in doubts if doubt.kind != "sample"]
    shuffled = list(mine)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rank(mine) == rank(shuffled)


# --- a score taken apart ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> tuple[pa.Table, Resolution]:
    table, _ = crowd(150)
    return table, resolve(None, table, at=AT, spec=QUICK)


def test_the_parts_of_every_doubt_add_up_to_its_score(world: tuple[pa.Table, Resolution]) -> None:
    doubts = world[1].doubts
    assert doubts is not None
    rows = doubts.pairs.to_pylist()
    assert {row["kind"] for row in rows} > {"sample"}
    for row in rows:
        told = anatomy(row["told"], row["score"], rule=row["rule"])
        assert told is not None
        assert told.parts[0].name == START
        assert sum(part.bits for part in told.parts) == pytest.approx(row["score"], abs=0.06)
        assert (told.parts[-1].name == RULE) <= bool(row["rule"])


def test_every_link_that_the_model_made_tells_what_it_is_made_of(world: tuple[pa.Table, Resolution]) -> None:
    from filrouge.domain.identity import steps

    links = world[1].assignment.to_pylist()
    told = [step for step in steps(links) if step.weight is not None]
    assert told
    for step in told:
        parts = anatomy(step.told, step.weight or 0.0, rule=step.rule)
        assert parts is not None
        assert {part.name for part in parts.compared} >= set(step.kinds) - {"name"} or step.decision == "rule"


def test_what_rules_add_and_households_hold_down_is_a_part_of_its_own() -> None:
    said = "start random -9.00;given same 4.00"
    assert [part.name for part in anatomy(said, 18.0, rule="email_name").parts] == [START, "given", RULE]  # type: ignore[union-attr]
    assert [part.name for part in anatomy(said, -7.0).parts] == [START, "given", CEILING]  # type: ignore[union-attr]
    assert [part.name for part in anatomy(said, -5.0).parts] == [START, "given"]  # type: ignore[union-attr]
    assert anatomy("", 3.0) is None
    assert pattern(said) == "given same"
    assert probability(0.0) == 0.5


def test_the_sample_is_the_same_at_every_run_and_knows_how_many_it_stands_for(
    world: tuple[pa.Table, Resolution],
) -> None:
    table, found = world
    again = resolve(None, table, at=AT, spec=QUICK)
    assert again.doubts is not None
    assert found.doubts is not None
    assert again.doubts.pairs.equals(found.doubts.pairs)
    drawn = [row["stratum"] for row in found.doubts.pairs.to_pylist() if row["stratum"]]
    for stratum in found.doubts.strata:
        assert drawn.count(stratum.name) == min(stratum.size, 30)


# --- what people decide feeds the model -------------------------------------------------------------------------------


def decided(table: pa.Table, found: Resolution, kind: str, number: int) -> list[HumanDecision]:
    """Say the same of ``number`` pairs: doubts that no rule joins, then namesakes."""
    assert found.doubts is not None
    pairs = [(row["left"], row["right"]) for row in found.doubts.pairs.to_pylist() if not row["rule"]]
    keys, family = (table.column(name).to_pylist() for name in ("record_key", "family_name"))
    source = table.column("source_id").to_pylist()
    pairs += [
        (keys[i], keys[j])
        for i in range(len(keys)) for j in range(i)
        if family[i] == family[j] and source[i] != source[j]
    ]  # fmt: skip
    unique = list(dict.fromkeys((min(pair), max(pair)) for pair in pairs))[:number]
    return [HumanDecision(left, right, kind, reviewed=True) for left, right in unique]  # type: ignore[arg-type]


def shift_of(found: Resolution) -> float:
    return next((note["shift"] for note in found.model["notes"] if note["code"] == "taught"), 0.0)


@pytest.mark.parametrize(("kind", "sign"), [("must_link", 1), ("cannot_link", -1)])
def test_many_decisions_move_the_start_of_every_score_their_way(
    kind: str, sign: int, world: tuple[pa.Table, Resolution]
) -> None:
    table, found = world
    taught = resolve(None, table, at=AT, spec=QUICK, decisions=decided(table, found, kind, 45))
    assert 0 < sign * shift_of(taught) <= teach.FURTHEST
    assert (taught.model["prior"] > found.model["prior"]) is (sign > 0)
    again = resolve(None, table, at=AT, spec=QUICK, decisions=decided(table, found, kind, 45))
    assert again.model == taught.model, "the same decisions teach the same"


def test_few_decisions_move_it_not_at_all_and_those_made_by_hand_neither(world: tuple[pa.Table, Resolution]) -> None:
    table, found = world
    few = resolve(None, table, at=AT, spec=QUICK, decisions=decided(table, found, "cannot_link", teach.ENOUGH - 1))
    assert shift_of(few) == 0.0
    chosen = [dataclasses.replace(one, reviewed=False) for one in decided(table, found, "cannot_link", 45)]
    assert shift_of(resolve(None, table, at=AT, spec=QUICK, decisions=chosen)) == 0.0


def test_pairs_joined_by_hand_teach_how_unalike_records_of_one_person_may_be(
    world: tuple[pa.Table, Resolution],
) -> None:
    table, found = world
    keys, given = (table.column(name).to_pylist() for name in ("record_key", "given_name"))
    family = table.column("family_name").to_pylist()
    other = [
        (keys[i], keys[j])
        for i in range(120) for j in range(i + 1, 120)
        if given[i] != given[j] and family[i][:3] != family[j][:3]
    ][:400]  # fmt: skip

    def unlike(one: Resolution) -> float:
        levels = next(c for c in one.model["comparisons"] if c["name"] == "given")["levels"]
        return float(levels[-1]["m"])

    few, many = (
        resolve(None, table, at=AT, spec=QUICK, decisions=[HumanDecision(a, b, "must_link") for a, b in other[:n]])
        for n in (3, 400)
    )
    assert unlike(found) < unlike(few) < unlike(many)
    assert unlike(few) - unlike(found) < 0.02


@given(st.lists(st.tuples(st.floats(-8, 8), st.booleans()), min_size=1, max_size=80))
def test_the_shift_is_bounded_and_goes_the_way_of_what_was_found(pairs: list[tuple[float, bool]]) -> None:
    scores_ = np.array([score for score, _ in pairs])
    same = np.array([float(said) for _, said in pairs])
    moved = teach.shift(scores_, np.full(scores_.size, 60.0), same)
    assert abs(moved) <= teach.FURTHEST
    expected = float(np.sum([probability(score) for score in scores_]))
    if abs(float(same.sum()) - expected) > 0.01:
        assert (moved > 0) is (float(same.sum()) > expected)
    more = teach.shift(np.tile(scores_, 4), np.full(scores_.size * 4, 60.0), np.tile(same, 4))
    assert abs(more) >= abs(moved) - 0.002, "the more was decided, the further it may go"
