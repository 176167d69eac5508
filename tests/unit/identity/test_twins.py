"""Twins share all but a given name: they are two people, in a table of many others as in one of twins alone."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.unit.identity.conftest import AT, people_table

from filrouge.domain.identity import IdentitySpec, resolve, training
from filrouge.domain.identity.evaluate import compare
from filrouge.domain.identity.spec import Training

GIVEN = [
    "Jean",
    "Nadia",
    "Paul",
    "Lucie",
    "Hugo",
    "Emma",
    "Louis",
    "Alice",
    "Jules",
    "Rose",
    "Adam",
    "Zoe",
    "Noe",
    "Lina",
    "Marc",
    "Eva",
    "Luc",
    "Ines",
    "Remi",
    "Sonia",
    "Ivan",
    "Carla",
    "Yann",
    "Marion",
    "Omar",
    "Agathe",
    "Igor",
    "Fanny",
    "Theo",
    "Justine",
]


def table(pairs: int, others: int) -> tuple[pa.Table, list[str]]:
    """Return rows, most people twice, and whose each is."""
    dice, rows, truth = random.Random(11), [], []

    def write(person: str, given: str, shared: dict[str, str]) -> None:
        for time in range(dice.choice((1, 2, 2))):
            rows.append(shared | {"given_name": given, "source": "crm", "source_id": f"{person}-{time}"})
            truth.append(person)

    for number in range(pairs + others):
        born = f"{dice.randrange(1940, 2005)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}"
        family = "".join(dice.choice("bcdfglmnprst") + dice.choice("aeiou") for _ in range(3)).title()
        shared = {
            "family_name": family,
            "birth_date": born,
            "email": f"{family}{number}@example.org".lower(),
            "phone": f"06 {number // 10000:02} {number // 100 % 100:02} {number % 100:02} {dice.randrange(100):02}",
        }
        names = dice.sample(GIVEN, 2)
        for twin in names[: 2 if number < pairs else 1]:
            write(f"{number}-{twin}", twin, shared)
    return people_table(*rows), truth


@pytest.mark.parametrize(("pairs", "others"), [(60, 700), (400, 0)])
def test_twins_are_two_people(pairs: int, others: int) -> None:
    rows, truth = table(pairs, others)
    spec = IdentitySpec(training=Training(u_pairs=2e5, em_pairs=1e5, min_pairs=8_000))
    found = resolve(None, rows, at=AT, spec=spec)
    who = dict(zip(found.assignment["record_key"].to_pylist(), found.assignment["person"].to_pylist(), strict=True))
    mine = np.array([who[key] for key in rows["record_key"].to_pylist()], dtype=object)
    figures = compare(mine, np.array(truth, dtype=object))
    assert figures["pairwise"]["precision"] > 0.97
    assert figures["pairwise"]["recall"] > 0.97


def test_a_given_name_that_could_not_be_learned_still_tells_people_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    learned = training._learn_m

    def without_names(*given: Any) -> dict[tuple[str, str], float]:
        return {key: share for key, share in learned(*given).items() if key[0] != "given"}

    monkeypatch.setattr(training, "_learn_m", without_names)
    rows, truth = table(150, 400)
    spec = IdentitySpec(training=Training(u_pairs=2e5, em_pairs=1e5, min_pairs=8_000))
    found = resolve(None, rows, at=AT, spec=spec)
    assert {"code": "presumed", "column": "given"} in found.model["notes"]
    who = dict(zip(found.assignment["record_key"].to_pylist(), found.assignment["person"].to_pylist(), strict=True))
    mine = np.array([who[key] for key in rows["record_key"].to_pylist()], dtype=object)
    assert compare(mine, np.array(truth, dtype=object))["pairwise"]["precision"] > 0.97
