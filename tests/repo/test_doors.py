"""Facts about the doors: they never touch rows, and they say everything in both languages."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOORS = [ROOT / "src/filrouge" / door for door in ("console", "api", "cli", "portal", "collector")]
FILES = sorted(path for door in DOORS if door.exists() for path in door.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "src/filrouge")))
def test_a_door_never_touches_rows(path: Path) -> None:
    touched = [
        f"line {node.lineno}: .{node.attr}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("save", "delete", "objects", "bulk_create")
    ]
    assert touched == []


def test_every_message_is_in_the_catalogue_and_has_its_french() -> None:
    told = subprocess.run(
        [sys.executable, "tools/messages.py", "check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stderr) == (0, "")


def test_every_static_file_that_a_page_names_exists() -> None:
    named = {
        piece.partition("'")[0]
        for page in (ROOT / "src/filrouge").rglob("*.html")
        for piece in page.read_text(encoding="utf-8").split("{% static '")[1:]
    }
    static = ROOT / "src/filrouge/console/static"
    assert named
    assert sorted(name for name in named if not (static / name).exists()) == []


def test_every_icon_that_a_page_draws_is_in_the_sprite() -> None:
    sprite = (ROOT / "src/filrouge/console/static/vendor/icons.svg").read_text(encoding="utf-8")
    drawn = {
        piece.partition('"')[0]
        for page in (ROOT / "src/filrouge").rglob("*.html")
        for piece in page.read_text(encoding="utf-8").split('{% icon "')[1:]
    }
    assert sorted(name for name in drawn if f'id="{name}"' not in sprite) == []
