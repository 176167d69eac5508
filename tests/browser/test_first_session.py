"""The very first session: the process that built the sample group goes on to serve it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx


def test_what_built_the_group_serves_every_page_of_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FILROUGE_", "DJANGO_"))}
    environment.pop("DATABASE_URL", None)
    environment |= {
        "FILROUGE_HOME": str(tmp_path / "var"),
        "FILROUGE_SAMPLE": str(tmp_path / "sample"),
        "COLUMNS": "200",
    }
    command = [sys.executable, "-m", "filrouge.cli", "demo", "--people", "60", "--port", str(port)]
    log = tmp_path / "demo.log"
    with log.open("w") as stream:
        demo = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=stream, stderr=stream)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", follow_redirects=True, timeout=30) as client:
            for _ in range(300):
                try:
                    client.get("/readyz")
                    break
                except httpx.HTTPError:
                    assert demo.poll() is None, log.read_text()
                    time.sleep(0.5)
            password = re.search(r"claire@example\.com\s+(\S+)", log.read_text())
            assert password, log.read_text()
            token = (
                client.get("/account/login/").text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
            )
            signed = {"login": "claire@example.com", "password": password[1], "csrfmiddlewaretoken": token}
            headers = {"Referer": f"http://127.0.0.1:{port}/account/login/"}
            assert "Claire" in client.post("/account/login/", data=signed, headers=headers).text
            page = client.get("/people", params={"q": "martin"}).text
            person = re.search(r"/people/[0-9a-f-]{36}", page)
            assert person, "somebody is found"
            for address in (person[0], f"{person[0]}/records", f"{person[0]}/erase", "/sources", "/audit", "/register"):
                answer = client.get(address)
                assert answer.status_code == 200, f"{address}: {log.read_text()[-2000:]}"
    finally:
        demo.terminate()
        demo.wait(20)
    assert "Traceback" not in log.read_text()
    assert "panicked" not in log.read_text()
