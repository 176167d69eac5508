"""Sources being prepared: a file that somebody brought, how it is read, what a dry run counted."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from filrouge.base import clock
from filrouge.store.models.base import Row
from filrouge.store.models.sources import Run


class SourceDraft(Row):
    """A source being prepared; its file stands in a folder named after ``id`` until it is imported or dropped."""

    class State(models.TextChoices):
        OPEN = "open", _("being prepared")
        ASKED = "asked", _("being imported")
        DONE = "done", _("imported")

    name = models.CharField(max_length=200)  # of the file, as it was brought
    size = models.BigIntegerField()
    digest = models.CharField(max_length=64)  # SHA-256 of the file
    entity = models.CharField(max_length=60)
    brand = models.CharField(max_length=60)
    spec = models.JSONField()  # the definition so far, as its author would write it
    tried = models.JSONField(default=dict)  # what the last dry run counted
    tried_of = models.CharField(max_length=64, blank=True)  # digest of the definition that it tried
    mended = models.PositiveIntegerField(default=0)  # number of the corrections that hold, beside the file; 0 for none
    former = models.JSONField(default=dict)  # the source as it stood, to come back should this not be imported
    trouble = models.JSONField(default=dict)  # what went wrong last, as errors keep themselves
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    by = models.CharField(max_length=100)
    edited_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("-edited_at",)

    def __str__(self) -> str:
        return str(self.id)
