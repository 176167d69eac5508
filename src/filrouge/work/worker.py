"""The worker: chains the audit, works through the jobs, keeps the lake tidy."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import close_old_connections

from filrouge.base import clock
from filrouge.base.errors import Conflict
from filrouge.store.live import Live
from filrouge.store.models import Job
from filrouge.tables import TABLES
from filrouge.work import audit, baselines, demo, erasures, followups, identity, installation, jobs, live, runs, sources

PAUSE = 1.0  # seconds between two looks at the queue
COMPACT_AFTER = 100  # commits


def run(stop: threading.Event | None = None) -> None:
    """Work until asked to stop."""
    ending = stop or threading.Event()
    if stop is None:
        for asked in (signal.SIGTERM, signal.SIGINT):
            signal.signal(asked, lambda *_: ending.set())
    installation.ready()
    schedule()
    name = f"{socket.gethostname()}:{os.getpid()}"
    while not ending.is_set():
        close_old_connections()
        audit.chain_waiting()
        job = jobs.claim(name)
        if job is None:
            ending.wait(PAUSE)
            continue
        with _held(job):
            jobs.work(job, VERBS)


class _held:
    """Renew the lease of a job while it is worked on."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._renew, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()

    def _renew(self) -> None:
        while not self.done.wait(jobs.LEASE.total_seconds() / 4):
            jobs.renew(self.job)
        close_old_connections()


def schedule() -> None:
    """Make sure that the recurring jobs stand in the queue, once each."""
    for kind, every in (("tidy", timedelta(hours=1)), ("audit", timedelta(hours=6)), ("baselines", timedelta(days=1))):
        try:
            jobs.ask(kind, key=kind, by="schedule", every_s=int(every.total_seconds()))
            Job.objects.filter(kind=kind, state="waiting").update(run_at=clock.now() + every)
        except Conflict:
            continue
    if not Live().ready() and runs.lake().exists("links"):  # an older version left them in another shape
        with suppress(Conflict):
            jobs.ask("live", key="live", by="schedule")


def _import(job: Job, *, source: str, **_: Any) -> None:
    def told(step: str, done: int, total: int | None) -> None:
        jobs.renew(job, done=done, total=total)

    row, _spec = sources.get(source)
    from filrouge.base import settings

    if row.sample:
        with demo.serving_desk(settings.get().sample):
            sources.run(source, by=job.by, progress=told)
    else:
        sources.run(source, by=job.by, progress=told)
    identity.resolve(by=job.by)
    followups.adopt()


def _tidy(job: Job, **_: Any) -> None:
    lake = runs.lake()
    for table in TABLES:
        if lake.versions(table) and len(lake.files(table)) > 8:
            lake.compact(table)
        lake.vacuum(table)
        jobs.renew(job)


VERBS: Mapping[str, jobs.Verb] = {
    "import": _import,
    "identity": lambda job, **_: identity.resolve(by=job.by),
    "erase": lambda job, *, erasure, **_: erasures.carry_out(erasure),
    "live": lambda job, **_: live.rebuild(),
    "tidy": _tidy,
    "audit": lambda job, **_: audit.verify(),
    "baselines": lambda job, **_: baselines.measure(by="schedule"),
}
