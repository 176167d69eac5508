"""How identity stands: the figures of each resolution, the people worth a doubt, evaluations that were kept."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from filrouge.store.models.base import Personal, Row


class IdentityQuality(Row):
    """The figures of one resolution, computed at its end: a row of their own, which lists of runs need not load."""

    run = models.UUIDField(unique=True)
    at = models.DateTimeField(db_index=True)
    records = models.BigIntegerField()
    people = models.BigIntegerField()
    new_people = models.BigIntegerField(default=0)
    merges = models.BigIntegerField(default=0)
    splits = models.BigIntegerField(default=0)
    reviews = models.BigIntegerField(default=0)
    doubts = models.BigIntegerField(default=0)
    largest = models.IntegerField(default=0)
    model = models.CharField(max_length=20, blank=True)  # version
    figures = models.JSONField()  # what domain.identity.quality measured
    learned = models.JSONField(default=dict)  # what the model compares, and what each level tells in bits

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"quality {self.at:%Y-%m-%d %H:%M}"


class Doubt(Row, Personal):
    """A person whose records contradict each other, or hang together by little; replaced at each resolution."""

    personal = ("code", "figure")
    plain = ("origins",)
    counted_from = ""  # it goes at the next resolution, or with the person

    person = models.CharField(max_length=36, db_index=True)
    code = models.CharField(max_length=20, db_index=True)
    figure = models.FloatField()
    records = models.IntegerField()
    origins = models.JSONField()  # [entity, brand] of the records that it rests on
    place = models.IntegerField(db_index=True)  # the gravest people first

    class Meta:
        ordering = ("place", "code")
        constraints: ClassVar = [models.UniqueConstraint(fields=("person", "code"), name="doubt_once")]

    def __str__(self) -> str:
        return f"doubt {self.code}"


class IdentityModel(Row):
    """A model by which records were compared, or that somebody set: kept, to be read, compared and used again."""

    class Origin(models.TextChoices):
        LEARNED = "learned", _("learned from the records")
        HAND = "hand", _("set by hand")

    version = models.CharField(max_length=20, unique=True)
    origin = models.CharField(max_length=8, choices=Origin.choices)
    content = models.JSONField()  # what domain.identity.byhand.ModelSpec says
    in_use = models.BooleanField(default=False)  # used as it is, and not learned anew
    by = models.CharField(max_length=100, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    last_at = models.DateTimeField(db_index=True)  # when it last settled the whole, or was set

    class Meta:
        ordering = ("-last_at",)

    def __str__(self) -> str:
        return f"model {self.version}"


class Evaluation(Row):
    """Identity tried on a labelled file, and how close it came to the truth."""

    name = models.CharField(max_length=200)  # of the file
    by = models.CharField(max_length=100)
    figures = models.JSONField()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"evaluation {self.name}"
