"""What people put right in the layers above people: who lives with whom, who works where. People stay as they are."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from filrouge.store.models.acts import Act


class Layered(Act):
    """Somebody's word on a layer: it adds to what the records say, and is taken back exactly."""

    reason = models.CharField(max_length=300, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=100, blank=True)

    class Meta:
        abstract = True


class HouseholdCorrection(Layered):
    """``person`` lives with ``other``, or does not live where ``other`` does; one gesture may name several."""

    class Kind(models.TextChoices):
        WITH = "with", _("lives with")
        AWAY = "away", _("does not live with")

    personal = ("kind", "other", "reason")
    counted_from = "undone_at"
    other_column = "other"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    other = models.CharField(max_length=36, db_index=True)
    gesture = models.CharField(max_length=36, db_index=True)

    class Meta:
        ordering = ("-created_at", "other")

    def __str__(self) -> str:
        return f"household {self.kind} {self.gesture}"


class RoleCorrection(Layered):
    """``person`` has a role in a company that no system says, or no longer has one that a system says."""

    class Kind(models.TextChoices):
        ADDED = "added", _("works for")
        ENDED = "ended", _("no longer works for")

    personal = ("kind", "company", "role", "reason")
    counted_from = "undone_at"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    company = models.BigIntegerField(db_index=True)  # key of a record of the company: any of them leads to it
    role = models.CharField(max_length=80, blank=True)
    since = models.DateField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"role {self.kind} {self.id}"
