"""Follow-ups: made here or taken over from a source; once here they are worked whatever their system does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from filrouge.base import clock, settings
from filrouge.base.errors import Conflict, NotFound, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.engines import open_engine
from filrouge.store.models import FollowUp, Promise
from filrouge.store.views import current
from filrouge.work import access, audit, runs
from filrouge.work.notes import worded

BATCH = 1_000
OPEN_WORDS = ("open", "todo", "planned", "waiting", "")


def add(
    asking: Caller, person: str, subject: str, due_at: datetime, *, kind: str = "call", owner: str = "",
    entity: str = "", brand: str = "",
) -> FollowUp:  # fmt: skip
    """Plan something to do for a person."""
    access.must(asking, "advisor", "sales", scope="people:write")
    found = access.person(asking, person)
    entity, brand = access.origin(asking, found, entity, brand)
    with transaction.atomic():
        made = FollowUp.objects.create(
            person=found.view.id, entity=entity, brand=brand, by=asking.by, kind=kind[:30], subject=worded(subject, 300),
            due_at=due_at, owner=owner or asking.by,
        )  # fmt: skip
        audit.record("follow_up.add", by=asking.by, kind="person", subject=found.view.id, follow_up=str(made.id))
    return made


def close(asking: Caller, key: str, state: str, *, outcome: str = "") -> FollowUp:
    """Say that a follow-up is done or cancelled."""
    row = _open(asking, key)
    if state not in (FollowUp.State.DONE, FollowUp.State.CANCELLED):
        raise UsageError("A follow-up is done or cancelled.")
    return _change(
        row,
        asking,
        f"follow_up.{state}",
        state=state,
        closed_at=clock.now(),
        closed_by=asking.by,
        outcome=outcome[:500],
    )


def reopen(asking: Caller, key: str) -> FollowUp:
    """Put a follow-up back among those to do."""
    row = _found(asking, key)
    with transaction.atomic():
        row.state, row.closed_at, row.closed_by = FollowUp.State.OPEN, None, ""
        row.save()
        audit.record("follow_up.reopen", by=asking.by, kind="follow_up", subject=key)
    return row


def postpone(asking: Caller, key: str, days: int) -> FollowUp:
    """Move a follow-up by some days from today, or from its date if that is later."""
    row = _open(asking, key)
    if not 1 <= days <= 365:
        raise UsageError("A follow-up may be moved by 1 to 365 days.")
    due = max(row.due_at, clock.now()) + timedelta(days=days)
    return _change(row, asking, "follow_up.postpone", due_at=due)


def take(asking: Caller, key: str) -> FollowUp:
    """Make a follow-up one's own."""
    return _change(_open(asking, key), asking, "follow_up.take", owner=asking.by)


def _found(asking: Caller, key: str) -> FollowUp:
    access.must(asking, "advisor", "sales", scope="people:write")
    row = FollowUp.objects.filter(pk=key).first()
    if row is None or not asking.perimeter.sees(row.entity, row.brand, "interaction"):
        raise NotFound("There is no such follow-up.")
    return row


def _open(asking: Caller, key: str) -> FollowUp:
    row = _found(asking, key)
    if row.state != FollowUp.State.OPEN:
        raise Conflict("This follow-up was already closed.", hint="Reload the page.")
    return row


def _change(row: FollowUp, asking: Caller, action: str, **values: object) -> FollowUp:
    with transaction.atomic():
        if not FollowUp.objects.filter(pk=row.pk, state=FollowUp.State.OPEN).update(**values):
            raise Conflict("This follow-up was already closed.", hint="Reload the page.")
        audit.record(action, by=asking.by, kind="follow_up", subject=str(row.pk))
    row.refresh_from_db()
    return row


# --- taken over from sources ------------------------------------------------------------------------------------------


