"""Alerts: what somebody should know of now, whom it reaches, and what was sent of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from filrouge.base import clock
from filrouge.store.models.base import Row
from filrouge.store.models.sources import Run


class AlertAddress(Row):
    """Where the alerts of an owner go: the name of the secret that holds the address, never the address."""

    name = models.SlugField(max_length=60, unique=True)
    secret = models.CharField(max_length=60)
    owner = models.CharField(max_length=100)  # as rules and sources name them; * for every owner
    language = models.CharField(max_length=5, default="fr")
    by = models.CharField(max_length=100)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Alert(Row):
    """Something that waits for somebody, from when it was seen until it is no more."""

    key = models.CharField(max_length=120)
    kind = models.CharField(max_length=20)  # held, failed, doubtful
    source_name = models.CharField(max_length=60)
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    owners = models.JSONField(default=list)
    opened_at = models.DateTimeField(default=clock.now)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-opened_at",)
        constraints = (
            models.UniqueConstraint(fields=("key",), condition=Q(resolved_at=None), name="one_open_alert_a_key"),
        )

    def __str__(self) -> str:
        return self.key


class Notice(Row):
    """What one address is to be told of one alert: claimed with a lease, sent, done."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="notices")
    address = models.ForeignKey(AlertAddress, on_delete=models.CASCADE, related_name="notices")
    what = models.CharField(max_length=10)  # opened, again, resolved
    state = models.CharField(max_length=8, default="waiting")  # waiting, sending, done
    claim = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("created_at",)
        indexes = (models.Index(fields=("state", "lease_until")),)

    def __str__(self) -> str:
        return f"{self.what} {self.alert_id}"
