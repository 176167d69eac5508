"""Tracking plans: every version that was kept, the one in force, and what it found in the events that came."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from filrouge.store.models.base import Row


class TrackingPlan(Row):
    """One version of a sender's plan; it never changes once kept, and at most one is in force."""

    class Mode(models.TextChoices):
        WATCH = "watch", _("watches")
        ENFORCE = "enforce", _("enforced")

    source = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    mode = models.CharField(max_length=8, choices=Mode.choices, default=Mode.WATCH)
    spec = models.JSONField()  # what domain.events.plan.PlanSpec says
    in_force = models.BooleanField(default=False)
    by = models.CharField(max_length=100)

    class Meta:
        ordering = ("source", "-version")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("source", "version"), name="plan_version_once"),
            models.UniqueConstraint(fields=("source",), condition=models.Q(in_force=True), name="plan_one_in_force"),
        ]

    def __str__(self) -> str:
        return f"plan {self.source} {self.version}"


class PlanFinding(Row):
    """How often one version of a plan found one thing wrong: in which event, where, what it expected."""

    source = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=10)
    name = models.CharField(max_length=300)
    code = models.CharField(max_length=30)
    field = models.CharField(max_length=200, blank=True)
    expected = models.CharField(max_length=60, blank=True)
    count = models.BigIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        ordering = ("-count",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("source", "version", "kind", "name", "code", "field", "expected"), name="plan_finding_once"
            )
        ]

    def __str__(self) -> str:
        return f"finding {self.source} {self.code}"
