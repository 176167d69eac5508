"""Databases: wrong passwords, locks, silence, damaged files; the question is only ever a reading one."""

from __future__ import annotations

import socket
import sqlite3
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.connect.places import COLUMNS, faults, read, rows, spec

from filrouge.base.errors import SourceError
from filrouge.connect import Reach, connector, lookup


def database(folder: Path, *statements: str) -> Reach:
    con = sqlite3.connect(folder / "people.db")
    con.execute(f"CREATE TABLE people ({', '.join(COLUMNS)})")
    for statement in statements:
        con.execute(statement)
    con.commit()
    con.close()
    return Reach(folder)


def sqlite(**changes: Any) -> Any:
    return spec("sql", "sqlite:///people.db", **({"format": {"table": "people"}} | changes))


def refused(source: Any, reach: Reach) -> SourceError:
    with pytest.raises(SourceError) as told:
        read(source, reach)
    assert "\n" not in str(told.value)
    assert told.value.hint
    return told.value


def test_values_of_every_type_come_as_text(tmp_path: Path) -> None:
    reach = database(tmp_path, "INSERT INTO people VALUES ('007', 12.50, 9007199254740993, x'c3a9')")
    assert rows(read(sqlite(), reach)) == [(1, "007", "12.5", "9007199254740993", "é")]


def test_a_query_may_end_as_people_end_them(tmp_path: Path) -> None:
    reach = database(tmp_path, "INSERT INTO people VALUES (1, 'Ada %s', 'x', '2026')")
    query = {"query": "SELECT *, '100%' AS remise FROM people WHERE nom LIKE 'Ada%' -- only her;\n;"}
    assert rows(read(sqlite(format=query, cursor="vu_le"), reach, cursor="2025"), "nom", "remise") == [
        (1, "Ada %s", "100%")
    ]


@pytest.mark.parametrize("query", ["DELETE FROM people RETURNING *", "SELECT 1; DROP TABLE people", "PRAGMA x"])
def test_only_a_reading_question_is_put(tmp_path: Path, query: str) -> None:
    reach = database(tmp_path, "INSERT INTO people VALUES (1, 'Ada', 'x', '2026')")
    refused(sqlite(format={"query": query}), reach)
    assert connector("sql").count(sqlite(), reach) == 1


def test_a_text_that_is_no_utf8_rejects_its_row_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filrouge.connect.sql.CHUNK", 2)
    insert = [f"INSERT INTO people VALUES ({n}, 'é', 'x', 'y')" for n in range(1, 5)]
    reach = database(tmp_path, *insert, "INSERT INTO people VALUES (5, CAST(x'e974e9' AS TEXT), 'x', 'y')",
                     "INSERT INTO people VALUES (6, 'f', 'x', 'y')")  # fmt: skip
    chunks = read(sqlite(), reach)
    assert rows(chunks, "id", "nom") == [*((n, str(n), "é") for n in range(1, 5)), (6, "6", "f")]
    assert faults(chunks) == [(5, "wrong_bytes")]


def test_a_table_that_is_not_there_is_told_by_name(tmp_path: Path) -> None:
    told = refused(sqlite(format={"table": "clients"}), database(tmp_path))
    assert "no such table: clients" in str(told)
    assert not told.retryable


@pytest.mark.parametrize("content", [b"id;nom\n" * 200, b"SQLite format 3\0" + b"\xff" * 2_000])
def test_a_file_that_is_no_database_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "people.db").write_bytes(content)
    assert "no SQLite database" in str(refused(sqlite(), Reach(tmp_path)))


def test_a_locked_database_is_worth_another_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filrouge.connect.sql.CONNECT", 0.1)
    reach = database(tmp_path)
    with sqlite3.connect(tmp_path / "people.db", isolation_level=None) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        told = refused(sqlite(), reach)
        writer.execute("ROLLBACK")
    writer.close()
    assert "locked" in str(told)
    assert told.retryable


def test_a_name_with_odd_letters_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "été #1 100%?"
    folder.mkdir()
    assert rows(read(sqlite(), database(folder, "INSERT INTO people VALUES (1, 2, 3, 4)")), "id") == [(1, "1")]


@pytest.mark.parametrize("place", ["mysql://host/db", "people.db", "postgresql://[::1/db", "postgresql://h/db?nope=1"])
def test_what_is_no_address_of_a_database_is_told(place: str, tmp_path: Path) -> None:
    assert "no address of a database" in str(
        refused(spec("sql", place, allow_private=True, format={"table": "people"}), Reach(tmp_path))
    )


def test_a_question_without_answer_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filrouge.connect.sql.SILENCE", 0.3)
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT i AS id, i AS nom, i AS ville, i AS vu_le FROM n WHERE i < 0"
    )
    told = refused(sqlite(format={"query": endless}), database(tmp_path))
    assert "stopped answering" in str(told)
    assert told.retryable
    monkeypatch.setattr("filrouge.connect.sql.SILENCE", 600)
    monkeypatch.setattr("filrouge.connect.sql.SOON", 0.3)  # of one person, somebody waits
    source = sqlite(format={"query": endless}).model_copy(update={"lookup": "id"})
    with pytest.raises(SourceError, match="stopped answering"):
        list(lookup("sql").look_up(source, Reach(tmp_path), "1"))


