"""SQL over the lake, limited to what the caller may read; each query leaves its line, without its text."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
from django.db import transaction

from filrouge.base import settings
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import Brand, Entity
from filrouge.store.queries import tables
from filrouge.work import access, audit, runs


def run(asking: Caller, sql: str, *, as_of: datetime | None = None) -> pa.Table:
    """Return the rows of one SELECT over what the caller may read, as of a date when one is given."""
    access.must(asking, "analyst", "engineer", "privacy", "finance", "marketer", scope="sql:read")
    pairs = [
        (e, b)
        for e in Entity.objects.values_list("slug", flat=True)
        for b in Brand.objects.values_list("slug", flat=True)
    ]
    desk = tables.Desk(runs.lake(), asking.perimeter, pairs, copies(), runs.hidden(), as_of)
    found = desk.run(sql)
    with transaction.atomic():
        audit.record("sql.query", by=asking.by, kind="sql", rows=found.num_rows)
    return found


def copies() -> Path:
    """Return where the narrowed copies of tables are kept."""
    return settings.get().home / "scratch" / "sql"
