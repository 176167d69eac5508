"""Write keys: by which a sender writes for one source and brand."""

from __future__ import annotations

from django.db import models

from filrouge.store.models.base import Row


class WriteKey(Row):
    """A key of a sender: only the digest of its word is kept, and published to the collector until it is revoked."""

    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    source = models.SlugField(max_length=60)
    entity = models.CharField(max_length=60)
    brand = models.CharField(max_length=60)
    by = models.CharField(max_length=100)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("source", "created_at")

    def __str__(self) -> str:
        return f"{self.source} ({self.prefix}…)"
