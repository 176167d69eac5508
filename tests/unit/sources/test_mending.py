"""A row that is mended: told from any other, parted as well as it can be, written in where it may be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filrouge.domain.sources import SourceSpec, mending
from filrouge.domain.sources.mending import Wrong

CELLS = st.dictionaries(st.text(max_size=5), st.none() | st.text(max_size=8), max_size=4)


def spec(**changes: Any) -> SourceSpec:
    data = {
        "source": "people", "kind": "csv", "place": "people.csv", "entity": "north", "brand": "red",
        "reads": "person_records", "key": ["No", "Site"], "format": {"delimiter": ";"},
        "map": {"full_name": {"columns": ["First", "Last"]}, "birth_date": {"column": "Born"}},
    }  # fmt: skip
    return SourceSpec.parse(data | changes)


@given(CELLS, CELLS)
def test_two_rows_have_one_fingerprint_only_when_they_hold_the_same(one: Any, other: Any) -> None:
    filled = [{name: cell for name, cell in row.items() if cell is not None} for row in (one, other)]
    assert (mending.fingerprint(one) == mending.fingerprint(other)) == (filled[0] == filled[1])
    assert mending.fingerprint(dict(reversed(one.items()))) == mending.fingerprint(one)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=8), min_size=1, max_size=4))
def test_a_line_is_parted_into_the_cells_that_it_was_made_of(cells: list[str]) -> None:
    names = [f"c{at}" for at in range(len(cells))]
    line = mending.line(cells, spec())
    assert mending.parted(line, spec(), names) == (dict(zip(names, cells, strict=True)) if line else {})


@pytest.mark.parametrize(
    ("line", "code", "wanted"),
    [
        ("1;Ada", "too_few_fields", {"No": "1", "Name": "Ada"}),
        ("1;Ada;x;y", "too_many_fields", {"No": "1", "Name": "Ada", "Town": "x;y"}),
        ('1;"Ada; B";x', "too_many_fields", {"No": "1", "Name": "Ada; B", "Town": "x"}),
        ('1;"Ada;x', "wrong_bytes", {"No": "1", "Name": '"Ada', "Town": "x"}),
        ("", "too_few_fields", {}),
    ],
)
def test_what_is_left_over_stands_in_the_last_cell(line: str, code: str, wanted: dict[str, str]) -> None:
    assert mending.parted(line, spec(), ["No", "Name", "Town"], code=code) == wanted


def test_a_fault_leads_to_the_columns_of_the_file_that_it_is_about() -> None:
    told = [mending.wrong(spec(), name, "missing", warning=False).columns for name in ("full_name", "source_id", "")]
    assert told == [("First", "Last"), ("No", "Site"), ()]


def test_who_sees_cells_masked_writes_in_the_wrong_ones_alone() -> None:
    told = [Wrong(("Born",), "not_a_date", True), Wrong((), "suppressed", False), Wrong(("Gone",), "missing", False)]
    assert mending.editable(["No", "Born"], told, shown=True) == {"No", "Born"}
    assert mending.editable(["No", "Born"], told, shown=False) == {"Born"}


def test_what_a_form_gives_back_of_a_cell_is_what_it_held() -> None:
    assert mending.seen({0: "a\r\nb", 1: None}) == mending.seen({1: "", 0: "a\nb"})
    assert mending.seen({0: "a", 1: "b"}) != mending.seen({0: "b", 1: "a"})
    assert mending.plain("a\0b\ufdd0") == "ab"
