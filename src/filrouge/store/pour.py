"""Rows poured from one database into another, kind by kind: how a PostgreSQL is copied, and how a store moves."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.db import connections, models, transaction
from django.db.migrations.recorder import MigrationRecorder

from filrouge.store.models import AuditLine
from filrouge.store.routers import audit_alias

BATCH = 2_000
SKIPPED = {"sessions.session"}  # whoever is signed in signs in again
ALIAS = "copy"


def kinds(*, audit: bool) -> list[type[models.Model]]:
    """Return the kinds of rows of the database, or of the audit's own."""
    found = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.label_lower not in SKIPPED
    ]
    return [model for model in found if (model is AuditLine) == audit]


@contextmanager
def opened(path: Path) -> Iterator[str]:
    """Open the SQLite file ``path`` beside the databases of this process; yield the alias it goes by."""
    entry = {
        **connections.settings["default"],
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {},
    }
    connections.settings[ALIAS] = entry
    try:
        yield ALIAS
    finally:
        connections[ALIAS].close()
        del connections[ALIAS]
        del connections.settings[ALIAS]


def make(path: Path, *, audit: bool, told: Callable[[int], None] = lambda count: None) -> int:
    """Write the rows of the database (or of the audit) into a new SQLite file; return how many."""
    with opened(path) as alias:
        con = connections[alias]
        with con.constraint_checks_disabled(), con.schema_editor() as editor:
            for model in kinds(audit=audit):
                if not model._meta.auto_created:  # those come with the kind that they join
                    editor.create_model(model)
        recorder = MigrationRecorder(con)
        recorder.ensure_schema()
        for app, name in MigrationRecorder(connections["default"]).applied_migrations():
            recorder.record_applied(app, name)
        source = audit_alias() if audit else "default"
        with transaction.atomic(using=source), transaction.atomic(using=alias):
            if connections[source].vendor == "postgresql":
                with connections[source].cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return _pour(source, alias, audit=audit, told=told)


def load(path: Path, *, audit: bool, told: Callable[[int], None] = lambda count: None) -> int:
    """Replace the rows of the database (or of the audit) by those of the SQLite file ``path``; return how many."""
    target = audit_alias() if audit else "default"
    with opened(path) as alias, transaction.atomic(using=target):
        for model in reversed(kinds(audit=audit)):
            model._base_manager.using(target).all().delete()
        done = _pour(alias, target, audit=audit, told=told)
        ContentType.objects.clear_cache()
        con = connections[target]
        statements = con.ops.sequence_reset_sql(no_style(), kinds(audit=audit))
        with con.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    return done


def copy(alias: str, path: Path) -> None:
    """Copy a SQLite database, as it stands at one moment, into a new file."""
    con: Any = connections[alias]
    con.ensure_connection()
    target = sqlite3.connect(path)
    try:
        con.connection.backup(target)
    finally:
        target.close()


def put_back(path: Path, alias: str) -> None:
    """Make a SQLite database hold what the file ``path`` holds, at once."""
    con: Any = connections[alias]
    con.ensure_connection()
    source = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        source.backup(con.connection)
    finally:
        source.close()


def _pour(source: str, target: str, *, audit: bool, told: Callable[[int], None]) -> int:
    done = 0
    for model in kinds(audit=audit):
        rows = model._base_manager.using(source).order_by("pk").iterator(chunk_size=BATCH)
        while batch := [row for _, row in zip(range(BATCH), rows, strict=False)]:
            model._base_manager.using(target).bulk_create(batch)
            done += len(batch)
            told(done)
    return done
