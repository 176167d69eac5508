"""A place of each kind, made to hold the rows of a test: what every connector is tried on."""

from __future__ import annotations

import json
import sqlite3
import threading
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import xlsxwriter

from filrouge.connect import Chunk, Reach, conformance, connector
from filrouge.domain.sources import SourceSpec

Rows = Sequence[conformance.Row]
COLUMNS = conformance.COLUMNS
rows = conformance.rows


def spec(kind: str, place: str, **changes: Any) -> SourceSpec:
    """Return the definition of a source of people at ``place``."""
    plain: dict[str, Any] = {
        "source": "people", "kind": kind, "place": place, "entity": "north", "brand": "red", "reads": "person_records",
        "key": ["id"], "map": {"source_id": "id", "family_name": "nom", "city": "ville", "updated_at": "vu_le"},
    }  # fmt: skip
    return SourceSpec.parse(plain | changes)


def read(source: SourceSpec, reach: Reach, **asked: Any) -> list[Chunk]:
    """Return every chunk."""
    return list(connector(source.kind).read(source, reach, **asked))


def faults(chunks: Sequence[Chunk]) -> list[tuple[int, str]]:
    """Return where and why rows are no rows."""
    return [(fault.row, fault.code) for chunk in chunks for fault in chunk.faults]


@dataclass
class Place:
    """Somewhere that rows can be laid; ``first`` is the number of the first row."""

    kind: str
    folder: Path
    first: int = 2
    unable: frozenset[str] = frozenset()

    def lay(self, rows: Rows, columns: Sequence[str] = COLUMNS) -> SourceSpec:
        """Put ``rows`` there, in place of what was; return the definition that reads them."""
        raise NotImplementedError

    def leave(self) -> None:
        """Take the place itself away."""
        raise NotImplementedError

    @property
    def reach(self) -> Reach:
        return Reach(self.folder)


class TextFile(Place):
    """CSV with commas, or TSV."""

    delimiter = ","

    def lay(self, rows: Rows, columns: Sequence[str] = COLUMNS) -> SourceSpec:
        import csv

        with (self.folder / "people.txt").open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream, delimiter=self.delimiter).writerows([columns, *rows])
        return spec("csv", "people.txt", format={"delimiter": self.delimiter})

    def leave(self) -> None:
        (self.folder / "people.txt").unlink()


class TabFile(TextFile):
    delimiter = "\t"


