"""The golden record: every value kept, the best first, each place with its reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from tests.unit.identity.conftest import people_table

from filrouge.domain.identity import IdentitySpec, golden, people
from filrouge.domain.identity.spec import Survivorship
from filrouge.tables import table

OLD, NEW = datetime(2020, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)


def links(records: pa.Table, *persons: str) -> pa.Table:
    whole = list(persons) if len(persons) > 1 else [persons[0]] * records.num_rows
    return pa.table({"record_key": records.column("record_key"), "person": pa.array(whole, pa.string())})


def values(records: pa.Table, attribute: str, spec: IdentitySpec | None = None) -> list[tuple[str, str, str]]:
    found = golden(None, records, links(records, "p"), spec=spec).to_pylist()
    kept = sorted((row for row in found if row["attribute"] == attribute), key=lambda row: row["rank"])
    return [(row["value"], row["source"], row["reason"]) for row in kept]


def ranked(**ranks: int) -> IdentitySpec:
    return IdentitySpec(survivorship=Survivorship(source_rank=ranks))


def test_the_table_is_the_declared_one() -> None:
    found = golden(None, people_table({"email": "a@example.org"}), links(people_table({}), "p"))
    declared = {c.name for c in table("golden_values").columns} - {"run_id", "recorded_at"}
    assert set(found.column_names) == declared
    assert found.schema.field("record_key").type == pa.int64()


def test_the_source_that_ranks_first_gives_the_value() -> None:
    records = people_table(
        {"source": "mail", "email": "new@example.org", "updated_at": NEW},
        {"source": "crm", "email": "old@example.org", "updated_at": OLD},
    )
    assert values(records, "email", ranked(crm=1, mail=2)) == [
        ("old@example.org", "crm", "source_rank"),
        ("new@example.org", "mail", "last"),
    ]


def test_without_ranks_the_latest_valid_value_wins() -> None:
    records = people_table(
        {"source": "a", "email": "old@example.org", "updated_at": OLD},
        {"source": "b", "email": "new@example.org", "updated_at": NEW},
        {"source": "c", "email": "broken@", "updated_at": NEW},
    )
    assert [v for v, _, _ in values(records, "email")] == ["new@example.org", "old@example.org", "broken@"]
    assert [r for _, _, r in values(records, "email")] == ["recent", "verified", "last"]


def test_a_value_that_several_sources_give_is_kept_for_each() -> None:
    records = people_table(
        {"source": "crm", "given_name": "HELENE"}, {"source": "shop", "given_name": "Hélène"},
        {"source": "mail", "given_name": "Elena"},
    )  # fmt: skip
    assert values(records, "given_name") == [
        ("Hélène", "shop", "frequent"), ("HELENE", "crm", "same"), ("Elena", "mail", "last"),
    ]  # fmt: skip


def test_an_initial_never_beats_a_name() -> None:
    records = people_table(
        {"source": "a", "given_name": "C"},
        {"source": "b", "given_name": "C."},
        {"source": "c", "given_name": "Camille"},
    )
    assert values(records, "given_name")[0] == ("Camille", "c", "verified")


def test_two_addresses_never_mix() -> None:
    records = people_table(
        {"source": "a", "address_line": "3 rue des Lilas", "postcode": "75011", "city": "Paris", "updated_at": OLD},
        {"source": "b", "postcode": "69001", "updated_at": NEW},
    )
    best = json.loads(values(records, "address")[0][0])
    assert (best["address_line"], best["postcode"], best["city"]) == ("3 rue des Lilas", "75011", "Paris")
    assert len(values(records, "address")) == 2


def test_ranks_run_from_one_without_a_gap_whatever_the_order_of_the_rows() -> None:
    rows: list[dict[str, Any]] = [
        {"source": s, "given_name": g, "email": e}
        for s, g, e in (("a", "Jean", "a@example.org"), ("b", "Jan", "a@example.org"), ("c", "Jean", "c@example.org"))
    ]
    records = people_table(*rows)
    shuffled = records.take([2, 0, 1])
    found = golden(None, records, links(records, "p"))
    assert found.equals(golden(None, shuffled, links(records, "p")))
    for attribute in ("given_name", "email"):
        ranks = [row["rank"] for row in found.to_pylist() if row["attribute"] == attribute]
        assert sorted(ranks) == [1, 2, 3]


def test_people_tell_since_when_and_which_brands() -> None:
    home = {"family_name": "Roux", "address_line": "3 rue des Lilas", "postcode": "75011"}
    records = people_table(
        home | {"given_name": "Jean", "brand": "b", "created_at": OLD, "updated_at": NEW},
        {"given_name": "Jean", "family_name": "Roux", "brand": "a", "created_at": NEW, "updated_at": NEW},
        home | {"given_name": "Anne", "family_name": "ROUX", "brand": "a", "created_at": NEW, "updated_at": NEW},
        {"given_name": "Luc", "family_name": "Roux", "brand": "a"},
    )
    found = {row["person_id"]: row for row in people(None, records, links(records, "p1", "p1", "p2", "p3")).to_pylist()}
    assert json.loads(found["p1"]["brands"]) == ["a", "b"]
    assert (found["p1"]["first_seen"].year, found["p1"]["last_seen"].year) == (2020, 2025)
    assert set(found) == {"p1", "p2", "p3"}


def test_nobody_at_all_is_no_fault() -> None:
    assert golden(None, people_table(), links(people_table(), "p")).num_rows == 0
    assert people(None, people_table(), links(people_table(), "p")).num_rows == 0
