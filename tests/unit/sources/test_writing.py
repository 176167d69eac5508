"""How dates and numbers are written is proven by what they hold, or told as a doubt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filrouge.domain.sources.writing import Days, Marks, shape, zeros


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("03/11/1980", "date"), ("3.1.80", "date"), ("1980-11-03", "date"), ("1980-11-03T10:00:00Z", "datetime"),
        ("03/11/2020 9:05", "datetime"), ("2026-08-08T10:00:00.120+02:00", "datetime"), ("19801103", "compact"),
        ("10:30", "time"), ("12", "whole"), ("-12", "whole"), ("1 234", "whole"), ("1.234.567", "whole"),
        ("12,5", "decimal"), ("1 234,56", "decimal"), ("1,234.56", "decimal"), (".5", "decimal"),
        ("12,50 €", "decimal"),
        ("3,36E+10", "scientific"), ("10.0.2", "other"), ("06 39 98 00 00", "other"), ("+33639980000", "other"),
        ("1,234,56", "other"), ("12/13", "other"), ("2026-08/08", "other"),
    ],
)  # fmt: skip
def test_a_value_has_the_kind_of_its_shape(text: str, kind: str) -> None:
    assert shape(zeros(text)).kind == kind


@pytest.mark.parametrize(
    ("text", "decimal", "either"),
    [
        ("12,5", ",", False), ("12.50", ".", False), ("1,234", "", True), ("1.234", "", True), ("1234,567", ",", False),
        ("1.234.567", ",", False), ("1,234,567", ".", False), ("1.234,5", ",", False), ("1,234.5", ".", False),
    ],
)  # fmt: skip
def test_a_number_proves_its_decimal_mark_or_may_be_either(text: str, decimal: str, either: bool) -> None:
    seen = shape(zeros(text))
    assert (seen.decimal, seen.either) == (decimal, either)


def test_what_nothing_proves_is_a_doubt() -> None:
    assert Days(either=8).order() == ("day_first", False)
    assert Days(day_first=1, either=8).order() == ("day_first", True)
    assert Days(day_first=5, month_first=5).order() == ("day_first", False)
    assert Days(month_first=3, day_first=1).order() == ("month_first", False)
    assert Days(year_first=3).order() == ("year_first", True)
    assert Days().order() == (None, True)
    assert Marks(either=2).mark() == (".", False)
    assert Marks(comma=100, point=2).mark() == (",", True)
    assert Marks().mark() == (None, True)


@given(st.text(alphabet="0-+/.,: '€eETZ\u202fx", max_size=30))
def test_any_shape_is_judged(text: str) -> None:
    seen = shape(text)
    assert not (seen.either and seen.decimal)
    assert seen.kind in ("decimal", "whole") or not seen.decimal
