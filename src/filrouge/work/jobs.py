"""Jobs: a row each, claimed by a conditional update and held by a lease, so that no broker is needed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction

from filrouge.base import clock
from filrouge.base.errors import Conflict, FilrougeError, StorageError
from filrouge.store.models import Job

LEASE = timedelta(minutes=2)
RETRIES = 3
TURNS = 200  # how often a job comes back while what it needs is busy
Verb = Callable[..., Any]


def ask(
    kind: str, *, by: str = "", key: str = "", every_s: int | None = None, wait: timedelta = timedelta(0), **params: Any
) -> Job:
    """Put a job in the queue, due once ``wait`` is over. Raises Conflict when one of its ``key`` waits or runs."""
    try:
        with transaction.atomic():
            due = clock.now() + wait
            return Job.objects.create(kind=kind, key=key, params=params, by=by, every_s=every_s, run_at=due)
    except IntegrityError:
        raise Conflict("This is already under way.", hint="It will be done soon; reload the page to see.") from None


def ask_again(kind: str, *, by: str, key: str, **params: Any) -> Job:
    """Make sure that a job of ``key`` will begin after now: one that waits, else one that is put in the queue.

    One that already runs may have read what it works on: it is done once more when it ends.
    """
    while True:
        try:
            return ask(kind, by=by, key=key, **params)
        except Conflict:
            with transaction.atomic():
                standing = Job.objects.select_for_update().filter(key=key, state__in=("waiting", "running")).first()
                if standing is None:  # it ended between the two
                    continue
                if standing.state == "running":
                    Job.objects.filter(pk=standing.pk).update(again=True)
                return standing


def claim(worker: str, *, only: Collection[str] = (), but: Collection[str] = ()) -> Job | None:
    """Take the next job that is due, or whose holder fell silent; None when there is none.

    ``only`` and ``but`` are kinds of jobs: those that do not wait for the others have a worker of their own. Of what
    somebody waits for (``only``) the last asked comes first: whoever asked long ago may have gone.
    """
    now = clock.now()
    free = Job.objects.filter(state="waiting", run_at__lte=now) | Job.objects.filter(
        state="running", lease_until__lt=now
    )
    free = free.filter(kind__in=only) if only else free.exclude(kind__in=but)
    for job in free.order_by("-run_at" if only else "run_at")[:10]:
        if take(job, worker):
            return job
    return None


def take(job: Job, worker: str) -> bool:
    """Take one job that is due or whose holder fell silent; return whether it is held now."""
    now = clock.now()
    due = job.state == "waiting" and job.run_at <= now
    silent = job.state == "running" and job.lease_until is not None and job.lease_until < now
    if not due and not silent:
        return False
    taken = Job.objects.filter(pk=job.pk, state=job.state, lease_until=job.lease_until).update(
        state="running", worker=worker, lease_until=now + LEASE, attempts=job.attempts + 1
    )
    if taken:
        job.refresh_from_db()
    return bool(taken)


def renew(job: Job, *, done: int | None = None, total: int | None = None) -> None:
    """Hold a job a while longer, and say how far it is."""
    values: dict[str, Any] = {"lease_until": clock.now() + LEASE}
    if done is not None:
        values |= {"done": done, "total": total}
    Job.objects.filter(pk=job.pk, worker=job.worker, state="running").update(**values)


def work(job: Job, verbs: Mapping[str, Verb]) -> None:
    """Do a claimed job; keep what went wrong; put a recurring one back for its next time."""
    told: FilrougeError | None = None
    try:
        verbs[job.kind](job, **job.params)
    except FilrougeError as error:
        told = error
    except Exception as error:  # noqa: BLE001 - the worker must outlive any job; the kind of fault is kept
        told = StorageError("The job stopped: {kind}.", kind=type(error).__name__)
    now = clock.now()
    with transaction.atomic():
        row = Job.objects.select_for_update().get(pk=job.pk)
        if row.worker != job.worker or row.state != "running":
            return
        row.problem, row.trouble = (str(told)[:500], told.plain()) if told else ("", {})
        row.lease_until, row.finished_at = None, now
        if getattr(told, "retryable", False) and row.attempts < RETRIES:
            row.state, row.run_at = "waiting", now + timedelta(seconds=30 * 2**row.attempts)
        elif isinstance(told, Conflict) and row.attempts < TURNS:
            row.state, row.run_at = "waiting", now + timedelta(seconds=20)
        elif row.again:
            row.state, row.attempts, row.run_at, row.again = "waiting", 0, now, False
        elif row.every_s:
            row.state, row.attempts, row.run_at = "waiting", 0, now + timedelta(seconds=row.every_s)
        else:
            row.state = "failed" if told else "done"
        row.save()