class PackedFile(TextFile):
    """CSV inside a ZIP."""

    def lay(self, rows: Rows, columns: Sequence[str] = COLUMNS) -> SourceSpec:
        source = super().lay(rows, columns)
        with zipfile.ZipFile(self.folder / "people.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(self.folder / source.place, "exports/people.txt")
        super().leave()
        return source.model_copy(update={"place": "people.zip"})

    def leave(self) -> None:
        (self.folder / "people.zip").unlink()


@dataclass
class Left(TextFile):
    """CSV left on a server of SFTP."""

    server: Any = None

    def lay(self, rows: Rows, columns: Sequence[str] = COLUMNS) -> SourceSpec:
        source = super().lay(rows, columns)
        account = self.server.account
        account["place"] += "/people.txt"
        return source.model_copy(update=account)

    @property
    def reach(self) -> Reach:
        return Reach(Path("/nowhere"), self.server.secret)


class Workbook(Place):
    """One sheet whose column names stand on its first row."""

    def lay(self, rows: Rows, columns: Sequence[str] = COLUMNS) -> SourceSpec:
        with xlsxwriter.Workbook(str(self.folder / "people.xlsx"), {"strings_to_numbers": False}) as book:
            sheet = book.add_worksheet("Personnes")
            for at, row in enumerate([columns, *rows]):
                for column, value in enumerate(row):
                    if value is not None:
                        sheet.write_string(at, column, value)
        return spec("excel", "people.xlsx", format={"sheet": "Personnes"})

    def leave(self) -> None:
        (self.folder / "people.xlsx").unlink()


class Lines(Place):
    """One JSON object a line."""

    def lay(self, rows: Rows, columns: Sequence[str] = COLUMNS) -> SourceSpec:
        lines = [json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in rows]
        (self.folder / "people.ndjson").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return spec("ndjson", "people.ndjson")

    def leave(self) -> None:
        (self.folder / "people.ndjson").unlink()


class SQLite(Place):
    """One table."""

    def lay(self, rows: Rows, columns: Sequence[str] = COLUMNS) -> SourceSpec:
        con = sqlite3.connect(self.folder / "people.db")
        con.execute("DROP TABLE IF EXISTS people")
        con.execute(f"CREATE TABLE people ({', '.join(f'{name} TEXT' for name in columns)})")
        con.executemany(f"INSERT INTO people VALUES ({', '.join('?' * len(columns))})", rows)
        con.commit()
        con.close()
        return spec("sql", "sqlite:///people.db", format={"table": "people"}, cursor="vu_le")

    def leave(self) -> None:
        (self.folder / "people.db").unlink()


@dataclass
class PostgreSQL(Place):
    """One table of a real server."""

    url: str = ""

    def lay(self, rows: Rows, columns: Sequence[str] = COLUMNS) -> SourceSpec:
        import psycopg

        with psycopg.connect(self.url) as con:
            con.execute("DROP TABLE IF EXISTS people")
            con.execute(f"CREATE TABLE people ({', '.join(f'{name} TEXT' for name in columns)})")
            for row in rows:
                con.execute(f"INSERT INTO people VALUES ({', '.join(['%s'] * len(columns))})", list(row))
        return spec("sql", self.url, format={"table": "people"}, cursor="vu_le", allow_private=True)

    def leave(self) -> None:
        self.lay([])
        import psycopg

        with psycopg.connect(self.url) as con:
            con.execute("DROP TABLE people")


Answer = tuple[int, dict[str, str], bytes]


class Web:
    """A web service on the loopback address, which answers as a test tells it to."""

    def __init__(self, answer: Callable[[str, dict[str, str], dict[str, str]], Answer]) -> None:
        self.asked: list[str] = []
        self.bodies: list[str] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                web.asked.append(self.path)
                parts = urlsplit(self.path)
                query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
                status, headers, body = answer(parts.path, query, dict(self.headers.items()))
                self.send_response(status)
                for name, value in (
                    {"Content-Length": str(len(body))} | ({"Connection": "close"} if headers else {}) | headers
                ).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
                if headers:
                    self.close_connection = True

            def do_POST(self) -> None:  # what a form holds is asked for as what an address holds
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                if self.headers["Content-Type"] == "application/json":
                    web.bodies.append(form)
                else:
                    self.path = f"{self.path}?{form}"
                self.do_GET()

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@dataclass
class Service(Place):
    """Pages of two objects each, chained by the address of the next."""

    first: int = 1
    _web: Web | None = None
    _items: list[dict[str, Any]] = field(default_factory=list)
    SIZE: ClassVar[int] = 2

    def lay(self, rows: Rows, columns: Sequence[str] = COLUMNS) -> SourceSpec:
        self._items = [dict(zip(columns, row, strict=True)) for row in rows]
        if self._web is None:
            self._web = Web(self._answer)
        return spec(
            "rest", f"{self._web.url}/people", format={"items": "data", "next": "links.next"}, allow_private=True
        )

    def leave(self) -> None:
        self.close()

    def close(self) -> None:
        if self._web is not None:
            self._web.close()
            self._web = None

    def _answer(self, path: str, query: dict[str, str], headers: dict[str, str]) -> Answer:
        at = int(query.get("from", 0))
        after = f"{path}?from={at + self.SIZE}" if at + self.SIZE < len(self._items) else None
        page = {"data": self._items[at : at + self.SIZE], "total": len(self._items), "links": {"next": after}}
        return 200, {}, json.dumps(page).encode()
