"""Numbers that prove themselves by their check digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filrouge.domain.sources import checking


@pytest.mark.parametrize(
    ("test", "right", "wrong"),
    [
        (checking.iban, "FR76 3000 6000 0112 3456 7890 189", "FR76 3000 6000 0112 3456 7890 188"),
        (checking.iban, "GB82WEST12345698765432", "GB82WEST12345698765431"),
        (checking.siren, "732 829 320", "732 829 321"),
        (checking.siren, "73282932000074", "73282932000075"),
        (checking.nir, "2 55 08 14 168 025 38", "2 55 08 14 168 025 39"),
        (checking.nir, "1 85 05 2A 004 026 56", "1 85 05 2B 004 026 56"),
        (checking.card, "4111 1111 1111 1111", "4111 1111 1111 1112"),
        (checking.ean, "4006381333931", "4006381333932"),
    ],
)
def test_the_key_tells_right_from_wrong(test: object, right: str, wrong: str) -> None:
    assert callable(test)
    assert test(right)
    assert not test(wrong)


@given(st.text(max_size=40))
def test_any_text_is_judged(text: str) -> None:
    for test in (checking.iban, checking.siren, checking.nir, checking.card, checking.ean, checking.luhn):
        assert test(text) in (True, False)
