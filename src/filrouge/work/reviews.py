"""The review queue: a pair is looked at, decided by a verdict, put off, given to somebody, taken back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Q

from filrouge.base import clock
from filrouge.base.errors import Conflict, FilrougeError, NotFound, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.profiles import PersonView, Record, Value
from filrouge.store.models import Review, User, Verdict
from filrouge.store.queries import reviews as found
from filrouge.store.queries.accounts import called
from filrouge.store.queries.verdicts import records_of
from filrouge.work import access, audit, jobs, verdicts

ROLES = found.ROLES
SCOPE = verdicts.SCOPE
TWICE = 3  # one pair of the sample in three is shown to a second person


@dataclass(frozen=True)
class Side:
    """One record of a pair, as the caller sees it: whose page holds it, and each attribute that it gives."""

    person: PersonView | None = None
    record: Record | None = None
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """A pair laid open: the row of the queue, and its two records."""

    row: Review
    left: Side
    right: Side


def following(asking: Caller, asked: found.Asked | None = None, *, after: Any = None) -> Review | None:
    """Return the pair to look at next: the worthiest that is nobody else's, another than ``after``."""
    access.must(asking, *ROLES)
    rows = found.queue(asking, asked)
    if after is not None:
        rows = rows.exclude(pk=after)
    return rows.filter(Q(assigned=None) | Q(assigned__in=found.own(asking))).first()


def look(asking: Caller, key: Any) -> Pair:
    """Open a pair: both people are opened, and leave their line.

    Raises NotFound when there is no such pair, or not for the caller.
    """
    access.must(asking, *ROLES)
    row = _held(asking, key)
    return Pair(row, _side(asking, row.left_person, row.left), _side(asking, row.right_person, row.right))


def decide(asking: Caller, key: Any, said: str, *, reason: str = "") -> Review:
    """Say that the two records are of one person (``same``) or of two (``different``), and have identity settled.

    Raises NotFound; UsageError when another word is said; Conflict when somebody decided first, or said the opposite
    of these records before.
    """
    access.must(asking, *ROLES, scope=SCOPE)
    if said not in Review.Decision.values:
        raise UsageError("A pair is the same person or different people.", hint="Say same or different.")
    row = _held(asking, key)
    with transaction.atomic():
        taken = Review.objects.filter(pk=row.pk, state__in=found.WAITING).update(
            state=Review.State.DECIDED, decision=said, decided_by=asking.by, decided_at=clock.now()
        )
        if not taken:
            row.refresh_from_db()
            raise Conflict(
                "{by} decided of this pair before you.", hint="Go on with the next one.", by=called(row.decided_by)
            )
        if row.second_of_id is not None:
            audit.record("review.second", by=asking.by, kind="review", subject=str(row.pk))
        else:
            gesture = _verdict(asking, row, said, reason)
            Review.objects.filter(pk=row.pk).update(gesture=gesture)
            if row.stratum and row.pk.int % TWICE == 0:
                _show_again(row)
            jobs.ask_again("identity", by=asking.by, key="identity")
    row.refresh_from_db()
    return row


def later(asking: Caller, key: Any) -> Review:
    """Put a pair off: it comes back after all others. Raises NotFound, and Conflict when it is decided."""
    access.must(asking, *ROLES, scope=SCOPE)
    row = _held(asking, key)
    with transaction.atomic():
        waits = Review.objects.filter(pk=row.pk, state__in=found.WAITING)
        if not waits.update(state=Review.State.LATER, later_at=clock.now()):
            raise Conflict("This pair is decided.", hint="Go on with the next one.")
        audit.record("review.later", by=asking.by, kind="review", subject=str(row.pk))
    row.refresh_from_db()
    return row


