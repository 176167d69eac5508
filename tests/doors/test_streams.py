"""Pages that move tell whoever may see them, nobody else, and only while they are signed in."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from tests.conftest import HORIZON, World

from filrouge.base import clock
from filrouge.base.errors import FilrougeError, NotFound
from filrouge.console.presence import LINGERS, Board
from filrouge.console.streams import Reader, Streams
from filrouge.store.live import Live
from filrouge.store.models import Source
from filrouge.store.queries import moving
from filrouge.work import access, senders

pytestmark = pytest.mark.django_db(databases=["default", "live", "audit"])


def scope(client: Any, path: str, query: str = "") -> dict[str, Any]:
    cookies = "; ".join(f"{key}={morsel.value}" for key, morsel in client.cookies.items())
    return {
        "type": "http", "method": "GET", "path": path, "query_string": query.encode(),
        "headers": [(b"cookie", cookies.encode())],
    }  # fmt: skip


def happened(record: int, name: str, *, moment: int = 1) -> None:
    """Let something happen to a record, as the live worker writes it."""
    body = {
        "kind": "event", "at": "2026-11-20 10:00:00+00", "title": name, "text": None, "channel": "web",
        "direction": "in", "status": None, "outcome": None, "amount": None, "currency": None, "ref": "m", "link": None,
        "details": {"type": "track", "topic": None, "name": name, "url": None}, "source": "site", **HORIZON,
        "record_key": moment,
    }  # fmt: skip
    Live().insert("tail", [(record, moment, 1, 1, json.dumps(body))], columns=5)


@pytest.fixture
def ottokar(world: World) -> str:
    world.user("owner", "advisor", entities=("groupe",))
    world.user("colleague", "advisor", entities=("groupe",), brands=("cargo",))
    world.user("stranger", "advisor", entities=("boutique",))
    return world.person(1, "Ottokar", "Brandt", HORIZON)


def test_whoever_sees_a_person_is_told_that_something_happened(ottokar: str, signed_in: Callable[[str], Any]) -> None:
    look = Reader(scope(signed_in("owner"), f"/streams/people/{ottokar}")).enter()
    assert look is not None
    assert look() is None
    happened(101, "Basket opened")
    assert look() == "event: moved\ndata: 1\n\n"
    assert look() is None


def test_what_happened_between_the_page_and_its_stream_is_told_too(
    ottokar: str, signed_in: Callable[[str], Any]
) -> None:
    mark = moving.mark(moving.Watched(ottokar))
    happened(101, "Basket opened")
    look = Reader(scope(signed_in("owner"), f"/streams/people/{ottokar}", f"mark={mark}")).enter()
    assert look is not None
    assert look() is not None


@pytest.mark.parametrize("who", ["colleague", "stranger"])
def test_whoever_does_not_see_a_person_is_told_nothing(ottokar: str, signed_in: Callable[[str], Any], who: str) -> None:
    reader = Reader(scope(signed_in(who), f"/streams/people/{ottokar}"))
    with pytest.raises(NotFound):
        reader.enter()


def test_a_stream_ends_with_the_session(ottokar: str, signed_in: Callable[[str], Any]) -> None:
    client = signed_in("owner")
    asked = scope(client, f"/streams/people/{ottokar}")
    assert Reader(asked).still()
    client.logout()
    assert not Reader(asked).still()


def sender() -> None:
    senders.make_key(access.OWNER, source="site", brand="horizon")


def told(number: int, **said: Any) -> None:
    body = {"verdict": "accepted", "kind": "track", "name": "Paid", "user": "u1", "id": f"m{number}"} | said
    Live().insert("stream", [(number, "site", number, 0, json.dumps(body))], columns=5)


def test_an_engineer_sees_events_as_they_come_from_where_the_page_ended(
    world: World, signed_in: Callable[[str], Any]
) -> None:
    sender()
    world.user("remy", "engineer", entities=("groupe",))
    told(5, name="Before")
    look = Reader(scope(signed_in("remy"), "/streams/senders/site", "after=5")).enter()
    assert look is not None
    assert look() is None
    told(6, name="<b>After</b>")
    told(7, verdict="quarantined", code="nobody", values={})
    said = look() or ""
    assert "&lt;b&gt;After&lt;/b&gt;" in said
    assert "Before" not in said
    assert said.startswith("event: lines\nid: 7\n")


@pytest.mark.parametrize(
    ("who", "role", "entity"), [("ines", "marketer", "groupe"), ("elsewhere", "engineer", "boutique")]
)
def test_others_do_not_see_what_a_sender_sends(
    world: World, signed_in: Callable[[str], Any], who: str, role: str, entity: str
) -> None:
    sender()
    world.user(who, role, entities=(entity,))
    reader = Reader(scope(signed_in(who), "/streams/senders/site"))
    with suppress(FilrougeError):  # refused, or as if there were none
        assert reader.enter() is None


def test_addresses_beside_the_streams_go_to_the_site_and_nobody_unknown_gets_in(db: Any) -> None:
    passed: list[str] = []

    async def site(scope: dict[str, Any], receive: Any, send: Any) -> None:
        passed.append(scope["path"])

    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    streams = Streams(site)
    streams._call = _at_once  # type: ignore[method-assign]
    head = {"type": "http", "method": "GET", "query_string": b"", "headers": []}
    asyncio.run(streams({**head, "path": "/people"}, receive, send))
    asyncio.run(streams({**head, "path": "/streams/people/x"}, receive, send))
    assert passed == ["/people"]
    assert sent[0]["status"] == 403


async def _at_once(verb: Callable[[], Any]) -> Any:
    from asgiref.sync import sync_to_async

    return await sync_to_async(verb, thread_sensitive=True)()


def test_the_page_of_events_tells_verdicts_reasons_and_counts(world: World, signed_in: Callable[[str], Any]) -> None:
    from django.utils import timezone

    from filrouge.store.models import Ledger

    sender()
    world.user("remy", "engineer", entities=("groupe",))
    told(5, name="Paid")
    told(6, verdict="quarantined", code="nobody", values={}, user="")
    Ledger.objects.create(source="site", day=timezone.now().date(), received=7, accepted=4, duplicate=2, quarantined=1)
    page = signed_in("remy").get("/senders/site/events", headers={"accept-language": "en"})
    said = page.content.decode()
    assert page.status_code == 200
    assert "Paid" in said
    assert "nobody" in said or "personne" in said
    assert 'data-number="6"' in said


def test_a_sender_that_fell_silent_is_told_of_at_home(world: World, signed_in: Callable[[str], Any]) -> None:
    from datetime import timedelta

    from filrouge.base import clock
    from filrouge.store.models import Ledger

    sender()
    now = clock.now()
    Ledger.objects.create(source="site", day=(now - timedelta(days=5)).date(), received=100_000, accepted=100_000)
    Source.objects.filter(name="site").update(as_of=now - timedelta(minutes=5))
    world.user("remy", "engineer", entities=("groupe",))
    client = signed_in("remy")
    assert "/senders/site/events" not in client.get("/").content.decode()
    Source.objects.filter(name="site").update(as_of=now - timedelta(hours=9))
    assert "/senders/site/events" in client.get("/").content.decode()


def test_who_else_has_a_page_open_is_told_to_those_who_work_for_the_same_company(
    world: World, ottokar: str, signed_in: Callable[[str], Any]
) -> None:
    world.user("nora", "sales", entities=("groupe",))
    board, opens, places = Board(), {}, {}
    for name in ("owner", "nora"):
        reader = opens[name] = Reader(scope(signed_in(name), f"/streams/people/{ottokar}"))
        assert reader.enter() is not None
        assert reader.asking is not None
        places[name] = board.enter(reader.person, reader.asking, clock.now())
    mine, hers = opens["owner"], opens["nora"]
    assert mine.asking is not None
    assert hers.asking is not None
    assert [one.name for one in board.others(ottokar, mine.asking)] == ["Nora"]
    assert "Owner" in hers.also_here(board.others(ottokar, hers.asking))
    elsewhere = replace(hers.asking, perimeter=replace(hers.asking.perimeter, acting=frozenset({"boutique"})))
    assert board.others(ottokar, elsewhere) == (), "that another company looks at somebody is not told"
    board.leave(ottokar, places["nora"])
    assert board.others(ottokar, mine.asking), "whoever turns to another tab comes back"
    board.opened[ottokar][places["nora"]].left = time.monotonic() - LINGERS - 1
    assert board.others(ottokar, mine.asking) == ()
    board.leave(ottokar, places["owner"])
    board.opened[ottokar][places["owner"]].left = time.monotonic() - LINGERS - 1
    board.leave("another", 0)
    assert board.opened == {}, "nothing is kept of who looked at whom"
