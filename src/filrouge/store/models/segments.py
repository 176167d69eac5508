"""Segments: what each is, every version of it, and how many people it held day after day."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from filrouge.base import clock
from filrouge.store.models.base import Row


class Segment(Row):
    """A segment under its name: on behalf of an entity (and a brand), for a purpose, by a channel when it has one."""

    class Kind(models.TextChoices):
        DYNAMIC = "dynamic", _("dynamic")
        FROZEN = "frozen", _("frozen")

    name = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=120)
    description = models.CharField(max_length=500, blank=True)
    entity = models.CharField(max_length=60)
    brand = models.CharField(max_length=60, blank=True)
    purpose = models.CharField(max_length=20, default="marketing")
    channel = models.CharField(max_length=10, blank=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.DYNAMIC)
    owner = models.CharField(max_length=100, blank=True)
    spec = models.JSONField()  # what domain.segments.Spec says
    version = models.PositiveIntegerField(default=1)
    by = models.CharField(max_length=100)
    edited_by = models.CharField(max_length=100)
    edited_at = models.DateTimeField(default=clock.now)
    archived_at = models.DateTimeField(null=True, blank=True)
    # the last build
    built_at = models.DateTimeField(null=True, blank=True)
    built_version = models.PositiveIntegerField(null=True, blank=True)
    people = models.BigIntegerField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    trouble = models.JSONField(default=dict)  # why the last build failed, as errors keep themselves

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class SegmentVersion(Row):
    """One version of a segment; it never changes once kept."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    spec = models.JSONField()
    by = models.CharField(max_length=100)

    class Meta:
        ordering = ("segment", "-version")
        constraints: ClassVar = [models.UniqueConstraint(fields=("segment", "version"), name="segment_version_once")]

    def __str__(self) -> str:
        return f"segment {self.segment_id} {self.version}"


class SegmentDay(Row):
    """How many people were in a segment at the last build of a day, and how many came and went that day."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    people = models.BigIntegerField()
    entered = models.BigIntegerField(default=0)
    left = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("segment", "day")
        constraints: ClassVar = [models.UniqueConstraint(fields=("segment", "day"), name="segment_day_once")]

    def __str__(self) -> str:
        return f"segment {self.segment_id} {self.day}"
