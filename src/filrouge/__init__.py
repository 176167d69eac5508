"""Filrouge: a unified customer platform. ``filrouge.open()`` gives an analyst the tables and the people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filrouge.work.desk import Filrouge

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def open(key: str | None = None) -> Filrouge:
    """Return this installation as an analyst uses it: as an API key, or as the owner of the machine."""
    from filrouge.work.ready import ready

    ready()
    from filrouge.work.desk import Filrouge

    return Filrouge(key)
