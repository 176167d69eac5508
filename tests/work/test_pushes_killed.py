"""A push killed with -9 in the middle: the run is told as interrupted, nothing is told as delivered that was not."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.tool import Tool

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = 12
PREPARED = """
import sys
from filrouge.cli import set_up
set_up()
from filrouge.work import installation, pushes, segments
from filrouge.work.access import OWNER
installation.ready()
from pathlib import Path
from tests.world import World, person
group = World(Path(sys.argv[1]))
group.people(*(person(str(n), f"N{n}", f"F{n}", mail=f"p{n}@example.com", optin="yes") for n in range(int(sys.argv[3]))))
group.resolve()
scope = {"entity": "north", "brand": "red"}
segments.keep(OWNER, "all", spec={"rules": [{"on": "brands", "brands": ["red"]}]}, purpose="marketing", channel="email",
              **scope)
segments.build(["all"], by="test")
spec = {"kind": "rest", "place": sys.argv[2], "allow_private": True, "lot": 3}
pushes.keep_destination(OWNER, "tool", spec=spec, **scope)
pushes.keep(OWNER, "news", segment="all", destination="tool", columns=["id", "email"])
"""


@pytest.mark.slow
def test_killed_in_the_middle_of_a_lot_a_run_is_told_and_the_next_one_ends_the_work(tmp_path: Path) -> None:
    tool, reached, go = Tool(), threading.Event(), threading.Event()
    env = {"FILROUGE_HOME": str(tmp_path / "home"), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": "/usr/bin:/bin"}

    def run(*words: str) -> Any:
        made = [sys.executable, "-m", "filrouge.cli", "push", *words, "--json"]
        return json.loads(subprocess.run(made, env=env, capture_output=True, check=False, text=True).stdout)

    def hang(_: Any) -> Any:
        reached.set()
        go.wait(60)

    try:
        made = [sys.executable, "-c", PREPARED, str(tmp_path / "systems"), tool.url, str(PEOPLE)]
        subprocess.run(made, env=env, check=True, capture_output=True)
        tool.moods = [None, hang]
        doomed = subprocess.Popen([sys.executable, "-m", "filrouge.cli", "push", "run", "news"], env=env,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        assert reached.wait(60)
        doomed.kill()
        doomed.wait()
        go.set()
        done = run("run", "news")
        assert (done["state"], done["failed"], done["waiting"]) == ("done", 0, 0)
        first = run("show", "news")["runs"][1]
        assert (first["state"], first["sent"], first["failed"], first["waiting"]) == ("interrupted", 3, 3, 6)
        assert tool.mails() == {f"p{n}@example.com" for n in range(PEOPLE)}
        assert (done["sent"], run("show", "news")["held"]) == (9, PEOPLE)
    finally:
        go.set()
        tool.close()
