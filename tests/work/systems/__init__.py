"""Usual systems as their public documentation describes them, answering on the loopback address."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, dict[str, str], Any]
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Asked:
    """One request: its path, what is asked, its headers (in lower case), the JSON or form that it posts."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = None


@dataclass
class System:
    """One system: what is answered to whoever connects it, its rows by collection, and how it tells them."""

    preset: str = ""
    secret: str = "a-key"
    said: Mapping[str, str] = field(default_factory=dict)
    rows: dict[str, Rows] = field(default_factory=dict)
    url: str = ""

    def knows(self, asked: Asked) -> bool:
        """Tell whether the key is the right one."""
        raise NotImplementedError

    def answer(self, asked: Asked) -> Answer:
        """Answer to whoever showed the right key."""
        raise NotImplementedError


class Serving:
    """A system on the loopback address: it asks to slow down once, and refuses a wrong key."""

    def __init__(self, system: System) -> None:
        self.system, self.asked, self.slow = system, list[Asked](), 1
        serving = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._tell(None)

            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Content-Type"] == "application/json":
                    self._tell(json.loads(content))
                else:
                    self._tell({name: values[-1] for name, values in parse_qs(content.decode()).items()})

            def _tell(self, body: Any) -> None:
                parts = urlsplit(self.path)
                query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
                asked = Asked(parts.path, query, {k.lower(): v for k, v in self.headers.items()}, body)
                serving.asked.append(asked)
                status, headers, told = serving.tell(asked)
                content = told if isinstance(told, bytes) else json.dumps(told).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        system.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def tell(self, asked: Asked) -> Answer:
        """Answer one request."""
        if self.slow:
            self.slow -= 1
            return 429, {"Retry-After": "0"}, {"error": "slow down"}
        if not self.system.knows(asked):
            return 401, {}, {"error": "unauthorized"}
        return self.system.answer(asked)

    def close(self) -> None:
        """Stop it."""
        self._server.shutdown()
        self._server.server_close()


def page(rows: Rows, begin: int, size: int) -> Rows:
    """Return some of the rows."""
    return rows[begin : begin + size]
