"""The commands that care for an installation answer in sentences, in JSON and by their exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command in a home folder of its own."""
    kept = ("DATABASE_URL", "FILROUGE_LAKE", "FILROUGE_SECRET_KEY", "FILROUGE_SAMPLE")
    env = {name: value for name, value in os.environ.items() if name not in kept}
    env |= {"FILROUGE_HOME": str(tmp_path / "home"), "DJANGO_SETTINGS_MODULE": "filrouge.site.settings"}

    def told(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "filrouge.cli", *words]
        answer = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "Traceback" not in answer.stderr
        return answer

    return told


def test_a_first_file_makes_an_installation_that_the_doctor_finds_well(run: Run, tmp_path: Path) -> None:
    text = "id;first name;last name;email\n1;Ada;Byron;ada@example.com\n"
    (tmp_path / "people.csv").write_text(text, encoding="utf-8")
    done = run("import", "people.csv", "--brand", "gazette", "--yes", "--json")
    assert (done.returncode, json.loads(done.stdout)["new"]) == (0, 1)
    well = run("doctor", "--json")
    assert well.returncode == 0
    assert [line["part"] for line in json.loads(well.stdout) if line["state"] == "fail"] == []
    (tmp_path / "home" / "secret.key").chmod(0o644)
    ill = run("doctor")
    assert ill.returncode == 1
    assert "chmod 600" in ill.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("restore", "nothing"), "no whole backup"),
        (("import", "nothing.csv", "--yes", "--dry-run"), "opposite"),
    ],
)
def test_wrong_use_is_told_with_its_own_exit_code(run: Run, words: tuple[str, ...], told: str) -> None:
    answer = run(*words)
    assert answer.returncode == 2
    assert told in " ".join(answer.stderr.split())
