"""The jobs of a draft, followed to their end by whoever asked for them from a command: done here when nobody does."""

from __future__ import annotations

import os
import socket
import time
from datetime import timedelta

from filrouge.base import clock
from filrouge.base.errors import NotFound, again
from filrouge.store.models import Job, SourceDraft
from filrouge.work import draft_jobs, jobs, runs, worker

PAUSE = 0.2  # seconds between two looks at a job that another process does
MOVING = ("waiting", "running")


def follow(draft: SourceDraft, what: str, *, progress: runs.Progress = runs.silent) -> SourceDraft:
    """Do the job ``what`` (profile, trial, bring) of a draft, or wait for who has it; return the draft anew.

    Raises what the job told when it failed.
    """
    key = f"{what} {draft.pk}"
    while (job := Job.objects.filter(key=key, state__in=MOVING).first()) is not None:
        mine = jobs.take(job, f"{socket.gethostname()}:{os.getpid()} command"[:60])
        if not mine:
            progress(what, job.done or 0, job.total)
            time.sleep(PAUSE)
            continue
        with worker.held(job, sign=False):
            jobs.work(job, {job.kind: lambda job, **_: _do(job, what, str(draft.pk), progress)})
    last = Job.objects.filter(key=key).order_by("-created_at").first()
    if last is not None and last.state == "failed" and what != "profile":  # without a profile it goes on as well
        raise again(last.trouble)
    anew = SourceDraft.objects.select_related("run").filter(pk=draft.pk).first()
    if anew is None:  # somebody dropped it meanwhile
        raise NotFound("This file is no longer here.", hint="Bring it again.")
    return anew


def _do(job: Job, what: str, key: str, progress: runs.Progress) -> None:
    renewed = clock.now()

    def told(step: str, done: int, total: int | None) -> None:
        nonlocal renewed
        progress(step, done, total)
        if clock.now() - renewed > timedelta(seconds=2):
            renewed = clock.now()
            jobs.renew(job, done=done, total=total)

    if what == "profile":
        draft_jobs.profile(key, progress=told)
    elif what == "trial":
        draft_jobs.trial(key, progress=told)
    else:
        draft_jobs.carry_out(key, by=job.by, progress=told)
