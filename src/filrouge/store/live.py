"""Live copies: what a call or a page needs within milliseconds, in indexed tables of their own, rebuildable.

A person stands under a 63-bit number taken from their id. ``origins`` is a set of bits, one per (entity, brand)
pair, saying whose records gave a key or a name: a search looks only at the bits that its caller may see.
"""

from __future__ import annotations

import json
import time
import uuid
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import Any

from django.db import connections, transaction

from filrouge.base.text import traces
from filrouge.domain.profiles.gather import LAST
from filrouge.store import hurry
from filrouge.store.routers import live_alias

VERSION = "12"
LIVE_TABLES = {
    "meta": "name TEXT PRIMARY KEY, value TEXT NOT NULL",
    "origins": "bit INTEGER PRIMARY KEY, entity TEXT NOT NULL, brand TEXT NOT NULL",
    "documents": "person BIGINT PRIMARY KEY, id TEXT NOT NULL, body {blob} NOT NULL",
    "moments": "person BIGINT PRIMARY KEY, body {blob} NOT NULL",
    "keys": "kind TEXT NOT NULL, value TEXT NOT NULL, person BIGINT NOT NULL, origins BIGINT NOT NULL, "
    "PRIMARY KEY (value, kind, person)",
    "names": "token TEXT NOT NULL, person BIGINT NOT NULL, origins BIGINT NOT NULL, PRIMARY KEY (token, person)",
    "tokens": "token TEXT PRIMARY KEY, people INTEGER NOT NULL",
    "grams": "gram TEXT NOT NULL, token TEXT NOT NULL, PRIMARY KEY (gram, token)",
    "companies": "company BIGINT PRIMARY KEY, name TEXT NOT NULL, body {blob} NOT NULL",
    "company_of": "record BIGINT PRIMARY KEY, company BIGINT NOT NULL",
    "company_words": "token TEXT NOT NULL, company BIGINT NOT NULL, origins BIGINT NOT NULL, "
    "PRIMARY KEY (token, company)",
    "promotions": "promotion BIGINT PRIMARY KEY, body {blob} NOT NULL",
    "scores": "person BIGINT PRIMARY KEY, body {blob} NOT NULL",
    "redirects": "old TEXT PRIMARY KEY, new TEXT NOT NULL",
    "accounts": "record BIGINT PRIMARY KEY, person TEXT NOT NULL, dirty INTEGER NOT NULL, changed_at BIGINT NOT NULL, "
    "source TEXT NOT NULL, body TEXT NOT NULL",
    "tail": "record BIGINT NOT NULL, moment BIGINT NOT NULL, at BIGINT NOT NULL, flush BIGINT NOT NULL, "
    "body TEXT NOT NULL, PRIMARY KEY (record, moment)",
    "stream": "number BIGINT PRIMARY KEY, source TEXT NOT NULL, at BIGINT NOT NULL, record BIGINT NOT NULL, "
    "body TEXT NOT NULL",
    "outbox": "person TEXT PRIMARY KEY, number BIGINT NOT NULL",
    "followers": "name TEXT PRIMARY KEY, place BIGINT NOT NULL",
    "members": "segment TEXT NOT NULL, person TEXT NOT NULL, inside INTEGER NOT NULL, at BIGINT NOT NULL, "
    "asked BIGINT NOT NULL, again BIGINT NOT NULL, PRIMARY KEY (segment, person)",
}
# What stays when the copies are built anew: events that the lake does not hold yet are nowhere else to be read at once,
# and who follows was not told yet.
LASTING = ("tail", "stream", "outbox", "followers", "members")
_INDEXES = (
    "CREATE INDEX IF NOT EXISTS keys_person ON keys (person)",
    "CREATE INDEX IF NOT EXISTS names_person ON names (person)",
    "CREATE INDEX IF NOT EXISTS redirects_new ON redirects (new)",
    "CREATE INDEX IF NOT EXISTS grams_token ON grams (token)",
    "CREATE INDEX IF NOT EXISTS companies_name ON companies (name, company)",
    "CREATE INDEX IF NOT EXISTS accounts_dirty ON accounts (dirty) WHERE dirty > 0",
    "CREATE INDEX IF NOT EXISTS accounts_unknown ON accounts (person) WHERE dirty > 0",
    "CREATE INDEX IF NOT EXISTS stream_source ON stream (source, number)",
    "CREATE INDEX IF NOT EXISTS tail_flush ON tail (flush)",
    "CREATE INDEX IF NOT EXISTS members_again ON members (again)",
    "CREATE UNIQUE INDEX IF NOT EXISTS outbox_number ON outbox (number)",
)
# What events change as they arrive, in the order in which it is locked: ``accounts`` first.
_CHANGING = ("accounts", "documents", "keys", "names", "tokens", "grams", "meta", "origins")
Row = Sequence[Any]
REST = 0.1  # seconds for which a writer in no hurry leaves its place free, at most
BITS = 63  # of one number: a pair of entity and brand each


