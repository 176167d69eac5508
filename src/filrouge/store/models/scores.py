"""Models of scores: each one trained is kept with its report card; a person promotes one, and may roll back."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from filrouge.store.models.base import Row


class ScoreModel(Row):
    """One model of one entity: ``content`` is what it computes with, ``card`` what its back-test found."""

    class State(models.TextChoices):
        CANDIDATE = "candidate", _("candidate")
        PROMOTED = "promoted", _("in use")
        RETIRED = "retired", _("retired")

    entity = models.CharField(max_length=60)
    name = models.CharField(max_length=80)
    version = models.CharField(max_length=20)
    kind = models.CharField(max_length=10)  # learned, trees, rule or published
    content = models.JSONField()
    card = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.CANDIDATE)
    trained_at = models.DateTimeField(db_index=True)
    by = models.CharField(max_length=100)
    promoted_by = models.CharField(max_length=100, blank=True)
    promoted_at = models.DateTimeField(null=True, blank=True)
    owner = models.CharField(max_length=100, blank=True)  # of a published one: who answers for it
    trouble = models.JSONField(default=dict, blank=True)  # why it could not be refreshed; empty when it was
    refreshed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("entity", "name", "-trained_at")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("entity", "name", "version"), name="score_model_once"),
            models.UniqueConstraint(
                fields=("entity", "name"), condition=models.Q(state="promoted"), name="score_model_in_use"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"
