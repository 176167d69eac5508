"""A model is read, set by hand and used again: the file decides, and a faulty one is told whole."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.identity.conftest import AT, crowd

from filrouge.base.errors import DefinitionError
from filrouge.domain.identity import IdentitySpec, ModelSpec, describe, load_model, resolve
from filrouge.domain.identity.spec import Training

FEW = IdentitySpec(training=Training(u_pairs=4e4, em_pairs=4e4, min_pairs=8_000))


@pytest.fixture(scope="module")
def learned() -> ModelSpec:
    table, _ = crowd(150)
    return describe(load_model(resolve(None, table, at=AT, spec=FEW).model), FEW)


def test_a_model_that_was_learned_is_used_again_as_it_is(learned: ModelSpec) -> None:
    table, _ = crowd(150)
    first, again = (resolve(None, table, at=AT, spec=FEW, model=learned.model()) for _ in range(2))
    assert first.model["version"] == learned.model().version == again.model["version"]
    assert first.assignment == again.assignment
    free = resolve(None, table, at=AT, spec=FEW)
    apart = sum(
        a != b
        for a, b in zip(first.assignment["person"].to_pylist(), free.assignment["person"].to_pylist(), strict=True)
    )
    assert apart <= 0.02 * free.assignment.num_rows
    other, _ = crowd(60, seed=9)
    assert resolve(None, other, at=AT, spec=FEW, model=learned.model()).model["version"] == learned.model().version


def test_it_says_the_same_once_written_and_read(learned: ModelSpec) -> None:
    assert ModelSpec.parse(learned.dump()).model() == learned.model()


def test_what_is_set_decides(learned: ModelSpec) -> None:
    table, _ = crowd(150)
    deaf = {
        name: {label: one.model_copy(update={"m": 0.02, "u": 0.021}) for label, one in levels.items()}
        for name, levels in learned.comparisons.items()
    }
    for levels in deaf.values():
        first = next(iter(levels))
        levels[first] = levels[first].model_copy(update={"m": 0.03, "u": 0.03})
    free = resolve(None, table, at=AT, spec=FEW)
    shut = resolve(
        None, table, at=AT, spec=FEW, model=learned.model_copy(update={"comparisons": deaf, "prior": 1e-9}).model()
    )
    assert shut.counts["people"] > free.counts["people"]
    strict = learned.model_copy(update={"thresholds": learned.thresholds.model_copy(update={"link": 40.0})})
    rules = strict.rules(FEW, strict.model())
    assert resolve(None, table, at=AT, spec=rules, model=strict.model()).counts["people"] > free.counts["people"]
    assert rules.fixed


def test_every_fault_of_a_file_is_told_at_once(learned: ModelSpec) -> None:
    said = learned.dump()
    said["comparisons"]["shoe"] = {"same": {"m": 0.9, "u": 0.1}}
    del said["comparisons"]["given"]["typo"]
    third = next(name for name in said["comparisons"] if name not in ("given", "email", "shoe"))
    said["comparisons"][third]["odd"] = {"m": 0.9, "u": 0.1}
    said["comparisons"]["email"]["same"] = {"m": 1e-6, "u": 0.9}
    with pytest.raises(DefinitionError) as told:
        ModelSpec.parse(said).model()
    text = " ".join(told.value.faults)
    assert all(word in text for word in ("shoe", "given.typo", f"{third}.odd", "comparisons.email"))
    with pytest.raises(DefinitionError):
        ModelSpec.parse({"comparisons": {"given": {"same": {"m": 2, "u": 0}}}})
    with pytest.raises(DefinitionError):
        ModelSpec.parse({"comparisons": {}}).model()


@pytest.mark.parametrize(
    "wrong",
    [
        {"thresholds": {"link": float("inf")}}, {"thresholds": {"link": -50.0}}, {"thresholds": {"clip": float("nan")}},
        {"prior": float("nan")}, {"comparisons": {"given": {"same": {"m": True, "u": 0.1}}}},
        {"comparisons": {"given": {"same": {"m": "0.9", "u": 0.1}}}},
    ],
)  # fmt: skip
def test_what_would_join_everybody_or_is_no_number_is_refused(learned: ModelSpec, wrong: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError):
        ModelSpec.parse(learned.dump() | wrong)


def test_shares_of_one_person_that_cannot_be_are_refused(learned: ModelSpec) -> None:
    said = learned.dump()
    for level in said["comparisons"]["given"].values():
        level["m"] = 0.9
    with pytest.raises(DefinitionError) as told:
        ModelSpec.parse(said).model()
    assert "given" in told.value.faults[0]
