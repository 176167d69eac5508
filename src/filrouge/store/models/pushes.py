"""Destinations, the pushes that give them people, and every run of each; who was given stands in the lake."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from filrouge.base import clock
from filrouge.store.models.base import Personal, Row
from filrouge.store.models.segments import Segment


class Destination(Row):
    """A tool to which people may be given, on behalf of one entity (or of one of its brands)."""

    name = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=20)
    entity = models.CharField(max_length=60)
    brand = models.CharField(max_length=60, blank=True)
    spec = models.JSONField()  # what domain.pushes.DestinationSpec says
    by = models.CharField(max_length=100)
    edited_by = models.CharField(max_length=100)
    edited_at = models.DateTimeField(default=clock.now)
    checked_at = models.DateTimeField(null=True, blank=True)
    trouble = models.JSONField(default=dict)  # what the last check found, as errors keep themselves

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Push(Row):
    """A segment given to a destination: which columns, for what purpose and by which channel, and when."""

    class Gives(models.TextChoices):
        WHOLE = "whole", _("the whole list")
        CHANGES = "changes", _("what changed")

    name = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=120)
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="pushes")
    destination = models.ForeignKey(Destination, on_delete=models.PROTECT, related_name="pushes")
    entity = models.CharField(max_length=60)
    brand = models.CharField(max_length=60, blank=True)
    purpose = models.CharField(max_length=20)
    channel = models.CharField(max_length=10)
    columns = models.JSONField()
    key = models.CharField(max_length=20, default="id")
    gives = models.CharField(max_length=8, choices=Gives.choices, default=Gives.CHANGES)
    timing = models.CharField(max_length=100, blank=True)  # change, a cron expression, or nothing: by hand
    owner = models.CharField(max_length=100, blank=True)
    enabled = models.BooleanField(default=True)
    by = models.CharField(max_length=100)
    edited_by = models.CharField(max_length=100)
    edited_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField(null=True, blank=True)  # when the schedule names it next
    looked_at = models.DateTimeField(null=True, blank=True)  # up to when changes are known to the last run
    held = models.BigIntegerField(default=0)  # rows that the destination may hold

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class PushRun(Row):
    """One run of a push: what was ordered, and what became of it."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("every row confirmed")
        PARTLY = "partly", _("not every row confirmed")
        STOPPED = "stopped", _("stopped before its end")
        INTERRUPTED = "interrupted", _("interrupted")
        FAILED = "failed", _("failed")

    push = models.ForeignKey(Push, on_delete=models.CASCADE, related_name="runs")
    state = models.CharField(max_length=12, choices=State.choices, default=State.RUNNING)
    only = models.CharField(max_length=10, blank=True)
    by = models.CharField(max_length=100)
    started_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    ordered = models.BigIntegerField(default=0)
    sent = models.BigIntegerField(default=0)
    removed = models.BigIntegerField(default=0)
    withheld = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    waiting = models.BigIntegerField(default=0)  # ordered and not tried: the run stopped before
    reasons = models.JSONField(default=dict)  # withheld, by reason
    trouble = models.JSONField(default=dict)

    class Meta:
        ordering = ("-started_at",)
        indexes = (models.Index(fields=("push", "-started_at")),)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("push",), condition=models.Q(state="running"), name="one_run_a_push")
        ]

    def __str__(self) -> str:
        return f"{self.push_id} {self.started_at:%Y-%m-%d %H:%M}"


class PushRemoval(Row, Personal):
    """Somebody who was erased here and is to be taken back from a destination; it goes once that is confirmed."""

    personal = ("key",)
    plain = ("erasure",)
    person_column = ""
    basis = "legal_obligation"
    retention_days = 400

    push = models.ForeignKey(Push, on_delete=models.CASCADE, related_name="removals")
    key = models.CharField(max_length=254)
    erasure = models.CharField(max_length=36)

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        return f"removal {self.id}"
