"""Erasures as an officer reads them: those of their own entities, with their clock and what proves them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from filrouge.base.errors import NotFound
from filrouge.domain.privacy.caller import Caller
from filrouge.store.models import AuditLine, Entity, Erasure, Job, Suppression
from filrouge.store.routers import audit_alias

ROLE = "privacy"
WITHIN = timedelta(days=30)  # one month from the request (GDPR, article 12), counted short


@dataclass(frozen=True)
class Proof:
    """An audit line about an erasure: its number, its moment, its hash in the chain."""

    seq: int
    at: datetime
    action: str
    by: str
    hash: str


@dataclass(frozen=True)
class ErasureView:
    """One erasure: what was asked, by whom, on whose behalf, by when it is due, what was done."""

    id: str
    by: str
    reason: str
    entities: tuple[str, ...]
    state: str
    asked_at: datetime
    due_at: datetime
    finished_at: datetime | None
    person: str
    report: dict[str, Any]
    trouble: dict[str, Any]
    hashes: int
    proofs: tuple[Proof, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return the erasure for a program; neither the person nor what others hold of them is told."""
        report = {name: value for name, value in self.report.items() if name != "staying"}
        lines = [{"seq": one.seq, "action": one.action, "hash": one.hash, "at": one.at} for one in self.proofs]
        return {
            "id": self.id, "state": self.state, "by": self.by, "entities": list(self.entities),
            "asked_at": self.asked_at, "due_at": self.due_at, "finished_at": self.finished_at, "report": report,
            "hashes": self.hashes, "lines": lines,
        }  # fmt: skip


def erasures(caller: Caller, *, limit: int = 200) -> list[ErasureView]:
    """Return the erasures of the caller's entities, those that wait first, then the latest."""
    rows = [row for row in Erasure.objects.all()[: limit * 2] if _open_to(row, caller)][:limit]
    found = [_seen(row) for row in rows]
    return sorted(found, key=lambda one: (one.finished_at is not None, -one.asked_at.timestamp()))


def erasure(key: str, caller: Caller) -> ErasureView:
    """Return one erasure with its audit lines. Raises NotFound."""
    row = Erasure.objects.filter(pk=key).first() if _is_id(key) else None
    if row is None or not _open_to(row, caller):
        raise NotFound("There is no such erasure.")
    return _seen(row, proofs=True)


def _open_to(row: Erasure, caller: Caller) -> bool:
    """An officer reads the erasures of entities that they act for; those of the whole group need the whole group."""
    if caller.perimeter.everything:
        return True
    held = caller.perimeter.holds(ROLE)
    concerned = set(row.entities) or set(Entity.objects.values_list("slug", flat=True))
    return bool(held) and concerned <= held


def _seen(row: Erasure, *, proofs: bool = False) -> ErasureView:
    job = Job.objects.filter(key=f"erase {row.id}").order_by("-created_at").first()
    failed = job is not None and row.state != "done" and job.state in ("waiting", "failed")
    return ErasureView(
        id=str(row.id),
        by=row.by,
        reason=row.reason,
        entities=tuple(row.entities),
        state=row.state,
        asked_at=row.created_at,
        due_at=row.created_at + WITHIN,
        finished_at=row.finished_at,
        person=row.person,
        report=row.report,
        trouble=job.trouble if failed and job is not None else {},
        hashes=Suppression.objects.filter(erasure=row.id).count() if proofs else 0,
        proofs=tuple(_proofs(str(row.id))) if proofs else (),
    )


def _proofs(key: str) -> list[Proof]:
    rows = AuditLine.objects.using(audit_alias()).filter(action__startswith="erasure.", body__contains=key)
    return [
        Proof(row.seq, row.at, row.action, row.by, row.hash)
        for row in rows.order_by("seq")
        if key in (row.subject, json.loads(row.body).get("details", {}).get("erasure"))
    ]


def _is_id(text: str) -> bool:
    from uuid import UUID

    try:
        UUID(text)
    except ValueError:
        return False
    return True
