"""An import of a brought file killed with -9 at chosen instants: ``python -m tests.killed ROUNDS`` over FILROUGE_HOME.

This process lays a home folder where a file waits to be imported over an earlier one, then, for each instant, forks a
child that imports it, kills it, and forks another that opens the home again, says what it finds, and takes the job up
again. It opens neither databases nor engines itself, so that a child is a process of its own; what is loaded is loaded
once. It prints one JSON line for each instant, after one of the state before, and that of an import nobody killed.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROWS = 800
SEED = 6


def main(rounds: int) -> None:
    from filrouge.base import settings
    from filrouge.cli import set_up

    set_up()
    from filrouge.work import draft_files, draft_jobs, drafts, identity, worker  # noqa: F401
    from tests import state  # noqa: F401 - loaded before anything is forked

    home = settings.get().home
    laid = home.with_name("laid")
    _child(lay)
    home.rename(laid)
    _tell(_fresh(laid, home)(lambda: json.dumps({"before": found()})))
    began = time.monotonic()
    _fresh(laid, home)(work)
    lasted = time.monotonic() - began
    _tell(_child(lambda: json.dumps({"whole": taken_up() | {"state": found()}})))
    dice = random.Random(SEED)
    for at in range(rounds):
        part = (at + dice.random()) / rounds
        _fresh(laid, home)(work, after=part * lasted)
        _tell(json.dumps({"part": round(part, 3)} | json.loads(_child(reopened))))


def lay() -> str:
    """Lay a group that imported a file of people, and a newer one of the same source that waits for the worker."""
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.work import draft_jobs, drafts, groups, installation

    installation.ready()
    groups.add_entity("north", "North", by="test")
    groups.add_brand("red", "Red", "north", by="test")
    source = ""
    for name, rows in (("Salon.csv", range(ROWS)), ("Salon 2.csv", range(ROWS // 2, ROWS * 2))):
        text = file(rows, newer=bool(source))
        draft, _ = drafts.bring(OWNER, name, [text.encode()], brand="red", source=source)
        say(str(draft.pk))
        draft_jobs.trial(str(draft.pk))
        drafts.go(OWNER, str(draft.pk))
        if not source:
            work()
        source = str(draft.spec["source"])
    return ""


def file(rows: range, *, newer: bool) -> str:
    """Return a file: of those known already every other line says something new, some lines are none."""
    lines = ["N° fiche;Prénom;Nom;Courriel;Né le;Accord"]
    for n in rows:
        name = f"Durand-{n}" if newer and n % 2 else f"Durand{n}"
        lines.append(f"{n};Élodie;{name};e{n}@example.com;{n % 28 + 1:02}/02/1970;{('oui', 'non', '')[n % 3]}")
        if n % 500 == 0:
            lines.append(f"x{n};Sans;Suite")
    return "\n".join(lines) + "\n"


def say(key: str) -> None:
    """Say that the last column holds consents."""
    from filrouge.domain.privacy.caller import OWNER
    from filrouge.domain.sources import SourceSpec, columns
    from filrouge.domain.sources.columns import Said
    from filrouge.store.models import SourceDraft
    from filrouge.work import draft_files, drafts

    draft = SourceDraft.objects.get(pk=key)
    said = columns.said(SourceSpec.parse(draft.spec), [one.name for one in draft_files.seen(draft)])
    agreed = Said("Accord", "consent:marketing:email", states={"oui": "granted", "non": "denied"})
    drafts.say(OWNER, key, [*(one for one in said if one.column != "Accord"), agreed])


def work() -> str:
    """Do the import that waits, as the worker does."""
    from filrouge.work import jobs, worker

    job = jobs.claim("test", only=["draft_import"])
    assert job is not None
    jobs.work(job, worker.VERBS)
    job.refresh_from_db()
    assert (job.state, job.problem) == ("done", ""), job.problem
    return ""


def found() -> str:
    """Return the hash of what the lake holds."""
    from tests import state

    return state.digest()


def taken_up() -> dict[str, Any]:
    """Do the job, again if need be, and say how it ended."""
    from filrouge.base import settings
    from filrouge.store.models import Run, SourceDraft
    from filrouge.work import draft_files

    if SourceDraft.objects.filter(state="asked").exists():
        work()
    draft = SourceDraft.objects.select_related("run").order_by("created_at").last()
    assert draft is not None
    assert draft.run is not None
    made = Run.objects.filter(kind="import", state="committed")
    return {
        "draft": draft.state,
        "counts": [draft.run.read, draft.run.new, draft.run.changed, draft.run.unchanged, draft.run.rejected],
        "imports": made.count(),
        "file": draft_files.folder(draft).exists(),
        "staged": sorted(path.name for path in (settings.get().home / "staging").iterdir()),
    }


def reopened() -> str:
    """Open the home as a worker does, say what is there, then let the job be done again."""
    from filrouge.base import clock
    from filrouge.store.models import Job, Run
    from filrouge.work import installation, runs

    runs_of = Run.objects.filter(kind="import").order_by("-started_at")
    struck = runs_of[0].state if runs_of.count() > 1 else "none"
    installation.ready()
    told = {"struck": struck, "left": runs_of[0].state if runs_of.count() > 1 else "none", "found": found()}
    told["again"] = runs.recover()
    Job.objects.filter(kind="draft_import", state="running").update(lease_until=clock.now())
    return json.dumps(told | {"taken_up": taken_up() | {"state": found()}})


def _tell(line: str) -> None:
    sys.stdout.write(line.strip() + "\n")
    sys.stdout.flush()


def _fresh(laid: Path, home: Path) -> Callable[..., str]:
    """Return what runs a child over the home folder as it was laid."""
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(laid, home)
    return _child


def _child(verb: Callable[[], str], *, after: float | None = None) -> str:
    """Run ``verb`` in a process of its own, and return what it says; kill it after some seconds, if any are given."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        try:
            os.write(theirs, b"\n")
            with os.fdopen(theirs, "w") as stream:
                stream.write(verb())
            os._exit(0)
        except BaseException:  # noqa: BLE001 - whatever it is, the parent is told
            traceback.print_exc()
            os._exit(1)
    os.close(theirs)
    with os.fdopen(ours) as stream:
        stream.readline()
        if after is not None:
            time.sleep(after)
            os.kill(pid, signal.SIGKILL)
        said = stream.read()
    _, status = os.waitpid(pid, 0)
    if status and after is None:
        raise SystemExit("a child fell")
    return said


if __name__ == "__main__":
    main(int(sys.argv[1]))
