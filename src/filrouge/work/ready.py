"""Django made ready in this process, once: whatever touches rows is imported after."""

from __future__ import annotations

from filrouge.base import settings


def ready() -> None:
    """Set Django up with the product's settings, unless somebody did already."""
    from django.apps import apps

    if apps.ready:
        return
    if settings.variable("DJANGO_SETTINGS_MODULE") is None:
        settings.use(DJANGO_SETTINGS_MODULE="filrouge.site.settings")
    import django

    django.setup()
