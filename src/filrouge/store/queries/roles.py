"""Who works where: what systems say, put right by what people say; the later word on one role holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from filrouge.base.text import fold
from filrouge.domain.privacy.caller import Caller
from filrouge.store.live import Live
from filrouge.store.models import RoleCorrection
from filrouge.store.queries import companies


@dataclass(frozen=True)
class ToldRole:
    """What somebody said of a role: the company is named when the reader sees it."""

    key: str
    kind: str
    company: str
    role: str
    by: str
    at: datetime
    reason: str
    undone_at: datetime | None
    undone_by: str
    undoable: bool


def of_person(
    live: Live, roles: Sequence[Mapping[str, Any]], aliases: Sequence[str], caller: Caller
) -> tuple[Mapping[str, Any], ...]:
    """Return the roles of a person as a view holds them, put right by the corrections that the caller may read."""
    rows = _read(aliases, caller, undone_at=None)
    if not rows:
        return tuple(roles)
    keys = [str(row.company) for row in rows]
    known = companies.names(keys, caller)
    leads = _leads(live, [*keys, *(str(role["company"]) for role in roles if role.get("company"))])
    return tuple(_put_right(roles, rows, leads, known))


def of_company(
    live: Live, roles: Iterable[Mapping[str, Any]], records: Sequence[int], caller: Caller
) -> list[dict[str, Any]]:
    """Return the roles in a company (of ``records``), put right; those that somebody said have ended are left out."""
    wanted = RoleCorrection.objects.filter(company__in=records, undone_at=None)
    by_person: dict[str, list[RoleCorrection]] = {}
    for row in wanted:
        if caller.perimeter.sees(row.entity, row.brand, "company"):
            by_person.setdefault(live.current(row.person), []).append(row)
    held: dict[str, list[Mapping[str, Any]]] = {person: [] for person in by_person}
    for role in roles:
        held.setdefault(live.current(role["person"]), []).append({**role, "company": records[0]})
    leads = dict.fromkeys((str(record) for record in records), records[0])
    known = {str(record): "" for record in records}
    return [
        {**role, "person": person}
        for person, theirs in held.items()
        for role in _put_right(theirs, by_person.get(person, []), leads, known)
        if not role.get("ended_by")
    ]


def told(aliases: Sequence[str], caller: Caller) -> list[ToldRole]:
    """Return what people said of the roles of a person, the latest first, as far as the caller may read it."""
    rows = _read(aliases, caller)
    known = companies.names([str(row.company) for row in rows], caller)
    return [
        ToldRole(
            str(row.pk), row.kind, known.get(str(row.company), ""), row.role, row.by, row.created_at, row.reason,
            row.undone_at, row.undone_by,
            row.undone_at is None and caller.perimeter.acts(row.entity, row.brand, "advisor", "sales", "privacy"),
        )
        for row in rows
    ]  # fmt: skip


def _read(aliases: Sequence[str], caller: Caller, **where: Any) -> list[RoleCorrection]:
    rows = RoleCorrection.objects.filter(person__in=aliases, **where)
    return [row for row in rows if caller.perimeter.sees(row.entity, row.brand, "company")]


def _put_right(
    roles: Iterable[Mapping[str, Any]],
    rows: Iterable[RoleCorrection],
    leads: Mapping[str, int],
    known: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Return ``roles`` with what ``rows`` say: ``leads`` gives the company of a record, ``known`` those in sight."""
    found = [dict(role) for role in roles]
    for row in sorted(rows, key=lambda one: (one.created_at, one.pk)):
        company = leads.get(str(row.company), row.company)
        if row.kind == RoleCorrection.Kind.ADDED:
            if str(row.company) in known:
                found.append(
                    {"role": row.role, "company": row.company, "name": known[str(row.company)],
                     "since": row.since.isoformat() if row.since else None, "until": None, "source": "filrouge",
                     "entity": row.entity, "brand": row.brand, "by": row.by}
                )  # fmt: skip
            continue
        for role in found:
            same = leads.get(str(role.get("company")), role.get("company")) == company
            if same and fold(str(role.get("role") or "")) == fold(row.role):
                role["until"] = (row.until or row.created_at.date()).isoformat()
                role["ended_by"] = row.by
    return found


def _leads(live: Live, keys: Sequence[str]) -> dict[str, int]:
    """Return the company that each record of one leads to."""
    wanted = sorted({int(key) for key in keys})
    marks = ", ".join(["%s"] * len(wanted))
    rows = live.rows(f"SELECT record, company FROM company_of WHERE record IN ({marks})", wanted) if wanted else []
    return {str(record): company for record, company in rows}
