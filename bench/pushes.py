"""How long a push takes: ``--people`` members given to a folder and to an address on the loopback that answers by row.

A home of its own is built (one source of people, settled), then each destination is given everybody, then nothing
changes, then everybody is taken back. Seconds, rows a second, and the peak memory of the process that gives.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bench.figures import keep

COLUMNS = ("id", "given_name", "family_name", "email", "city")
SOURCE: dict[str, Any] = {
    "source": "crm", "kind": "csv", "place": "people.csv", "entity": "north", "brand": "red", "reads": "person_records",
    "key": ["id"],
    "map": {
        "source_id": "id", "given_name": "given", "family_name": "family", "email": "mail", "city": "town",
        "consents": [{"purpose": "marketing", "channel": "email", "state": {"const": "granted"}}],
    },
}  # fmt: skip


class _Tool(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"rows": [{"ok": True}] * len(said["rows"])}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def run(given: argparse.Namespace) -> None:
    """Measure in processes of their own, so that each has its own peak."""
    with tempfile.TemporaryDirectory(dir=given.scratch) as folder:
        tool = ThreadingHTTPServer(("127.0.0.1", 0), _Tool)
        threading.Thread(target=tool.serve_forever, daemon=True).start()
        told: dict[str, Any] = {"people": given.people}
        try:
            told["laid_s"] = _in_process("lay", folder, str(given.people), f"http://127.0.0.1:{tool.server_port}/")["s"]
            for push in ("folder", "rest"):
                for step in ("all", "nothing", "empty"):
                    told[f"{push}_{step}"] = _in_process("push", folder, push, step)
        finally:
            tool.shutdown()
        keep("pushes", **told)


def _in_process(*words: str) -> dict[str, Any]:
    made = subprocess.run([sys.executable, "-m", "bench.pushes", *words], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(made.stdout.splitlines()[-1])
    return found


def _ready(folder: Path) -> None:
    from filrouge.base import settings
    from filrouge.cli import set_up
    from filrouge.work import ready

    settings.use(FILROUGE_HOME=str(folder / "home"), FILROUGE_LAKE=str(folder / "home/lake"))
    set_up()
    ready.ready()
    from filrouge.work import installation

    installation.ready()


def _lay(folder: Path, people: int, url: str) -> None:
    import yaml

    _ready(folder)
    from filrouge.work import groups, identity, pushes, segments, sources
    from filrouge.work.access import OWNER

    groups.add_entity("north", "North", by="bench")
    groups.add_brand("red", "Red", "north", by="bench")
    with (folder / "people.csv").open("w", newline="", encoding="utf-8") as stream:
        lines = csv.writer(stream)
        lines.writerow(("id", "given", "family", "mail", "town"))
        lines.writerows((n, f"Given{n % 997}", f"Family{n}", f"p{n}@example.com", "Lyon") for n in range(people))
    (folder / "crm.yaml").write_text(yaml.safe_dump(SOURCE), encoding="utf-8")
    sources.run(sources.add(folder / "crm.yaml", by="bench").name, by="bench")
    identity.resolve(by="bench")
    scope = {"entity": "north", "brand": "red"}
    rules = {"rules": [{"on": "brands", "brands": ["red"]}]}
    segments.keep(OWNER, "all", spec=rules, purpose="marketing", channel="email", **scope)
    segments.build(["all"], by="bench")
    places = {
        "folder": {"kind": "folder", "place": "desk"},
        "rest": {"kind": "rest", "place": url, "allow_private": True, "lot": 1000, "answers": "rows"},
    }
    for name, spec in places.items():
        pushes.keep_destination(OWNER, name, spec=spec, **scope)
        pushes.keep(OWNER, name, segment="all", destination=name, columns=COLUMNS)


def _push(folder: Path, name: str, step: str) -> dict[str, Any]:
    _ready(folder)
    from filrouge.work import pushes

    began = time.monotonic()
    done = pushes.run(name, by="bench", only="empty" if step == "empty" else "")
    seconds = time.monotonic() - began
    return {
        "s": round(seconds, 2), "state": done.state, "sent": done.sent, "removed": done.removed, "failed": done.failed,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
    }  # fmt: skip


def _told() -> None:
    began = time.monotonic()
    what, folder, *rest = sys.argv[1:]
    if what == "lay":
        _lay(Path(folder), int(rest[0]), rest[1])
        print(json.dumps({"s": round(time.monotonic() - began, 1)}))
    else:
        print(json.dumps(_push(Path(folder), *rest)))


if __name__ == "__main__":
    _told()
