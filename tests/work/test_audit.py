"""The audit finds a changed, removed or reordered line, and an end cut off."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connections
from tests.world import World, person

from filrouge.base import settings
from filrouge.store.models import AuditEntry, AuditLine
from filrouge.store.routers import audit_alias
from filrouge.work import access, audit, groups, worker


@pytest.fixture
def chained(world: World) -> World:
    for at in range(5):
        groups.add_entity(f"more-{at}", f"More {at}", by="test")
    audit.chain_waiting()
    assert audit.verify()["faults"] == []
    return world


def lines() -> object:
    return AuditLine.objects.using(audit_alias())


def codes() -> set[str]:
    return {fault["code"] for fault in audit.verify()["faults"]}


def test_a_changed_line_is_found(chained: World) -> None:
    row = AuditLine.objects.using(audit_alias()).get(seq=3)
    AuditLine.objects.using(audit_alias()).filter(seq=3).update(body=row.body.replace(row.by, "someone else"))
    assert "changed" in codes()


def test_a_changed_column_beside_the_body_is_found(chained: World) -> None:
    AuditLine.objects.using(audit_alias()).filter(seq=3).update(by="someone else")
    assert "changed" in codes()


def test_a_removed_line_is_found(chained: World) -> None:
    AuditLine.objects.using(audit_alias()).filter(seq=3).delete()
    assert "removed" in codes()


def test_two_lines_swapped_are_found(chained: World) -> None:
    table = AuditLine.objects.using(audit_alias())
    two, three = table.get(seq=2), table.get(seq=3)
    table.filter(seq__in=(2, 3)).delete()
    two.seq, three.seq = 3, 2
    table.bulk_create([three, two])
    assert codes()


def test_an_end_cut_off_is_found_by_the_signed_head(chained: World) -> None:
    last = AuditLine.objects.using(audit_alias()).order_by("-seq").first()
    assert last is not None
    last.delete(using=audit_alias())
    assert "truncated" in codes()


def test_a_head_written_by_another_hand_is_found(chained: World) -> None:
    path = settings.get().home / "audit.head"
    path.write_text(path.read_text().replace('"seq": ', '"seq": 1'), encoding="utf-8")
    assert "head_changed" in codes()


def test_a_crash_between_chaining_and_clearing_loses_and_doubles_nothing(
    chained: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups.add_entity("last", "Last", by="test")
    entries = list(AuditEntry.objects.all())
    audit._chain(entries)
    before = AuditLine.objects.using(audit_alias()).count()
    audit.chain_waiting()
    assert AuditLine.objects.using(audit_alias()).count() == before
    assert audit.verify()["faults"] == []


def test_opening_a_page_leaves_a_line_that_names_nobody(chained: World) -> None:
    chained.people(person("1", "Ada", "Byron", mail="ada@example.com"))
    chained.resolve()
    key = chained.find("Ada")[0].id
    access.person(access.OWNER, key)
    audit.chain_waiting()
    row = AuditLine.objects.using(audit_alias()).filter(action="person.open").get()
    assert key not in row.body and "Byron" not in row.body
    from filrouge.store.queries import audits

    assert [line.action for line in audits.lines(person=key)] == ["person.open"]


def test_two_that_chain_at_once_give_each_line_one_number(chained: World, monkeypatch: pytest.MonkeyPatch) -> None:
    busy, most = [0], [0]
    real = audit._chain

    def watched(entries: list[AuditEntry]) -> None:
        busy[0] += 1
        most[0] = max(most[0], busy[0])
        time.sleep(0.1)
        real(entries)
        busy[0] -= 1

    def chains() -> None:
        audit.chain_waiting()
        connections.close_all()

    monkeypatch.setattr(audit, "_chain", watched)
    monkeypatch.setattr(audit, "BATCH", 2)
    for at in range(6):
        groups.add_entity(f"at-once-{at}", f"At once {at}", by="test")
    threads = [threading.Thread(target=chains) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 1, "what is read, chained and signed is one step"
    assert not AuditEntry.objects.exists()
    assert audit.verify()["faults"] == []


def test_a_worker_outlives_a_chain_that_cannot_be_written(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop, tried = threading.Event(), []

    def breaks() -> int:
        tried.append(1)
        if len(tried) > 1:
            stop.set()
        raise OSError("augustine@example.com")

    monkeypatch.setattr(worker.audit, "chain_waiting", breaks)
    monkeypatch.setattr(worker, "PAUSE", 0.01)
    monkeypatch.setattr(worker.jobs, "claim", lambda _, **__: None)
    worker.run(stop)
    assert len(tried) == 2, "it tried again"
    assert "OSError" in caplog.text and "augustine" not in caplog.text
