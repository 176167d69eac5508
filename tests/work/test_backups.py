"""A backup is whole or absent, holds one moment, and brings nobody back who was erased since."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db.backends.base.base import NO_DB_ALIAS
from tests.kept import laid_once
from tests.world import World, person

from filrouge.base import settings
from filrouge.base.errors import Conflict, Refused, StorageError, UsageError
from filrouge.store import pour
from filrouge.store.live import Live
from filrouge.store.models import AuditLine, Note, Run, Source, Suppression, User
from filrouge.store.routers import audit_alias
from filrouge.work import access, audit, backups, erasures, live, notes, runs, secrets, sources

ADA = person("1", "Ada", "Byron", mail="ada@example.com", phone="0639984141", optin="yes")
GUS = person("2", "Gus", "Eiffel", mail="gus@example.com", optin="no")


@pytest.fixture(autouse=True)
def _second_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the copy be opened: Django's tests open no database but those named beforehand, this name excepted."""
    monkeypatch.setattr(pour, "ALIAS", NO_DB_ALIAS)


@pytest.fixture
@laid_once
def group(world: World) -> World:
    world.people(ADA, GUS)
    world.shop({**ADA, "id": "9"})
    world.orders({"number": "O-1", "customer": "9", "day": "01/06/2026", "total": "10,00"})
    world.resolve()
    notes.add(access.OWNER, world.find("Ada")[0].id, "prefers mornings")
    world.user("advisor", entities=["north"])
    secrets.keep("desk", "token-4141", by="test")
    audit.chain_waiting()
    return world


@pytest.fixture
def elsewhere(tmp_path: Path) -> Callable[[], Path]:
    """Leave this home for a new one, whose databases are empty."""
    made: list[Path] = []

    def leave() -> Path:
        old = settings.get().home
        home = tmp_path / f"new-{len(made)}"
        home.mkdir()
        made.append(home)
        for alias in ("default", audit_alias()):
            call_command("flush", database=alias, interactive=False, verbosity=0)
        Live().drop()
        settings.use(FILROUGE_HOME=str(home), FILROUGE_LAKE=str(home / "lake"))
        return old

    return leave


def all_of(group: World) -> dict[str, object]:
    return {
        **group.state(),
        "links": group.rows("SELECT record_key, person FROM links ORDER BY 1"),
        "notes": list(Note.objects.values_list("text", "by")),
        "users": list(User.objects.values_list("email", "password")),
        "sources": list(Source.objects.order_by("name").values_list("name", "spec", "as_of")),
        "runs": list(Run.objects.order_by("id").values_list("id", "state", "read")),
        "ada": Live().document(group.find("Ada")[0].id),
    }


def test_a_restore_gives_back_what_was(group: World, elsewhere: Callable[[], Path], tmp_path: Path) -> None:
    before = all_of(group)
    lines = AuditLine.objects.using(audit_alias()).count()
    backups.make(access.OWNER, tmp_path / "backup")
    elsewhere()
    assert not User.objects.exists()
    done = backups.restore(access.OWNER, tmp_path / "backup")
    assert all_of(group) == before
    assert done.people == 2
    assert secrets.reveal("desk") == "token-4141"
    found = audit.verify()
    assert found["faults"] == []
    assert found["lines"] >= lines
    assert sources.run("crm_people", by="test").unchanged == 2, "work goes on"


def test_what_happens_after_a_restore_takes_new_numbers(
    group: World, elsewhere: Callable[[], Path], tmp_path: Path
) -> None:
    backups.make(access.OWNER, tmp_path / "backup")
    elsewhere()
    backups.restore(access.OWNER, tmp_path / "backup")
    access.person(access.OWNER, group.find("Gus")[0].id)
    audit.chain_waiting()
    assert audit.verify()["faults"] == []


