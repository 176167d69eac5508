"""A wrong value is read by a role that sees contact values masked when nothing makes it one of a person."""

from __future__ import annotations

import pytest
from tests.world import PEOPLE

from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.sighted import sighted

MEANINGS = {"mail": "email", "born": "birth_date", "family": "family_name", "card": "identifier", "odd": "unknown"}


@pytest.mark.parametrize(
    ("column", "text", "clear"),
    [
        ("born", "31/02/1990", True),
        ("card", "C-12", True),
        ("card", "ada@example.com", False),
        ("card", "06 11 22 33 44", False),
        ("mail", "soon", False),
        ("family", "Byron", False),
        ("odd", "soon", False),
        ("never seen", "soon", False),
    ],
)
def test_what_was_found_of_a_column_counts_whatever_the_definition_calls_it(
    column: str, text: str, clear: bool
) -> None:
    called = {**PEOPLE["map"], "loyalty_id": "card", "birth_date": column}
    spec = SourceSpec.parse({**PEOPLE, "map": {**called, "email": "other", "family_name": "another", "phone": "more"}})
    assert sighted(spec, MEANINGS, shown=False).clear(column, text) is clear
    assert sighted(spec, MEANINGS, shown=True).clear(column, text)


def test_what_the_definition_calls_an_address_is_one_whatever_was_found() -> None:
    spec = SourceSpec.parse({**PEOPLE, "map": {**PEOPLE["map"], "email": "card", "loyalty_id": "mail"}})
    assert not sighted(spec, MEANINGS, shown=False).clear("card", "C-12")
