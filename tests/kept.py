"""A world that a file of tests builds once: laid again, as it was, for every test that begins there."""

from __future__ import annotations

import atexit
import copy
import functools
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
Value = TypeVar("Value")
_kept: dict[tuple[str, str], _Kept] = {}


def laid_once(build: Callable[P, Value]) -> Callable[P, Value]:
    """Return the fixture that builds once in a process, and lays what it built again from then on.

    What ``build(world, …)`` leaves in the folders, in the databases and on the world comes back; what it patches does
    not: that is for the other fixtures it asks for.
    """

    @functools.wraps(build)
    def fixture(*args: P.args, **fixtures: P.kwargs) -> Value:
        name, world = (build.__module__, build.__qualname__), fixtures.get("world") or args[0]
        if kept := _kept.get(name):
            return kept.lay(world)
        value = build(*args, **fixtures)
        _kept[name] = _Kept(world, value)
        return value

    return fixture


class _Kept:
    def __init__(self, world: Any, value: Any) -> None:
        self._at = world.folder.parent
        self._folder = Path(tempfile.mkdtemp(prefix="filrouge-kept-"))
        atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        shutil.copytree(self._at, self._folder, dirs_exist_ok=True)
        self._world = copy.deepcopy({name: held for name, held in vars(world).items() if name != "folder"})
        self._value = None if value is world else copy.deepcopy(value)
        self._is_world = value is world
        self._rows = _store().take()

    def lay(self, world: Any) -> Any:
        from filrouge.store.models import Source

        shutil.copytree(self._folder, world.folder.parent, dirs_exist_ok=True)
        _store().lay(self._rows)
        for source in Source.objects.all():  # each says in which folder its system leaves its files
            source.folder = source.folder.replace(str(self._at), str(world.folder.parent))
            source.save(update_fields=["folder"])
        vars(world).update(copy.deepcopy(self._world))
        return world if self._is_world else copy.deepcopy(self._value)


def _store() -> type[_Files] | type[_Server]:
    from django.db import connection

    return _Server if connection.vendor == "postgresql" else _Files


class _Files:
    """SQLite: a copy of each file, page by page."""

    @staticmethod
    def take() -> dict[str, sqlite3.Connection]:
        taken = {}
        for alias, raw in _Files._open().items():
            taken[alias] = sqlite3.connect(":memory:", check_same_thread=False)
            raw.backup(taken[alias])
        return taken

    @staticmethod
    def lay(taken: dict[str, sqlite3.Connection]) -> None:
        for alias, raw in _Files._open().items():
            taken[alias].backup(raw)

    @staticmethod
    def _open() -> dict[str, sqlite3.Connection]:
        from django.db import connections

        for alias in connections:
            connections[alias].ensure_connection()
        return {alias: connections[alias].connection for alias in connections}


class _Server:
    """PostgreSQL: the rows of each table that has any, and where each sequence stood."""

    @staticmethod
    def take() -> dict[str, Any]:
        from django.db import connections

        return {alias: _Server._taken(connections[alias]) for alias in connections}

    @staticmethod
    def lay(taken: dict[str, Any]) -> None:
        from django.db import connections

        from filrouge.store.live import Live

        live = [table for _, table in taken["live"]["rows"]]
        if "documents" in live:  # they stand together, and what is asked of them once they do
            Live().create()
            Live().index()
        else:
            Live().create(only=list(live))
        for alias, held in taken.items():
            _Server._laid(connections[alias], held)

    @staticmethod
    def _taken(connection: Any) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT schemaname, tablename FROM pg_tables "
                "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename <> 'django_migrations'"
            )
            rows = {}
            for schema, table in cursor.fetchall():
                with cursor.copy(f'COPY "{schema}"."{table}" TO STDOUT') as stream:
                    rows[schema, table] = b"".join(bytes(part) for part in stream)
            cursor.execute("SELECT schemaname, sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL")
            return {"rows": rows, "places": cursor.fetchall()}

    @staticmethod
    def _laid(connection: Any, held: dict[str, Any]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")  # as they stood, without what follows a row
            for (schema, table), rows in held["rows"].items():
                if rows:
                    cursor.execute(f'DELETE FROM "{schema}"."{table}"')
                    with cursor.copy(f'COPY "{schema}"."{table}" FROM STDIN') as stream:
                        stream.write(rows)
            for schema, sequence, value in held["places"]:
                cursor.execute("SELECT setval(%s, %s)", [f'"{schema}"."{sequence}"', value])
            cursor.execute("SET session_replication_role = origin")
