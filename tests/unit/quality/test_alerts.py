"""An alert is told once, again every four hours while it lasts, and once when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from filrouge.domain.quality.alerts import Told, due, reaches

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def ago(what: str, hours: float, *, sent: bool = True) -> Told:
    return Told(what, NOW - timedelta(hours=hours), sent)


@pytest.mark.parametrize(
    ("told", "over", "what"),
    [
        ([], False, "opened"),
        ([ago("opened", 1)], False, None),
        ([ago("opened", 4)], False, "again"),
        ([ago("opened", 9), ago("again", 5)], False, "again"),
        ([ago("opened", 9), ago("again", 1)], False, None),
        ([ago("opened", 9, sent=False)], False, None),
        ([ago("opened", 1)], True, "resolved"),
        ([ago("opened", 9), ago("resolved", 5)], True, None),
        ([], True, None),
        ([ago("opened", 1, sent=False)], True, None),
    ],
)
def test_when_it_is_told(told: list[Told], over: bool, what: str | None) -> None:
    assert due(told, over=over, at=NOW) == what


def test_whom_it_reaches() -> None:
    assert reaches("ana", ["ana", "bob"])
    assert not reaches("eve", ["ana"])
    assert reaches("*", [])
