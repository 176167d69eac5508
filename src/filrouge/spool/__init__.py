"""The durable threshold: what was answered to a sender is on disk, and waits here until it has had its effect."""

from __future__ import annotations

from pathlib import Path

from filrouge.spool.base import Entry, Place, Spool, SpoolAway, SpoolFull, Stored
from filrouge.spool.sqlite import SqliteSpool

__all__ = ["Entry", "Place", "Spool", "SpoolAway", "SpoolFull", "SqliteSpool", "Stored", "open_spool"]


def open_spool(folder: Path, database_url: str) -> Spool:
    """Return the spool of an installation: in its PostgreSQL when it has one, else in files of ``folder``."""
    if database_url.startswith(("postgres://", "postgresql://")):
        from filrouge.spool.postgres import PostgresSpool  # loaded only where there is a server

        return PostgresSpool(database_url)
    return SqliteSpool(folder)