def adopt(*, progress: runs.Progress = runs.silent) -> int:
    """Take over the open follow-ups and the promises that sources hold; what was closed here stays closed.

    Runs after identity, so that each is of a person; return how many were new.
    """
    engine = open_engine(scratch=settings.get().home / "scratch")
    try:
        lake, hidden = runs.lake(), runs.hidden()
        for name in ("followups", "interactions", "links"):
            engine.con.create_view(name, current(engine, lake, name, hidden=hidden), overwrite=True)
        raw = engine.con.con
        raw.execute(
            """CREATE TABLE owned AS SELECT record_key, person FROM links WHERE undone_at IS NULL
            QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY decided_at DESC, run_id DESC) = 1"""
        )
        follow_ups = raw.execute(
            """SELECT f.source, f.source_id, coalesce(o.person, ''), f.entity, f.brand, coalesce(CAST(f.company_key AS VARCHAR), ''),
            coalesce(f.kind, 'call'), coalesce(f.subject, ''), f.due_at, coalesce(f.owner, ''), f.amount, coalesce(f.currency, ''),
            f.record_key, coalesce(f.status, '') FROM followups f LEFT JOIN owned o ON o.record_key = f.person_key
            WHERE f.due_at IS NOT NULL ORDER BY f.source, f.source_id"""
        ).fetchall()
        promises = raw.execute(
            """SELECT f.source, f.source_id, o.person, f.entity, f.brand, f.promised, coalesce(f.promised_for, f."at" + INTERVAL 7 DAY), f."at"
            FROM interactions f JOIN owned o ON o.record_key = f.person_key WHERE f.promised IS NOT NULL ORDER BY 1, 2"""
        ).fetchall()
    finally:
        engine.close()
    return _adopt_follow_ups(follow_ups, progress) + _adopt_promises(promises, progress)


def _adopt_follow_ups(rows: list[tuple[Any, ...]], progress: runs.Progress) -> int:
    known = {
        (s, i): (p, d)
        for s, i, p, d in FollowUp.objects.exclude(source="").values_list("source", "source_id", "person", "due_at")
    }
    fresh, moved = [], []
    for (
        source,
        source_id,
        person,
        entity,
        brand,
        company,
        kind,
        subject,
        due,
        owner,
        amount,
        currency,
        key,
        status,
    ) in rows:
        key_of = (source, source_id)
        if key_of in known:
            if known[key_of][0] != person:
                moved.append((key_of, person))
            continue
        if str(status) not in OPEN_WORDS:
            continue
        fresh.append(
            FollowUp(
                source=source, source_id=source_id, person=person, entity=entity, brand=brand or "", company=company,
                kind=str(kind)[:30], subject=str(subject)[:300], due_at=due, owner=owner, amount=amount,
                currency=currency, record_key=key, by=f"source {source}",
            )
        )  # fmt: skip
    for start in range(0, len(fresh), BATCH):
        with transaction.atomic():
            FollowUp.objects.bulk_create(fresh[start : start + BATCH], ignore_conflicts=True)
        progress("follow-ups", min(start + BATCH, len(fresh)), len(fresh))
    for (source, source_id), person in moved:
        FollowUp.objects.filter(source=source, source_id=source_id).update(person=person)
    if fresh:
        with transaction.atomic():
            audit.record("follow_up.adopt", by="rule", count=len(fresh))
    return len(fresh)


def _adopt_promises(rows: list[tuple[Any, ...]], progress: runs.Progress) -> int:
    known = {(s, i): p for s, i, p in Promise.objects.exclude(source="").values_list("source", "source_id", "person")}
    fresh = []
    for source, source_id, person, entity, brand, text, due, at in rows:
        if (source, source_id) in known:
            if known[(source, source_id)] != person:
                Promise.objects.filter(source=source, source_id=source_id).update(person=person)
            continue
        fresh.append(
            Promise(
                source=source, source_id=source_id, person=person, entity=entity, brand=brand or "", text=str(text)[:500],
                due_at=due, made_at=at, by=f"source {source}",
            )
        )  # fmt: skip
    for start in range(0, len(fresh), BATCH):
        with transaction.atomic():
            Promise.objects.bulk_create(fresh[start : start + BATCH], ignore_conflicts=True)
        progress("promises", min(start + BATCH, len(fresh)), len(fresh))
    if fresh:
        with transaction.atomic():
            audit.record("promise.adopt", by="rule", count=len(fresh))
    return len(fresh)
