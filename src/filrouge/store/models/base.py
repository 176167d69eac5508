"""What every row shares: an id that sorts by time, and what it declares about the personal data it holds."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from filrouge.base import clock, ids


def new_id() -> uuid.UUID:
    return ids.uuid7()


class Row(models.Model):
    """A row with a UUIDv7 and the moment it was made."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        abstract = True


class Personal(models.Model):
    """A row that holds personal data: which columns, whose, why, and for how long."""

    personal: ClassVar[tuple[str, ...]] = ()
    person_column: ClassVar[str] = "person"
    purpose_held: ClassVar[str] = "service"
    retention_days: ClassVar[int] = 3 * 365

    class Meta:
        abstract = True
