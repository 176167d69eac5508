"""The review queue: pairs of records that a person should look at, and how good links were found to be, run by run."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from filrouge.store.models.base import Personal, Row
from filrouge.store.models.sources import Run
from filrouge.store.models.users import User


class Review(Row, Personal):
    """A pair of records to look at: of one person, or of two? What is decided of it is a verdict."""

    personal = ("told",)
    person_column = ""
    counted_from = ""  # it goes with the records

    class Kind(models.TextChoices):
        AMBIGUOUS = "ambiguous", _("between yes and no")
        BRIDGE = "bridge", _("held by a thread")
        SAMPLE = "sample", _("drawn by chance")

    class State(models.TextChoices):
        OPEN = "open", _("to review")
        LATER = "later", _("put off")
        DECIDED = "decided", _("decided")

    class Decision(models.TextChoices):
        SAME = "same", _("one person")
        DIFFERENT = "different", _("different people")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    stratum = models.CharField(max_length=10, blank=True)  # the band of scores that it was drawn from, if it was
    left = models.BigIntegerField()
    right = models.BigIntegerField()
    left_entity = models.CharField(max_length=60)
    left_brand = models.CharField(max_length=60, blank=True)
    right_entity = models.CharField(max_length=60)
    right_brand = models.CharField(max_length=60, blank=True)
    left_person = models.CharField(max_length=36)
    right_person = models.CharField(max_length=36)
    left_records = models.IntegerField(default=1)
    right_records = models.IntegerField(default=1)
    score = models.FloatField()
    rule = models.CharField(max_length=40, blank=True)
    told = models.TextField(blank=True)  # what each comparison says, in bits
    pattern = models.CharField(max_length=16, blank=True)
    worth = models.FloatField(default=0)
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="+")
    assigned = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="reviews")
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    later_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=10, choices=Decision.choices, blank=True)
    decided_by = models.CharField(max_length=100, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    gesture = models.CharField(max_length=36, blank=True, db_index=True)
    # the same pair shown to somebody else, to see whether they agree: it decides nothing
    second_of = models.OneToOneField("self", null=True, blank=True, on_delete=models.CASCADE, related_name="second")

    class Meta:
        ordering = (models.F("later_at").asc(nulls_first=True), "-worth", "left", "right")
        indexes = (
            models.Index(fields=("state", "-worth"), name="review_queue"),
            models.Index(fields=("left",), name="review_left"),
            models.Index(fields=("right",), name="review_right"),
        )
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("left", "right"), condition=models.Q(second_of=None), name="review_once_per_pair"
            )
        ]

    def __str__(self) -> str:
        return f"review {self.id}"


class Assessment(Row):
    """How good the links of one run are, as far as people reviewed a sample of them, and how far reviewers agree."""

    run = models.OneToOneField(Run, null=True, on_delete=models.CASCADE, related_name="assessment")
    strata = models.JSONField(default=list)
    precision = models.FloatField(null=True)
    precision_low = models.FloatField(null=True)
    precision_high = models.FloatField(null=True)
    recall = models.FloatField(null=True)
    recall_low = models.FloatField(null=True)
    recall_high = models.FloatField(null=True)
    twice = models.IntegerField(default=0)
    agreed = models.IntegerField(default=0)
    kappa = models.FloatField(null=True)
    reviewed = models.IntegerField(default=0)  # pairs decided in the queue that the model was taught
    shift = models.FloatField(default=0)  # bits by which they moved the start of every score
    waiting = models.IntegerField(default=0)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"assessment {self.id}"
