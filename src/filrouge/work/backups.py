"""Backup and restore: databases, lake, keys and audit as they stood at one moment, whole or absent.

The service goes on meanwhile. What writes to the lake is held back only while the databases are copied and the lake's
files, which never change, are linked aside; the copying itself comes after.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connections, transaction
from django.db.migrations.loader import MigrationLoader

from filrouge import __version__
from filrouge.base import clock, ids, settings
from filrouge.base.errors import Conflict, StorageError, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.store import pour
from filrouge.store.live import Live
from filrouge.store.models import Entity, Source, User, Worker
from filrouge.store.routers import audit_alias
from filrouge.tables import TABLES
from filrouge.work import access, audit, erasures, installation, live, runs, suppressions, waiting

FORMAT = 1
KEYS = ("secret.key", "suppression.key", "audit.key", "audit.head")
SPARE = 1.05  # what a copy may need beyond the bytes it copies


@dataclass(frozen=True)
class Made:
    """A backup: where it is, how many files and bytes, and whether the key of the secrets is in it."""

    place: Path
    files: int
    size: int
    with_secret_key: bool


@dataclass(frozen=True)
class Restored:
    """What a restore put back: files, people on the pages, and people erased again."""

    files: int
    people: int
    erased_again: int


def make(asking: Caller, place: Path, *, progress: runs.Progress = runs.silent) -> Made:
    """Copy the whole installation to the folder ``place``, which must not exist yet or be empty.

    Raises Conflict, and StorageError when the disk has not the room or cannot be written: then nothing is left.
    """
    access.must(asking, "administrator")
    place = place.resolve()
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise Conflict("{place} exists already.", hint="Name a folder that does not exist yet.", place=str(place))
    home = settings.get().home
    if place == home or home in place.parents:
        raise UsageError("A backup does not go inside the home folder.", hint="Name a place on another disk.")
    suppressions.pepper()  # an erasure to come is made with the key that this backup holds
    suppressions.write_journal()
    partial = place.with_name(f"{place.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True, mode=0o700)
        _room(partial, place)
        manifest = _gather(partial, progress)
        (partial / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        if place.exists():
            place.rmdir()
        os.replace(partial, place)
    except OSError as error:
        raise StorageError(
            "The backup could not be written: {why}.",
            hint="Nothing is left of it. Free some space or mend the rights, then try again.",
            why=error.strerror or type(error).__name__,
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    size = sum(int(file["size"]) for file in manifest["files"].values())
    with transaction.atomic():
        audit.record("backup.make", by=asking.by, kind="backup", files=len(manifest["files"]), bytes=size)
    return Made(place, len(manifest["files"]), size, "secret.key" in manifest["files"])


def restore(
    asking: Caller, place: Path, *, suppressed: Path | None = None, progress: runs.Progress = runs.silent
) -> Restored:
    """Put a backup back into an empty home, and erase again whoever was erased since it was made.

    ``suppressed`` is the list of erasures kept by the home being replaced (``suppressions.jsonl``), or that home.
    Raises UsageError when there is no backup there, StorageError when it is damaged, Conflict when the home is not
    empty or the backup is of a later version.
    """
    access.must(asking, "administrator")
    place = place.resolve()
    manifest = read_manifest(place)
    check(place, manifest, progress=progress)
    _fits(manifest)
    _empty()
    entries = suppressions.read_journal(suppressed, (place / "suppression.key")) if suppressed else []
    _put_back(place, manifest, progress)
    installation.ready()
    Worker.objects.all().delete()
    with transaction.atomic():
        audit.record(
            "backup.restore", by=asking.by, kind="backup", made_at=manifest["made_at"], files=len(manifest["files"])
        )
    suppressions.write_journal()
    live.rebuild(progress=progress)
    again = erasures.again(entries, by=asking.by)
    audit.chain_waiting()
    people = int(Live().rows("SELECT count(*) FROM documents")[0][0])
    return Restored(len(manifest["files"]), people, again)


def read_manifest(place: Path) -> dict[str, Any]:
    """Return what a backup says of itself. Raises UsageError when there is none."""
    try:
        manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
        if manifest["format"] > FORMAT:
            raise Conflict("This backup was made by a later version.", hint="Install that version, then restore.")
        return dict(manifest)
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(
            "There is no whole backup at {place}.",
            hint="Name the folder that `filrouge backup` made.",
            place=str(place),
        ) from None


def check(place: Path, manifest: dict[str, Any], *, progress: runs.Progress = runs.silent) -> None:
    """Read every file of a backup again. Raises StorageError when one is missing or not as it was written."""
    files = manifest["files"]
    for at, (name, said) in enumerate(files.items()):
        progress("check", at, len(files))
        path = place / name
        if not path.is_file() or path.stat().st_size != said["size"] or _digest(path) != said["sha256"]:
            raise StorageError(
                "The backup is damaged: {name} is missing or not as it was written.",
                hint="Nothing was restored. Take another copy of the backup, or an earlier one.",
                name=name,
            )
    progress("check", len(files), len(files))


# --- making -----------------------------------------------------------------------------------------------------------


def _gather(into: Path, progress: runs.Progress) -> dict[str, Any]:
    home, lake = settings.get().home, runs.lake()
    aside = lake.root / f".backup-{ids.uuid7()}"
    versions: dict[str, int] = {}
    try:
        with runs.writing():
            waiting.copy(into / "spool")
            _copy_databases(into)
            for name in TABLES:
                if lake.exists(name):
                    versions[name] = lake.versions(name)
                    _link(lake.path(name), aside / name)
        files: dict[str, dict[str, Any]] = {}
        found = sorted(path for path in aside.rglob("*") if path.is_file()) if aside.exists() else []
        for at, path in enumerate(found):
            progress("lake", at, len(found))
            name = f"lake/{path.relative_to(aside)}"
            files[name] = _copied(path, into / name)
        progress("lake", len(found), len(found))
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    for name in KEYS:
        # the head was copied with the databases, before the chain that it must not outrun
        if not (into / name).exists() and (home / name).exists():
            _copied(home / name, into / name, mode=0o600)
    kept = [*(into / name for name in KEYS), into / "filrouge.db", into / "audit.db", *(into / "spool").glob("*")]
    for path in kept:
        if path.is_file():
            path.chmod(0o600)
            files[str(path.relative_to(into))] = {"sha256": _digest(path), "size": path.stat().st_size}
    return {
        "format": FORMAT, "version": __version__, "made_at": clock.now().isoformat(),
        "from": connections["default"].vendor, "migrations": _applied(), "lake": versions,
        "audit": audit.read_head(), "files": files,
    }  # fmt: skip


def _copy_databases(into: Path) -> None:
    """Copy the database, then the head of the audit, then its chain: in this order nothing is missing from either."""
    if connections["default"].vendor == "sqlite":
        pour.copy("default", into / "filrouge.db")
    else:
        pour.make(into / "filrouge.db", audit=False)
    head = settings.get().home / "audit.head"
    if head.exists():
        shutil.copyfile(head, into / "audit.head")
    if connections[audit_alias()].vendor == "sqlite":
        pour.copy(audit_alias(), into / "audit.db")
    else:
        pour.make(into / "audit.db", audit=True)


def _link(source: Path, target: Path) -> None:
    """Give the files of a table a second name, so that they outlive whatever the table does next."""
    for path in source.rglob("*"):
        if path.is_file():
            goal = target / path.relative_to(source)
            goal.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, goal)
            except OSError:  # this disk knows no second names
                shutil.copyfile(path, goal)


def _copied(source: Path, target: Path, *, mode: int = 0o600) -> dict[str, Any]:
    """Copy a file and return its size and SHA-256, computed from what was read."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as given, target.open("wb") as taken:
        while block := given.read(1 << 20):
            digest.update(block)
            size += len(block)
            taken.write(block)
        taken.flush()
        os.fsync(taken.fileno())
    target.chmod(mode)
    return {"sha256": digest.hexdigest(), "size": size}


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _room(partial: Path, place: Path) -> None:
    """Raise StorageError when the disk of the backup has not the room."""
    home = settings.get().home
    needed = runs.lake().size() + sum(path.stat().st_size for path in home.glob("*.db*"))
    free = shutil.disk_usage(partial).free
    if free < needed * SPARE:
        raise StorageError(
            "The backup needs {needed} MB and the disk of {place} has {free} MB.",
            hint="Free some space, or name a place on another disk.",
            needed=f"{needed * SPARE / 1e6:.0f}", free=f"{free / 1e6:.0f}", place=str(place),
        )  # fmt: skip


