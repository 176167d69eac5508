"""Follow-ups: made here or taken over from a source; once here they are worked whatever their system does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

import pyarrow as pa
from django.db import transaction

from filrouge.base import clock, settings
from filrouge.base.errors import Conflict, NotFound, UsageError
from filrouge.domain.followups import Promised, contradicted
from filrouge.domain.privacy.caller import Caller
from filrouge.engines import open_engine
from filrouge.store.models import FollowUp, Promise, User
from filrouge.store.queries import people
from filrouge.store.views import current
from filrouge.work import access, audit, dates, runs
from filrouge.work.lengths import EVIDENCE, KIND, OWNER, SLUG, fits
from filrouge.work.notes import worded

BATCH = 1_000
DOES = {"call": "call", "email": "contact", "visit": "contact"}  # what working a follow-up of a kind does to the person


def add(
    asking: Caller, person: str, subject: str, due_at: datetime, *, kind: str = "call", owner: str = "",
    entity: str = "", brand: str = "", anyway: bool = False,
) -> FollowUp:  # fmt: skip
    """Plan something to do for a person. Raises Conflict when a promise forbids it, unless it is planned ``anyway``."""
    access.must(asking, "advisor", "sales", scope="people:write")
    found = access.person(asking, person)
    entity, brand = access.origin(asking, found, entity, brand, roles=("advisor", "sales"))
    due_at = dates.due(due_at)
    against = forbidden(found, kind, entity, due_at)
    if against is not None and not anyway:
        raise Conflict(
            "A promise to them forbids this.",
            hint="Read what was promised, choose a later day, or say that you plan it all the same.",
        )
    with transaction.atomic():
        made = FollowUp.objects.create(
            person=found.view.id, entity=entity, brand=fits(brand, SLUG), by=asking.by, kind=fits(kind, KIND),
            subject=worded(subject, 300), due_at=due_at, owner=fits(owner, OWNER) or asking.by,
        )  # fmt: skip
        audit.record(
            "follow_up.add", by=asking.by, kind="person", subject=found.view.id, follow_up=str(made.id),
            **({"promise": against.id} if against is not None else {}),
        )  # fmt: skip
    return made


def forbidden(found: people.Page, kind: str, entity: str, at: datetime) -> Promised | None:
    """Return the promise to a person that a follow-up of this kind would contradict at ``at``."""
    if kind not in DOES:
        return None
    open_ = [row.promised for row in found.promises if row.state == Promise.State.OPEN]
    return contradicted(open_, entity=entity, does=DOES[kind], at=at)


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
        outcome=fits(outcome, EVIDENCE),
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
    due = dates.due(max(row.due_at, clock.now()), later=timedelta(days=days))
    return _change(row, asking, "follow_up.postpone", due_at=due)


def take(asking: Caller, key: str) -> FollowUp:
    """Make a follow-up one's own."""
    return _change(_open(asking, key), asking, "follow_up.take", owner=asking.by)


def claim(asking: Caller, key: str) -> str:
    """Keep that the owner of a follow-up, as its system calls them, is the caller; return what they are called.

    Raises Conflict when that is somebody else.
    """
    row = _found(asking, key)
    word = row.owner
    with transaction.atomic():
        accounts = list(User.objects.select_for_update())
        user = next((one for one in accounts if str(one.pk) == asking.user_id), None)
        if user is None or not word:
            raise UsageError("Only an account can be called so, and only what a system says can be claimed.")
        if any(word in (one.email, one.name, *one.called) for one in accounts if one.pk != user.pk):
            raise Conflict("This is how somebody else is called.", hint="Take the follow-up instead.")
        if word not in user.called:
            user.called = [*user.called, word]
            user.save(update_fields=["called"])
            audit.record("user.called", by=asking.by, kind="user", subject=str(user.pk))
    return word


def disclaim(asking: Caller, word: str) -> None:
    """Take back that the caller is called ``word``."""
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=asking.user_id).first() if asking.user_id else None
        if user is None or word not in user.called:
            raise NotFound("You are not called so here.")
        user.called = [one for one in user.called if one != word]
        user.save(update_fields=["called"])
        audit.record("user.no_longer_called", by=asking.by, kind="user", subject=str(user.pk))


