"""Schedules: a source that is due becomes one job, once; after the imports, identity is settled once."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction

from filrouge.base import clock
from filrouge.base.errors import Conflict, DefinitionError, Refused
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.schedule import next_run
from filrouge.store.models import COLLECT, Job, Run, Source
from filrouge.store.queries.sources import acts, source_of
from filrouge.work import access, audit, jobs

BY = "schedule"
STALE_SAMPLE = timedelta(hours=1)  # the files of the sample do not change: what it missed overnight is let go


def tick(*, at: datetime | None = None) -> int:
    """Turn every source that is due into a job; return how many.

    The next moment is written in the same transaction, counted from now: however many moments went by, one job makes
    up for them, and two workers never make two.
    """
    now = at or clock.now()
    made = 0
    held = Run.objects.filter(kind="import", state=Run.State.HELD).values("source")
    due = Source.objects.filter(enabled=True, due_at__lte=now).exclude(pk__in=held)  # they wait behind it
    for source in due.order_by("due_at", "rank"):
        try:
            coming = next_run(SourceSpec.parse(source.spec, what=source.name), after=now)
        except DefinitionError:  # kept by an older version that allowed more: the others go on, its page tells
            Source.objects.filter(pk=source.pk).update(due_at=None)
            continue
        with transaction.atomic():
            mine = Source.objects.filter(pk=source.pk, due_at=source.due_at, enabled=True).update(due_at=coming)
            missed = source.due_at
            if not mine or missed is None or (source.sample and now - missed > STALE_SAMPLE):
                continue
            try:
                jobs.ask("import", by=BY, key=f"import {source.name}", source=source.name)
            except Conflict:  # somebody asked already: that run is this one
                continue
            made += 1
    return made


def plan_all() -> None:
    """Give a next moment to the sources that have a schedule and none yet."""
    now = clock.now()
    for source in Source.objects.filter(enabled=True, due_at=None).exclude(kind=COLLECT):
        with suppress(DefinitionError):
            coming = next_run(SourceSpec.parse(source.spec, what=source.name), after=now)
            Source.objects.filter(pk=source.pk, due_at=None).update(due_at=coming)


def pause(asking: Caller, name: str) -> Source:
    """Leave a source alone until it is resumed: nothing reads it but a run asked for by hand.

    Raises NotFound, Refused, and Conflict when it is paused already.
    """
    source = own(asking, name)
    with transaction.atomic():
        if not Source.objects.filter(pk=source.pk, enabled=True).update(enabled=False, due_at=None):
            raise Conflict("The source {name} is paused already.", name=name)
        Job.objects.filter(key=f"import {name}", state="waiting", by=BY).delete()
        audit.record("source.pause", by=asking.by, kind="source", subject=name)
    source.refresh_from_db()
    return source


def resume(asking: Caller, name: str) -> Source:
    """Let the schedule read a source again, from its next moment on.

    Raises NotFound, Refused, and Conflict when it is not paused.
    """
    source = own(asking, name)
    coming = next_run(SourceSpec.parse(source.spec, what=name), after=clock.now())
    with transaction.atomic():
        if not Source.objects.filter(pk=source.pk, enabled=False).update(enabled=True, due_at=coming):
            raise Conflict("The source {name} is not paused.", name=name)
        audit.record("source.resume", by=asking.by, kind="source", subject=name)
    source.refresh_from_db()
    return source


def settle(*, by: str) -> bool:
    """Ask for identity to be settled, once for all the imports that end meanwhile, when something changed; return
    whether it is to be settled.

    One that runs already may have begun before this import ended: then one more waits behind it.
    """
    if not behind():
        return False
    running = Job.objects.filter(key="identity", state="running").exists()
    with suppress(Conflict):  # it waits already
        jobs.ask("identity", by=by, key="identity after" if running else "identity")
    return True


def behind() -> bool:
    """Tell whether records came, changed or went since identity was last settled."""
    last = Run.objects.filter(kind="identity", state=Run.State.COMMITTED).order_by("-started_at").first()
    moved = Run.objects.filter(kind="import", state__in=(Run.State.COMMITTED, Run.State.UNDONE))
    moved = moved.exclude(new=0, changed=0)
    if last is not None:
        moved = moved.filter(finished_at__gte=last.started_at)
    return moved.exists()


def own(asking: Caller, name: str) -> Source:
    """Return a source that the caller may run.

    Raises NotFound, Refused when the caller is not its engineer, Conflict when nothing ever reads it.
    """
    access.must(asking, "engineer", scope="sources:run")
    source = whole(asking, source_of(name, asking))
    if source.kind == COLLECT:
        raise Conflict(
            "Nothing is read from {name}: it sends its events by itself.",
            hint="Revoke its write keys to stop it.",
            name=name,
        )
    return source


def whole(asking: Caller, source: Source, *roles: str) -> Source:
    """Return ``source``. Raises Refused unless the caller is engineer (or one of ``roles``) for all that it holds."""
    if not acts(source, asking, *roles):
        raise Refused("You do not act for all that the source {name} holds.",
                      hint="Ask an engineer of its entity or of the whole group.", name=source.name)  # fmt: skip
    return source
