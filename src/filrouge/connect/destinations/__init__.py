"""Destinations: where people are given. Each speaks to one kind of place, by one contract."""

from __future__ import annotations

from filrouge.base.errors import UsageError
from filrouge.connect.destinations.base import Answered, Described, Destination, Line, Lot, Parcel, Reach

__all__ = ["Answered", "Described", "Destination", "Line", "Lot", "Parcel", "Reach", "destination"]


def destination(kind: str) -> Destination:
    """Return what writes to destinations of ``kind``. Raises UsageError when nothing does."""
    from filrouge.connect.destinations import folder, rest, sftp

    known: dict[str, Destination] = {"folder": folder.Folder(), "rest": rest.REST(), "sftp": sftp.SFTP()}
    if kind in known:
        return known[kind]
    raise UsageError(
        "No destination is of kind {kind}.", hint="Use one of {known}.", kind=kind, known=", ".join(sorted(known))
    )
