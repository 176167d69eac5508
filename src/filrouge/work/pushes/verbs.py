"""Pushes kept, paused, resumed, emptied and removed; and those that are due woken."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import Conflict, DefinitionError, Refused, UsageError
from filrouge.domain import pushes
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import CHANNELS, PURPOSES
from filrouge.domain.profiles import exports
from filrouge.domain.sources.schedule import next_at
from filrouge.store.models import Job, Push, PushRemoval, PushRun
from filrouge.store.queries import pushes as found
from filrouge.store.queries import segments as of_segments
from filrouge.work import access, audit, jobs, runs
from filrouge.work.lengths import OWNER, fits
from filrouge.work.pushes.destinations import named

CHANGE = "change"  # the timing of a push that follows its segment
CALM = timedelta(minutes=1)  # between the end of a run and the next that a change wakes
PATIENCE = timedelta(minutes=15)  # the same, after one that its destination stopped

_STOPPED = (PushRun.State.STOPPED, PushRun.State.FAILED)


def keep(
    asking: Caller, name: str, *, segment: str, destination: str, columns: Sequence[str], purpose: str = "",
    channel: str = "", key: str = "id", gives: str = "", timing: str = CHANGE, title: str = "", owner: str = "",
) -> Push:  # fmt: skip
    """Keep a push under ``name``, or change it; purpose and channel are the segment's unless said.

    Raises NotFound, Refused when the caller may not give these people for this purpose, DefinitionError with every
    fault at once, Conflict when the name is taken or the destination would lose sight of whom it holds.
    """
    access.must(asking, *found.WRITERS, scope="pushes:write")
    named(name)
    source = of_segments.segment(segment, asking, *found.WRITERS)
    if source.archived_at is not None:
        raise Conflict("The segment {name} was put away.", hint="Take it back first.", name=segment)
    place = found.destination(destination, asking)
    if not found.takes(place, source.entity, source.brand):
        raise Refused(
            "The destination {name} does not take people of this segment: they are another entity’s or brand’s.",
            hint="Choose a destination of the same one.", name=destination,
        )  # fmt: skip
    purpose, channel = purpose or source.purpose, channel or source.channel
    gives = gives or ("whole" if found.spec_of(place).files else "changes")
    chosen = tuple(columns)
    faults = pushes.faults(chosen, key, channel)
    if purpose not in PURPOSES:
        faults.append(f"purpose: choose one of {', '.join(PURPOSES)}")
    if channel not in CHANNELS:
        faults.append(f"channel: choose one of {', '.join(CHANNELS)}")
    if gives not in Push.Gives.values:
        faults.append("gives: whole or changes")
    elif gives == "whole" and not found.spec_of(place).files:
        faults.append("gives: only a file can be a whole list")
    if timing not in ("", CHANGE):
        try:
            next_at(timing, settings.TIME_ZONE, clock.now())
        except ValueError as error:
            faults.append(f"timing: {error}")
    if faults:
        raise DefinitionError(
            "The definition {what} holds faults: {count}.", faults=faults,
            hint="Mend the lines named below and try again.", what=name, count=len(faults),
        )  # fmt: skip
    _may_give(asking, source.entity, purpose, chosen)
    with transaction.atomic():
        row = Push.objects.select_for_update().filter(name=name).first()
        fresh = row is None
        if row is None:
            row = Push(name=name, by=asking.by)
        elif not found.reads(asking, row.entity, row.brand, *found.WRITERS):
            raise Conflict("The name {name} is taken.", hint="Choose another one.", name=name)
        elif row.held and (row.destination_id, row.key) != (place.pk, key):
            raise Conflict(
                "The destination {name} holds people whom it would keep unseen.",
                hint="Empty the push first, then change where it goes or by what people are known.",
                name=row.destination.name,
            )  # fmt: skip
        row.segment, row.destination = source, place
        row.entity, row.brand, row.purpose, row.channel = source.entity, source.brand, purpose, channel
        row.columns, row.key, row.gives, row.timing = list(chosen), key, gives, timing[:100]
        row.title = fits(" ".join(title.split()), 120) or row.title or name
        row.owner = fits(owner, OWNER) or row.owner or asking.name
        row.edited_by, row.edited_at, row.looked_at = asking.by, clock.now(), None
        row.due_at = _next(row)
        row.save()
        audit.record(
            "push.keep", by=asking.by, kind="push", subject=name, segment=segment, destination=destination,
            entity=row.entity, brand=row.brand, purpose=purpose, channel=channel, columns=list(chosen), fresh=fresh,
        )  # fmt: skip
    return row


def pause(asking: Caller, name: str) -> Push:
    """Let nothing more go by itself, until resumed; people who are erased are taken back all the same.

    Raises NotFound, Refused, Conflict when it is paused already.
    """
    return _switch(asking, name, on=False)


def resume(asking: Caller, name: str) -> Push:
    """Let a push go on by itself. Raises NotFound, Refused, Conflict when it is not paused."""
    return _switch(asking, name, on=True)


def empty(asking: Caller, name: str) -> Push:
    """Pause a push and have everybody whom it gave taken back from its destination. Raises NotFound, Refused."""
    row = own(asking, name)
    with transaction.atomic():
        Push.objects.filter(pk=row.pk).update(enabled=False, due_at=None)
        audit.record("push.empty", by=asking.by, kind="push", subject=name, held=row.held)
        jobs.ask_again("push", by=asking.by, key=f"push {name} empty", push=name, only="empty")
    row.refresh_from_db()
    return row


def remove(asking: Caller, name: str, *, leave: bool = False) -> None:
    """Remove a push and its runs.

    Raises NotFound, Refused, Conflict while it runs, or while the destination holds people, unless they are to be left
    there (``leave``).
    """
    row = own(asking, name)
    if row.held and not leave:
        raise Conflict(
            "The destination {destination} holds people whom the push {name} gave: {held}.",
            hint="Empty the push first, or say that they stay there.",
            destination=row.destination.name, name=name, held=row.held,
        )  # fmt: skip
    if row.runs.filter(state=PushRun.State.RUNNING).exists():
        raise Conflict("The push {name} is running already.", hint="Wait for it to end, then try again.", name=name)
    with runs.writing():
        with transaction.atomic():
            audit.record("push.remove", by=asking.by, kind="push", subject=name, held=row.held)
            row.delete()
            _no_longer(name, "", "failed", "removals", "empty")  # another of its name is not emptied in its stead
        runs.lake().delete("deliveries", f"push = '{name}'")  # a name holds letters, digits and hyphens only


def own(asking: Caller, name: str) -> Push:
    """Return a push that the caller may change. Raises NotFound, Refused."""
    found.push(name, asking)
    access.must(asking, *found.WRITERS, scope="pushes:write")
    return found.push(name, asking, *found.WRITERS)


def wake(*, at: datetime | None = None) -> int:
    """Ask for a run of every push that is due, by its schedule or by what changed; return how many."""
    now, asked = at or clock.now(), 0
    for row in Push.objects.filter(enabled=True).exclude(timing="").select_related("segment", "destination"):
        if row.timing == CHANGE:
            last = row.runs.order_by("-started_at").first()
            rest = PATIENCE if last is not None and last.state in _STOPPED else CALM
            calm = last is None or last.finished_at is None or now - last.finished_at > rest
            due = calm and found.moved(row)
        else:
            due = row.due_at is not None and row.due_at <= now
        if not due:
            continue
        with transaction.atomic(), suppress(Conflict):
            Push.objects.filter(pk=row.pk).update(due_at=_next(row, after=now))
            jobs.ask("push", by="schedule", key=f"push {row.name}", push=row.name)
            asked += 1
    for name in PushRemoval.objects.filter(push__enabled=False).values_list("push__name", flat=True).distinct():
        with transaction.atomic(), suppress(Conflict):  # of a paused one, whoever was erased is taken back
            jobs.ask("push", by="schedule", key=f"push {name} removals", push=name, only="removals")
            asked += 1
    return asked


def _switch(asking: Caller, name: str, *, on: bool) -> Push:
    row = own(asking, name)
    with transaction.atomic():
        due = _next(row) if on else None
        if not Push.objects.filter(pk=row.pk, enabled=not on).update(enabled=on, due_at=due, looked_at=None):
            if on:
                raise Conflict("The push {name} is not paused.", name=name)
            raise Conflict("The push {name} is paused already.", name=name)
        if on:
            _no_longer(name, "empty")
        audit.record("push.resume" if on else "push.pause", by=asking.by, kind="push", subject=name)
    row.refresh_from_db()
    return row


def _no_longer(name: str, *narrowed: str) -> None:
    """Let go of runs of a push that wait for the worker, narrowed to any of these."""
    keys = [f"push {name} {only}".strip() for only in narrowed]
    Job.objects.filter(kind="push", key__in=keys, state="waiting").delete()


def _next(row: Push, *, after: datetime | None = None) -> datetime | None:
    return None if row.timing in ("", CHANGE) else next_at(row.timing, settings.TIME_ZONE, after or clock.now())


def _may_give(asking: Caller, entity: str, purpose: str, columns: Sequence[str]) -> None:
    """Raise Refused unless the caller's roles for ``entity`` take people out of the product for ``purpose``."""
    narrowed = access.acting_for(asking, entity, purpose=purpose)
    allowed = exports.purposes(narrowed.roles)
    if purpose not in allowed:
        raise Refused(
            "Your role does not give people for this purpose.", hint="Choose one of: {allowed}.",
            allowed=", ".join(allowed) or "none",
        )  # fmt: skip
    for sensitivity in {pushes.COLUMNS[name].sensitivity for name in columns}:
        shown = narrowed.perimeter.role_sight(sensitivity)
        if shown == "show" or (sensitivity == "contact" and exports.reveals(narrowed.roles, purpose)):
            continue
        if sensitivity != "none":
            raise Refused(
                "Your role does not give addresses for this purpose.", hint="Leave out: {columns}.",
                columns=", ".join(name for name in columns if pushes.COLUMNS[name].sensitivity == sensitivity),
            )  # fmt: skip


def checked_only(only: str) -> str:
    """Return what a run is narrowed to. Raises UsageError when it is no such thing."""
    if only not in ("", "failed"):
        raise UsageError("A run is whole, or of what failed.", hint="Leave it out, or say: failed.")
    return only
