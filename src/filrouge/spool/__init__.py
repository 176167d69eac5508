"""The durable threshold: what was answered to a sender is on disk, and waits here until it has had its effect."""

from filrouge.spool.base import Entry, Place, Spool, SpoolFull, Stored
from filrouge.spool.sqlite import SqliteSpool

__all__ = ["Entry", "Place", "Spool", "SpoolFull", "SqliteSpool", "Stored"]
