"""Filters and cells: what a search may ask for, and what a spreadsheet may not take for a formula."""

from __future__ import annotations

import pytest

from filrouge.base.cells import neutral
from filrouge.domain.privacy.perimeter import EVERYTHING, ROLE_PURPOSE
from filrouge.domain.profiles.exports import PURPOSES, columns, purposes
from filrouge.domain.profiles.filters import Condition, Filters, city_key
from filrouge.domain.profiles.gather import CATEGORY_OF_KEY, IDENTIFIERS


@pytest.mark.parametrize("cell", ["=1+1", "+33612345678", "-2", "@sum", "\t=1", "\r=1", "  =1"])
def test_a_cell_that_could_begin_a_formula_is_neutralised(cell: str) -> None:
    assert neutral(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Ada", "06 39 98 00 01", "0033639980001", "a-b", "N'Diaye", "12 rue = x"])
def test_any_other_cell_stays_as_it_is(cell: str) -> None:
    assert neutral(cell) == cell


@pytest.mark.parametrize(
    ("place", "kind", "value"),
    [("44000", "postcode", "44000"), ("44 000", "postcode", "44000"), ("SW1-44000", "city", "sw1 44000"),
     ("B-1050", "postcode", "b1050"), ("Saint-Étienne Cedex 2", "city", "saint etienne"), ("L’Haÿ", "city", "l hay")],
)  # fmt: skip
def test_a_place_is_a_postcode_or_a_city(place: str, kind: str, value: str) -> None:
    assert Filters(place=place).conditions(EVERYTHING) == [Condition(kind, value)]


def test_what_narrows_is_no_identifier_and_has_its_category() -> None:
    asked = Filters(brand="b", place="x", system="s", subscription="ended", complaint="open").conditions(EVERYTHING)
    for condition in asked:
        assert condition.kind not in IDENTIFIERS
        assert CATEGORY_OF_KEY[condition.kind] == condition.category
    assert [condition.absent for condition in asked if condition.kind == "subscription"] == [False, True]


def test_a_city_folds_as_the_index_writes_it() -> None:
    assert city_key("NANTES CEDEX 09") == city_key("Nantes") == "nantes"


def test_every_role_that_opens_pages_knows_what_it_may_export_for() -> None:
    assert set(PURPOSES) == set(ROLE_PURPOSE) - {"executive"}
    assert purposes(["executive"]) == ()
    assert purposes(["sales", "advisor"]) == ("service", "contract", "marketing")


def test_a_line_holds_the_address_of_its_channel_and_no_other() -> None:
    reach = {"email", "phone", "address_line", "postcode"}
    assert {channel: reach & set(columns(channel)) for channel in ("email", "sms", "post", "ads")} == {
        "email": {"email"}, "sms": {"phone"}, "post": {"address_line", "postcode"}, "ads": set(),
    }  # fmt: skip
