"""The support desk: customers, tickets and messages, served page by page as JSON on this machine only."""

from __future__ import annotations

import json
import sqlite3
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from filrouge.sample import faults
from filrouge.sample.catalogue import CARGO, HALLE, HORIZON, SALONS
from filrouge.sample.dice import CLOCK, Dice
from filrouge.sample.life import Life, Ticket
from filrouge.sample.paper import Database
from filrouge.sample.talks import THEMES, words
from filrouge.sample.world import World

KINDS = ("customers", "tickets", "messages")
_SCHEMA = "; ".join(f"CREATE TABLE {kind} (n INTEGER PRIMARY KEY, body TEXT NOT NULL)" for kind in KINDS)
_BRANDS = {HORIZON: "Horizon", CARGO: "Le Cargo", HALLE: "La Halle", SALONS: "Salons Horizon"}
_MOST = 1_000
_WRITE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Desk:
    """Writes what the desk will answer with, one JSON text per thing, numbered from 1."""

    def __init__(self, world: World) -> None:
        self.world = world
        (world.folder / "desk").mkdir(exist_ok=True)
        self._db = Database(world.folder / "desk" / "desk.db", _SCHEMA)
        self._counts = dict.fromkeys(KINDS, 0)

    @property
    def rows(self) -> int:
        return self._db.rows

    def write(self, life: Life, dice: Dice) -> None:
        """Write a customer for each address that they wrote from, their tickets and messages."""
        if not life.tickets:
            return
        person = life.person
        known: dict[str, str] = {}
        for rank, ticket in enumerate(life.tickets):
            email = faults.mailbox(dice, person, second=0.2, work=0.1, shared=0.2)
            if email not in known:
                known[email] = f"U{person.number:06}{len(known)}"
                self._customer(life, known[email], email, dice)
            self._ticket(life, ticket, f"T{person.number:06}{rank}", known[email], dice)

    def close(self) -> None:
        self._db.finish()

    def _add(self, kind: str, body: dict[str, Any]) -> None:
        self._counts[kind] += 1
        self._db.add(kind, (self._counts[kind], _WRITE(body)))

    def _customer(self, life: Life, number: str, email: str, dice: Dice) -> None:
        person, calendar = life.person, self.world.calendar
        name = f"{faults.given(dice, person, 1.6)} {faults.family(dice, person, 1.2)}"
        last = min(ticket.ago for ticket in life.tickets)
        self._add("customers", {
            "id": number, "name": name, "emails": {"main": faults.email(dice, email, 0.5)},
            "phone": faults.phone(dice, person.phone) if dice.chance(0.35) else None, "locale": "fr-FR",
            "account": person.account if dice.chance(0.12) else None, "brand": _BRANDS[life.tickets[0].brand],
            "created_at": f"{calendar.iso(max(ticket.ago for ticket in life.tickets))}T08:00:00Z",
            "updated_at": f"{calendar.iso(last)}T18:30:00Z",
        })  # fmt: skip
        self.world.truth.add("desk_people", number, person.number)

    def _ticket(self, life: Life, ticket: Ticket, number: str, customer: str, dice: Dice) -> None:
        calendar, theme = self.world.calendar, THEMES[ticket.theme]
        last = ticket.messages[-1]
        self._add("tickets", {
            "id": number, "customer": {"id": customer}, "brand": _BRANDS[ticket.brand],
            "type": "complaint" if ticket.complaint else "ticket", "subject": words(life, dice, theme.subject),
            "channel": dice.pick(("email", "email", "form", "chat")), "status": ticket.status,
            "first_message": ticket.messages[0][3], "theme": theme.name,
            "created_at": f"{calendar.iso(ticket.ago)}T{CLOCK[ticket.second]}Z",
            "updated_at": f"{calendar.iso(last[1])}T{CLOCK[last[2]]}Z",
        })  # fmt: skip
        for rank, (theirs, ago, second, text) in enumerate(ticket.messages):
            self._add("messages", {
                "id": f"{number}-{rank}", "ticket_id": number, "customer_id": customer, "brand": _BRANDS[ticket.brand],
                "direction": "in" if theirs else "out",
                "author": None if theirs else dice.pick(("Marie", "Hugo", "Lina")),
                "body": text, "sent_at": f"{calendar.iso(ago)}T{CLOCK[second]}Z",
            })  # fmt: skip


class Server:
    """The desk as it answers, in a thread of its own, on the loopback address only."""

    def __init__(self, folder: Path, port: int) -> None:
        path = folder / "desk" / "desk.db"
        handler = type("Handler", (_Handler,), {"path_of_data": path})
        self._http = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self.port = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, name="sample-desk", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Stop answering and free the port."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def start(folder: Path, port: int = 8765) -> Server:
    """Serve the desk of the sample in ``folder``; port 0 takes a free one. OSError when the port is taken."""
    return Server(folder, port)


class _Handler(BaseHTTPRequestHandler):
    path_of_data: Path
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        kind = parts.path.removeprefix("/api/").strip("/")
        if not parts.path.startswith("/api/") or kind not in KINDS:
            self._answer(404, b'{"error":"there is no such thing"}')
            return
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        try:
            page, size = int(query.get("page", 1)), min(_MOST, int(query.get("per_page", 100)))
        except ValueError:
            page = size = 0
        if page < 1 or size < 1:
            self._answer(400, b'{"error":"page and per_page are whole numbers from 1"}')
            return
        try:
            self._answer(200, _page(self.path_of_data, kind, page, size, f"http://{self.headers['Host']}"))
        except sqlite3.Error:
            self._answer(503, b'{"error":"the desk has lost its data"}')

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what is asked holds personal data."""

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _page(path: Path, kind: str, page: int, size: int, host: str) -> bytes:
    """Return one page: the things, where we are, how many there are, and the address of the next page."""
    first = (page - 1) * size + 1
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        total = db.execute(f"SELECT coalesce(max(n), 0) FROM {kind}").fetchone()[0]
        found = db.execute(
            f"SELECT body FROM {kind} WHERE n >= ? AND n < ? ORDER BY n",
            (first, first + size),
        ).fetchall()
    finally:
        db.close()
    after = None if first + size > total else f"{host}/api/{kind}?page={page + 1}&per_page={size}"
    rest = _WRITE({"page": page, "per_page": size, "total": total, "links": {"next": after}})
    return f'{{"{kind}":[{",".join(body for (body,) in found)}],{rest[1:]}'.encode()
