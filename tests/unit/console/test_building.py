"""The builder's form and the rules that it writes say the same, whatever the rules."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import translation
from django.utils.datastructures import MultiValueDict
from hypothesis import given
from hypothesis import strategies as st

from filrouge.base.errors import DefinitionError
from filrouge.console import building, controls
from filrouge.console import segments as shown
from filrouge.console.building import Line
from filrouge.domain import segments

KNOWN = controls.Known(
    brands=[("horizon", "Horizon"), ("le-cargo", "Le Cargo")], scores=[("engagement", "Engagement")],
    segments=[("others", "Others")],
)  # fmt: skip
BY_HAND: list[dict[str, Any]] = [
    {"on": "score", "score": "engagement", "field": "band", "op": "is", "value": "high"},
    {"on": "score", "score": "engagement", "field": "band", "op": "one_of", "value": ["medium", "high"]},
    {"on": "score", "score": "churn_90", "field": "trend", "op": "at_least", "value": 10},
    {"on": "brands", "brands": ["horizon", "le-cargo"], "op": "any"},
    {"on": "brands", "brands": ["horizon"], "op": "none"},
    {"on": "contacts", "op": "exactly", "value": 0, "within_days": 14},
    {"on": "person", "field": "city", "op": "one_of", "value": ["Nantes", "Brest"]},
    {"on": "person", "field": "email", "op": "empty"},
    {"on": "person", "field": "birth_date", "op": "anniversary", "value": 7},
    {"on": "events", "where": [{"field": "name", "op": "is", "value": "Article read"},
                               {"field": "properties.price", "op": "at_least", "value": 9.5}],
     "op": "at_least", "value": 3, "within_days": 30},
    {"on": "orders", "measure": "sum", "of": "total", "op": "at_least", "value": 100, "currency": "EUR",
     "since": "2026-01-01"},
    {"on": "orders", "measure": "last", "op": "longer_ago", "value": 90},
    {"on": "contracts", "where": [{"field": "running", "op": "is", "value": True},
                                  {"field": "renews_at", "op": "within_next", "value": 30}]},
    {"on": "sequence", "steps": [{"where": [{"field": "name", "op": "is", "value": "Basket"}]},
                                 {"where": [{"field": "name", "op": "is", "value": "Paid"}]}], "span_days": 7},
    {"on": "consent", "purpose": "marketing", "channel": "sms", "allowed": False},
    {"on": "segment", "segment": "others", "op": "not_in"},
    {"on": "bucket", "from": 0, "to": 999},
    {"on": "list", "people": ["01900000-0000-7000-8000-000000000000"]},
]  # fmt: skip


def sent(root: Line) -> MultiValueDict[str, str]:
    """Return what a browser sends of the form that shows a draft."""
    form = MultiValueDict({"all": [root.parts.get("all", "all")]})
    for line in root.walk():
        form.setlist(f"k:{line.place}", [line.kind])
        if line.kind == "group":
            form.setlist(f"p:{line.place}:all", [line.parts.get("all", "all")])
            continue
        for control in controls.controls(line, KNOWN):
            values = [one for one in control.ticked if one] if control.shape == "ticks" else [control.value]
            if values:
                form.setlist(f"p:{line.place}:{control.name}", values)
    return form


def plain(spec: Any) -> Any:
    return segments.parse(spec).dump()


@pytest.mark.parametrize("rule", BY_HAND, ids=lambda rule: json.dumps(rule)[:60])
def test_a_rule_goes_through_the_form_unchanged_and_never_as_code(rule: dict[str, Any]) -> None:
    whole = {"rules": [rule]}
    root = building.drafted(plain(whole))
    assert [line.kind for line in root.lines] == [rule["on"]], "it is shown as a line to read"
    assert plain(building.rules(building.read(sent(root)))) == plain(whole)


def test_a_rule_that_the_form_cannot_say_is_kept_as_it_is() -> None:
    whole = {"rules": [{"on": "events", "measure": "distinct", "of": "topic", "op": "at_least", "value": 3}]}
    root = building.drafted(plain(whole))
    assert [line.kind for line in root.lines] == ["raw"]
    assert plain(building.rules(building.read(sent(root)))) == plain(whole)


rules = st.sampled_from(BY_HAND)
groups = st.recursive(
    rules,
    lambda inner: st.builds(
        lambda held, combined: {"combinator": combined, "not": False, "rules": held},
        st.lists(inner, min_size=1, max_size=3), st.sampled_from(["and", "or"]),
    ),
    max_leaves=6,
)  # fmt: skip


@given(st.lists(groups, min_size=1, max_size=4), st.sampled_from(["and", "or"]), st.booleans())
def test_whatever_stands_in_groups_goes_through_the_form_unchanged(held: Any, combined: str, negated: bool) -> None:
    whole = {"combinator": combined, "not": negated and combined == "or", "rules": held}
    assert plain(building.rules(building.drafted(plain(whole)))) == plain(whole)


NAMES = st.text(max_size=12) | st.sampled_from(["k:0", "k:0.0", "k:1", "p:0:op", "p:0:value", "all"])
SAID = st.text(max_size=40) | st.sampled_from([*building.KINDS, "group", "raw"])


@given(st.dictionaries(NAMES, SAID, max_size=12))
def test_whatever_is_sent_is_a_draft_or_a_fault_that_is_told(form: dict[str, str]) -> None:
    root = building.read(form)
    building.change(root, form.get("all", ""))
    for line in root.walk():
        if line.kind != "group":
            assert controls.controls(line, KNOWN)
    try:
        segments.parse(building.rules(root))
    except DefinitionError as error:
        building.blame(root, error.faults)


def test_a_value_that_is_no_choice_is_shown_and_kept() -> None:
    rule = {"on": "score", "score": "engagement", "field": "band", "op": "one_of", "value": ["high", "highest"]}
    root = building.drafted({"rules": [rule]})
    (line,) = root.lines
    shown = {control.name: control for control in controls.controls(line, KNOWN)}["value"]
    assert shown.ticked == ["high", "highest"]
    assert "highest" in dict(shown.options)


def test_a_fault_stands_beside_its_line() -> None:
    root = building.read({
        "all": "all", "k:0": "contacts", "p:0:measure": "did_not", "p:0:window": "within_days", "p:0:days": "0",
        "k:1": "group", "p:1:all": "any", "k:1.0": "brands",
    })  # fmt: skip
    with pytest.raises(DefinitionError) as caught:
        segments.parse(building.rules(root))
    assert building.blame(root, caught.value.faults) == []
    assert {line.place for line in root.walk() if line.fault} == {"0", "1.0"}


def test_lines_come_and_go() -> None:
    root = building.read({})
    building.change(root, "add::brands")
    building.change(root, "add::group")
    building.change(root, "add:1:events")
    assert [(line.place, line.kind) for line in root.walk()] == [
        ("0", "brands"), ("1", "group"), ("1.0", "person"), ("1.1", "events"),
    ]  # fmt: skip
    building.change(root, "more:1.1")
    assert building.conditions(root.lines[1].lines[1]) == 2
    building.change(root, "take:0")
    assert [(line.place, line.kind) for line in root.walk()] == [("0", "group"), ("0.0", "person"), ("0.1", "events")]


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"measure": "last", "op": "longer_ago", "value": 180}, "An order last happened longer ago than 180 days"),
        ({"measure": "first", "op": "within_last", "value": 30}, "An order first happened within the last 30 days"),
        ({"op": "at_least", "value": 2}, "An order happened at least 2 times at any time"),
    ],
)
def test_a_rule_reads_as_a_sentence(rule: dict[str, Any], sentence: str) -> None:
    with translation.override("en"):
        (told,) = shown.sentences(building.drafted({"rules": [{"on": "orders", **rule}]}), KNOWN)
    assert told["said"] == sentence
