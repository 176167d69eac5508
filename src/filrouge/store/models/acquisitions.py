"""Companies that were bought: what is to be integrated, by when, what was said of each step, and when it went live."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from filrouge.store.models.base import Personal, Row
from filrouge.store.models.users import User


class Acquisition(Row, Personal):
    """A company, or a part of one, that the group bought; ``entity`` and ``brands`` may not be there yet."""

    personal = ("live_reason",)
    plain = ("brands", "systems", "live_open", "figures")
    person_column = ""
    whose = "staff"
    counted_from = ""

    class Nature(models.TextChoices):
        SHARE = "share", _("purchase of shares")
        ASSET = "asset", _("purchase of assets")

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    nature = models.CharField(max_length=5, choices=Nature.choices)
    parent = models.CharField(max_length=60)  # the entity that bought
    entity = models.CharField(max_length=60)  # who is the controller of the data: after an asset purchase, the buyer
    brands = models.JSONField(default=list)
    systems = models.JSONField(default=list)  # that are to come: name and title of each
    started_on = models.DateField()
    target_on = models.DateField()
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    live_at = models.DateTimeField(null=True, blank=True)
    live_by = models.CharField(max_length=100, blank=True)
    live_open = models.JSONField(default=list)  # the steps that were still open then
    live_reason = models.CharField(max_length=300, blank=True)
    figures = models.JSONField(default=dict)  # counts of people and consents, as last measured
    measured_at = models.DateTimeField(null=True, blank=True)
    sample = models.BooleanField(default=False)

    class Meta:
        ordering = ("-started_on", "name")

    def __str__(self) -> str:
        return self.name


class AcquisitionStep(Row, Personal):
    """What somebody said of one step: done, or without object; and who has it in hand, until when."""

    personal = ("note",)
    person_column = ""
    whose = "staff"
    counted_from = ""

    class State(models.TextChoices):
        NONE = "", _p("step", "nothing said")
        DONE = "done", _p("step", "done")
        WITHOUT = "without", _p("step", "does not apply")

    acquisition = models.ForeignKey(Acquisition, on_delete=models.CASCADE, related_name="steps")
    code = models.SlugField(max_length=40)
    state = models.CharField(max_length=8, choices=State.choices, blank=True, default=State.NONE)
    note = models.CharField(max_length=300, blank=True)
    by = models.CharField(max_length=100, blank=True)
    at = models.DateTimeField(null=True, blank=True)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    due_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("code",)
        constraints: ClassVar = [models.UniqueConstraint(fields=("acquisition", "code"), name="acquisition_step_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.state}".strip()
