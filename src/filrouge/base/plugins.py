"""What other packages bring: found by their entry points, loaded once somebody asks for it by name."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from filrouge.base.errors import UsageError


def names(group: str) -> list[str]:
    """Return what packages bring to ``group``, by name."""
    return sorted({entry.name for entry in entry_points(group=group)})


def load(group: str, name: str) -> Any:
    """Return what a package brings to ``group`` as ``name``, None when none does.

    Raises UsageError when two do, or when the package cannot be loaded.
    """
    found = {entry.value: entry for entry in entry_points(group=group, name=name)}
    if not found:
        return None
    if len(found) > 1:
        raise UsageError(
            "{name} is brought by several packages: {packages}.",
            hint="Keep one of them, and take the others out of this installation.",
            name=name, packages=", ".join(sorted(_package(entry) for entry in found.values())),
        )  # fmt: skip
    (entry,) = found.values()
    try:
        return entry.load()
    except Exception as error:
        raise UsageError(
            "The package {package}, which brings {name}, cannot be loaded: {kind}.",
            hint="Install a version of it that is made for this one, or take it out.",
            package=_package(entry), name=name, kind=type(error).__name__,
        ) from error  # fmt: skip


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value.partition(":")[0]
