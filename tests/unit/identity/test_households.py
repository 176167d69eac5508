"""Households: what the records say, within reason, with ids that last; what people say on top."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.identity.conftest import AT, people_table

from filrouge.domain.identity import households
from filrouge.domain.identity.households import BEARERS, BUILDING, FAMILY, Said, home_of, joined

HOME = {"address_line": "3 rue des Lilas", "postcode": "75011", "city": "Paris"}
ROUX = HOME | {"family_name": "Roux"}
PHONE = {"phone": "01 40 00 00 01"}


def derived(
    people: dict[str, dict[str, Any] | list[dict[str, Any]]], *, previous: pa.Table | None = None, at: datetime = AT
) -> dict[str, str]:
    """Return person -> household; each person is one record, or several."""
    rows, who = [], []
    for person, records in people.items():
        for number, record in enumerate(records if isinstance(records, list) else [records]):
            rows.append(record | {"source_id": f"{person}-{number}"})
            who.append(person)
    table = people_table(*rows)
    links = pa.table({"record_key": table.column("record_key"), "person": pa.array(who, pa.string())})
    order = list(range(len(rows)))
    random.Random(5).shuffle(order)
    plain = households(None, table, links, previous=previous)
    assert not rows or plain == households(None, table.take(order), links.take(order[::-1]), previous=previous)
    return dict(zip(plain["person"].to_pylist(), plain["household"].to_pylist(), strict=True))


def together(found: dict[str, str]) -> list[set[str]]:
    groups: dict[str, set[str]] = {}
    for person, home in found.items():
        groups.setdefault(home, set()).add(person)
    return sorted(groups.values(), key=min)


def test_one_home_and_a_name_a_phone_or_an_email_in_common_make_a_household() -> None:
    found = derived({
        "ann": ROUX, "bob": ROUX | {"address_line": "3, r. des LILAS"},
        "cleo": HOME | PHONE | {"family_name": "Petit"},
        "dan": HOME | {"family_name": "Grand", "phone": "+33 1 40 00 00 01"},
        "eve": HOME | {"family_name": "Alone"}, "fay": {"family_name": "Roux"},
        "gus": ROUX | {"address_line": "4 rue des Lilas"},
    })  # fmt: skip
    assert together(found) == [{"ann", "bob"}, {"cleo", "dan"}]


def test_a_birth_name_or_what_another_record_says_counts_too() -> None:
    found = derived({
        "ann": [ROUX, {"family_name": "Petit"}], "bob": HOME | {"family_name": "Petit"},
        "cleo": HOME | {"family_name": "Grand", "birth_name": "ROUX"},
    })  # fmt: skip
    assert together(found) == [{"ann", "bob", "cleo"}]


def test_a_tower_is_not_a_household() -> None:
    tower = {f"p{n:03d}": ROUX | {"family_name": f"Nom{n // 2}"} for n in range(BUILDING + 2)}
    assert derived(tower) == {}
    tower["p000"] |= PHONE
    tower["p001"] |= PHONE
    assert together(derived(tower)) == [{"p000", "p001"}], "a phone still brings two people together"


def test_an_address_where_very_many_bear_one_name_is_nobodys_home() -> None:
    assert derived({f"p{n:02d}": ROUX for n in range(FAMILY + 1)}) == {}
    assert len(derived({f"p{n:02d}": ROUX for n in range(FAMILY)})) == FAMILY


def test_a_switchboard_brings_nobody_together() -> None:
    staff = {
        f"p{n:02d}": {"family_name": f"Nom{n}", "address_line": f"{n} rue X", "postcode": "75001"} | PHONE
        for n in range(9)
    }
    pair = {"ann": HOME | PHONE | {"family_name": "Petit"}, "bob": HOME | PHONE | {"family_name": "Grand"}}
    assert derived(staff | pair) == {}
    assert len(staff | pair) > BEARERS
    assert together(derived(pair)) == [{"ann", "bob"}]


def test_a_household_keeps_its_id_while_most_of_its_people_stay() -> None:
    first = derived({"ann": ROUX, "bob": ROUX, "cleo": ROUX})
    known = pa.table({"person": list(first), "household": list(first.values())})
    later = AT + timedelta(days=1)
    away = ROUX | {"address_line": "9 quai Vert"}
    second = derived({"ann": away, "zoe": away, "bob": ROUX, "cleo": ROUX}, previous=known, at=later)
    assert second["bob"] == second["cleo"] == first["bob"]
    assert second["ann"] == second["zoe"] != first["ann"], "the one who left founded another, whatever her rank"
    assert derived({"ann": ROUX, "bob": ROUX, "cleo": ROUX}, previous=known, at=later) == first


def test_nobody_at_all_is_no_fault() -> None:
    assert derived({}) == {}
    assert derived({"ann": {"family_name": "Roux"}}) == {}


@pytest.mark.parametrize(
    ("line", "postcode", "city", "said"),
    [
        ("3, r. des Lilas", "75011", "Paris", ("3 rue des lilas", "75011")),
        ("12 AV. du Gal Leclerc", "1000", "Bourg", ("12 avenue du general leclerc", "01000")),
        ("Le Bourg", "", "Aigné CEDEX 2", ("le bourg", "aigne")),
    ],
)
def test_a_view_spells_a_home_as_the_records_do(line: str, postcode: str, city: str, said: tuple[str, str]) -> None:
    assert home_of(line, postcode, city) == said
    other = {
        "address_line": f"{said[0]}",
        "postcode": said[1] if postcode else None,
        "city": city,
        "family_name": "Roux",
    }
    mine = {"address_line": line, "postcode": postcode or None, "city": city, "family_name": "Roux"}
    assert together(derived({"ann": mine, "bob": other})) == [{"ann", "bob"}]


def test_half_an_address_is_no_home() -> None:
    assert home_of("", "75011", "Paris") is None
    assert home_of("3 rue X", "", "") is None


# --- what people say --------------------------------------------------------------------------------------------------

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def word(person: str, kind: Literal["with", "away"], other: str, day: int = 0) -> Said:
    return Said(person, other, kind, DAY + timedelta(days=day))


def sets(*groups: str) -> list[frozenset[str]]:
    return [frozenset(group) for group in groups]


def test_whoever_is_away_leaves_and_the_others_stay() -> None:
    found = dict.fromkeys("abc", "h1")
    assert joined(found, [word("a", "away", "b")]) == sets("bc")
    assert joined(dict.fromkeys("ab", "h1"), [word("a", "away", "b")]) == []


def test_whoever_lives_with_somebody_joins_their_household() -> None:
    found = dict.fromkeys("bc", "h1")
    assert joined(found, [word("a", "with", "b")]) == sets("abc")
    assert joined({}, [word("a", "with", "b")]) == sets("ab")


def test_the_later_word_on_the_same_two_holds() -> None:
    assert joined({}, [word("a", "with", "b", 1), word("b", "away", "a", 2)]) == []
    assert joined({}, [word("a", "with", "b", 2), word("b", "away", "a", 1)]) == sets("ab")


def test_a_word_on_people_who_are_elsewhere_by_now_does_nothing() -> None:
    assert joined({"a": "h1", "c": "h1", "b": "h2", "d": "h2"}, [word("a", "away", "b")]) == sets("ac", "bd")


WORDS = st.lists(
    st.builds(
        word, st.sampled_from("abcdef"), st.sampled_from(["with", "away"]), st.sampled_from("abcdef"), st.integers(0, 9)
    ),
    max_size=8,
)  # fmt: skip
HOMES = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["h1", "h2", "h3"]))


@given(HOMES, WORDS, st.randoms(use_true_random=False))
def test_nobody_is_in_two_households_and_the_order_of_words_does_not_matter(
    found: dict[str, str], said: list[Said], chance: random.Random
) -> None:
    groups = joined(found, said)
    people = [person for group in groups for person in group]
    assert len(people) == len(set(people))
    assert all(len(group) > 1 for group in groups)
    shuffled = said.copy()
    chance.shuffle(shuffled)
    assert joined(found, shuffled) == groups


@given(HOMES)
def test_without_a_word_households_are_as_the_records_say(found: dict[str, str]) -> None:
    homes = {home: {person for person in found if found[person] == home} for home in found.values()}
    assert joined(found, []) == sorted((frozenset(group) for group in homes.values() if len(group) > 1), key=min)
