"""A process that served is never taken down around the server's threads: it leaves."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIFE = """
import asyncio, atexit
from filrouge.site.leaving import Leaving
atexit.register(print, "taken down")

async def site(scope, receive, send):
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            print("ended")
            return

async def lived(messages):
    async def receive():
        return {"type": messages.pop(0)}
    async def send(message):
        print(message["type"])
    await Leaving(site)({"type": "lifespan"}, receive, send)

"""


@pytest.mark.parametrize(
    ("told", "printed"),
    [
        (
            "asyncio.run(lived(['lifespan.startup', 'lifespan.shutdown']))",
            ["lifespan.startup.complete", "lifespan.shutdown.complete", "ended"],
        ),
        ("", ["taken down"]),
    ],
)
def test_what_served_leaves_once_it_has_shut_down_and_all_that_it_said_is_written(
    told: str, printed: list[str]
) -> None:
    done = subprocess.run([sys.executable, "-c", LIFE + told], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split("\n")[:-1]) == (0, printed), done.stderr
