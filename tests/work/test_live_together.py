"""What is read and written of many people at once is what is read and written of each."""

from __future__ import annotations

import uuid

from tests.work.test_draining import drain, group, spool
from tests.world import World

from filrouge.store.live import Live

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
