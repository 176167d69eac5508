"""A purpose and a retention of a column: what can be said, and what is left of it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.world import ORDERS, PEOPLE

from filrouge.base.errors import DefinitionError
from filrouge.domain.sources import SourceSpec, columns, keeping
from filrouge.domain.sources.reshaping import Choice, Way, reshaped
from filrouge.work.imports import fingerprint


def spec(**changes: Any) -> SourceSpec:
    return SourceSpec.parse({**PEOPLE, **changes})


@pytest.mark.parametrize(
    ("text", "count"),
    [("90 days", 90), ("1 day", 1), ("18 months", 548), ("2 years", 730), ("2y", None), ("0 days", 0), ("", None)],
)
def test_a_retention_is_days_months_or_years(text: str, count: int | None) -> None:
    assert keeping.days(text) == count


@pytest.mark.parametrize(
    ("kept", "why"),
    [
        ({"born": {"retention": "4 years"}}, "longer than rows of person_records are kept"),
        ({"born": {"retention": "0 days"}}, "is no retention"),
        ({"born": {"retention": "soon"}}, "is no retention"),
        ({"born": {"purpose": "curiosity"}}, "is no purpose"),
        ({"id": {"retention": "1 year"}}, "so it stays as long"),
        ({"seen": {"retention": "1 year"}}, "so it stays as long"),
        ({"optin": {"retention": "1 year"}}, "so it stays as long"),
    ],
)
def test_what_cannot_be_is_told(kept: dict[str, Any], why: str) -> None:
    with pytest.raises(DefinitionError) as told:
        spec(kept=kept)
    assert why in str(told.value.faults)


def test_what_a_row_is_attached_by_stays_as_long_as_the_row() -> None:
    with pytest.raises(DefinitionError):
        SourceSpec.parse({**ORDERS, "kept": {"customer": {"retention": "1 year"}}})


def test_a_definition_without_it_is_as_it_was_and_its_fingerprint_never_changes_by_it() -> None:
    assert "kept" not in spec().dump()
    assert fingerprint(spec(kept={"born": {"retention": "1 year"}})) == fingerprint(spec())
    assert spec(kept={"born": {"purpose": "profiling"}}).dump()["kept"] == {"born": {"purpose": "profiling"}}


def test_what_is_personal_or_only_received_can_be_told_and_nothing_else() -> None:
    names = ["id", "given", "born", "card", "seen", "optin", "Shoe size"]
    assert keeping.choosable(spec(), names) == ["given", "born", "Shoe size"]
    orders = SourceSpec.parse(ORDERS)
    assert keeping.choosable(orders, ["number", "customer", "day", "total", "Note"]) == ["Note"]


def test_what_is_told_of_columns_goes_into_the_definition_and_comes_back() -> None:
    names = ["id", "given", "born", "mail"]
    told = columns.said(spec(kept={"born": {"retention": "1 year"}}), names)
    assert [one.kept for one in told] == [None, {}, {"retention": "1 year"}, {}]
    data = spec(kept={"born": {"retention": "1 year"}, "Shoe size": {"purpose": "marketing"}}).dump()
    made = columns.definition(data, told)
    assert made["kept"] == data["kept"], "a column that is not there keeps what was said of it"
    told[2] = columns.Said("born", "birth_date", kept={"purpose": "profiling"})
    assert columns.definition(data, told)["kept"]["born"] == {"purpose": "profiling"}
    told[2] = columns.Said("born", columns.NEVER, kept={"purpose": "profiling"})
    assert "born" not in columns.definition(data, told)["kept"]
    told[2] = columns.Said("born", "birth_date", kept={})
    assert columns.definition(data, told)["kept"] == {"Shoe size": {"purpose": "marketing"}}


def test_the_soonest_of_what_fills_a_value_ends_it() -> None:
    joined = {**PEOPLE["map"], "address_line": {"columns": ["street", "floor"]}}
    made = spec(map=joined, kept={"street": {"retention": "1 year"}, "floor": {"retention": "30 days"}})
    assert keeping.of_targets(keeping.limits(made)) == {"address_line": 30}


def test_a_renamed_column_is_held_apart_under_both_names() -> None:
    whole = spec(kept={"born": {"retention": "1 year"}})
    made = SourceSpec.parse(reshaped(whole, Choice({"born": Way(("birthday",))})), what="x")
    assert made.dump()["kept"] == {"born": {"retention": "1 year"}, "birthday": {"retention": "1 year"}}
    assert [(one.column, one.targets) for one in keeping.limits(made)] == [("born", ()), ("birthday", ("birth_date",))]
