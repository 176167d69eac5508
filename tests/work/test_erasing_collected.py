"""Somebody erased is nowhere in what senders sent, and nothing that they send brings them back; others keep theirs."""

from __future__ import annotations

from typing import Any

import pytest
from tests.work.test_draining import drain as drain
from tests.work.test_draining import page, say, send, sender, titles, turns
from tests.work.test_draining import spool as spool
from tests.work.test_matches import group as remembered  # noqa: F401
from tests.work.test_matches import trained_on_few as trained_on_few
from tests.world import World

from filrouge.base import clock
from filrouge.spool import Spool
from filrouge.store.live import Live
from filrouge.store.models import Ledger, Source, WriteKey
from filrouge.work import access, demo, draining, erasures, groups, identity, live, runs

OTTO = {"firstName": "Ottokar", "lastName": "Brandt", "email": "Ottokar.Brandt@example.org", "phone": "06 39 98 55 01"}


@pytest.fixture
def group(remembered: World) -> World:  # noqa: F811
    """A group whose last settlement is remembered: new accounts find whose they are at once."""
    sender()
    return remembered


def erase(person: str, asking: Any = access.OWNER) -> Any:
    return erasures.carry_out(str(erasures.request(asking, person, reason="asked by letter").id))


def told(spool: Spool, drain: draining.Drain, **said: Any) -> None:
    send(spool, say("identify", 1, 1, userId="o1", traits=OTTO, **said))
    turns(drain)


def kept_raw(group: World) -> list[str]:
    return [row["raw"] for row in group.rows("SELECT raw FROM rejects ORDER BY raw") if row["raw"] is not None]


# --- accounts that the lake does not know -----------------------------------------------------------------------------


def test_an_account_that_the_lake_does_not_know_goes_and_stays_away(
    group: World, spool: Spool, drain: draining.Drain
) -> None:
    told(spool, drain)
    (person,) = [hit.id for hit in group.find("brandt")]
    row = erase(person)
    assert row.report["records"] == 1
    assert Live().rows("SELECT 1 FROM accounts") == []
    drain.finish()
    identity.resolve(by="test", full=True)
    live.rebuild()
    assert group.find("brandt") == []
    send(
        spool, say("track", 2, 2, userId="o1", event="Back"),
        say("identify", 3, 3, userId="o2", traits={"email": "ottokar.brandt@EXAMPLE.org"}),
        say("identify", 4, 4, userId="o3", traits={"phone": "+33 6 39 98 55 01"}),
    )  # fmt: skip
    turns(drain)
    drain.finish()
    assert group.rows("SELECT 1 FROM events") == []
    assert Live().rows("SELECT 1 FROM accounts") == []


def test_a_new_account_of_somebody_known_goes_with_them(group: World, spool: Spool, drain: draining.Drain) -> None:
    (zoe,) = [hit.id for hit in group.find("quillard")]
    traits = {"firstName": "Zoé", "lastName": "Quillard", "email": "zoe.quillard@example.org", "phone": "0639985577"}
    send(spool, say("identify", 1, 1, userId="z1", anonymousId="b1", traits=traits))
    turns(drain)
    assert "site_people" in [record.source for record in page(zoe).view.records]
    erase(zoe)
    assert Live().rows("SELECT 1 FROM accounts") == []
    send(
        spool, say("track", 2, 2, userId="z1", event="Back"), say("page", 3, 3, anonymousId="b1", name="Back"),
        say("identify", 4, 4, userId="z2", traits={"phone": "06 39 98 55 77"}),
    )  # fmt: skip
    turns(drain)
    drain.finish()
    assert group.rows("SELECT 1 FROM events") == []
    assert group.find("quillard") == []