def _found(asking: Caller, key: str) -> FollowUp:
    access.must(asking, "advisor", "sales", scope="people:write")
    row = FollowUp.objects.filter(pk=key).first() if access.is_id(key) else None
    if row is None or not asking.perimeter.acts(row.entity, row.brand, "advisor", "sales"):
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
    """Take over the open follow-ups and the promises that sources hold, and close those that their source closed.

    What was closed here stays closed. Runs after identity, so that each is of a person; return how many were new.
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
            """SELECT f.source, left(f.source_id, 120) AS source_id, coalesce(f.status, '') AS status, coalesce(o.person, '') AS person, f.entity,
            coalesce(f.brand, '') AS brand, coalesce(CAST(f.company_key AS VARCHAR), '') AS company,
            left(coalesce(f.kind, 'call'), 30) AS kind, left(coalesce(f.subject, ''), 300) AS subject, f.due_at,
            left(coalesce(f.owner, ''), 100) AS owner, f.amount, left(coalesce(f.currency, ''), 3) AS currency, f.record_key
            FROM followups f LEFT JOIN owned o ON o.record_key = f.person_key
            WHERE f.due_at IS NOT NULL ORDER BY f.source, f.source_id"""
        ).to_arrow_table()
        promises = raw.execute(
            """SELECT f.source, left(f.source_id, 120) AS source_id, coalesce(f.status, '') AS status, o.person, f.entity, coalesce(f.brand, '') AS brand,
            left(f.promised, 500) AS text, coalesce(f.promised_for, f."at" + INTERVAL 7 DAY) AS due_at, f."at" AS made_at
            FROM interactions f JOIN owned o ON o.record_key = f.person_key WHERE f.promised IS NOT NULL ORDER BY 1, 2"""
        ).to_arrow_table()
    finally:
        engine.close()
    return _adopt(FollowUp, "follow_up", follow_ups, progress) + _adopt(Promise, "promise", promises, progress)


# What a source's words for the state of a follow-up or a promise mean here; any other word means that it is open.
_STATES: Mapping[type[FollowUp | Promise], Mapping[str, str]] = {
    FollowUp: {"done": FollowUp.State.DONE, "closed": FollowUp.State.DONE, "cancelled": FollowUp.State.CANCELLED},
    Promise: {"kept": Promise.State.KEPT, "done": Promise.State.KEPT, "broken": Promise.State.BROKEN,
              "released": Promise.State.RELEASED, "cancelled": Promise.State.RELEASED},
}  # fmt: skip


def _adopt(model: type[FollowUp | Promise], noun: str, rows: pa.Table, progress: runs.Progress) -> int:
    held = model._default_manager.exclude(source="").values_list("source", "source_id", "pk", "person", "state")
    known = {(source, source_id): (pk, person, state) for source, source_id, pk, person, state in held}
    fresh: list[FollowUp | Promise] = []
    closed: dict[tuple[str, str], list[UUID]] = {}
    moved: list[tuple[UUID, str]] = []
    for row in chain.from_iterable(batch.to_pylist() for batch in rows.to_batches(max_chunksize=10_000)):
        state = _STATES[model].get(row.pop("status"), "open")
        if (row["source"], row["source_id"]) in known:
            pk, person, was = known[row["source"], row["source_id"]]
            if person != row["person"]:
                moved.append((pk, row["person"]))
            if was == "open" and state != "open":
                closed.setdefault((state, row["source"]), []).append(pk)
        elif state == "open" or model is Promise:  # a promise once kept is told; a follow-up once done is past
            ended = {} if state == "open" else {"closed_by": f"source {row['source']}"}
            fresh.append(model(**row, state=state, by=f"source {row['source']}", **ended))
    rows_of: Any = model._default_manager
    for start in range(0, len(fresh), BATCH):
        some = fresh[start : start + BATCH]
        with transaction.atomic():
            rows_of.bulk_create(some, ignore_conflicts=True)
            audit.record(f"{noun}.adopt", by="rule", count=len(some))
        progress(f"{noun}s", start + len(some), len(fresh))
    with transaction.atomic():
        for pk, person in moved:
            rows_of.filter(pk=pk).update(person=person)
        for (state, source), keys in sorted(closed.items()):
            for start in range(0, len(keys), BATCH):
                rows_of.filter(pk__in=keys[start : start + BATCH], state="open").update(
                    state=state, closed_at=clock.now(), closed_by=f"source {source}"
                )
        if closed:
            audit.record(f"{noun}.follow_source", by="rule", count=sum(map(len, closed.values())))
    return len(fresh)
