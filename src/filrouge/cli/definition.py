"""Definitions that a command reads from a file: YAML or JSON, days as they were typed."""

from __future__ import annotations

from collections.abc import Set
from datetime import date
from pathlib import Path
from typing import Any

FILES = (".yaml", ".yml", ".json")


def read(file: Path, noun: str, *, known: Set[str]) -> dict[str, Any]:
    """Return what ``file`` says of one ``noun``: its spec, its entity, and what else is ``known`` of it.

    Raises UsageError when it says neither, or says anything else.
    """
    from filrouge.base.errors import UsageError
    from filrouge.work import definitions

    said = definitions.read(file)
    if not isinstance(said, dict) or not {"spec", "entity"} <= set(said) <= known | {"spec", "entity"}:
        raise UsageError(
            "The file {path} defines no {noun}.", hint="It has an entity and a spec; `{noun} show` prints one.",
            path=file.name, noun=noun,
        )  # fmt: skip
    about = {"name": file.stem}
    for name, value in said.items():
        if isinstance(value, dict | list) and name != "spec":
            raise UsageError(
                "In the file {path}, {name} is more than a word.", hint="Write it as one, on its line.",
                path=file.name, name=name,
            )  # fmt: skip
        if value is not None and name != "spec":
            about[name] = str(value)
    return {**about, "spec": _written(said["spec"])}


def printed(row: Any, *shown: str) -> str:
    """Return a definition as YAML that ``read`` reads."""
    import yaml

    said = {column: str(getattr(row, column)) for column in shown if getattr(row, column)}
    return yaml.safe_dump({**said, "spec": row.spec}, sort_keys=False, allow_unicode=True).rstrip()


def _written(node: Any) -> Any:
    """Return what YAML read, days as they were typed."""
    if isinstance(node, dict):
        return {str(name): _written(value) for name, value in node.items()}
    if isinstance(node, list):
        return [_written(value) for value in node]
    return node.isoformat() if isinstance(node, date) else node