def test_a_value_that_the_lake_has_not_seen_changed_is_kept_out_too(
    group: World, spool: Spool, drain: draining.Drain
) -> None:
    told(spool, drain)
    drain.finish()
    identity.resolve(by="test")
    send(spool, say("identify", 2, 2, userId="o1", traits={"email": "ob@example.net"}))
    turns(drain)
    (person,) = [hit.id for hit in group.find("brandt")]
    erase(person)
    send(spool, say("identify", 3, 3, userId="o9", traits={"email": "ob@example.net"}))
    turns(drain)
    assert Live().rows("SELECT 1 FROM accounts") == []


def test_what_another_controller_was_told_a_moment_ago_stays(group: World, spool: Spool, drain: draining.Drain) -> None:
    officer = group.user("privacy", entities=["west"])
    (zoe,) = [hit.id for hit in group.find("quillard", officer)]
    (north,) = [hit.id for hit in group.find("quillard")]
    assert zoe == north
    send(spool, say("identify", 1, 1, userId="z1", traits={
        "firstName": "Zoé", "lastName": "Quillard", "email": "zoe.quillard@example.org"}))  # fmt: skip
    turns(drain)
    (mine,) = Live().rows("SELECT record FROM accounts")
    erase(zoe, officer)
    assert Live().rows("SELECT record FROM accounts") == [mine], "north was told, and west asked"
    assert [hit.id for hit in group.find("quillard")] == [zoe]


# --- what was set aside -----------------------------------------------------------------------------------------------

FAULTY = (
    '{"type":"track","messageId":"f1","userId":"x","properties":{"mail":"ottokar.brandt@example.org"}}',
    '{"type":"track","messageId":"f2","userId":"x","properties":{"mail":"OTTOKAR.BRANDT\\u0040example.org"}}',
    '{"type":"track","messageId":"f3","userId":"x","properties":{"call":"+33639985501"}}',
    '{"type":"track","messageId":"f4","userId":"x","properties":{"url":"/u?m=ottokar.brandt%40example.org"}}',
)
OTHERS = '{"type":"track","messageId":"f5","userId":"y","properties":{"mail":"simone@example.org"}}'


def test_events_set_aside_that_speak_of_them_go(group: World, spool: Spool, drain: draining.Drain) -> None:
    told(spool, drain)
    send(spool, *FAULTY, OTHERS)
    turns(drain)
    drain.finish()
    assert len(kept_raw(group)) == 5
    (person,) = [hit.id for hit in group.find("brandt")]
    row = erase(person)
    assert kept_raw(group) == [OTHERS]
    assert row.report["destroyed"]["rejects"] == 4
    assert row.report["found_again"] == {}


def test_faulty_events_that_speak_of_them_are_not_kept_as_sent(
    group: World, spool: Spool, drain: draining.Drain
) -> None:
    told(spool, drain)
    drain.finish()
    (person,) = [hit.id for hit in group.find("brandt")]
    erase(person)
    named = '{"type":"track","messageId":"f6","userId":"o1"}'
    send(spool, *FAULTY, OTHERS, named)
    turns(drain)
    drain.finish()
    assert kept_raw(group) == [OTHERS]
    codes = [row["code"] for row in group.rows("SELECT code FROM rejects WHERE raw IS NULL")]
    assert codes == ["suppressed"] * 5
    assert Ledger.objects.get().quarantined == 6


def test_faulty_events_on_the_way_to_the_lake_lose_their_words(
    group: World, spool: Spool, drain: draining.Drain
) -> None:
    told(spool, drain)
    drain.finish()
    send(spool, *FAULTY, OTHERS)
    turns(drain)
    (person,) = [hit.id for hit in group.find("brandt")]
    erase(person)
    drain.finish()
    assert kept_raw(group) == [OTHERS]
    gone = group.rows('SELECT code, value, "column" FROM rejects WHERE raw IS NULL')
    assert [tuple(row.values()) for row in gone] == [("suppressed", None, None)] * 4


# --- a browser that several people share ------------------------------------------------------------------------------


