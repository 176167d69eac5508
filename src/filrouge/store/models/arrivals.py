"""Records kept as they arrive, until a settlement takes them into the lake."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from filrouge.store.models.acts import Act


class Arrival(Act):
    """A record as it was received, whose it was found to be, and by which run it went into the lake.

    Once it is there, what it says is kept there alone: the row only tells a repeated call who it is of.
    """

    personal = ("values", "evidence")
    plain = ("number", "rule")
    holds = True

    number = models.CharField(max_length=20, unique=True)  # the record's, at the built-in source
    record_key = models.BigIntegerField(db_index=True)
    values = models.JSONField(default=dict)
    decision = models.CharField(max_length=10)  # rule, model or alone
    rule = models.CharField(max_length=40)
    evidence = models.JSONField(default=dict)
    run: models.Field[uuid.UUID | None, uuid.UUID | None] = models.UUIDField(null=True, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        ordering: ClassVar = ("created_at", "id")

    def __str__(self) -> str:
        return f"arrival {self.id}"
