"""Tables that others published are imported through a definition each, and their people found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.world import World

from filrouge.work import sources

pytestmark = pytest.mark.lake

FAKE: dict[str, Any] = {
    "source": "fake_people", "kind": "csv", "place": "fake_1000.csv", "entity": "north", "brand": "red", "reads": "person_records",
    "key": ["unique_id"],
    "map": {
        "given_name": "first_name", "family_name": "surname", "birth_date": "dob", "city": "city", "email": "email",
    },
}  # fmt: skip
FEBRL: dict[str, Any] = {
    "source": "febrl_people", "kind": "csv", "place": "febrl3.csv", "entity": "south", "brand": "blue", "reads": "person_records",
    "format": {"date": "%Y%m%d"}, "key": ["rec_id"],
    "map": {
        "given_name": "given_name", "family_name": "surname", "birth_date": {"column": "date_of_birth", "format": "%Y%m%d"},
        "address_line": {"columns": ["street_number", "address_1"]}, "city": "suburb", "postcode": "postcode",
        "account_ref": "soc_sec_id",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "rows", "true_people", "looked_for"),
    [(FAKE, 1000, 251, "Robert Allen"), (FEBRL, 5000, 2000, "mitchell green")],
    ids=["fake_1000", "febrl3"],
)
def test_a_published_table_becomes_people_one_can_find(
    world: World, shared_data: Path, spec: dict[str, Any], rows: int, true_people: int, looked_for: str
) -> None:
    name = world.define({**spec, "place": str(shared_data / "identity" / spec["place"])})
    run = sources.run(name, by="test")
    assert (run.read, run.lost) == (rows, 0)
    assert run.new + run.rejected == rows
    outcome = world.resolve()
    assert 0.7 * true_people < outcome.counts["people"] < 1.4 * true_people
    found = world.find(looked_for)
    assert looked_for.casefold() in {hit.name.casefold() for hit in found}
