"""The collector as it is served: granian, a home of its own, keys made and revoked while it runs."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from filrouge.spool import SqliteSpool
from filrouge.spool.kept import unpacked

GROUP = (
    "from filrouge.cli import set_up; set_up()\n"
    "from filrouge.work import groups, installation\n"
    "installation.ready()\n"
    "groups.add_entity('north', 'North', by='test'); groups.add_brand('red', 'Red', 'north', by='test')"
)
EVENT = {"userId": "u-1", "event": "Read", "messageId": "m-1"}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FILROUGE_", "DJANGO_"))}
    kept.pop("DATABASE_URL", None)
    return kept | {"FILROUGE_HOME": str(tmp_path / "home"), "FILROUGE_SECRET_KEY": "only-for-tests"}


def filrouge(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, "-m", "filrouge.cli", *words]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


@contextmanager
def served(environment: dict[str, str], folder: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "filrouge.cli", "serve", "--roles", "collect", "--port", str(port)]
    log = folder / "serve.log"
    with log.open("w") as stream:
        server = subprocess.Popen(command, env=environment, stdout=stream, stderr=stream)
    where = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            assert server.poll() is None, log.read_text()
            try:
                httpx.get(f"{where}/health", timeout=2)
                break
            except httpx.TransportError:
                time.sleep(0.25)
        yield where
    finally:
        server.terminate()
        assert server.wait(30) == 0, log.read_text()


def test_a_key_opens_the_served_collector_until_it_is_revoked(environment: dict[str, str], tmp_path: Path) -> None:
    with served(environment, tmp_path) as where:
        early = httpx.post(f"{where}/v1/track", json=EVENT, auth=("wk_unknown", ""))
        assert (early.status_code, early.json()["code"]) == (503, "not_ready"), "no key was ever published"
        subprocess.run([sys.executable, "-c", GROUP], env=environment, check=True)
        made = json.loads(filrouge(environment, "key", "create", "--source", "site", "--brand", "red", "--json"))
        assert httpx.post(f"{where}/v1/track", json=EVENT, auth=("wk_unknown", "")).status_code == 401
        answer = httpx.post(f"{where}/v1/track", json=EVENT, auth=(made["key"], ""))
        assert answer.status_code == 200
        assert answer.json()["events"] == [{"messageId": "m-1", "verdict": "accepted"}]
        assert httpx.get(f"{where}/people").status_code == 404, "the console is not here"
        filrouge(environment, "key", "revoke", made["prefix"])
        assert httpx.post(f"{where}/v1/track", json=EVENT, auth=(made["key"], "")).status_code == 401
        (listed,) = json.loads(filrouge(environment, "key", "list", "--json"))
        assert (listed["prefix"], listed["for"], listed["kind"]) == (made["prefix"], "site", "write")
        assert listed["revoked"]
    folder = tmp_path / "home" / "spool"
    spool = SqliteSpool(folder)
    (stored,) = [one for file in spool.files() for one in spool.read(file, 0, 10)]
    kept = unpacked(stored.entry.payload)
    assert (stored.entry.source, kept.entity, kept.brand) == ("site", "north", "red")
    assert [json.loads(event.body) for event in kept.events] == [EVENT]
    assert not list(folder.glob("*.held")), "the spool was let go of as the process ended"


@pytest.mark.parametrize(("roles", "beside"), [("", True), ("web", False), ("web,collect", True)])
def test_the_site_has_the_collector_beside_it_unless_the_role_is_played_elsewhere(
    roles: str, beside: bool, environment: dict[str, str], tmp_path: Path
) -> None:
    said = "from filrouge.site import asgi, collect; print(isinstance(asgi.application.application, collect.Doors))"
    done = subprocess.run(
        [sys.executable, "-c", said], env=environment | {"FILROUGE_ROLES": roles}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.strip() == str(beside)
    assert (tmp_path / "home" / "spool").is_dir() is beside


def test_a_role_that_does_not_exist_is_told(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "filrouge.cli", "serve", "--roles", "web,cook"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "cook" in done.stderr
