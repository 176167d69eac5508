"""Which database file holds which rows: the audit chain stands apart from what it watches over."""

from __future__ import annotations

from typing import Any

from django.conf import settings

AUDIT_MODELS = {"auditline"}


def audit_alias() -> str:
    """Return the alias of the database that holds the audit chain."""
    return "audit" if "audit" in settings.DATABASES else "default"


def live_alias() -> str:
    """Return the alias of the database that holds the live copies."""
    return "live" if "live" in settings.DATABASES else "default"


class Router:
    """Send the audit chain to its own file where there is one, everything else to the default database."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return audit_alias() if _is_audit(model._meta.app_label, model._meta.model_name) else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool | None:
        if _is_audit(app_label, model_name):
            return db == audit_alias()
        return db == "default"


def _is_audit(app_label: str, model_name: str | None) -> bool:
    return app_label == "store" and model_name in AUDIT_MODELS
