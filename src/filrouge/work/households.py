"""Households: derived with each resolution from the records, put right by people, taken back exactly.

What people say stands in rows of its own, which pages add to what the records say: no person, record, link changes.
"""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
from django.db import transaction

from filrouge.base import clock, ids
from filrouge.base.errors import NotFound, UsageError
from filrouge.domain import identity
from filrouge.domain.privacy.caller import Caller
from filrouge.engines import Engine
from filrouge.store.models import HouseholdCorrection
from filrouge.store.views import current
from filrouge.work import access, audit, runs
from filrouge.work.lengths import REASON, fits

SCOPE = "people:write"


# --- said by people ---------------------------------------------------------------------------------------------------


def away(asking: Caller, person: str, *, reason: str = "", entity: str = "", brand: str = "") -> str:
    """Say that ``person`` does not live where they are said to; return the gesture by which it is undone.

    Raises NotFound, Refused, and UsageError when nobody is said to live with them.
    """
    access.must(asking, *access.WRITERS, scope=SCOPE)
    found = access.person(asking, person)
    if not found.household:
        raise UsageError("Nobody is said to live with this person.", hint="There is nothing to correct.")
    entity, brand = access.origin(asking, found, entity, brand)
    return _write("away", found.view.id, [member.id for member in found.household], entity, brand, asking.by, reason)


def lives_with(asking: Caller, person: str, other: str, *, reason: str = "", entity: str = "", brand: str = "") -> str:
    """Say that two people live together; return the gesture by which it is undone.

    Raises NotFound, Refused, and UsageError when they are one person or live together already.
    """
    access.must(asking, *access.WRITERS, scope=SCOPE)
    found, theirs = access.person(asking, person), access.person(asking, other)
    if found.view.id == theirs.view.id:
        raise UsageError("These are one person.", hint="Choose somebody else.")
    if theirs.view.id in {member.id for member in found.household}:
        raise UsageError("These two are said to live together already.")
    entity, brand = access.origin(asking, found, entity, brand)
    return _write("with", found.view.id, [theirs.view.id], entity, brand, asking.by, reason)


def undo(asking: Caller, gesture: str) -> None:
    """Take back what somebody said of a household: it is as if it had never been said. Raises NotFound."""
    access.must(asking, *access.WRITERS, scope=SCOPE)
    rows = list(HouseholdCorrection.objects.filter(gesture=gesture, undone_at=None))
    if not rows or not all(asking.perimeter.acts(row.entity, row.brand, *access.WRITERS) for row in rows):
        raise NotFound("There is no such correction, or it was taken back already.")
    access.person(asking, rows[0].person)
    with transaction.atomic():
        audit.record("household.undo", by=asking.by, kind="person", subject=rows[0].person, gesture=gesture)
        HouseholdCorrection.objects.filter(gesture=gesture).update(undone_at=clock.now(), undone_by=asking.by)


def _write(kind: str, person: str, others: list[str], entity: str, brand: str, by: str, reason: str) -> str:
    gesture, now = str(ids.uuid7()), clock.now()
    with transaction.atomic():
        HouseholdCorrection.objects.bulk_create(
            HouseholdCorrection(
                kind=kind, person=person, other=other, gesture=gesture, entity=entity, brand=brand, by=by,
                reason=fits(reason, REASON), created_at=now,
            )
            for other in others
        )  # fmt: skip
        audit.record(
            f"household.{kind}",
            by=by,
            kind="person",
            subject=person,
            gesture=gesture,
            people=len(others),
        )
    return gesture


# --- derived with a resolution ----------------------------------------------------------------------------------------


def settle(
    engine: Engine, records: pa.Table | str, links: pa.Table, *, among: Collection[str] | None = None,
    homes: Collection[int] | None = None,
) -> tuple[pa.Table, list[str]]:  # fmt: skip
    """Return (person, household) as the records say, ids kept, and the people whose household is not what it was.

    ``among`` are the people of ``records`` when they are not all, and ``homes`` the homes that are looked at; whoever
    lives elsewhere is left as they were, and not returned.
    """
    known = current(engine, runs.lake(), "people", hidden=runs.hidden())
    engine.con.create_view("people_housed", known, overwrite=True)
    raw = engine.con.con
    where = "household IS NOT NULL"
    if among is not None:
        raw.register("housed_among", pa.table({"person_id": pa.array(sorted(among), pa.string())}))
        where += " AND person_id IN (SELECT person_id FROM housed_among)"
    before = raw.execute(
        f"SELECT person_id AS person, household FROM people_housed WHERE {where} ORDER BY 1"
    ).to_arrow_table()
    found = identity.households(engine.con, records, links, previous=before, homes=homes)
    raw.register("housed_before", before)
    raw.register("housed_now", found)
    outer = "FULL" if homes is None else "RIGHT"
    moved = raw.execute(
        f"""SELECT coalesce(b.person, n.person) FROM housed_before b {outer} JOIN housed_now n ON n.person = b.person
        WHERE b.household IS DISTINCT FROM n.household ORDER BY 1"""
    ).fetchall()
    for name in ("housed_before", "housed_now"):
        raw.unregister(name)
    return found, [row[0] for row in moved]


def into(people: pa.Table, homes: pa.Table) -> pa.Table:
    """Return ``people`` (by person_id) with their household."""
    joined = people.join(homes, keys="person_id", right_keys="person", join_type="left outer")
    return joined.sort_by("person_id")
