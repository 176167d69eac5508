"""What is remembered of what was heard: the last events of each sender, word for word, and never without bound."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from filrouge.collector.recent import Recent
from filrouge.domain.events import Reason, Received
from filrouge.domain.events.row import identifier

NOW = datetime(2026, 1, 31, tzinfo=UTC)


def event(name: str, body: bytes = b"{}", *, reason: Reason | None = None) -> Received:
    return Received(name, "page", body, NOW, reason)


def test_a_repeat_is_of_one_sender_and_word_for_word() -> None:
    recent = Recent()
    assert recent.repeats("web", [event("a"), event("a"), event("b")]) == [False, True, False]
    assert recent.repeats("app", [event("a")]) == [False]
    assert recent.repeats("web", [event("a", b"[]"), event("a", b"[]"), event("b")]) == [False, True, True]


def test_what_is_set_aside_is_not_remembered() -> None:
    recent = Recent()
    assert recent.repeats("web", [event("a", reason=Reason("nobody")), event("a")]) == [False, False]


def test_the_older_half_goes_whole_and_the_last_events_stay() -> None:
    recent = Recent(100)
    for number in range(1_000):
        recent.repeats(f"web{number % 7}", [event(f"m{number}")])
        assert len(recent._new) + len(recent._old) <= 100
    for number in range(951, 1_000):
        assert recent.repeats(f"web{number % 7}", [event(f"m{number}")]) == [True]
    assert recent.repeats("web0", [event("m0")]) == [False]


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (None, ""), ("", ""), (" ", ""), ("0", ""), ("00-00", ""), ("-", ""), ("-1", ""), (-1, ""), (0, ""), (0.0, ""),
        ("NULL", ""), (" Anonymous ", ""), ("n/a", ""), ("[object Object]", ""), ("NaN", ""), ("guest", ""),
        ("01", "01"), ("-10", "-10"), (7, "7"), (7.0, "7"), (7.5, "7.5"), (True, "True"), ("nulla", "nulla"),
        ("anonymous-1", "anonymous-1"), (" u-1 ", "u-1"), ("00000000-0000-0000-0000-000000000000", ""),
    ],
)  # fmt: skip
def test_a_word_that_names_nobody_is_no_id(said: str | int | float | None, word: str) -> None:
    assert identifier(said) == word
