"""The installation itself: its folders and tables made or brought up to date before anything else is done."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from filrouge.base import settings
from filrouge.base.errors import StorageError
from filrouge.work import runs, senders


def ready() -> None:
    """Make the home folder and the tables when they are missing, finish what a crash left half-way, publish write keys.

    Raises StorageError when the folder cannot be written.
    """
    home = settings.get().home
    try:
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o700)
    except OSError as error:
        raise StorageError(
            "The home folder cannot be made: {why}.", hint="Set FILROUGE_HOME to a folder that may be written.",
            why=error.strerror or "refused",
        ) from None  # fmt: skip
    with _alone():
        for alias in django_settings.DATABASES:
            if alias == "live":
                continue
            _schema(alias)
            executor = MigrationExecutor(connections[alias])
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                call_command("migrate", database=alias, interactive=False, verbosity=0)
    runs.recover()
    senders.publish()


def _schema(alias: str) -> None:
    con = connections[alias]
    if con.vendor == "postgresql" and alias != "default":
        with con.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {alias}")


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process at a time bring the tables up to date."""
    with (settings.get().home / "installation.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
