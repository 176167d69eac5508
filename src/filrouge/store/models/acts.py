"""What people do for a customer: notes, promises, follow-ups, corrections, verdicts on identity, consents."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from filrouge.base import clock
from filrouge.domain.followups.promises import Promised
from filrouge.store.models.base import Personal, Row


class Act(Row, Personal):
    """Something done for a person, by someone, on behalf of an entity and a brand."""

    person = models.CharField(max_length=36, db_index=True)
    entity = models.CharField(max_length=60)
    brand = models.CharField(max_length=60, blank=True)
    by = models.CharField(max_length=100)

    class Meta:
        abstract = True


class Note(Act):
    """A free note on a person's page."""

    personal = ("text",)
    holds = True

    text = models.TextField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"note {self.id}"


class Promise(Act):
    """Something we committed to: dated, owned, kept or overdue."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        KEPT = "kept", _("kept")
        BROKEN = "broken", _("not kept")
        RELEASED = "released", _("no longer due")

    personal = ("text", "outcome")
    counted_from = "due_at"
    holds = True

    text = models.TextField()
    due_at = models.DateTimeField(db_index=True)
    owner = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    made_at = models.DateTimeField(default=clock.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=100, blank=True)
    outcome = models.TextField(blank=True)
    bars = models.CharField(max_length=8, blank=True)  # what it forbids until its date: calls, offers, contact
    source = models.CharField(max_length=60, blank=True)
    source_id = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ("due_at",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("source", "source_id"), condition=~models.Q(source=""), name="promise_once_per_source_row"
            )
        ]

    def __str__(self) -> str:
        return f"promise {self.id}"

    @property
    def promised(self) -> Promised:
        """Return it as the rules on promises read it."""
        return Promised(str(self.id), self.entity, self.brand, self.text, self.due_at, self.bars, self.made_at)


class FollowUp(Act):
    """Something to do for a person or a company by a date; it lives here whatever its system does."""

    class State(models.TextChoices):
        OPEN = "open", _("to do")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")

    personal = ("subject", "outcome")
    counted_from = "due_at"
    holds = True

    company = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=30, default="call")
    subject = models.CharField(max_length=300)
    due_at = models.DateTimeField(db_index=True)
    owner = models.CharField(max_length=100, blank=True, db_index=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=100, blank=True)
    outcome = models.TextField(blank=True)
    source = models.CharField(max_length=60, blank=True)
    source_id = models.CharField(max_length=120, blank=True)
    record_key = models.BigIntegerField(null=True, blank=True, db_index=True)
    rule = models.CharField(max_length=60, blank=True)  # the one that made it, and for what: never twice
    cause = models.CharField(max_length=160, blank=True)

    class Meta:
        ordering = ("due_at",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("source", "source_id"), condition=~models.Q(source=""), name="follow_up_once_per_source_row"
            ),
            models.UniqueConstraint(
                fields=("rule", "person", "cause"), condition=~models.Q(rule=""), name="follow_up_once_per_cause"
            ),
        ]

    def __str__(self) -> str:
        return f"follow-up {self.id}"


class Correction(Act):
    """A value set by a person who knows better; it outranks every source until undone."""

    personal = ("value", "was", "reason")
    counted_from = "undone_at"

    attribute = models.CharField(max_length=40)
    value = models.TextField()
    was = models.TextField(blank=True)
    reason = models.CharField(max_length=300, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"correction {self.id}"


class ConsentEvent(Act):
    """An act of consent, refusal, objection or restriction recorded here: append-only."""

    personal = ("evidence",)
    plain = ("notice",)
    basis = "legal_obligation"
    retention_days = 5 * 365
    counted_from = ""  # a refusal outlives its date: what a person decided is kept as long as they are known

    purpose = models.CharField(max_length=20)
    channel = models.CharField(max_length=10)
    state = models.CharField(max_length=12)
    at = models.DateTimeField(default=clock.now)
    notice = models.CharField(max_length=300, blank=True)
    method = models.CharField(max_length=60)
    evidence = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-at",)
        indexes: ClassVar = [models.Index(fields=("created_at",), name="consents_since")]

    def __str__(self) -> str:
        return f"consent {self.id}"


class Verdict(Row, Personal):
    """A human verdict on identity between records: one person, or not; a constraint until undone."""

    personal = ("reason",)
    person_column = ""
    counted_from = ""  # it goes with the records

    class Kind(models.TextChoices):
        SAME = "must_link", _("one person")
        DIFFERENT = "cannot_link", _("different people")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    left = models.BigIntegerField()
    right = models.BigIntegerField()
    by = models.CharField(max_length=100)
    reason = models.CharField(max_length=300, blank=True)
    gesture = models.CharField(max_length=36, blank=True, db_index=True)
    # whose records they are: what a verdict says may be read by whoever sees both
    left_entity = models.CharField(max_length=60, blank=True)
    left_brand = models.CharField(max_length=60, blank=True)
    right_entity = models.CharField(max_length=60, blank=True)
    right_brand = models.CharField(max_length=60, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = (models.Index(fields=("left",)), models.Index(fields=("right",)))

    def __str__(self) -> str:
        return f"{self.kind} {self.left} {self.right}"
