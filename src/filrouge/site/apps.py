"""The site as a Django application: it makes sure that PostgreSQL's schemas exist before tables are made in them."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import pre_migrate

from filrouge.site.databases import SCHEMAS


class SiteConfig(AppConfig):
    name = "filrouge.site"
    label = "site"

    def ready(self) -> None:
        pre_migrate.connect(make_schema, dispatch_uid="filrouge.site.make_schema")


def make_schema(using: str, **_: Any) -> None:
    """Create the schema that the database ``using`` keeps its tables in."""
    connection = connections[using]
    if connection.vendor == "postgresql" and using in SCHEMAS:
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE SCHEMA IF NOT EXISTS "{SCHEMAS[using]}"')
