"""Roles in companies, put right by people: added where no system knows, ended where a system still says so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import NotFound, UsageError
from filrouge.base.text import fold
from filrouge.domain.privacy.caller import Caller
from filrouge.store.live import Live
from filrouge.store.models import RoleCorrection
from filrouge.store.queries import companies
from filrouge.work import access, audit
from filrouge.work.lengths import REASON, fits

SCOPE = "people:write"
ROLE = 80


def add(
    asking: Caller, person: str, company: str, role: str = "", *, since: date | None = None, reason: str = "",
    entity: str = "", brand: str = "",
) -> RoleCorrection:  # fmt: skip
    """Say that ``person`` works for ``company`` (the key of a record of it). Raises NotFound, Refused, UsageError."""
    access.must(asking, *access.WRITERS, scope=SCOPE)
    found = access.person(asking, person)
    firm = companies.page(company, asking, at=clock.now())
    if firm is None:
        raise NotFound("No company is here.", hint="Look it up by name or number.")
    said = fits(role.strip(), ROLE)
    live = Live()
    if any(_same(live, row, firm.key, said) and not row.get("until") for row in found.view.roles):
        raise UsageError("This person is said to have this role there already.")
    if since is not None and since > clock.now().date():
        raise UsageError("This day is still to come.", hint="Choose today or an earlier day.")
    entity, brand = access.origin(asking, found, entity, brand)
    return _write(
        RoleCorrection(
            kind="added", person=found.view.id, company=firm.key, role=said, since=since, entity=entity, brand=brand,
            by=asking.by, reason=fits(reason, REASON),
        )
    )  # fmt: skip


def end(
    asking: Caller, person: str, company: str, role: str = "", *, until: date | None = None, reason: str = "",
    entity: str = "", brand: str = "",
) -> RoleCorrection:  # fmt: skip
    """Say that ``person`` no longer has ``role`` in ``company``, as of ``until``. Raises NotFound, UsageError."""
    access.must(asking, *access.WRITERS, scope=SCOPE)
    found = access.person(asking, person)
    firm = companies.page(company, asking, at=clock.now())
    live = Live()
    held = [row for row in found.view.roles if firm and _same(live, row, firm.key, role) and not row.get("until")]
    if firm is None or not held:
        raise NotFound("This person is not said to have this role there.", hint="Choose one of their roles.")
    if until is not None and any(until.isoformat() < str(row.get("since") or "")[:10] for row in held):
        raise UsageError("This day is before the role began.", hint="Choose a later day.")
    if until is not None and until > clock.now().date():
        raise UsageError("This day is still to come.", hint="Choose today or an earlier day.")
    entity, brand = access.origin(asking, found, entity, brand)
    return _write(
        RoleCorrection(
            kind="ended", person=found.view.id, company=firm.key, role=fits(role.strip(), ROLE),
            until=until or clock.now().date(), entity=entity, brand=brand, by=asking.by, reason=fits(reason, REASON),
        )
    )  # fmt: skip


def undo(asking: Caller, key: str) -> RoleCorrection:
    """Take back what somebody said of a role: it is as if it had never been said. Raises NotFound."""
    access.must(asking, *access.WRITERS, scope=SCOPE)
    row = RoleCorrection.objects.filter(pk=key, undone_at=None).first() if access.is_id(key) else None
    if row is None or not asking.perimeter.acts(row.entity, row.brand, *access.WRITERS):
        raise NotFound("There is no such correction, or it was taken back already.")
    access.person(asking, row.person)
    with transaction.atomic():
        row.undone_at, row.undone_by = clock.now(), asking.by
        row.save()
        audit.record("role.undo", by=asking.by, kind="person", subject=row.person, correction=str(row.pk))
    return row


def _write(row: RoleCorrection) -> RoleCorrection:
    with transaction.atomic():
        row.save(force_insert=True)
        audit.record(f"role.{row.kind}", by=row.by, kind="person", subject=row.person, correction=str(row.pk))
    return row


def _same(live: Live, held: Mapping[str, Any], company: int, role: str) -> bool:
    """Tell whether a role of a view is ``role`` in ``company``."""
    record = held.get("company")
    found = live.rows("SELECT company FROM company_of WHERE record = %s", [record]) if record else []
    return bool(found) and found[0][0] == company and fold(str(held.get("role") or "")) == fold(role)
