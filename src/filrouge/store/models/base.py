"""What every row shares: an id that sorts by time, and what it declares about the personal data it holds."""

from __future__ import annotations

import uuid
from typing import ClassVar, Literal

from django.db import models

from filrouge.base import clock, ids
from filrouge.tables.base import Basis


def new_id() -> uuid.UUID:
    return ids.uuid7()


class Row(models.Model):
    """A row with a UUIDv7 and the moment it was made."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        abstract = True


class Personal(models.Model):
    """A row that holds personal data: which columns, whose, why, by what right, and for how long.

    The retention counts from the column ``counted_from``, and has not begun while it is empty; without such a column
    the row is kept as long as the person or the account. ``holds``: while it is kept, so are the person's records.
    """

    personal: ClassVar[tuple[str, ...]] = ()
    plain: ClassVar[tuple[str, ...]] = ()  # columns of text that say nothing of anybody
    person_column: ClassVar[str] = "person"
    other_column: ClassVar[str] = ""  # a second customer whom the row names: it goes with either
    whose: ClassVar[Literal["customer", "staff"]] = "customer"
    purpose_held: ClassVar[str] = "service"
    basis: ClassVar[Basis] = "legitimate_interest"
    retention_days: ClassVar[int] = 3 * 365
    counted_from: ClassVar[str] = "created_at"
    holds: ClassVar[bool] = False

    class Meta:
        abstract = True
