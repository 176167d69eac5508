"""Whatever is raised below the doors can be told in French: its template is a literal, known, and filled alike."""

from __future__ import annotations

import ast
import string
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import messages  # noqa: E402

FILES = sorted(path for path in (ROOT / "src/filrouge").rglob("*.py") if "migrations" not in path.parts)


def unsayable(text: str) -> list[str]:
    """Return the errors whose message or hint is put together on the spot: no catalogue can know them."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in messages.ERRORS:
            parts = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "hint")]
            found += [f"line {part.lineno}" for part in parts if messages.literal(part) is None]
    return found


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "src/filrouge")))
def test_an_error_is_a_template_and_its_parameters(path: Path) -> None:
    if path.name in ("errors.py",) and path.parent.name == "base":
        return
    assert unsayable(path.read_text(encoding="utf-8")) == []


def test_a_message_put_together_on_the_spot_is_caught() -> None:
    assert unsayable('raise SourceError(f"{name} is late")') == ["line 1"]
    assert unsayable('raise Conflict("Busy.", hint="Wait " + when)') == ["line 1"]
    assert unsayable('raise Conflict("Busy: {why}.", hint="Wait.", why=why)') == []


def test_the_french_of_a_template_takes_the_same_parameters() -> None:
    catalogue = messages.read()
    raised = [
        template
        for path in FILES
        for template, _ in messages.from_python(path.read_text(encoding="utf-8"))
        if isinstance(template, str) and "{" in template
    ]
    known = [(template, catalogue.get(template)) for template in raised]
    wrong = [text for text, french in known if french is not None and not fields(str(french.string)) <= fields(text)]
    assert len(raised) > 100, "the test must be able to see them"
    assert wrong == []


def test_a_template_without_french_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "room.py").write_text('raise SourceError("A sentence nobody translated.")', encoding="utf-8")
    monkeypatch.setattr(messages, "SOURCE", tmp_path)
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    assert messages.check() == 1