@pytest.mark.parametrize("waiting", [False, True])
def test_who_shared_their_browser_keeps_their_own_events(
    group: World, spool: Spool, drain: draining.Drain, waiting: bool
) -> None:
    told(spool, drain, anonymousId="shared")
    (person,) = [hit.id for hit in group.find("brandt")]
    drain.finish()
    if not waiting:
        erase(person)
    send(
        spool, say("identify", 5, 5, userId="u2", anonymousId="shared", traits={"firstName": "Ulla", "lastName": "Sec"}),
        say("track", 6, 6, userId="u2", anonymousId="shared", event="Paid"),
    )  # fmt: skip
    turns(drain)
    if waiting:
        erase(person)
    send(spool, say("page", 7, 7, anonymousId="shared", name="Whose?"))
    turns(drain)
    drain.finish()
    (other,) = [hit.id for hit in group.find("ulla")]
    assert titles(other) == ["Paid", ""]
    rows = group.rows(
        "SELECT name, anonymous_id FROM events WHERE user_ref = 'u2' ORDER BY recorded_at, name NULLS FIRST"
    )
    assert [tuple(row.values()) for row in rows] == [(None, None), ("Paid", None)]
    assert group.rows("SELECT 1 FROM events WHERE user_ref IS NULL") == []
    sources = [source for (source,) in Live().rows("SELECT source FROM accounts")]
    assert sources == ["site_people"], "no browser is theirs"


# --- the sample, removed ----------------------------------------------------------------------------------------------


def test_what_the_drain_holds_of_a_sample_that_was_removed_is_dropped(
    group: World, spool: Spool, drain: draining.Drain
) -> None:
    groups.add_entity("toys", "Toys", by="test", sample=True)
    groups.add_brand("toy", "Toy", "toys", by="test", sample=True)
    sender("toy_site", brand="toy", entity="toys")
    Source.objects.filter(name__startswith="toy_site").update(sample=True)
    WriteKey.objects.create(prefix="wk_1", digest="d" * 64, source="toy_site", entity="toys", brand="toy", by="test")
    traits = {"firstName": "Played", "lastName": "Withsome"}
    send(spool, say("identify", 1, 1, userId="t1", traits=traits), source="toy_site", brand="toy")
    send(spool, say("track", 1, 2, event="Mine", userId="u"))
    turns(drain)
    drain.finish()
    send(
        spool, say("track", 2, 3, userId="t1", event="Later"), say("page", 2, 4, anonymousId="nobody"),
        '{"type":"track","messageId":"bad","userId":"t1"}', source="toy_site", brand="toy",
    )  # fmt: skip
    turns(drain)
    demo.remove()
    send(spool, say("track", 3, 5, userId="t2", event="Last"), source="toy_site", brand="toy")
    turns(drain)
    drain.finish()
    assert [(row["source"], row["name"]) for row in group.rows("SELECT source, name FROM events")] == [("site", "Mine")]
    assert group.rows("SELECT 1 FROM rejects") == []
    assert [row.source for row in Ledger.objects.all()] == ["site"]
    assert not WriteKey.objects.exists()
    copies = Live()
    for table in ("accounts", "stream"):
        assert {source for (source,) in copies.rows(f"SELECT source FROM {table}")} <= {"site", "site_people"}
    assert not [body for (body,) in copies.rows("SELECT body FROM tail") if "toy_site" in body]
    live.rebuild()
    assert group.find("withsome") == []


def test_a_flush_that_began_before_a_sender_was_removed_takes_nothing_of_it(
    group: World, spool: Spool, drain: draining.Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(spool, say("track", 1, 1, userId="u", event="Gone"))
    turns(drain)
    stage, staged = runs.stage, []

    def removing(*said: Any) -> str:
        if not staged:
            Source.objects.filter(system="site").delete()
        staged.append(clock.now())
        return stage(*said)

    monkeypatch.setattr(runs, "stage", removing)
    drain.finish()
    drain.finish()
    assert not runs.lake().exists("events") or group.rows("SELECT 1 FROM events") == []
    assert not Ledger.objects.exists()
    assert drain.load.places == {}
