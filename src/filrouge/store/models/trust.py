"""What makes the rest trustworthy: the audit chain and its outbox, suppressions, erasures, baselines."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from filrouge.base import clock
from filrouge.store.models.base import Personal, Row


class AuditEntry(Row, Personal):
    """An audit line as born in the transaction of the act, waiting to be chained."""

    personal = ("by",)
    plain = ("details",)
    person_column = ""
    whose = "staff"
    basis = "legal_obligation"
    counted_from = ""

    at = models.DateTimeField(default=clock.now)
    by = models.CharField(max_length=100)
    action = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=30, blank=True)
    subject = models.CharField(max_length=80, blank=True)
    details = models.JSONField(default=dict)
    chained = models.BooleanField(default=False, db_index=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.action} {self.at:%Y-%m-%d %H:%M}"


class AuditLine(Personal):
    """A line of the chain: the body in RFC 8785 form, its hash, and the hash of the line before."""

    personal = ("by", "body")
    person_column = ""
    whose = "staff"
    basis = "legal_obligation"
    counted_from = ""  # a line taken out would break the chain; a customer is only named by a salted hash

    seq = models.BigAutoField(primary_key=True)
    entry = models.UUIDField(unique=True)
    at = models.DateTimeField(db_index=True)
    by = models.CharField(max_length=100, db_index=True)
    action = models.CharField(max_length=60, db_index=True)
    subject_kind = models.CharField(max_length=30, blank=True)
    subject = models.CharField(max_length=80, blank=True, db_index=True)
    body = models.TextField()
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ("seq",)

    def __str__(self) -> str:
        return f"{self.seq} {self.action}"


class SubjectSalt(Personal):
    """The salt by which the audit speaks of a person; destroyed at erasure, so that the lines speak of nobody."""

    personal = ("salt",)
    basis = "legal_obligation"
    counted_from = ""

    person = models.CharField(max_length=36, primary_key=True)
    salt = models.CharField(max_length=64)

    def __str__(self) -> str:
        return "salt"


class Suppression(Row, Personal):
    """A keyed hash of what must not come back: an address, a number or a record of an erased person."""

    personal = ("digest",)
    person_column = ""
    basis = "legal_obligation"
    counted_from = ""  # it keeps an erased person out, as long as there are sources

    kind = models.CharField(max_length=12)
    digest = models.CharField(max_length=64)
    entity = models.CharField(max_length=60, blank=True)  # whose imports obey it; empty: all of the group's
    reason = models.CharField(max_length=40, default="erasure")
    erasure = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("kind", "digest", "entity"), name="one_suppression")]

    def __str__(self) -> str:
        return f"{self.kind} {self.reason}"


class Erasure(Row, Personal):
    """One erasure: what was asked, what was destroyed where, and what a second search found (nothing)."""

    personal = ("reason", "plan")
    plain = ("report", "entities")
    person_column = ""
    basis = "legal_obligation"
    retention_days = 5 * 365
    counted_from = "finished_at"

    subject = models.CharField(max_length=80)
    person = models.CharField(max_length=36, blank=True)
    by = models.CharField(max_length=100)
    reason = models.CharField(max_length=300, blank=True)
    entities = models.JSONField(default=list)  # on whose behalf; empty: the whole group's
    state = models.CharField(max_length=12, default="planned")  # planned, running, swept, done
    plan = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"erasure {self.id}"


class Baseline(Row):
    """A figure as found at a date, kept so that later ones can be compared with it."""

    figure = models.SlugField(max_length=60)
    value = models.FloatField(null=True)
    unit = models.CharField(max_length=12)
    at = models.DateTimeField(default=clock.now)
    entity = models.CharField(max_length=60, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ("figure", "at")

    def __str__(self) -> str:
        return f"{self.figure} {self.at:%Y-%m-%d}"


class Job(Row):
    """Work to be done by a worker: claimed by a conditional update, held by a lease."""

    kind = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    key = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=10, default="waiting", db_index=True)
    run_at = models.DateTimeField(default=clock.now, db_index=True)
    every_s = models.PositiveIntegerField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    again = models.BooleanField(default=False)  # asked for once more while it was running
    worker = models.CharField(max_length=60, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True, blank=True)
    by = models.CharField(max_length=100, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    trouble = models.JSONField(default=dict)  # the same, as template and parameters
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("run_at",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("key",),
                condition=models.Q(state__in=("waiting", "running")) & ~models.Q(key=""),
                name="one_job_per_key",
            )
        ]
        indexes: ClassVar = [models.Index(fields=("key", "-run_at"), name="last_job_of_key")]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class Worker(Row):
    """A process that works through the jobs, and when it was last seen alive."""

    name = models.CharField(max_length=60, unique=True)
    seen_at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
