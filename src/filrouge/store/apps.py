"""The Django application that holds definitions and acts."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StoreConfig(AppConfig):
    name = "filrouge.store"
    label = "store"
    verbose_name = _("Memory")
    default_auto_field = "django.db.models.BigAutoField"
