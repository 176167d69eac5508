"""The group: legal entities, their brands, and the agreements by which one entity opens data to another."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from filrouge.store.models.base import Row


class Entity(Row):
    """A legal entity: the controller of what its systems collect."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    registration_id = models.CharField(max_length=40, blank=True)
    number = models.PositiveSmallIntegerField(unique=True)
    sample = models.BooleanField(default=False)

    class Meta:
        ordering = ("number",)
        verbose_name_plural = _("entities")

    def __str__(self) -> str:
        return self.name


class Brand(Row):
    """A brand, as customers know it; it belongs to one entity and may be used by others."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="brands")
    colour = models.CharField(max_length=9, default="#8a8a8a")
    number = models.PositiveSmallIntegerField(unique=True)
    sample = models.BooleanField(default=False)

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return self.name


class Agreement(Row):
    """A sharing agreement: ``giver`` opens a category of data to ``receiver`` for a purpose, between two dates."""

    giver = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="agreements_given")
    receiver = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="agreements_received")
    category = models.CharField(max_length=20, default="*")
    purpose = models.CharField(max_length=20)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    evidence = models.CharField(max_length=300)
    sample = models.BooleanField(default=False)

    class Meta:
        ordering = ("giver__number", "receiver__number", "purpose")

    def __str__(self) -> str:
        return f"{self.giver.slug} → {self.receiver.slug}: {self.category}, {self.purpose}"
