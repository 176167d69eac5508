"""Behavioural events as sites, applications and servers send them: read, judged one by one, nothing hidden."""

from filrouge.domain.events.parse import KINDS, Batch, Received, Unreadable, parse
from filrouge.domain.events.verdicts import REASONS, Reason

__all__ = ["KINDS", "REASONS", "Batch", "Reason", "Received", "Unreadable", "parse"]