# --- PostgreSQL, faked where the real one would not fail on demand ----------------------------------------------------


@pytest.fixture
def server() -> Iterator[Any]:
    """Return what starts something that listens where PostgreSQL would, and answers ``reply`` to whoever connects."""
    ends = []

    def start(reply: Any) -> str:
        listening = socket.create_server(("127.0.0.1", 0))

        def run() -> None:
            try:
                while True:
                    con, _ = listening.accept()
                    with con:
                        reply(con)
            except OSError:
                return

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        ends.append((listening, thread))
        return f"postgresql://reader@127.0.0.1:{listening.getsockname()[1]}/shop?sslmode=disable&gssencmode=disable"

    yield start
    for listening, thread in ends:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def postgres(url: str, **changes: Any) -> Any:
    return spec("sql", url, format={"table": "people"}, **({"allow_private": True} | changes))


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def test_a_wrong_password_is_told_without_it(server: Any) -> None:
    def refuse(con: socket.socket) -> None:
        con.recv(1_000)
        con.sendall(message(b"R", struct.pack("!I", 3)))
        con.recv(1_000)
        con.sendall(message(b"E", b'SFATAL\0C28P01\0Mpassword authentication failed for user "reader"\0\0'))

    told = refused(postgres(server(refuse)), Reach(Path(), "s3cret"))
    assert "refused the password" in str(told)
    assert "s3cret" not in str(told)
    assert not told.retryable


def test_a_server_that_says_nothing_is_given_up(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filrouge.connect.sql.CONNECT", 2)  # the least that PostgreSQL's own library obeys
    held: list[Any] = []
    told = refused(postgres(server(lambda con: held.append(con.dup()))), Reach(Path()))
    assert "nobody answers" in str(told)
    assert told.retryable
    for con in held:
        con.close()


def test_a_closed_port_is_told(server: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert "nobody answers" in str(refused(postgres(f"postgresql://x@127.0.0.1:{port}/y"), Reach(Path())))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1"])
def test_a_private_database_is_refused_unless_the_source_allows_it(host: str) -> None:
    told = refused(postgres(f"postgresql://reader@{host}:1/shop", allow_private=False), Reach(Path()))
    assert "is private" in str(told)
    assert "is private" in str(refused(postgres("postgresql:///shop?host=/tmp", allow_private=False), Reach(Path())))


@pytest.mark.postgres
def test_a_database_that_goes_away_half_way_is_told(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import psycopg

    monkeypatch.setattr("filrouge.connect.sql.CHUNK", 10)
    names = ", ".join(f"n AS {name}" for name in COLUMNS)
    source = spec(
        "sql",
        postgres_url,
        allow_private=True,
        format={"query": f"SELECT {names} FROM generate_series(1, 1000) AS n WHERE '%' = '%'"},
    )
    reading = connector("sql").read(source, Reach(Path()))
    next(reading)
    with psycopg.connect(postgres_url, autocommit=True) as con:
        con.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND query LIKE '%FETCH%'"
        )
    with pytest.raises(SourceError, match="stopped answering") as told:
        list(reading)
    assert told.value.retryable


@pytest.mark.postgres
def test_a_database_that_stops_answering_is_given_up(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filrouge.connect.sql.SILENCE", 0.5)
    query = "SELECT 1 AS id, 2 AS nom, 3 AS ville, 4 AS vu_le FROM pg_sleep(20)"
    told = refused(spec("sql", postgres_url, allow_private=True, format={"query": query}), Reach(Path()))
    assert "stopped answering" in str(told)
    assert told.retryable


@pytest.mark.postgres
def test_postgresql_is_only_read(postgres_url: str) -> None:
    query = "SELECT lo_create(0) AS id, 1 AS nom, 1 AS ville, 1 AS vu_le"
    refused(spec("sql", postgres_url, allow_private=True, format={"query": query}), Reach(Path()))


@pytest.mark.postgres
def test_a_table_of_another_schema_and_a_right_that_lacks(postgres_url: str) -> None:
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as con:
        con.execute("CREATE SCHEMA IF NOT EXISTS billing")
        con.execute(f"CREATE TABLE IF NOT EXISTS billing.people ({', '.join(f'{name} TEXT' for name in COLUMNS)})")
        con.execute("DROP ROLE IF EXISTS nobody_here")
        con.execute("CREATE ROLE nobody_here LOGIN")
    source = spec("sql", postgres_url, allow_private=True, format={"table": "billing.people"})
    assert read(source, Reach(Path())) == []
    other = postgres_url.replace("postgres:", "nobody_here:", 1).replace("//postgres@", "//nobody_here@")
    if "nobody_here" not in other:
        other = f"{postgres_url}{'&' if '?' in postgres_url else '?'}user=nobody_here"
    told = refused(spec("sql", other, allow_private=True, format={"table": "billing.people"}), Reach(Path()))
    assert "may not read billing.people" in str(told)
