"""What identity remembers between two settlements, in the home folder: laid whole, told of what follows."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from filrouge.base import settings
from filrouge.domain.identity import IdentitySpec, Memory
from filrouge.domain.identity.memory import FORMAT, fingerprint
from filrouge.store.models import Run

CURRENT = "current"


def place() -> Path:
    """Return the folder of memory."""
    return settings.get().home / "identity"


def aside(run: Run) -> Path:
    """Return the folder where ``run`` lays memory; it counts once ``keep`` says so."""
    return place() / str(run.id)


def laid() -> Path | None:
    """Return the folder of the memory that counts, None when there is none."""
    try:
        named = (place() / CURRENT).read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return place() / named if named else None


def keep(run: Run) -> None:
    """Make memory the one that ``run`` laid, now that it is in the lake, and remove the one before."""
    if not (aside(run) / "memory.json").exists():
        forget()
        return
    pointer = place() / f"{CURRENT}.next"
    pointer.write_text(str(run.id), encoding="utf-8")
    os.replace(pointer, place() / CURRENT)
    for other in place().iterdir():
        if other.is_dir() and other.name != str(run.id):
            shutil.rmtree(other, ignore_errors=True)


def recall(spec: IdentitySpec) -> tuple[Memory, Run] | None:
    """Return memory and the settlement that it stands at; None when it is not that of the latest one."""
    latest = Run.objects.filter(kind="identity", state=Run.State.COMMITTED).order_by("-started_at").first()
    folder = laid()
    if latest is None or folder is None:
        return None
    try:
        found = Memory(folder)
    except (OSError, ValueError, KeyError):  # cut short, or of another version
        return None
    same = found.format == FORMAT and found.spec == fingerprint(spec) and found.last == str(latest.id)
    return (found, latest) if same else None


def forget() -> None:
    """Remove what is remembered: the next settlement is a whole one, and lays it anew."""
    shutil.rmtree(place(), ignore_errors=True)
