"""The thread of a person goes on past the moments at hand, to its beginning, without a gap or a repeat."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.kept import laid_once
from tests.world import World, person

from filrouge.base import clock
from filrouge.base.errors import UsageError
from filrouge.domain.profiles import gather
from filrouge.store.models import Note
from filrouge.store.queries import moments
from filrouge.store.queries import people as found
from filrouge.work import access, notes

ORDERS = 260  # more than are kept at hand, on few days: most bear the same date


@pytest.fixture
@laid_once
def ada(world: World) -> str:
    """Known to the shop, where she ordered far more than is kept at hand, and to the group."""
    world.people(person("A1", "Ada", "Lovelace", mail="ada@example.org"))
    world.shop(person("S1", "Ada", "Lovelace", mail="ada@example.org"))
    world.orders(*({"number": f"O{n:04}", "customer": "S1", "day": f"{n % 9 + 1:02}/03/2026", "total": "10,00"}
                   for n in range(ORDERS)))  # fmt: skip
    world.resolve()
    return str(world.find("ada@example.org")[0].id)


def walk(key: str, asking: Any, *, limit: int, keep: Any = lambda moment: True) -> list[list[Any]]:
    page = found.page(key, asking, at=clock.now())
    assert page is not None
    pages, after = [], ""
    while True:
        told = moments.stretch(page, asking.perimeter, after=after, limit=limit, keep=keep)
        pages.append(list(told.moments))
        after = told.next
        if not after:
            return pages


@pytest.mark.parametrize("limit", [1, 7, 100, 200, 1000])
def test_every_moment_is_given_once_in_order_across_the_seam(limit: int, ada: str) -> None:
    pages = walk(ada, access.OWNER, limit=limit)
    told = [moment for page in pages for moment in page]
    assert all(len(page) == limit for page in pages[:-1])
    assert len(told) == ORDERS
    assert {moment.ref for moment in told} == {f"O{n:04}" for n in range(ORDERS)}
    assert told == sorted(told, key=lambda moment: (moment.at, moment.record_key), reverse=True)


def test_what_was_written_here_long_ago_stands_at_its_date(ada: str) -> None:
    note = notes.add(access.OWNER, ada, "an old promise of a discount")
    oldest = walk(ada, access.OWNER, limit=1000)[0][-1].at
    for days, place in ((1, -2), (-1, -1)):
        Note.objects.filter(pk=note.id).update(created_at=oldest + timedelta(days=days) / 2)
        told = [moment for page in walk(ada, access.OWNER, limit=30) for moment in page]
        assert len(told) == ORDERS + 1
        assert told == sorted(told, key=lambda moment: (moment.at, moment.record_key), reverse=True)
        assert (told[-1].kind == "note") == (place == -1)


def test_more_records_than_are_kept_at_hand_leave_no_gap(ada: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "KEPT", 2)  # she has two records: there may be more, so the links are asked
    assert sum(map(len, walk(ada, access.OWNER, limit=100))) == ORDERS


def test_a_filter_goes_on_to_the_beginning_too(ada: str) -> None:
    pages = walk(ada, access.OWNER, limit=5, keep=lambda moment: moment.ref.endswith("7"))
    told = [moment.ref for page in pages for moment in page]
    assert sorted(told) == sorted(f"O{n:04}" for n in range(ORDERS) if n % 10 == 7)


def test_a_colleague_by_agreement_reads_on_and_by_another_purpose_does_not(ada: str, world: World) -> None:
    colleague = world.user("advisor", entities=["north"])
    assert sum(map(len, walk(ada, colleague, limit=50))) == ORDERS
    assert sum(map(len, walk(ada, world.user("marketer", entities=["north"]), limit=50))) == 0


def test_a_stranger_has_no_thread_to_read(ada: str, world: World) -> None:
    assert found.page(ada, world.user("advisor", entities=["west"]), at=clock.now()) is None


def test_a_cursor_of_ones_own_making_is_told(ada: str) -> None:
    for made_up in ("50", "!!", "MQ", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5LjEuMQ"):
        page = found.page(ada, access.OWNER, at=clock.now())
        assert page is not None
        with pytest.raises(UsageError):
            moments.stretch(page, access.OWNER.perimeter, after=made_up, limit=5)
