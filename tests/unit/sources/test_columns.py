"""What is said of columns and the definition that it makes say the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filrouge.domain.sources import SourceSpec, columns
from filrouge.domain.sources.columns import Said
from filrouge.domain.sources.fitting import fitted

NAMES = ("A", "B", "C", "D", "É e")
BARE: dict[str, Any] = {
    "source": "x", "kind": "csv", "place": "x.csv", "entity": "north", "brand": "red", "reads": "person_records",
    "format": {}, "key": [], "map": {},
}  # fmt: skip
FORMS = st.sampled_from(["", "%d/%m/%Y", "%Y%m%d"])


@st.composite
def tables(draw: st.DrawFn) -> list[Said]:
    left = list(columns.SAYS)
    told: list[Said] = []
    for name in NAMES:
        others = ["consent:marketing:email", "consent:marketing:sms", columns.NEVER]
        says = draw(st.sampled_from(["", *left, *others]))
        if says in left and says not in columns.JOINED:
            left.remove(says)
        if says.startswith("consent") and any(one.says == says for one in told):
            says = ""
        states = draw(
            st.dictionaries(st.text(max_size=3), st.sampled_from(["granted", "denied"]), min_size=1, max_size=3)
        )
        form = draw(FORMS) if says in columns.dated(columns.PEOPLE) else ""
        key = draw(st.booleans()) and says != columns.NEVER
        told.append(Said(name, says, form, key, states if says.startswith("consent") else {}))
    return told


@st.composite
def facts(draw: st.DrawFn) -> tuple[str, list[Said]]:
    reads = draw(st.sampled_from(columns.READS[1:]))
    refers, left = columns.refers(reads), list(columns.sayings(reads))
    told = []
    for name in NAMES:
        says = draw(st.sampled_from(["", columns.NEVER, *left]))
        if says in left:
            left.remove(says)
        form = draw(FORMS) if says in columns.dated(reads) else ""
        key = draw(st.booleans()) and says != columns.NEVER
        told.append(Said(name, f"{says}@crm" if says in refers else says, form, key))
    return reads, told


@given(facts())
def test_a_definition_of_other_rows_says_what_was_told(made: tuple[str, list[Said]]) -> None:
    reads, told = made
    spec = SourceSpec.parse(columns.definition({**BARE, "reads": reads}, told), what="x")
    assert [one.says for one in columns.said(spec, NAMES)] == [one.says for one in told]
    assert [one.form for one in columns.said(spec, NAMES)] == [one.form for one in told]
    assert spec.never_kept == tuple(one.column for one in told if one.says == columns.NEVER)


@given(tables())
def test_a_definition_says_what_was_told(told: list[Said]) -> None:
    made = columns.definition(BARE, told)
    spec = SourceSpec.parse(made, what="x")
    assert columns.said(spec, NAMES) == told
    assert columns.said(SourceSpec.parse(columns.definition(made, told), what="x"), NAMES) == told


@given(tables(), tables())
def test_what_is_told_last_counts(first: list[Said], then: list[Said]) -> None:
    shown = [one if not one.states else replace(one, states=dict.fromkeys(was.states, "") | dict(one.states))
             for was, one in zip(first, then, strict=True)]  # fmt: skip
    made = columns.definition(columns.definition(BARE, first), shown)
    assert columns.said(SourceSpec.parse(made, what="x"), NAMES) == then


def test_what_a_form_cannot_say_stays_while_its_columns_say_the_same() -> None:
    data = {**BARE, "key": ["A"], "map": {
        "country": {"const": "FR"}, "sex": {"column": "B", "values": {"1": "male", "2": "female"}},
        "full_name": {"template": "{C} {D}"},
    }}  # fmt: skip
    told = columns.said(SourceSpec.parse(data, what="x"), NAMES)
    kept = SourceSpec.parse(columns.definition(data, told), what="x")
    assert kept.map["country"].const == "FR"
    assert kept.map["sex"].values == {"1": "male", "2": "female"}
    assert kept.map["full_name"].template == "{C} {D}"
    other = [Said(one.column, "" if one.column == "B" else one.says, key=one.key) for one in told]
    assert "sex" not in SourceSpec.parse(columns.definition(data, other), what="x").map


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ([Said("A", key=True)], [""]),
        ([Said("A", "email")], [""]),
        ([Said("A", "email", key=True), Said("B", "email")], ["B"]),
        ([Said("A", "email", key=True), Said("B", "consent:marketing:email")], ["B"]),
        ([Said("A", "family_name", key=True), Said("B", "family_name")], []),
    ],
)
def test_what_cannot_be_is_told_at_its_column(told: list[Said], where: list[str]) -> None:
    assert [column for column, _ in columns.faults(told)] == where


@pytest.mark.parametrize(
    ("reads", "says", "told"),
    [
        ("orders", {"A": "customer_ref@crm", "B": "ordered_at"}, []),
        ("orders", {"B": "ordered_at"}, ["No column tells whose the rows are"]),
        ("orders", {"A": "customer_ref@crm"}, ["No column tells when"]),
        ("events", {"A": "anonymous_id", "B": "at"}, []),
        ("promotions", {"B": "code"}, []),
        ("promotions", {}, ["No column says anything yet"]),
    ],
)
def test_rows_of_what_people_did_say_whose_and_when(reads: str, says: dict[str, str], told: list[str]) -> None:
    rows = [Said(name, says.get(name, ""), key=name == "C") for name in NAMES]
    found = [fault.template for _, fault in columns.faults(rows, reads)]
    assert len(found) == len(told)
    assert all(one.startswith(wanted) for one, wanted in zip(found, told, strict=True))


RULED: dict[str, Any] = {
    **BARE, "key": ["A"], "map": {"source_id": "A", "email": "B", "city": "C"}, "required": ["email", "city"],
    "rules": [
        {"check": "pattern", "column": "email", "like": ".+@.+"}, {"check": "unique", "columns": ["email", "city"]},
        {"check": "required", "columns": "city"}, {"check": "volume"}, {"check": "required", "column": "source_id"},
    ],
}  # fmt: skip


def say(data: dict[str, Any], **says: str) -> list[Said]:
    """Return what a definition says of its columns, but for those that are said otherwise."""
    told = columns.said(SourceSpec.parse(data, what="x"), NAMES)
    return [Said(one.column, says[one.column], key=one.key) if one.column in says else one for one in told]


def test_what_names_a_column_that_is_left_goes_with_it() -> None:
    spec = SourceSpec.parse(columns.definition(RULED, say(RULED, B="")), what="x")
    assert spec.required == ("city",)
    assert [rule.called for rule in spec.rules] == ["required_city", "volume", "required_source_id"]
    same = SourceSpec.parse(columns.definition(RULED, say(RULED)), what="x")
    assert (same.required, same.rules) == (("email", "city"), SourceSpec.parse(RULED, what="x").rules)


def test_amounts_in_the_smallest_unit_go_with_their_currency() -> None:
    data = {**BARE, "reads": "orders", "key": ["A"], "required": ["total"], "map": {
        "total": {"column": "B", "format": "minor"}, "currency": "C",
    }}  # fmt: skip
    data["map"].pop("currency")
    spec = SourceSpec.parse(fitted(data), what="x")
    assert not {"total", "currency"} & set(spec.map)
    assert spec.required == ()


@pytest.mark.parametrize(
    "given", [{"cursor": "D"}, {"where": {"D": ["x"]}}, {"map": {**RULED["map"], "sex": {"expr": "lower({D})"}}}]
)
def test_a_column_that_the_source_is_read_by_is_kept_and_told(given: dict[str, Any]) -> None:
    data = {**RULED, **given}
    spec = SourceSpec.parse(data, what="x")
    told = say(data, D=columns.NEVER)
    assert [where for where, _ in columns.faults(told, spec.reads, columns.computed(spec), spec)] == ["D"]
    assert SourceSpec.parse(columns.definition(data, told), what="x").never_kept == ()


def test_a_column_that_is_never_kept_stays_so_while_the_file_has_it_not() -> None:
    data = {**RULED, "never_kept": ["IBAN"]}
    assert SourceSpec.parse(columns.definition(data, say(data, D=columns.NEVER)), what="x").never_kept == ("IBAN", "D")


RICH: dict[str, Any] = {
    **BARE, "key": ["B", "A"], "map": {
        "source_id": {"template": "{A}-{B}"}, "email": "C", "loyalty_id": "C", "phone": {"columns": ["A", "B"]},
        "birth_date": {"column": "D", "format": ["%Y%m%d", "%d/%m/%Y"]},
        "updated_at": {"column": "É e", "format": "%d. %m. %Y"},
        "sex": {"expr": "lower({D})", "values": {"m": "male"}, "other": "null"},
    }, "consents": [
        {"purpose": "marketing", "channel": "email", "at": "D", "method": {"const": "form"},
         "state": {"column": "ok", "values": {"y": "granted", "stop": "withdrawn"}}},
        {"purpose": "marketing", "channel": "sms", "state": {"column": "ok", "values": {"y": "denied"}}},
        {"purpose": "profiling", "channel": "web", "state": {"column": "why", "values": {"y": "granted"}}},
        {"purpose": "service", "channel": "post", "state": {"const": "granted"}},
    ],
}  # fmt: skip
WIDE = (*NAMES, "ok", "why")


def as_a_form_tells(data: dict[str, Any], **says: Said) -> list[Said]:
    """Return what a form tells of a definition when nothing is touched but the columns given."""
    told = []
    for one in columns.said(SourceSpec.parse(data, what="x"), WIDE):
        states = {value: state for value, state in one.states.items() if value != "stop"}  # not in the first rows
        hidden = one.column == "why"  # of a purpose that is not offered
        form = "" if "." in one.form else one.form
        told.append(says.get(one.column) or Said(one.column, "" if hidden else one.says, form, one.key, states))
    return told


def test_a_form_that_nothing_is_changed_in_changes_nothing() -> None:
    before = SourceSpec.parse(RICH, what="x")
    after = SourceSpec.parse(columns.definition(RICH, as_a_form_tells(RICH), columns.computed(before)), what="x")
    assert after == before


def test_a_value_that_the_first_rows_do_not_hold_means_what_it_meant() -> None:
    ok = Said("ok", "consent:marketing:email", states={"y": ""})
    spec = SourceSpec.parse(columns.definition(RICH, as_a_form_tells(RICH, ok=ok)), what="x")
    first, second = spec.consents[:2]
    assert first.state.values == {"y": None, "stop": "withdrawn"}
    assert (first.at, first.method) == tuple(
        getattr(SourceSpec.parse(RICH).consents[0], name) for name in ("at", "method")
    )
    assert second.state.values == {"y": "denied"}


def test_what_is_said_otherwise_leaves_no_second_use_behind() -> None:
    told = as_a_form_tells(RICH, C=Said("C", "city"), ok=Said("ok"), D=Said("D", "birth_date", "%d/%m/%Y"))
    spec = SourceSpec.parse(columns.definition(RICH, told), what="x")
    assert not {"email", "loyalty_id"} & set(spec.map)
    assert [one.purpose for one in spec.consents] == ["profiling", "service"]
    assert spec.map["birth_date"].format == "%d/%m/%Y"


def test_a_moment_that_is_never_kept_leaves_the_consent_without_it() -> None:
    data = {**RICH, "map": {name: cell for name, cell in RICH["map"].items() if name not in ("birth_date", "sex")}}
    told = as_a_form_tells(data, D=Said("D", columns.NEVER))
    spec = SourceSpec.parse(columns.definition(data, told), what="x")
    assert (spec.never_kept, spec.consents[0].at) == (("D",), None)


def test_several_columns_make_one_value_where_the_definition_says_so_and_nowhere_else() -> None:
    rows = columns.said(SourceSpec.parse(RICH, what="x"), NAMES)
    assert not [fault for fault in columns.faults(rows) if fault[0] == "B"]
    twice = [Said("A", "phone", key=True), Said("B", "phone")]
    again = columns.said(SourceSpec.parse(columns.definition(BARE, twice), what="x"), ("A", "B"))
    assert [where for where, _ in columns.faults(again)] == ["B"]


def test_amounts_in_the_smallest_unit_stay_so() -> None:
    cells = {"total": {"column": "B", "format": "minor"}, "currency": "C"}
    data = {**BARE, "reads": "orders", "key": ["A"], "map": cells}
    told = [replace(one, form="") for one in say(data)]
    assert SourceSpec.parse(columns.definition(data, told), what="x").map["total"].format == "minor"
    assert "total" not in SourceSpec.parse(columns.definition(data, say(data, C="")), what="x").map


def test_a_column_that_is_never_kept_is_told_so_under_a_name_written_otherwise_until_it_is_said() -> None:
    data = {**RULED, "never_kept": ["e e", "IBAN"]}
    assert say(data)[-1] == Said("É e", columns.NEVER)
    assert SourceSpec.parse(columns.definition(data, say(data)), what="x").never_kept == ("e e", "IBAN", "É e")
    said = say(data, **{"É e": "language"})
    assert SourceSpec.parse(columns.definition(data, said), what="x").never_kept == ("IBAN",)
