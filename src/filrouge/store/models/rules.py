"""Rules that make follow-ups by themselves: what sets them off, whose they become, by when."""

from __future__ import annotations

from django.db import models

from filrouge.base import clock
from filrouge.store.models.base import Row


class FollowUpRule(Row):
    """One rule, on behalf of an entity (and a brand); ``spec`` is what domain.followups.rules.Spec says."""

    name = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=120)
    entity = models.CharField(max_length=60)
    brand = models.CharField(max_length=60, blank=True)
    spec = models.JSONField()
    off_at = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=100)
    edited_by = models.CharField(max_length=100)
    edited_at = models.DateTimeField(default=clock.now)
    # the last time that it was worked
    worked_at = models.DateTimeField(null=True, blank=True)
    made = models.PositiveIntegerField(null=True, blank=True)
    trouble = models.JSONField(default=dict)  # why it failed, as errors keep themselves

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