def _applied() -> list[str]:
    return sorted(f"{app}.{name}" for app, name in MigrationLoader(connections["default"]).applied_migrations)


# --- putting back -----------------------------------------------------------------------------------------------------


def _fits(manifest: dict[str, Any]) -> None:
    """Raise Conflict when this version does not know the shape of the backup's databases."""
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    held = set(manifest["migrations"])
    if held - known:
        raise Conflict(
            "This backup was made by a later version, {version}.", hint="Install that version, then restore.",
            version=manifest["version"],
        )  # fmt: skip
    if connections["default"].vendor != "sqlite" and known - held:
        raise Conflict(
            "This backup was made by an earlier version, {version}, and PostgreSQL takes only its own.",
            hint="Restore it without DATABASE_URL, back it up again, and restore that.",
            version=manifest["version"],
        )


def _empty() -> None:
    """Raise Conflict unless nothing is in this home yet."""
    lake = runs.lake()
    held = any(lake.exists(name) for name in TABLES)
    tables = set(connections["default"].introspection.table_names())
    for model in (User, Source, Entity):
        held = held or (model._meta.db_table in tables and model._base_manager.exists())
    if held:
        raise Conflict(
            "The home folder {home} is not empty: a restore replaces nothing.",
            hint="Set FILROUGE_HOME to a new folder (and DATABASE_URL to an empty database), then restore again.",
            home=str(settings.get().home),
        )


def _put_back(place: Path, manifest: dict[str, Any], progress: runs.Progress) -> None:
    home, lake = settings.get().home, runs.lake()
    names = [name for name in manifest["files"] if name.startswith("lake/")]
    try:
        with _undone_on_failure(lake.root):
            for at, name in enumerate(names):
                progress("lake", at, len(names))
                _copied(place / name, lake.root / name.removeprefix("lake/"))
            for name in KEYS:
                if (place / name).exists():
                    _copied(place / name, home / name, mode=0o600)
            settings.use()  # the keys are those of the backup from here on
            if connections["default"].vendor == "sqlite":
                pour.put_back(place / "audit.db", audit_alias())
                pour.put_back(place / "filrouge.db", "default")
            else:
                installation.ready()
                pour.load(place / "audit.db", audit=True)
                pour.load(place / "filrouge.db", audit=False)
            waiting.put_back([place / name for name in manifest["files"] if name.startswith("spool/")])
    except OSError as error:
        raise StorageError(
            "The backup could not be put back: {why}.", hint="Free some space or mend the rights, then restore again.",
            why=error.strerror or type(error).__name__,
        ) from error  # fmt: skip


@contextmanager
def _undone_on_failure(folder: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
