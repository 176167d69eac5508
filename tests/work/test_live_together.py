"""What is read and written of many people at once is what is read and written of each."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections
from tests.work.test_draining import drain, group, say, send, spool, turns
from tests.world import World

from filrouge.spool import Spool
from filrouge.store import live as copies
from filrouge.store.live import Live
from filrouge.work import draining
from filrouge.work import live as work

__all__ = ["drain", "group", "spool"]


def test_several_ids_lead_where_each_of_them_does(group: World) -> None:
    live = Live()
    first, second, third, alone = (str(uuid.UUID(int=at)) for at in range(1, 5))
    with live.writing():
        live.insert("redirects", [(first, second), (second, third)], columns=2)
    asked = [first, second.upper(), third, alone]
    assert live.current_of(asked) == {person: live.current(person) for person in asked}
    assert set(live.current_of(asked).values()) == {third, alone}
    assert live.current_of([]) == {}


def test_a_key_said_again_is_of_all_who_said_it_and_a_common_name_stays_common(group: World) -> None:
    live = Live()
    with live.writing():
        live.add_origins("keys", {("ottokar@example.org", "email", 7): 1, ("o1", "record", 7): 1})
        live.add_origins("keys", {("ottokar@example.org", "email", 7): 4})
        live.add_origins("names", {("ottokar", 7): 1, ("brandt", 7): 2})
        live.insert("tokens", [("brandt", 12)], columns=2)
        live.learn_tokens({"ottokar", "brandt"})
    keys = live.rows("SELECT value, kind, origins FROM keys WHERE person = 7 ORDER BY value")
    assert keys == [("o1", "record", 1), ("ottokar@example.org", "email", 5)]
    tokens = live.rows("SELECT token, people FROM tokens WHERE token IN ('ottokar', 'brandt') ORDER BY token")
    assert tokens == [("brandt", 12), ("ottokar", 1)]
    assert live.rows("SELECT count(*) FROM grams WHERE token = 'ottokar'")[0][0] > 5
    assert live.rows("SELECT count(*) FROM grams WHERE token = 'brandt'")[0][0] == 0, "it was known before"


def apart(act: Callable[[], None]) -> None:
    """Do something as another process would: by a connection of its own."""

    def acted() -> None:
        try:
            act()
        finally:
            connections.close_all()

    other = threading.Thread(target=acted)
    other.start()
    other.join()


def held() -> dict[str, list[Any]]:
    """Return the copies of people, whole."""
    tables = ("documents", "moments", "keys", "names", "tokens", "redirects", "promotions", "meta")
    found = {name: sorted(map(repr, Live().rows(f"SELECT * FROM {name}"))) for name in tables}
    found["meta"] = [row for row in found["meta"] if "built_at" not in row]
    return found


def test_nobody_is_without_a_page_while_pages_are_made_anew(
    group: World, spool: Spool, drain: draining.Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("Nora Delacroix", "Otto Brandt", "Lia Quill")
    said = [say("identify", n, n, userId=f"u{n}", traits={"name": name}) for n, name in enumerate(names, 1)]
    send(spool, *said)
    turns(drain)
    drain.finish()
    monkeypatch.setattr(work, "PEOPLE", 1)
    work.rebuild()
    before = held()
    people = [person for (person,) in Live().rows("SELECT id FROM documents")]
    unhurried, seen = Live.unhurried, []

    def look() -> None:
        seen.append([len(Live().rows(f"SELECT * FROM {name}")) for name in ("documents", "moments", "keys", "names")])

    @contextmanager
    def looked_at(self: Live, **said: Any) -> Iterator[None]:
        with unhurried(self, **said):
            yield
        apart(look)

    monkeypatch.setattr(Live, "unhurried", looked_at)
    assert work.refresh(people) == len(people) > 1
    assert len(seen) >= len(people)
    assert {tuple(counts) for counts in seen} == {tuple(seen[-1])}, "whole at every moment"
    assert held() == before


def test_who_makes_pages_anew_leaves_the_place_of_the_one_writer_free_in_between(
    group: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connections["default"].vendor == "postgresql":
        pytest.skip("rows are locked, not the whole")
    free: list[bool] = []

    def write() -> None:
        free.append(Live().rows_changed("UPDATE meta SET value = value WHERE name = 'version'") == 1)

    monkeypatch.setattr(copies.time, "sleep", lambda seconds: (apart(write), free.append(seconds <= copies.REST)))
    monkeypatch.setattr(work, "PEOPLE", 1)
    people = [person for (person,) in Live().rows("SELECT id FROM documents")]
    work.refresh(people)
    assert len(free) >= 2 * len(people)
    assert all(free)


def test_what_leads_to_people_is_written_as_far_as_it_changed(group: World, monkeypatch: pytest.MonkeyPatch) -> None:
    live = Live()
    first, second, third = (str(uuid.UUID(int=at)) for at in range(1, 4))
    work._load(live, "redirects", [(first, second), (second, third)], "")
    assert live.current(first) == third
    written: list[Any] = []
    insert = Live.insert
    monkeypatch.setattr(
        Live, "insert", lambda self, name, rows, **more: (written.extend(rows), insert(self, name, rows, **more))
    )
    work._load(live, "redirects", [(first, third), (second, third)], "")
    assert written == [(first, third)]
    work._load(live, "redirects", [(second, third)], "")
    assert live.rows("SELECT old, new FROM redirects") == [(second, third)]