class TooManyOrigins(Exception):
    """The group has more pairs of entity and brand than a search tells apart."""


def number(person: str) -> int:
    """Return the number under which ``person`` (a UUID as text) stands."""
    return uuid.UUID(person).int & ((1 << 63) - 1)


def pack(body: str) -> bytes:
    """Return JSON text as stored."""
    return zlib.compress(body.encode(), 1)


def unpack(body: Any) -> Any:
    """Return what was stored, as data."""
    return json.loads(zlib.decompress(bytes(body)))


class Live:
    """The tables of live copies, in their own file or schema."""

    def __init__(self) -> None:
        self.con = connections[live_alias()]
        self.postgres = self.con.vendor == "postgresql"

    # --- shape --------------------------------------------------------------------------------------------------------

    def ready(self) -> bool:
        """Tell whether the copies were built in the shape that this version reads."""
        try:
            # PostgreSQL gives up the whole of a transaction in which a table is missing: a part of it is given up alone
            with self.writing() if self.postgres and self.con.in_atomic_block else nullcontext():
                return self.meta("version") == VERSION
        except Exception:  # noqa: BLE001 - whatever the database says of a missing table
            return False

    def create(self, suffix: str = "", *, only: Sequence[str] = tuple(LIVE_TABLES)) -> None:
        """Make the tables anew (all, or some); ``suffix`` names a set being built beside the one in use.

        Those that last are made when they are missing.
        """
        self._make(only=[name for name in only if name in LASTING], suffix="")
        only = [name for name in only if name not in LASTING]
        with self.writing():
            for name in only:
                self.rows_changed(f"DROP TABLE IF EXISTS {name}{suffix}")
        self._make(only=only, suffix=suffix)

    def _make(self, *, only: Sequence[str], suffix: str) -> None:
        blob = "BYTEA" if self.postgres else "BLOB"
        rowless = "" if self.postgres else " WITHOUT ROWID"
        with self.con.cursor() as cursor:
            if self.postgres:
                cursor.execute("CREATE SCHEMA IF NOT EXISTS live")
            for name in only:
                columns = LIVE_TABLES[name]
                keyed = rowless if name in ("keys", "names", "grams", "company_words", "tail") else ""
                shape = columns.format(blob=blob)
                if self.postgres:  # words are looked up by their beginning: bytes, not the order of a language
                    shape = shape.replace("TEXT", 'TEXT COLLATE "C"')
                cursor.execute(f"CREATE TABLE IF NOT EXISTS {name}{suffix} ({shape}){keyed}")

    def put_in_place(self, *, only: Sequence[str] = tuple(LIVE_TABLES)) -> None:
        """Let what was built under ``_next`` take the place of what is in use, at once."""
        with self.writing():
            for name in (name for name in only if name not in LASTING):
                self.rows_changed(f"DROP TABLE IF EXISTS {name}")
                self.rows_changed(f"ALTER TABLE {name}_next RENAME TO {name}")
            self.index()

    def index(self) -> None:
        """Make the indexes that are missing: an earlier version may have built the copies."""
        for statement in _INDEXES:
            self.rows_changed(statement)

    def drop(self) -> None:
        """Remove the copies."""
        with self.writing():
            for name in LIVE_TABLES:
                self.rows_changed(f"DROP TABLE IF EXISTS {name}")
                self.rows_changed(f"DROP TABLE IF EXISTS {name}_next")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction; keep it under 1,000 rows where readers are about."""
        with transaction.atomic(using=live_alias()):
            yield

    @contextmanager
    def unhurried(self, *, changing: bool = False) -> Iterator[None]:
        """One transaction of who is in no hurry (``changing``: as that one): a file has one writer at a time.

        Whoever is in a hurry goes first, and its place is left free afterwards for as long as it was held, or ``REST``:
        who waits looks but now and then.
        """
        if not self.postgres and not self.con.in_atomic_block:
            hurry.give_way()
        with self.changing() if changing else self.writing():
            began = time.monotonic()
            yield
        if not self.postgres and not self.con.in_atomic_block:
            time.sleep(min(time.monotonic() - began, REST))

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One transaction that changes pages and accounts as events arrive, and not while others take their place.

        Its first lock is the one that ``change_none`` takes first: whoever waits for it holds nothing.
        """
        with self.writing():
            if self.postgres:
                self.rows_changed("LOCK TABLE accounts IN ROW EXCLUSIVE MODE")
            yield

    def change_none(self) -> None:
        """Keep, to the end of the transaction, what is in use as it is: others that would change it wait.

        A file of SQLite has one writer at a time as it is.
        """
        if self.postgres:
            standing = [name for name in _CHANGING if self.rows("SELECT to_regclass(%s)", [name])[0][0]]
            if standing:
                self.rows_changed(f"LOCK TABLE {', '.join(standing)} IN EXCLUSIVE MODE")

    # --- writing ------------------------------------------------------------------------------------------------------

    def insert(self, name: str, rows: Iterable[Row], *, columns: int) -> None:
        """Write rows, replacing those of the same key."""
        marks = ", ".join(["%s"] * columns)
        table = name.removesuffix("_next")
        keys = (
            LIVE_TABLES[table].rpartition("PRIMARY KEY (")[2].rstrip(")")
            if "PRIMARY KEY (" in LIVE_TABLES[table]
            else ""
        )
        first = [part.split()[0] for part in LIVE_TABLES[table].split(", ")]
        key = keys or first[0]
        rest = [column for column in first[:columns] if column not in key.split(", ")]
        update = ", ".join(f"{column} = excluded.{column}" for column in rest)
        action = f"DO UPDATE SET {update}" if update else "DO NOTHING"
        with self.con.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {name} VALUES ({marks}) ON CONFLICT ({key}) {action}", list(rows))

    def add_origins(self, table: str, rows: Mapping[tuple[str | int, ...], int]) -> None:
        """Say that rows of the keys (value, kind, person) or the names (token, person) come from their bits too."""
        columns = "value, kind, person" if table == "keys" else "token, person"
        marks = ", ".join(["%s"] * (columns.count(",") + 2))
        with self.con.cursor() as cursor:  # in their order: two writers then never wait for each other
            cursor.executemany(
                f"INSERT INTO {table} ({columns}, origins) VALUES ({marks}) ON CONFLICT ({columns}) "
                f"DO UPDATE SET origins = {table}.origins | excluded.origins",
                [(*row, bits) for row, bits in sorted(rows.items())],
            )

    def learn_tokens(self, tokens: Collection[str]) -> None:
        """Add words to those that a misspelling may mean; of one that is known, how common it is stays."""
        words = sorted(tokens)
        for start in range(0, len(words), 500):
            some = words[start : start + 500]
            known = self.known_tokens(some)
            fresh = [token for token in some if token not in known]
            self.insert("tokens", [(token, 1) for token in fresh], columns=2)
            self.insert("grams", sorted((gram, token) for token in fresh for gram in traces(token)), columns=2)

    def forget(self, people: Sequence[int]) -> None:
        """Remove every copy of ``people``, and the words of names that nobody else bears."""
        words = [word for start in range(0, len(people), 500) for word in self._words(people[start : start + 500])]
        self.count_people(-self._held(people))
        for table in ("documents", "moments", "keys", "names"):
            self.remove(table, "person", people)
        borne: set[str] = set()
        for start in range(0, len(words), 500):
            some = words[start : start + 500]
            marks = ", ".join(["%s"] * len(some))
            borne |= {row[0] for row in self.rows(f"SELECT DISTINCT token FROM names WHERE token IN ({marks})", some)}
        lost = sorted(set(words) - borne)
        self.remove("tokens", "token", lost)
        self.remove("grams", "token", lost)

    def count_people(self, more: int) -> None:
        """Keep how many people there are, ``more`` of them: counting them costs a walk through every document."""
        self.set_meta("people", str(int(self.meta("people") or 0) + more))

    def _held(self, people: Sequence[int]) -> int:
        count = 0
        for start in range(0, len(people), 500):
            some = list(people[start : start + 500])
            marks = ", ".join(["%s"] * len(some))
            count += self.rows(f"SELECT count(*) FROM documents WHERE person IN ({marks})", some)[0][0]
        return count

    def _words(self, people: Sequence[int]) -> list[str]:
        marks = ", ".join(["%s"] * len(people))
        rows = self.rows(f"SELECT DISTINCT token FROM names WHERE person IN ({marks})", people) if people else []
        return [row[0] for row in rows]

    def remove(self, table: str, column: str, values: Sequence[Any]) -> None:
        """Remove the rows whose ``column`` is one of ``values``."""
        with self.con.cursor() as cursor:
            for start in range(0, len(values), 500):
                some = list(values[start : start + 500])
                marks = ", ".join(["%s"] * len(some))
                cursor.execute(f"DELETE FROM {table} WHERE {column} IN ({marks})", some)

    def set_meta(self, name: str, value: str) -> None:
        self.insert("meta", [(name, value)], columns=2)

    # --- reading ------------------------------------------------------------------------------------------------------

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self.con.cursor() as cursor:
            cursor.execute(sql, list(params))
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def rows_changed(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Run a statement that changes rows or tables; return how many rows it touched."""
        with self.con.cursor() as cursor:
            cursor.execute(sql, list(params))
            return int(cursor.rowcount)

    def meta(self, name: str) -> str | None:
        found = self.rows("SELECT value FROM meta WHERE name = %s", [name])
        return str(found[0][0]) if found else None

    def origins(self) -> dict[tuple[str, str], int]:
        """Return the bit of each (entity, brand)."""
        return {(entity, brand): bit for bit, entity, brand in self.rows("SELECT bit, entity, brand FROM origins")}

    def origin(self, entity: str, brand: str) -> int:
        """Return the bit of (entity, brand), given now to a pair that has none. Raises TooManyOrigins."""
        known = self.origins()
        if (entity, brand) not in known:
            free = [bit for bit in range(BITS) if bit not in set(known.values())]
            if not free:
                raise TooManyOrigins
            known[entity, brand] = free[0]
            self.insert("origins", [(free[0], entity, brand)], columns=3)
        return known[entity, brand]

    def known_tokens(self, words: Sequence[str]) -> set[str]:
        """Return those of ``words`` that some name holds already."""
        marks = ", ".join(["%s"] * len(words))
        return (
            {row[0] for row in self.rows(f"SELECT token FROM tokens WHERE token IN ({marks})", words)}
            if words
            else set()
        )

    def document(self, person: str) -> dict[str, Any] | None:
        """Return the document of ``person``."""
        found = self.rows("SELECT body FROM documents WHERE person = %s", [number(person)])
        return unpack(found[0][0]) if found else None

    def documents(self, people: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Return the documents of several people, by number."""
        found: dict[int, dict[str, Any]] = {}
        for start in range(0, len(people), 500):
            some = list(people[start : start + 500])
            marks = ", ".join(["%s"] * len(some))
            rows = self.rows(f"SELECT person, body FROM documents WHERE person IN ({marks})", some)
            found |= {person: unpack(body) for person, body in rows}
        return found

    def moments(self, person: str, records: Sequence[int] = ()) -> list[dict[str, Any]]:
        """Return the last moments of ``person``, latest first; among them what happened to ``records`` since."""
        found = self.rows("SELECT body FROM moments WHERE person = %s", [number(person)])
        kept: list[dict[str, Any]] = unpack(found[0][0]) if found else []
        since = self.tail(records)
        if not since:
            return kept
        known = {(item["record_key"], item["source"]) for item in kept if item["kind"] == "event"}
        every = kept + [item for item in since if (item["record_key"], item["source"]) not in known]
        every.sort(key=lambda item: (datetime.fromisoformat(item["at"]), item["record_key"]), reverse=True)
        return every[:LAST]

    def tail(self, records: Sequence[int]) -> list[dict[str, Any]]:
        """Return the events of ``records`` that no page has taken up yet, the last of each."""
        found: list[dict[str, Any]] = []
        for start in range(0, len(records), 500):
            some = list(records[start : start + 500])
            marks = ", ".join(["%s"] * len(some))
            rows = self.rows(
                f"SELECT body FROM tail WHERE record IN ({marks}) ORDER BY at DESC, moment DESC LIMIT {LAST}", some
            )
            found += [json.loads(body) for (body,) in rows]
        for item in found:
            item.pop("asked", None)  # what only segments look at
        return found

    def promotions(self) -> list[dict[str, Any]]:
        """Return every promotion that the group's systems know."""
        return [unpack(body) for (body,) in self.rows("SELECT body FROM promotions ORDER BY promotion")]

    def current(self, person: str) -> str:
        """Return the id under which ``person`` stands today: its own, or where merges led; in its one written form."""
        person = str(uuid.UUID(person))
        for _ in range(100):
            found = self.rows("SELECT new FROM redirects WHERE old = %s", [person])
            if not found:
                return person
            person = found[0][0]
        return person

    def current_of(self, people: Iterable[str]) -> dict[str, str]:
        """Return what ``current`` does, for several people at once."""
        leads = {person: str(uuid.UUID(person)) for person in people}
        for _ in range(100):
            asked, moved = sorted(set(leads.values())), dict[str, str]()
            for start in range(0, len(asked), 500):
                some = asked[start : start + 500]
                marks = ", ".join(["%s"] * len(some))
                moved.update(self.rows(f"SELECT old, new FROM redirects WHERE old IN ({marks})", some))
            if not moved:
                break
            leads = {person: moved.get(today, today) for person, today in leads.items()}
        return leads

    def aliases(self, person: str) -> list[str]:
        """Return the id and every id that leads to it."""
        person = str(uuid.UUID(person))
        return self.aliases_of([person])[person]

    def aliases_of(self, people: Sequence[str]) -> dict[str, list[str]]:
        """Return, for each of ``people``, the id and every id that leads to it."""
        known = {person: [person] for person in people}
        leads = {person: person for person in people}
        front = list(people)
        while front:
            marks = ", ".join(["%s"] * len(front))
            found = self.rows(f"SELECT old, new FROM redirects WHERE new IN ({marks})", front)
            front = [old for old, _ in found if old not in leads]
            for old, new in found:
                if old not in leads:
                    leads[old] = leads[new]
                    known[leads[new]].append(old)
        return known
