"""What a call leaves: what was said and how it was received, how it ended, whether the caller was known."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from filrouge.base import clock
from filrouge.store.models.acts import Act
from filrouge.store.models.base import Row


class Outcome(Act):
    """How a person received what was said to them: it feeds the next ranking until it is undone."""

    class Said(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")
        UNSUITED = "unsuited", _("not relevant")

    personal = ("reason", "subject")
    counted_from = "at"

    action = models.CharField(max_length=30)
    subject = models.CharField(max_length=120, blank=True)
    cause = models.CharField(max_length=160)
    said = models.CharField(max_length=10, choices=Said.choices)
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=clock.now)
    follow_up = models.UUIDField(null=True, blank=True)  # the one that it opened
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ("-at",)
        indexes = (models.Index(fields=("entity", "action", "-at"), name="outcome_last"),)

    def __str__(self) -> str:
        return f"outcome {self.id}"


class Call(Act):
    """A call as whoever held it ended it; it stands here whatever the system of calls does."""

    personal = ("text",)
    counted_from = "at"

    at = models.DateTimeField(default=clock.now)
    direction = models.CharField(max_length=3, default="in")
    disposition = models.CharField(max_length=20)
    text = models.TextField(blank=True)
    follow_up = models.UUIDField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"call {self.id}"


class Verification(Act):
    """One try to verify a caller by agreed questions: which were asked, and whether the answers agreed; no answer."""

    personal = ("passed",)
    plain = ("asked",)
    retention_days = 90

    asked = models.JSONField(default=list)  # codes of questions
    passed = models.BooleanField()
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"verification {self.id}"


class Questions(Row):
    """What an entity asks its callers: questions in order, how many must be right, tries, and for how long it holds."""

    entity = models.CharField(max_length=60, unique=True)
    questions = models.JSONField()
    needed = models.PositiveSmallIntegerField(default=2)
    tries = models.PositiveSmallIntegerField(default=3)
    minutes = models.PositiveSmallIntegerField(default=30)
    by = models.CharField(max_length=100)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering: ClassVar = ("entity",)
        verbose_name_plural = "questions"

    def __str__(self) -> str:
        return f"questions of {self.entity}"
