"""Killed with -9 at any step of a save, a file is corrected or it is not: never a half, never without its audit line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
# A file is tried, then somebody saves a correction, killed as a step begins (before) or once it is done (after).
DOOMED = """
import importlib, os, signal, sys
from filrouge.cli import set_up
set_up()
from filrouge.work import installation
from filrouge.work.access import OWNER
installation.ready()
from pathlib import Path
from tests.work.test_correcting import grid, prepared, typed
from tests.world import World
from filrouge.work import correcting
World(Path(sys.argv[1]))
draft = prepared(OWNER)
sent = [typed(grid(draft)["2"], Né_le="28/02/1990")]

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

module, name, when = sys.argv[2:5]
where = importlib.import_module(module)
real = getattr(where, name)
def after(*args, **kwargs):
    real(*args, **kwargs)
    die()
setattr(where, name, die if when == "before" else after)
correcting.correct(OWNER, str(draft.pk), sent)
"""
AFTERWARDS = """
import json
from filrouge.cli import set_up
set_up()
from filrouge.work import installation
from filrouge.work.access import OWNER
installation.ready()
from tests.work.test_correcting import grid, tried, typed
from filrouge.store.models import AuditEntry, SourceDraft
from filrouge.work import correcting, draft_files
draft = SourceDraft.objects.get()
lines = AuditEntry.objects.filter(action="source.correct").count()
told = [len(correcting.corrections(draft)), lines, draft_files.tried(draft)]
if told[0] == 0:
    correcting.correct(OWNER, str(draft.pk), [typed(grid(draft)["2"], Né_le="28/02/1990")])
draft.refresh_from_db()
draft = tried(OWNER, draft)
files = sorted(path.name for path in draft_files.folder(draft).glob("corrections-*"))
print(json.dumps([*told, draft.tried["corrected"], draft.tried["warned"], len(files)]))
"""
ABSENT = [0, 0, True, 1, 0, 1]
KEPT = [1, 1, False, 1, 0, 1]


@pytest.mark.slow
@pytest.mark.lake
@pytest.mark.parametrize(
    ("module", "name", "when", "left"),
    [
        ("filrouge.work.mending", "keep", "before", ABSENT),
        ("filrouge.work.mending", "keep", "after", ABSENT),
        ("filrouge.work.drafts", "ask", "after", ABSENT),
        ("filrouge.work.mending", "tidy", "before", KEPT),
        ("filrouge.work.mending", "tidy", "after", KEPT),
    ],
)
def test_whatever_the_step(tmp_path: Path, module: str, name: str, when: str, left: list[Any]) -> None:
    env = {"FILROUGE_HOME": str(tmp_path / "home"), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": "/usr/bin:/bin"}
    made = [sys.executable, "-c", DOOMED, str(tmp_path / "systems"), module, name, when]
    assert subprocess.run(made, env=env, check=False, capture_output=True).returncode == -9
    done = subprocess.run([sys.executable, "-c", AFTERWARDS], env=env, check=False, capture_output=True, text=True)
    assert json.loads(done.stdout or repr(done.stderr)) == left
