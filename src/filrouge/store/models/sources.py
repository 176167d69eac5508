"""Sources, their secrets, and the runs that read them or derive from them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from filrouge.store.models.base import Row

# Name and kind of the source of people created here: it holds records, and nothing ever reads it.
BUILT_IN = "filrouge"
# Kind of the sources of a sender: they are written to, and nothing ever reads them.
COLLECT = "collect"


class Source(Row):
    """One place read into one canonical table; ``spec`` is the definition as its author wrote it."""

    name = models.SlugField(max_length=60, unique=True)
    system = models.SlugField(max_length=60)
    kind = models.CharField(max_length=20)
    reads = models.CharField(max_length=40)
    entity = models.CharField(max_length=60, blank=True)
    brand = models.CharField(max_length=60, blank=True)
    spec = models.JSONField()
    folder = models.CharField(max_length=1000, blank=True)
    rank = models.PositiveSmallIntegerField(default=100)
    enabled = models.BooleanField(default=True)
    cursor = models.CharField(max_length=200, blank=True)
    as_of = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)  # of a sender: since when nothing of it is taken
    swept_at = models.DateTimeField(null=True, blank=True)
    sample = models.BooleanField(default=False)
    left_behind = models.JSONField(default=list)  # limits of values that columns held apart were read into before

    class Meta:
        ordering = ("system", "name")

    def __str__(self) -> str:
        return self.name


class Secret(Row):
    """A password or token of a system, encrypted with the key of this installation."""

    name = models.SlugField(max_length=60, unique=True)
    sealed = models.TextField()

    def __str__(self) -> str:
        return self.name


class Run(Row):
    """One run: whole or absent. ``manifest`` says what is to be put in the lake once everything is staged."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        STAGED = "staged", _("being committed")
        COMMITTED = "committed", _("done")
        FAILED = "failed", _("failed")
        UNDONE = "undone", _("undone")
        HELD = "held", _("on hold")
        GIVEN_UP = "given_up", _("given up")

    kind = models.CharField(max_length=20, default="import")
    lookup = models.BooleanField(default=False)  # of one person's rows: it says nothing of the source as a whole
    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.SET_NULL, related_name="runs")
    source_name = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.RUNNING)
    by = models.CharField(max_length=100)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    as_of = models.DateTimeField(null=True, blank=True)
    read = models.BigIntegerField(default=0)
    new = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    matched = models.BigIntegerField(default=0)
    vanished = models.BigIntegerField(default=0)
    warned = models.BigIntegerField(default=0)
    verdict = models.CharField(max_length=20, blank=True)
    findings = models.JSONField(default=list)
    figures = models.JSONField(default=dict)
    problem = models.CharField(max_length=500, blank=True)
    problem_hint = models.CharField(max_length=500, blank=True)
    trouble = models.JSONField(default=dict)  # the same, as template and parameters: doors say it in any language
    manifest = models.JSONField(default=dict)
    next_cursor = models.CharField(max_length=200, blank=True)
    held_at = models.DateTimeField(null=True, blank=True)  # since when it waits, or waited, for a person
    decided_by = models.CharField(max_length=100, blank=True)  # who let it in or gave it up
    because = models.CharField(max_length=200, blank=True)
    shape = models.JSONField(default=dict)  # of what it received, and how that was read: no value in clear
    reshaping = models.JSONField(default=dict)  # of one whose shape changed: what is chosen for it, and what it counts

    class Meta:
        ordering = ("-started_at",)
        indexes = (models.Index(fields=("state",)), models.Index(fields=("source", "-started_at")))

    def __str__(self) -> str:
        return f"{self.source_name or self.kind} {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def lost(self) -> int:
        """Rows unaccounted for: must be 0."""
        return self.read - self.new - self.changed - self.unchanged - self.rejected


class Ruling(Row):
    """What one rule of a source found in one run: how many rows of how many, or what it measured of the run."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="rulings")
    source_name = models.CharField(max_length=60)
    rule = models.CharField(max_length=100)
    check_kind = models.CharField(max_length=12)
    does = models.CharField(max_length=8)
    owner = models.CharField(max_length=100, blank=True)
    said = models.CharField(max_length=8)  # ok, warned, broken
    rows = models.BigIntegerField(null=True, blank=True)
    of = models.BigIntegerField(null=True, blank=True)
    measured = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run", "rule"), name="one_ruling_a_rule"),)
        indexes = (models.Index(fields=("source_name", "-created_at")),)

    def __str__(self) -> str:
        return f"{self.rule}: {self.said}"
