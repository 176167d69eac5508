"""Killed with -9 at any instant, the import of a brought file is whole or absent, and ends whole when taken up again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.work.test_drafts import brought, worked
from tests.world import World

from filrouge.domain.privacy.caller import OWNER
from filrouge.store.models import Run, SourceDraft
from filrouge.work import draft_files, draft_jobs, drafts, runs, sources

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.lake
@pytest.mark.parametrize("rounds", [8, pytest.param(50, marks=pytest.mark.verification)])
def test_whatever_the_instant(tmp_path: Path, rounds: int) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("FILROUGE_", "DJANGO_"))}
    env.pop("DATABASE_URL", None)
    env |= {"FILROUGE_HOME": str(tmp_path / "home"), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    made = [sys.executable, "-m", "tests.killed", str(rounds)]
    done = subprocess.run(made, env=env, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (before, whole, *killed) = map(json.loads, done.stdout.splitlines())
    assert len(killed) == rounds
    ended = whole["whole"]
    assert (ended["draft"], ended["counts"], ended["imports"]) == ("done", [1203, 800, 200, 200, 3], 2)
    assert (ended["file"], ended["staged"]) == (False, [])
    assert before["before"] != ended["state"]
    for one in killed:
        there = one["left"] == "committed"
        assert one["left"] in ("none", "failed", "committed"), one
        assert one["found"] == (ended["state"] if there else before["before"]), one
        assert one["again"] == 0, "nothing is left to recover"
        assert one["taken_up"] == ended, one
    assert {one["struck"] for one in killed} >= {"running"}, "it was struck in the middle"


def asked() -> SourceDraft:
    draft = brought(OWNER)
    drafts.try_out(OWNER, str(draft.pk))
    worked()
    return drafts.go(OWNER, str(draft.pk))


class Cut(BaseException):
    """What nobody catches."""


def test_what_was_in_the_lake_before_it_was_cut_short_is_not_imported_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft, real = asked(), sources.run

    def cut(*args: object, **kwargs: object) -> None:
        real(*args, **kwargs)  # type: ignore[arg-type]
        raise Cut

    with monkeypatch.context() as patch:
        patch.setattr(sources, "run", cut)
        with pytest.raises(Cut):
            draft_jobs.carry_out(str(draft.pk), by="test")
    worked()
    draft.refresh_from_db()
    made = Run.objects.get(kind="import")
    assert (draft.state, draft.run, made.new) == (SourceDraft.State.DONE, made, 15)
    assert not draft_files.folder(draft).exists()


def test_a_run_that_ended_as_it_was_cut_short_leaves_no_rows_aside(world: World) -> None:
    draft = asked()
    worked()
    draft.refresh_from_db()
    assert draft.run is not None
    left = runs.staging(draft.run)
    left.mkdir(parents=True)
    (left / "judged.parquet").write_bytes(b"rows")
    assert runs.recover() == 0
    assert not left.exists()
