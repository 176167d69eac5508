"""However short it is written, what is nested too deep is found."""

from __future__ import annotations

import pytest

from filrouge.domain.events.cut import DEEPEST, too_deep

SHORTEST = {
    "lists": (b"[", b"", b"]"),
    "objects": (b'{"":', b"{}", b"}"),
    "both": (b'[{"":', b"[]", b"}]"),
}


@pytest.mark.parametrize("form", sorted(SHORTEST))
def test_the_shortest_that_is_too_deep_is_found_and_what_is_just_not_is_kept(form: str) -> None:
    opens, inside, closes = SHORTEST[form]
    levels = opens.count(b"[") + opens.count(b"{")
    most = (DEEPEST - bool(inside)) // levels
    allowed = opens * most + inside + closes * most
    beyond = opens * (most + 1) + inside + closes * (most + 1)
    assert not too_deep(allowed)
    assert too_deep(beyond)
    assert not too_deep(b'"' + b"[" * 3 * DEEPEST + b'"'), "brackets in a text nest nothing"
