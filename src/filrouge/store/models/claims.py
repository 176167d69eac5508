"""Claims: who has in hand an event that was set aside, so that two people never correct the same one."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from filrouge.base import clock
from filrouge.store.models.base import Row


class Claim(Row):
    """An event that was set aside, as somebody has it or had it: being corrected, on its way, taken, or discarded.

    It is dropped when nothing came of it, so that the event may be corrected again. ``goes_as`` is the key under which
    it goes down the road, ``received`` the moment at which it is said to have been received: by both the live worker
    knows it again.
    """

    class State(models.TextChoices):
        HELD = "held"  # to be put in the spool; left so, whoever looks next finds out whether it was
        SENT = "sent"  # in the spool
        TAKEN = "taken"
        DISCARDED = "discarded"

    key = models.BigIntegerField(unique=True)
    source = models.CharField(max_length=60)
    act: models.Field[uuid.UUID, uuid.UUID] = models.UUIDField()  # one number for all that one gesture claims
    goes_as = models.BigIntegerField()
    received = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.HELD)
    by = models.CharField(max_length=100)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["source", "state"], name="claim_of_sender"),
            models.Index(fields=["state", "at"], name="claim_by_state"),
        ]

    def __str__(self) -> str:
        return f"claim {self.key} {self.state}"