def test_who_was_erased_since_the_backup_does_not_come_back(
    group: World, elsewhere: Callable[[], Path], tmp_path: Path
) -> None:
    backups.make(access.OWNER, tmp_path / "backup")
    erasures.carry_out(str(erasures.request(access.OWNER, group.find("Ada")[0].id).id))
    old = elsewhere()
    done = backups.restore(access.OWNER, tmp_path / "backup", suppressed=old)
    assert done.erased_again == 1
    assert group.find("Ada") == []
    assert [hit.name for hit in group.find("Gus")] == ["Gus Eiffel"]
    assert group.rows("SELECT * FROM person_records WHERE given_name = 'Ada'") == []
    assert group.rows("SELECT * FROM orders") == []
    assert group.rows("SELECT * FROM golden_values WHERE value LIKE '%ada@%'") == []
    assert not Note.objects.exists()
    assert Suppression.objects.filter(kind="email").exists()
    again = sources.run("crm_people", by="test")
    assert (again.new, again.rejected) == (0, 1), "nor by an import"


def test_without_the_list_she_would_be_back(group: World, elsewhere: Callable[[], Path], tmp_path: Path) -> None:
    backups.make(access.OWNER, tmp_path / "backup")
    erasures.carry_out(str(erasures.request(access.OWNER, group.find("Ada")[0].id).id))
    elsewhere()
    backups.restore(access.OWNER, tmp_path / "backup")
    assert len(group.find("Ada")) == 1


def test_the_list_of_erasures_names_nobody(group: World, home: Path) -> None:
    erasures.carry_out(str(erasures.request(access.OWNER, group.find("Ada")[0].id).id))
    text = (home / "suppressions.jsonl").read_text(encoding="utf-8")
    assert "ada@" not in text.lower() and "byron" not in text.lower(), "digests alone"
    assert "639984141" not in text
    assert len(text.splitlines()) == 1 + Suppression.objects.count()


