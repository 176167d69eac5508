"""How good identity is: figures that are right on people whose truth is known, and doubts that say why."""

from __future__ import annotations

import json
import random
from typing import Any

import pyarrow as pa
from tests.unit.identity.conftest import people_table

from filrouge.domain.identity.quality import DOUBTS, MANY, SIZES, Measured, measure


def measured(*people: list[dict[str, Any]], weights: dict[int, float] | None = None, by_hand: bool = False) -> Measured:
    """Measure people given as lists of records; ``weights``: what the pair of the record of that rank weighs."""
    rows = [row | {"source_id": f"{p}-{at}"} for p, records in enumerate(people) for at, row in enumerate(records)]
    table = people_table(*rows)
    keys = table.column("record_key").to_pylist()
    who = [f"p{p:03d}" for p, records in enumerate(people) for _ in records]
    told = [json.dumps({"with": keys[0], "weight": (weights or {}).get(rank, 9.0)}) for rank in range(len(keys))]
    links = pa.table({
        "record_key": pa.array(keys, pa.int64()), "person": who, "evidence": told,
        "decision": ["human" if by_hand else "model"] * len(keys),
    })  # fmt: skip
    order = list(range(len(keys)))
    random.Random(4).shuffle(order)
    shuffled = measure(None, table.take(order), links.take(order[::-1]))
    plain = measure(None, table, links)
    assert plain == shuffled, "the order of the rows says nothing"
    return plain


def codes(found: Measured) -> dict[str, set[str]]:
    told: dict[str, set[str]] = {}
    for row in found.doubts:
        told.setdefault(row["person"], set()).add(row["code"])
    return told


ADA = {"given_name": "Ada", "family_name": "Byron", "email": "ada.byron@example.org", "source": "crm"}
SHOP = {"source": "shop", "entity": "boutique", "brand": "halle"}


def test_people_are_counted_where_they_are_known() -> None:
    found = measured([ADA, ADA, ADA | SHOP], [SHOP | {"given_name": "Zoé"}], [ADA | {"email": "other@example.org"}])
    figures = found.figures
    assert (figures["records"], figures["people"], figures["largest"]) == (5, 3, 3)
    assert figures["mean"] == 1.667
    assert figures["origins"] == [["boutique", "halle", 2], ["group", "main", 3]]
    assert figures["known"] == [[[0], 1], [[0, 1], 1], [[1], 1]]
    assert figures["sources"] == [["crm", "group", "main", 3, 2], ["shop", "boutique", "halle", 2, 2]]


def test_every_person_stands_in_one_band_of_sizes() -> None:
    found = measured(*[[ADA | {"email": f"{n}-{k}@example.org"} for k in range(n)] for n in (1, 2, 3, 4, 5, 6, 11, 31)])
    assert found.figures["sizes"] == [1, 1, 1, 2, 1, 1, 1]
    assert sum(found.figures["sizes"]) == found.figures["people"]
    assert len(found.figures["sizes"]) == len(SIZES)


def test_values_that_several_people_bear_are_counted_and_not_kept() -> None:
    switchboard = "02 40 00 00 01"
    found = measured(*[[{"phone": switchboard, "email": f"x{n}@example.org"}] for n in range(7)], [ADA], [ADA])
    assert found.figures["shared"]["phone"] == {"values": 1, "most": 7, "bearers": [0, 0, 1]}
    assert found.figures["shared"]["email"] == {"values": 1, "most": 2, "bearers": [1, 0, 0]}
    told = json.dumps([found.figures, list(found.doubts)])
    assert "40 00 00" not in told
    assert "example.org" not in told


def test_what_records_of_one_person_contradict_is_doubted_and_a_typing_error_is_not() -> None:
    born, typo, other = "1980-02-13", "1980-02-18", "1991-11-30"
    found = measured(
        [ADA | {"birth_date": born}, ADA | {"birth_date": typo}],
        [ADA | {"birth_date": born}, ADA | {"birth_date": other}],
        [ADA | {"birth_date": "1980-01-01"}, ADA | {"birth_date": "1980-07-19"}],
        [{"given_name": "Frédéric", "family_name": "Roy"}, {"given_name": "FREDERIC", "family_name": "Roy"},
         {"given_name": "Fred", "family_name": "Roy"}, {"given_name": "F.", "family_name": "Roy"}],
        [{"given_name": "Marc", "family_name": "Roy"}, {"given_name": "Odile", "family_name": "Roy"}],
        [{"title": "M.", "given_name": "Claude"}, {"title": "Mme", "given_name": "Claude"}],
        [{"sex": "H", "given_name": "Claude"}, {"title": "Monsieur", "given_name": "Claude"}],
    )  # fmt: skip
    assert codes(found) == {"p001": {"birth_dates"}, "p004": {"given_names"}, "p005": {"sexes"}}


def test_a_value_of_a_family_that_made_two_people_one_is_doubted_first() -> None:
    family = {"family_name": "Roy", "email": "famille.roy@example.org", "phone": "0612345678"}
    found = measured(
        [ADA, ADA],
        [{"given_name": "Marc", "family_name": "Roy"}, {"given_name": "Odile", "family_name": "Roy"}],
        [family | {"given_name": "Marc"}, family | {"given_name": "Odile"}],
    )
    assert codes(found)["p002"] == {"given_names", "shared_email", "shared_phone"}
    assert found.doubts[0]["person"] == "p002", "the gravest comes first"


def test_one_weak_pair_is_doubted_unless_somebody_has_looked() -> None:
    assert codes(measured([ADA, ADA, ADA], weights={1: 0.7})) == {"p000": {"weak_pair"}}
    assert codes(measured([ADA, ADA, ADA])) == {}
    assert codes(measured([ADA, ADA, ADA], weights={1: 0.7}, by_hand=True)) == {}


def test_very_many_records_are_doubted() -> None:
    found = measured([ADA] * (MANY + 1), [ADA] * MANY)
    assert codes(found) == {"p000": {"many_records"}}
    assert found.doubts[0]["figure"] == MANY + 1


def test_a_doubt_names_all_the_origins_that_it_rests_on() -> None:
    found = measured([ADA | {"birth_date": "1980-02-13"}, ADA, ADA | SHOP | {"birth_date": "1991-11-30"}])
    (doubt,) = found.doubts
    assert doubt["origins"] == [0, 1]
    found = measured([ADA | {"birth_date": "1980-02-13"}, ADA | {"birth_date": "1991-11-30"}, ADA | SHOP])
    (doubt,) = found.doubts
    assert doubt["origins"] == [1], "the shop says nothing of it"


def test_doubts_are_counted_by_kind_and_by_person() -> None:
    family = {"family_name": "Roy", "email": "famille.roy@example.org"}
    found = measured([family | {"given_name": "Marc"}, family | {"given_name": "Odile"}], [ADA] * 2, weights={3: 1.0})
    assert found.figures["doubts"] == dict.fromkeys(DOUBTS, 0) | {
        "people": 2, "given_names": 1, "shared_email": 1, "weak_pair": 1,
    }  # fmt: skip


def test_nobody_is_measured_without_fault() -> None:
    empty = people_table()
    links = pa.table({name: pa.array([], pa.string()) for name in ("person", "evidence", "decision")})
    links = links.append_column("record_key", pa.array([], pa.int64()))
    found = measure(None, empty, links)
    assert (found.figures["people"], found.figures["largest"], found.doubts) == (0, 0, ())
