"""A sender is missed when it says nothing for much longer than it usually does."""

from __future__ import annotations

from datetime import timedelta

from filrouge.domain.events.silence import LEAST, MOST, silent_after

WEEK = timedelta(days=7)


def test_the_more_a_sender_sends_the_sooner_it_is_missed() -> None:
    assert silent_after([1_000_000] * 7, over=WEEK) == LEAST
    assert LEAST < (silent_after([500] * 7, over=WEEK) or LEAST) < MOST
    assert silent_after([5] * 7, over=WEEK) == MOST


def test_of_a_sender_that_sent_next_to_nothing_nothing_is_known() -> None:
    assert silent_after([3, 4], over=WEEK) is None
    assert silent_after([], over=timedelta(0)) is None
