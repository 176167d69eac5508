"""Killed with -9 at any step, a run that waits is held, in the lake whole, or absent: never between."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The world, then one step that is killed as it begins (before) or once it is done (after).
DOOMED = """
import importlib, os, signal, sys
from filrouge.cli import set_up
set_up()
from filrouge.work import holding, installation, runs, sources
from filrouge.work.access import OWNER
from filrouge.store.models import Run
installation.ready()
from pathlib import Path
from tests.world import World, person
verb, module, path, when = sys.argv[2:6]
group = World(Path(sys.argv[1]))
rules = [{"check": "required", "column": "email", "does": "stop"}]
rows = [person("1", "Ada", "Byron", mail="ada@example.com", optin="yes"), person("2", "Gus", "Eiffel", optin="no")]
name = group.people(*rows, run=False, rules=rules)
if verb != "run":
    sources.run(name, by="test")

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

where = importlib.import_module(module)
*owners, last = path.split(".")
for one in owners:
    where = getattr(where, one)
real = getattr(where, last)
def after(*args, **kwargs):
    real(*args, **kwargs)
    die()
setattr(where, last, die if when == "before" else after)
held = Run.objects.filter(state="held").first()
if verb == "run":
    sources.run(name, by="test")
elif verb == "let_in":
    holding.let_in(OWNER, str(held.id), because="fine")
else:
    holding.give_up(OWNER, str(held.id))
"""
AFTERWARDS = """
import json, sys
from filrouge.cli import set_up
set_up()
from filrouge.work import holding, installation, runs, sql
from filrouge.work.access import OWNER
from filrouge.store.models import Run
installation.ready()
runs.recover()
assert runs.recover() == 0
run = Run.objects.get()
def rows():
    return sql.run(OWNER, "SELECT * FROM person_records").num_rows
told = [run.state, rows(), sorted(path.name for path in runs.staging(run).rglob("*.parquet"))]
if run.state == "held":
    again = holding.carry_out(str(run.id)) if run.decided_by else holding.let_in(OWNER, str(run.id), because="fine")
    told += [again.state, rows()]
print(json.dumps(told))
"""
HELD = ["held", 0, ["raw-0.parquet", "rejects.parquet"], "committed", 2]
ABSENT = ["failed", 0, []]
IN = ["committed", 2, []]
GONE = ["given_up", 0, []]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("verb", "module", "path", "when", "left"),
    [
        ("run", "filrouge.work.runs", "only_received", "before", ABSENT),
        ("run", "filrouge.work.runs", "only_received", "after", ABSENT),
        ("run", "filrouge.work.runs", "set_aside", "after", HELD),
        ("let_in", "filrouge.work.holding", "ask", "after", HELD),
        ("let_in", "filrouge.work.imports", "Import.prepare", "before", HELD),
        ("let_in", "filrouge.work.imports", "Import.prepare", "after", HELD),
        ("let_in", "filrouge.work.runs", "carry_out", "before", IN),
        ("let_in", "filrouge.store.lake", "Lake.append", "after", IN),
        ("give_up", "filrouge.work.runs", "let_go", "before", GONE),
    ],
)
def test_whatever_the_step(tmp_path: Path, verb: str, module: str, path: str, when: str, left: list[Any]) -> None:
    env = {"FILROUGE_HOME": str(tmp_path / "home"), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": "/usr/bin:/bin"}
    made = [sys.executable, "-c", DOOMED, str(tmp_path / "systems"), verb, module, path, when]
    assert subprocess.run(made, env=env, check=False, capture_output=True).returncode == -9
    done = subprocess.run([sys.executable, "-c", AFTERWARDS], env=env, check=False, capture_output=True, text=True)
    assert json.loads(done.stdout or repr(done.stderr)) == left