def assign(asking: Caller, key: Any, to: str) -> Review:
    """Give a pair to the account whose address is ``to``, to nobody when empty.

    Raises NotFound, Conflict when it is decided, UsageError when that account may not decide of it.
    """
    access.must(asking, *ROLES, scope=SCOPE)
    row = _held(asking, key)
    user: User | None = None
    if to:
        user = next((one for one in found.assignable(row) if one.email == to.strip().lower()), None)
        if user is None:
            raise UsageError(
                "This account may not decide of this pair.", hint="Choose somebody who acts for both records."
            )
    with transaction.atomic():
        if not Review.objects.filter(pk=row.pk, state__in=found.WAITING).update(assigned=user):
            raise Conflict("This pair is decided.", hint="Go on with the next one.")
        audit.record("review.assign", by=asking.by, kind="review", subject=str(row.pk), to=str(user.pk) if user else "")
    row.refresh_from_db()
    return row


def undo(asking: Caller, key: Any) -> Review:
    """Take back what was decided of a pair, or that it was put off: it waits again, and its verdict is lifted.

    Raises NotFound, and Conflict when there is nothing to take back.
    """
    access.must(asking, *ROLES, scope=SCOPE)
    row = _held(asking, key)
    with transaction.atomic():
        held = Review.objects.select_for_update().get(pk=row.pk)
        if held.state == Review.State.OPEN:
            raise Conflict("Nothing was decided of this pair.", hint="It may have been taken back already.")
        reopen(held)
        if held.gesture and Verdict.objects.filter(gesture=held.gesture, undone_at=None).exists():
            verdicts.lift(held.gesture, by=asking.by)
            jobs.ask_again("identity", by=asking.by, key="identity")
        else:
            audit.record("review.undo", by=asking.by, kind="review", subject=str(row.pk))
    row.refresh_from_db()
    return row


def reopen(row: Review) -> None:
    """Have a pair wait again; a second look at it that nobody took goes."""
    Review.objects.filter(second_of=row).exclude(state=Review.State.DECIDED).delete()
    Review.objects.filter(pk=row.pk).update(
        state=Review.State.OPEN, decision="", decided_by="", decided_at=None, gesture="", later_at=None
    )


def _held(asking: Caller, key: Any) -> Review:
    try:
        row = found.found(asking, uuid.UUID(str(key)))
    except ValueError:
        row = None
    if row is None:
        raise NotFound(
            "There is no such pair to review.", hint="It may have been settled since: go on with the next one."
        )
    return row


def _side(asking: Caller, person: str, key: int) -> Side:
    try:
        view = access.person(asking, person, opening="review").view
    except FilrougeError:
        return Side()
    return side(view, key)


def side(view: PersonView, key: int) -> Side:
    """Return one record of a person, with the values that it gives; an empty side when it is not of theirs."""
    record = next((one for one in view.records if one.key == key), None)
    if record is None:
        return Side()
    values = {
        name: value
        for name, attribute in view.attributes.items()
        for value in (attribute.best, *attribute.others)
        if value.record_key == key
    }
    return Side(view, record, values)


def _verdict(asking: Caller, row: Review, said: str, reason: str) -> str:
    mine = {row.left: (row.left_entity, row.left_brand)}
    theirs = {row.right: (row.right_entity, row.right_brand)}
    if said == Review.Decision.DIFFERENT:
        return verdicts.different(mine, theirs, by=asking.by, reason=reason, subject=row.left_person)
    try:
        left, right = records_of(row.left_person), records_of(row.right_person)
    except NotFound:
        left, right = mine, theirs
    if row.left in left and row.right in right and not set(left) & set(right):
        # joined, they bring all their records: what was said of any of these counts
        mine, theirs = {**mine, **left}, {**theirs, **right}
    return verdicts.same(mine, theirs, by=asking.by, reason=reason, subject=row.left_person)


def _show_again(row: Review) -> None:
    """Put the pair in the queue once more, for somebody else, with nothing that tells so."""
    kept = (
        "kind", "stratum", "left", "right", "left_entity", "left_brand", "right_entity", "right_brand", "left_person",
        "right_person", "left_records", "right_records", "score", "rule", "told", "pattern", "worth", "run",
    )  # fmt: skip
    Review.objects.get_or_create(second_of=row, defaults={name: getattr(row, name) for name in kept})
