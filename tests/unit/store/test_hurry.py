"""Events on their way to pages go first; nobody waits for good."""

from __future__ import annotations

import fcntl
import threading
from pathlib import Path

import pytest

from filrouge.store import hurry


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    class Settings:
        home = tmp_path / "var"

    monkeypatch.setattr(hurry.settings, "get", lambda: Settings)
    return Settings.home


def test_who_is_in_no_hurry_writes_after_who_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hurry, "PATIENCE", 60.0)
    done: list[str] = []

    def later() -> None:
        hurry.give_way()
        done.append("later")

    with hurry.first():
        other = threading.Thread(target=later)
        other.start()
        other.join(0.2)
        done.append("first")
    other.join(60)
    assert done == ["first", "later"]


def test_two_in_no_hurry_do_not_wait_for_each_other(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hurry, "PATIENCE", 600.0)
    home.mkdir()
    with (home / "hurry.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        hurry.give_way()


def test_nobody_waits_for_good(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hurry, "PATIENCE", 0.05)
    with hurry.first():
        hurry.give_way()  # one that hangs in its turn holds nobody up
    with (home / "hurry.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        with hurry.first():  # nor does one that stopped between two looks
            pass
