"""A rule says what it means, or is told what is wrong with it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.world import ORDERS, PEOPLE

from filrouge.base.errors import DefinitionError
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.patterns import refused
from filrouge.domain.sources.rules import moment

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def parsed(*rules: dict[str, Any], of: dict[str, Any] = PEOPLE) -> SourceSpec:
    return SourceSpec.parse({**of, "rules": list(rules)})


def test_a_rule_is_written_shortly_and_dumped_as_it_was_meant() -> None:
    spec = parsed(
        {"check": "pattern", "column": "postcode", "like": "[0-9]{5}", "does": "stop", "above": "2 %", "owner": "ana"},
        {"check": "range", "column": "birth_date", "min": "-120y", "max": "today", "does": "reject"},
        {"check": "volume", "does": "stop"},
    )
    assert [rule.called for rule in spec.rules] == ["pattern_postcode", "range_birth_date", "volume"]
    assert spec.rules[0].above == 0.02
    assert SourceSpec.parse(spec.dump()) == spec


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"check": "required", "column": "nickname"}, "not mapped"),
        ({"check": "pattern", "column": "birth_date", "like": "x"}, "is no text"),
        ({"check": "range", "column": "email", "min": 1}, "neither a number nor a date"),
        ({"check": "range", "column": "birth_date", "min": "12"}, "compared with"),
        ({"check": "range", "column": "birth_date"}, "needs min, max or both"),
        ({"check": "among", "column": "city"}, "needs values"),
        ({"check": "among", "column": "city", "values": ["a"], "like": "x"}, "has no like"),
        ({"check": "reference", "column": "loyalty_id", "of": "crm_people"}, "another source"),
        ({"check": "volume", "does": "reject"}, "no row to reject"),
        ({"check": "required", "column": "email", "above": "2%"}, "bears a share"),
        ({"check": "freshness", "within": "soon"}, "no duration"),
        ({"check": "pattern", "column": "city", "like": "(?=a)"}, "look-around"),
        ({"check": "required", "columns": []}, "needs columns"),
        ({"check": "required", "column": "city", "columns": ["city"]}, "not both"),
    ],
)
def test_a_rule_that_means_nothing_is_told(rule: dict[str, Any], told: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parsed(rule)
    assert told in str(caught.value.faults)


def test_two_rules_of_one_name_are_told_apart() -> None:
    rule = {"check": "required", "column": "email"}
    with pytest.raises(DefinitionError):
        parsed(rule, rule)
    assert parsed(rule, {**rule, "name": "again"}).rules[1].called == "again"


def test_numbers_are_compared_with_numbers() -> None:
    spec = parsed({"check": "range", "column": "total", "min": 0, "max": 99.5}, of=ORDERS)
    assert (spec.rules[0].min, spec.rules[0].max) == ("0", "99.5")
    with pytest.raises(DefinitionError):
        parsed({"check": "range", "column": "total", "max": "nan"}, of=ORDERS)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("-120y", datetime(1906, 11, 22, 12, tzinfo=UTC)),
        ("+30d", datetime(2026, 12, 22, 12, tzinfo=UTC)),
        ("-1h", datetime(2026, 11, 22, 11, tzinfo=UTC)),
        ("today", NOW),
        ("2020-01-31", datetime(2020, 1, 31, tzinfo=UTC)),
    ],
)
def test_a_moment_is_a_date_or_a_distance_from_now(text: str, found: datetime) -> None:
    assert moment(text, at=NOW) == found


def test_a_year_before_the_29th_of_february_is_the_28th() -> None:
    assert moment("-1y", at=datetime(2024, 2, 29, tzinfo=UTC)) == datetime(2023, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    "pattern", ["[0-9]{5}", r"\d{2}(?:-\d{2}){4}", "FR|BE", r"[A-Z]+\.[a-z]*", "", r"é+", r"a\\+b", "[]a]"[:0]]
)
def test_a_plain_pattern_is_taken(pattern: str) -> None:
    assert refused(pattern) == ""


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+", "(a|aa)*", "(?i)a", "(?=a)", r"(a)\1", r"\bfoo", "[[:alpha:]]", "[a&&b]", "a{9999}", "a**", "a++", "*a",
     "(a", "a)", "[a", "a{", "(a?){30}", ".*.*.*.*x", r"\p{L}", "[]", "a\\", "(" * 20 + ")" * 20],
)  # fmt: skip
def test_a_pattern_that_engines_read_apart_or_slowly_is_refused(pattern: str) -> None:
    assert refused(pattern)


@given(st.text(alphabet="ab01.[](){}*+?|\\^$-d,:", max_size=12))
def test_whatever_is_taken_is_a_regular_expression(pattern: str) -> None:
    if not refused(pattern):
        re.compile(f"^(?:{pattern})$")
