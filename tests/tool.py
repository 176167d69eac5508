"""A tool on the loopback that holds people by key: it fails rows, answers nothing, or hangs, as it is told."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Tool:
    """A tool that holds people by key, and does to each lot what a test says."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, Any]] = {}
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.bad: set[str] = set()  # addresses that it refuses
        self.moods: list[
            Any
        ] = []  # what it does to the next lots: a status, "drop" (before), "cut" (after), a callable
        self.headers: dict[str, str] = {}
        tool = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the name is the library's
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                tool.asked.append(said)
                tool.keys.append(self.headers["Idempotency-Key"])
                tool.headers = dict(self.headers)
                mood = tool.moods.pop(0) if tool.moods else None
                if callable(mood):
                    mood = mood(said)
                if mood == "drop":
                    self.connection.close()
                    return
                if isinstance(mood, int):
                    self.send_response(mood)
                    self.send_header("Retry-After", "0")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                failed = tool.take(said["rows"])
                if mood == "cut":
                    self.connection.close()
                    return
                body = json.dumps({"failed": failed}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self.server.server_port}/people"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def take(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        failed = []
        for at, row in enumerate(rows):
            if row["action"] == "remove":
                self.people.pop(row["key"], None)
            elif row["values"]["email"] in self.bad:
                failed.append({"row": at, "reason": f"{row['values']['email']} bounces"})
            else:
                self.people[row["key"]] = row["values"]
        return failed

    def mails(self) -> set[str]:
        return {one["email"] for one in self.people.values()}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