def test_a_list_of_another_installation_is_refused_before_anything_is_written(
    group: World, elsewhere: Callable[[], Path], tmp_path: Path
) -> None:
    backups.make(access.OWNER, tmp_path / "backup")
    erasures.carry_out(str(erasures.request(access.OWNER, group.find("Ada")[0].id).id))
    list_ = tmp_path / "list.jsonl"
    text = (settings.get().home / "suppressions.jsonl").read_text(encoding="utf-8")
    list_.write_text(text.replace('"key": "', '"key": "0'), encoding="utf-8")
    elsewhere()
    with pytest.raises(Conflict, match="another key"):
        backups.restore(access.OWNER, tmp_path / "backup", suppressed=list_)
    assert not User.objects.exists()
    assert not (settings.get().lake / "person_records").exists()
    list_.write_text("not json", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be read"):
        backups.restore(access.OWNER, tmp_path / "backup", suppressed=list_)


def test_a_damaged_backup_restores_nothing(group: World, elsewhere: Callable[[], Path], tmp_path: Path) -> None:
    place = tmp_path / "backup"
    backups.make(access.OWNER, place)
    file = next(place.glob("lake/person_records/*.parquet"))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    elsewhere()
    with pytest.raises(StorageError, match="damaged"):
        backups.restore(access.OWNER, place)
    assert not User.objects.exists()
    file.unlink()
    with pytest.raises(StorageError, match="damaged"):
        backups.restore(access.OWNER, place)


def test_a_restore_replaces_nothing(group: World, tmp_path: Path) -> None:
    backups.make(access.OWNER, tmp_path / "backup")
    with pytest.raises(Conflict, match="not empty"):
        backups.restore(access.OWNER, tmp_path / "backup")
    assert len(group.find("Ada")) == 1


def test_a_backup_is_whole_or_absent(group: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, count = backups._copied, []

    def full(*args: object, **named: object) -> object:
        count.append(1)
        if len(count) > 3:
            raise OSError(28, "No space left on device")
        return real(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(backups, "_copied", full)
    with pytest.raises(StorageError, match="No space left"):
        backups.make(access.OWNER, tmp_path / "backup")
    assert not list(tmp_path.glob("backup*"))
    assert not list(settings.get().lake.glob(".backup*"))


def test_a_backup_never_takes_the_place_of_another(group: World, tmp_path: Path) -> None:
    backups.make(access.OWNER, tmp_path / "backup")
    with pytest.raises(Conflict, match="exists already"):
        backups.make(access.OWNER, tmp_path / "backup")
    with pytest.raises(UsageError, match="inside the home"):
        backups.make(access.OWNER, settings.get().home / "backup")


def test_a_backup_waits_for_what_writes_to_the_lake(group: World, tmp_path: Path) -> None:
    import threading

    began, ended = threading.Event(), threading.Event()

    def write() -> None:
        with runs.writing():
            began.set()
            ended.wait(20)

    writer = threading.Thread(target=write)
    writer.start()
    began.wait(5)
    done: list[str] = []

    def alone() -> None:
        with runs.writing():
            done.append("copied")

    backup = threading.Thread(target=alone)
    backup.start()
    backup.join(0.3)
    assert done == []
    ended.set()
    writer.join()
    backup.join(5)
    assert done == ["copied"]


def test_a_backup_is_closed_to_other_users_and_says_what_it_holds(group: World, tmp_path: Path) -> None:
    made = backups.make(access.OWNER, tmp_path / "backup")
    manifest = json.loads((made.place / "manifest.json").read_text(encoding="utf-8"))
    assert made.place.stat().st_mode & 0o077 == 0
    assert {"filrouge.db", "audit.db", "audit.key", "audit.head"} <= set(manifest["files"])
    assert manifest["lake"]["person_records"] >= 0
    assert all(len(file["sha256"]) == 64 for file in manifest["files"].values())


def test_something_that_is_no_backup_is_told_in_a_sentence(group: World, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no whole backup"):
        backups.restore(access.OWNER, tmp_path)


def test_a_backup_of_a_later_version_is_refused(group: World, elsewhere: Callable[[], Path], tmp_path: Path) -> None:
    made = backups.make(access.OWNER, tmp_path / "backup")
    path = made.place / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | {"migrations": [*manifest["migrations"], "store.9999_later"]}))
    elsewhere()
    with pytest.raises(Conflict, match="later version"):
        backups.restore(access.OWNER, made.place)


def test_only_an_administrator_backs_up_and_restores(group: World, tmp_path: Path) -> None:
    engineer = group.user("engineer")
    with pytest.raises(Refused):
        backups.make(engineer, tmp_path / "backup")
    with pytest.raises(Refused):
        backups.restore(engineer, tmp_path / "backup")


def test_a_merged_person_is_erased_with_all_her_records(
    group: World, elsewhere: Callable[[], Path], tmp_path: Path
) -> None:
    group.people({**ADA, "id": "3", "mail": "other@example.com", "phone": "", "given": "Adeline"}, ADA, GUS)
    group.resolve()
    backups.make(access.OWNER, tmp_path / "backup")
    erasures.carry_out(str(erasures.request(access.OWNER, group.find("Gus")[0].id).id))
    journal = tmp_path / "kept.jsonl"
    shutil.copyfile(settings.get().home / "suppressions.jsonl", journal)
    elsewhere()
    assert backups.restore(access.OWNER, tmp_path / "backup", suppressed=journal).erased_again == 1
    assert group.find("Gus") == []
    live.rebuild()
    assert group.find("Gus") == []
    assert len(group.find("Byron")) >= 1


def test_what_senders_were_answered_for_and_waits_is_restored_too(
    group: World, elsewhere: Callable[[], Path], tmp_path: Path
) -> None:
    from filrouge.spool import Entry, Place
    from filrouge.work import waiting

    spool = waiting.opened()
    for file in spool.files():  # an inbox is the server's, and outlives a test
        spool.forget(Place(file, 1 << 62))
    spool.append([Entry("site", 1, 2, b"waits"), Entry("site", 2, 1, b"too")])
    spool.close()
    backups.make(access.OWNER, tmp_path / "backup")
    spool = waiting.opened()
    for file in spool.files():
        spool.forget(Place(file, 1 << 62))
    spool.close()
    elsewhere()
    backups.restore(access.OWNER, tmp_path / "backup")
    spool = waiting.opened()
    held = [stored.entry.payload for file in spool.files() for stored in spool.read(file, 0, 10)]
    for file in spool.files():
        spool.forget(Place(file, 1 << 62))
    spool.close()
    assert held == [b"waits", b"too"]
