"""The audit as an officer reads it: who did what, when; the lines about one person."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from filrouge.domain.privacy import chain
from filrouge.store.models import AuditLine, SubjectSalt
from filrouge.store.routers import audit_alias


@dataclass(frozen=True)
class AuditRow:
    """One line of the audit."""

    seq: int
    at: datetime
    by: str
    action: str
    kind: str
    subject: str
    details: dict[str, Any]
    hash: str


def lines(
    *, by: Sequence[str] = (), action: str = "", person: str = "", before: int | None = None, limit: int = 50
) -> list[AuditRow]:
    """Return the latest lines, when asked those of some authors, of an action, about a person, before a number.

    ``by`` holds parts of what the authors are called.
    """
    rows = AuditLine.objects.using(audit_alias()).order_by("-seq")
    if by:
        rows = rows.filter(reduce(or_, (Q(by__icontains=one) for one in by)))
    if action:
        rows = rows.filter(action__startswith=action)
    if person:
        salt = SubjectSalt.objects.filter(person=person).first()
        if salt is None:
            return []
        rows = rows.filter(subject=chain.commitment(salt.salt, person))
    if before is not None:
        rows = rows.filter(seq__lt=before)
    return [
        AuditRow(
            row.seq,
            row.at,
            row.by,
            row.action,
            row.subject_kind,
            row.subject,
            json.loads(row.body).get("details", {}),
            row.hash,
        )
        for row in rows[:limit]
    ]


def actions() -> list[str]:
    """Return the actions that were ever recorded."""
    return list(AuditLine.objects.using(audit_alias()).order_by("action").values_list("action", flat=True).distinct())
