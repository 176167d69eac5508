"""What the collector received, counted: the ledger of each sender and day, and how far the spool was drained."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from filrouge.store.models.base import Row


class Ledger(Row):
    """One sender's events of one day (UTC, by receipt): received = accepted + duplicate + quarantined."""

    source = models.CharField(max_length=60)
    day = models.DateField()
    received = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    duplicate = models.BigIntegerField(default=0)
    quarantined = models.BigIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ("-day", "source")
        constraints: ClassVar = [models.UniqueConstraint(fields=("source", "day"), name="one_ledger_per_day")]

    def __str__(self) -> str:
        return f"{self.source} {self.day}"

    @property
    def lost(self) -> int:
        """Events unaccounted for: must be 0."""
        return self.received - self.accepted - self.duplicate - self.quarantined


class Drained(Row):
    """How far a file of the spool was drained: what stands in it up to ``number`` has had its effect."""

    file = models.CharField(max_length=120, unique=True)
    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.file} {self.number}"
