"""What is masked can be told from another and not used, however its source wrote it."""

from __future__ import annotations

import json

import pytest

from filrouge.domain.privacy.perimeter import mask


@pytest.mark.parametrize("typed", ["+33639981234", "0639981234", "06 39 98 12 34", "06-39-98-12-34", "0033 639981234"])
def test_a_phone_number_is_masked_alike_however_it_was_typed(typed: str) -> None:
    assert mask(typed, "phone") == "+33 •••34"


@pytest.mark.parametrize("typed", ["poste 1234", "x", "+32 2 123 45 67"])
def test_no_mask_of_a_phone_shows_more_than_its_country_and_two_digits(typed: str) -> None:
    shown = mask(typed, "phone").replace("+32", "").replace("+33", "")
    assert len([letter for letter in shown if letter.isalnum()]) <= 2


def test_an_address_is_masked_by_its_parts() -> None:
    kept = {"address_line": "3 rue Haute", "postcode": "44000", "city": "Nantes", "country": "FR"}
    shown = json.loads(mask(json.dumps(kept), "address"))
    assert shown == {"address_line": None, "postcode": "44•••", "city": "Nantes", "country": "FR"}
    for bare in ("{}", "3 rue Haute", '"3 rue Haute"', json.dumps({"address_line": "3 rue Haute"})):
        assert mask(bare, "address") == "•••"


def test_a_mail_address_and_a_card_keep_a_letter() -> None:
    assert mask("camille@example.org", "email") == "c•••@e•••"
    assert mask("FID-1", "loyalty_id") == "F•••"
