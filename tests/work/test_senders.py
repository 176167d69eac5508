"""A sender is given a key, the collector knows it at once, and forgets it as soon as it is revoked."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.world import PEOPLE

from filrouge.base import settings
from filrouge.base.errors import Conflict, FilrougeError, NotFound, Refused, UsageError
from filrouge.domain.events.keys import Published, digest
from filrouge.domain.privacy.caller import OWNER
from filrouge.store.models import AuditEntry, Source, WriteKey
from filrouge.store.queries import senders as reads
from filrouge.store.queries import sources as found
from filrouge.work import installation, schedules, senders, sources


def published() -> Published:
    return msgspec.json.decode(settings.get().write_keys.read_bytes(), type=Published)


def test_a_key_is_shown_once_kept_by_its_digest_and_told_to_the_collector(world: Any, home: Path) -> None:
    key, word = senders.make_key(OWNER, source="shop_site", brand="red")
    assert word.startswith(key.prefix)
    assert word.startswith("wk_")
    told = published().keys[digest(word)]
    assert (told.source, told.entity, told.brand) == ("shop_site", "north", "red")
    assert word not in settings.get().write_keys.read_text()
    assert word not in str(list(WriteKey.objects.values()))
    assert settings.get().write_keys.stat().st_mode & 0o777 == 0o600
    line = AuditEntry.objects.get(action="write_key.make")
    assert (line.subject, line.details) == (key.prefix, {"source": "shop_site", "brand": "red"})


def test_a_sender_stands_as_its_events_its_accounts_and_its_browsers(world: Any) -> None:
    senders.make_key(OWNER, source="shop_site", brand="red")
    rows = {row.name: (row.reads, row.system, row.kind, row.entity, row.brand) for row in Source.objects.all()}
    same = ("shop_site", "collect", "north", "red")
    assert rows == {
        "shop_site": ("events", *same),
        "shop_site_people": ("person_records", *same),
        "shop_site_visitors": ("person_records", *same),
    }
    senders.make_key(OWNER, source="shop_site", brand="red")
    assert Source.objects.count() == 3
    (one,) = reads.senders(OWNER)
    assert (one.name, one.heard, len(one.in_use)) == ("shop_site", None, 2)


def test_a_revoked_key_is_forgotten_at_once_and_the_others_stay(world: Any) -> None:
    first, word = senders.make_key(OWNER, source="site", brand="red")
    _, other = senders.make_key(OWNER, source="site", brand="red")
    senders.revoke_key(OWNER, first.prefix)
    assert set(published().keys) == {digest(other)}
    assert AuditEntry.objects.filter(action="write_key.revoke", subject=first.prefix).count() == 1
    with pytest.raises(NotFound):
        senders.revoke_key(OWNER, first.prefix)
    assert digest(word) not in published().keys


def test_what_the_collector_was_told_heals_itself(world: Any) -> None:
    _, word = senders.make_key(OWNER, source="site", brand="red")
    file = settings.get().write_keys
    for harm in (file.unlink, lambda: file.write_bytes(b'{"keys":{}}'), lambda: file.write_bytes(b"torn")):
        harm()
        installation.ready()
        assert set(published().keys) == {digest(word)}
    assert senders.publish() is False


def test_before_the_first_key_the_collector_is_told_that_there_is_none(world: Any) -> None:
    installation.ready()
    assert published().keys == {}


def test_keys_made_and_revoked_at_once_are_all_told_as_they_end(world: Any) -> None:
    made = [senders.make_key(OWNER, source="site", brand="red") for _ in range(4)]
    words: list[str] = []

    def work(number: int) -> None:
        from django.db import connections

        try:
            senders.revoke_key(OWNER, made[number][0].prefix)
            words.append(senders.make_key(OWNER, source="site", brand="red")[1])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(words) == 4
    assert set(published().keys) == {digest(word) for word in words}


@pytest.mark.parametrize("name", ["", "Site", "1site", "site-web", "a" * 51, "é", "site/../x", "site\n"])
def test_a_name_that_no_source_may_bear_is_refused(name: str, world: Any) -> None:
    with pytest.raises(UsageError):
        senders.make_key(OWNER, source=name, brand="red")
    assert not Source.objects.exists()


def test_a_name_of_another_source_or_system_is_refused_whichever_comes_first(world: Any, tmp_path: Path) -> None:
    sources.define(PEOPLE, folder=tmp_path, by="test")  # crm_people, of the system crm
    for name in ("crm_people", "crm", "filrouge"):
        with pytest.raises(Conflict):
            senders.make_key(OWNER, source=name, brand="red")
    senders.make_key(OWNER, source="site", brand="red")
    for name in ("site", "site_people"):
        with pytest.raises(Conflict):
            sources.define({**PEOPLE, "source": name}, folder=tmp_path, by="test")
    with pytest.raises(UsageError):
        sources.define({**PEOPLE, "source": "other", "kind": "collect"}, folder=tmp_path, by="test")
    assert Source.objects.filter(kind="collect").count() == 3


def test_a_sender_writes_for_one_brand(world: Any) -> None:
    senders.make_key(OWNER, source="site", brand="red")
    with pytest.raises(Conflict):
        senders.make_key(OWNER, source="site", brand="blue")
    with pytest.raises(NotFound):
        senders.make_key(OWNER, source="other", brand="pink")
    assert (Source.objects.count(), WriteKey.objects.count()) == (3, 1)


@pytest.mark.parametrize(
    ("role", "entity", "brands", "makes"),
    [
        ("engineer", "north", (), None), ("engineer", "north", ("red",), None), ("administrator", "north", (), None),
        ("engineer", "north", ("blue",), Refused), ("engineer", "south", (), Refused), ("analyst", "north", (), Refused),
        ("marketer", "north", (), Refused), ("administrator", "south", (), Refused),
    ],
)  # fmt: skip
def test_keys_are_made_by_an_engineer_or_administrator_of_the_brand(
    role: str, entity: str, brands: tuple[str, ...], makes: type[FilrougeError] | None, world: Any
) -> None:
    asking = world.user(role, entities=(entity,), brands=brands)
    if makes is None:
        key, _ = senders.make_key(asking, source="site", brand="red")
        senders.revoke_key(asking, key.prefix)
        assert key.by == asking.by
        return
    with pytest.raises(makes):
        senders.make_key(asking, source="site", brand="red")
    key, word = senders.make_key(OWNER, source="site", brand="red")
    with pytest.raises((Refused, NotFound)):
        senders.revoke_key(asking, key.prefix)
    assert digest(word) in published().keys


def test_a_sender_is_known_to_its_colleagues_and_to_no_stranger(world: Any) -> None:
    senders.make_key(OWNER, source="site", brand="red")
    for role, entity, knows in (("analyst", "north", True), ("engineer", "south", False), ("marketer", "north", False)):
        asking = world.user(role, entities=(entity,))
        assert [one.name for one in reads.senders(asking)] == (["site"] if knows else [])
        if not knows:
            with pytest.raises(NotFound):
                reads.sender("site", asking)


def test_nothing_reads_a_sender_and_nobody_is_told_that_it_never_ran(world: Any) -> None:
    from filrouge.base import clock

    senders.make_key(OWNER, source="site", brand="red")
    for name in ("site", "site_people", "site_visitors"):
        for verb in (sources.check, sources.dry_run, lambda one: sources.run(one, by="test")):
            with pytest.raises(Conflict):
                verb(name)
        with pytest.raises(Conflict):
            schedules.own(OWNER, name)
    schedules.plan_all()
    assert schedules.tick() == 0
    assert found.late(OWNER, at=clock.now()) == []
    assert len(found.lines(OWNER)) == 3


def test_people_of_files_are_settled_beside_a_sender(world: Any) -> None:
    from tests.world import person

    world.people(person("1", "Camille", "Rousseau", mail="camille@example.com"))
    senders.make_key(OWNER, source="site", brand="red")
    world.resolve()
    assert len(world.find("camille")) == 1


def test_what_a_sender_is_heard_of_is_read_where_the_worker_writes_it(world: Any) -> None:
    from filrouge.base import clock

    senders.make_key(OWNER, source="site", brand="red")
    assert reads.heard("site") is None
    now = clock.now()
    Source.objects.filter(name="site").update(as_of=now)
    assert reads.heard("site") == now
    assert reads.sender("site", OWNER).heard == now


def test_a_paused_sender_is_told_to_the_collector_at_once_and_so_is_its_end(world: Any) -> None:
    _, word = senders.make_key(OWNER, source="site", brand="red")
    _, other = senders.make_key(OWNER, source="shop", brand="red")
    row = senders.pause(OWNER, "site")
    assert row.paused_at is not None
    assert [one.paused for one in reads.senders(OWNER)] == [None, row.paused_at]
    assert {word: published().keys[digest(word)].paused for word in (word, other)} == {word: True, other: False}
    _, late = senders.make_key(OWNER, source="site", brand="red")
    assert published().keys[digest(late)].paused, "a new key opens no way around it"
    with pytest.raises(Conflict):
        senders.pause(OWNER, "site")
    senders.resume(OWNER, "site")
    assert not any(key.paused for key in published().keys.values())
    with pytest.raises(Conflict):
        senders.resume(OWNER, "site")
    told = AuditEntry.objects.filter(action__startswith="sender.").order_by("created_at")
    assert [(line.action, line.subject) for line in told] == [("sender.pause", "site"), ("sender.resume", "site")]


@pytest.mark.parametrize(
    ("role", "entity", "brands", "fails"),
    [
        ("engineer", "north", (), None), ("administrator", "north", (), None), ("analyst", "north", (), Refused),
        ("marketer", "north", (), Refused), ("engineer", "north", ("blue",), NotFound),
        ("engineer", "south", (), NotFound),
    ],
)  # fmt: skip
def test_a_sender_is_paused_by_whoever_may_revoke_its_keys(
    role: str, entity: str, brands: tuple[str, ...], fails: type[FilrougeError] | None, world: Any
) -> None:
    senders.make_key(OWNER, source="site", brand="red")
    asking = world.user(role, entities=(entity,), brands=brands)
    if fails is None:
        senders.pause(asking, "site")
        senders.resume(asking, "site")
        return
    for verb in (senders.pause, senders.resume):
        with pytest.raises(fails):
            verb(asking, "site")
    assert Source.objects.exclude(paused_at=None).count() == 0


@pytest.mark.parametrize("name", ["nobody", "site_people", "crm_people", ""])
def test_what_is_no_sender_is_not_paused(name: str, world: Any, tmp_path: Path) -> None:
    sources.define(PEOPLE, folder=tmp_path, by="test")
    senders.make_key(OWNER, source="site", brand="red")
    with pytest.raises(NotFound):
        senders.pause(OWNER, name)


def test_a_paused_sender_is_not_said_to_be_silent(world: Any) -> None:
    from datetime import timedelta

    from filrouge.base import clock
    from filrouge.store.models import Ledger

    senders.make_key(OWNER, source="site", brand="red")
    now = clock.now()
    Source.objects.filter(name="site").update(as_of=now - timedelta(days=4))
    for back in range(4, 10):
        Ledger.objects.create(source="site", day=now.date() - timedelta(days=back), received=10_000, accepted=10_000)
    assert [one.sender.name for one in reads.silent(OWNER, at=now)] == ["site"]
    senders.pause(OWNER, "site")
    assert reads.silent(OWNER, at=now) == []
