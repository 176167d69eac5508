"""What the product keeps as codes, the screens say in words: rules, acts, columns."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from filrouge.console import words

SOURCE = Path(__file__).resolve().parents[2] / "src/filrouge"


def called(path: Path, *names: str) -> Iterator[list[str]]:
    """Yield the texts that calls of ``names`` are given, in their order; nothing where an argument is no text."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in names:
            yield [
                arg.value if isinstance(arg, ast.Constant) and isinstance(arg.value, str) else "" for arg in node.args
            ]


def test_every_rule_of_may_i_has_words() -> None:
    from filrouge.domain.privacy import may_i

    rules = {default.source for default in may_i.DEFAULTS}
    rules |= {said[2] for said in called(Path(may_i.__file__), "_said", "Decision") if len(said) > 2 and said[2]}
    assert len(rules) > 12
    assert sorted(rules - set(words.WORDS["law"])) == []


def test_every_act_of_the_audit_has_words() -> None:
    acts = {said[0] for path in SOURCE.rglob("*.py") for said in called(path, "record") if said and "." in said[0]}
    assert len(acts) > 30
    assert sorted(acts - set(words.WORDS["action"])) == []


def test_every_detail_that_an_act_names_has_words() -> None:
    given = {
        word.arg
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record"
        for word in node.keywords
        if word.arg
    }
    known = {name for kind in ("detail", "held", "acts") for name in words.WORDS[kind]}
    assert len(given) > 20
    # of whom and by whom, which have columns of their own; what holds others, each told under its own name
    assert sorted(given - known - {"by", "kind", "subject", "destroyed", "counts"}) == []


@pytest.mark.django_db(databases=["default", "live", "audit"])
def test_every_column_of_the_register_has_words() -> None:
    from filrouge.store.queries import register
    from filrouge.work import access

    columns = {name for held in register.register(access.OWNER).held for name in held.columns}
    assert len(columns) > 30
    assert sorted(columns - set(words.WORDS["column"])) == []
