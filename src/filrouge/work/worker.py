"""The worker: chains the audit, works through the jobs, keeps the lake tidy."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import close_old_connections, connections

from filrouge.base import clock, heap
from filrouge.base.errors import Conflict
from filrouge.store.live import Live
from filrouge.store.models import Job, Run, Source, Worker
from filrouge.tables import TABLES
from filrouge.work import (
    acquisitions,
    alerts,
    answers,
    audit,
    baselines,
    demo,
    deriving,
    draft_jobs,
    erasures,
    followup_rules,
    followups,
    holding,
    identity,
    installation,
    jobs,
    live,
    lookups,
    memory,
    pushes,
    reshaping,
    retention,
    runs,
    schedules,
    score_models,
    scores,
    segments,
    senders,
    sources,
)

log = logging.getLogger("filrouge.worker")
WAITED_FOR = frozenset(
    {"lookup", "draft_profile", "draft_trial", "reshape_trial"}
)  # kinds of jobs that somebody waits for before a page
PAUSE = 1.0  # seconds between two looks at the queue
LOOK = 10.0  # seconds between two looks at the schedules, and between two signs of life
FORGET = timedelta(days=1)  # a worker not seen for so long is no longer told of


def run(stop: threading.Event | None = None) -> None:
    """Work until asked to stop."""
    ending = stop or threading.Event()
    if stop is None:
        for asked in (signal.SIGTERM, signal.SIGINT):
            signal.signal(asked, lambda *_: ending.set())
        heap.lasts()
    installation.ready()
    schedule()
    schedules.plan_all()
    beside = threading.Thread(target=_beside, args=(ending,), name="lookups", daemon=True)
    beside.start()
    try:
        _work_through(ending)
    finally:
        ending.set()
        beside.join()


def _work_through(ending: threading.Event) -> None:
    name = f"{socket.gethostname()}:{os.getpid()}"[:60]
    looked = float("-inf")
    while not ending.is_set():
        close_old_connections()
        _surviving(audit.chain_waiting)
        if time.monotonic() - looked > LOOK:
            looked = time.monotonic()
            alive(name)
            schedules.tick()
            _surviving(pushes.wake)
            _surviving(alerts.look)
            _surviving(alerts.send)
            _surviving(go_on)
            _surviving(senders.publish)  # whatever became of the file, the collector is told anew
        job = jobs.claim(name, but=WAITED_FOR)
        if job is None:
            ending.wait(PAUSE)
            continue
        with held(job):
            jobs.work(job, VERBS)
        heap.let_go()
    Worker.objects.filter(name=name).delete()


def _beside(ending: threading.Event) -> None:
    """Do what somebody waits for before a page, while the long work goes on."""
    name = f"{socket.gethostname()}:{os.getpid()} beside"[:60]
    try:
        while not ending.is_set():
            close_old_connections()
            job = None
            try:
                job = jobs.claim(name, only=WAITED_FOR)
                if job is not None:
                    with held(job):
                        jobs.work(job, VERBS)
            except Exception as error:  # noqa: BLE001 - what is away comes back; what was claimed is claimed again
                log.error("%s", type(error).__name__)
                job = None
            if job is None:
                ending.wait(PAUSE / 4)
    finally:
        connections.close_all()


def _surviving(verb: Callable[[], object]) -> None:
    """Do what is tried again a moment later anyway: the worker outlives its failure, and tells its kind."""
    try:
        verb()
    except Exception as error:  # noqa: BLE001 - a database or a disk that is away for a while comes back
        log.error("%s: %s", verb.__name__, type(error).__name__)


def go_on() -> None:
    """Carry out what runs promised and could not do, and let identities and pages follow."""
    promised = set(Run.objects.filter(state=Run.State.STAGED).values_list("id", flat=True))
    if not runs.recover():
        return
    schedules.settle(by="schedule")
    done = Run.objects.filter(pk__in=promised, state=Run.State.COMMITTED)
    if done.exclude(kind="import").exists():  # people whom no page shows yet
        with suppress(Conflict):
            jobs.ask("live", key="live", by="schedule")


def alive(name: str) -> None:
    """Leave a sign of life, and forget the workers that left none for a day."""
    now = clock.now()
    Worker.objects.update_or_create(name=name, defaults={"seen_at": now})
    Worker.objects.filter(seen_at__lt=now - FORGET).delete()


RECURRING = {
    "tidy": timedelta(hours=1),
    "audit": timedelta(hours=6),
    "baselines": timedelta(days=1),
    "retention": timedelta(days=1),
    "identity_whole": timedelta(days=1),
    "scores": timedelta(days=1),
    "score_models": timedelta(days=7),
    "segments": timedelta(hours=1),
    "followup_rules": timedelta(hours=1),
    "acquisitions": timedelta(hours=1),
}


class held:
    """Renew the lease of a job while it is worked on; ``sign``: whether whoever works is a worker, and lives."""

    def __init__(self, job: Job, *, sign: bool = True) -> None:
        self.job = job
        self.sign = sign
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
            if self.sign:
                alive(self.job.worker)
        close_old_connections()


def schedule() -> None:
    """Make sure that the recurring jobs stand in the queue, once each, and the erasures that were interrupted."""
    erasures.take_up()
    pushes.take_up()
    for kind, every in RECURRING.items():
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
    schedules.settle(by=job.by)


def _let_in(job: Job, *, run: str, **_: Any) -> None:
    if Run.objects.filter(pk=run, state=Run.State.HELD).exclude(decided_by="").exists():  # else it was done at once
        holding.carry_out(run, progress=_renewing(job))
    schedules.settle(by=job.by)


def _tidy(job: Job, **_: Any) -> None:
    erasures.take_up()
    lake = runs.lake()
    for table in TABLES:
        with runs.writing():
            if lake.versions(table) and len(lake.files(table)) > 8:
                lake.compact(table)
            lake.vacuum(table)
        jobs.renew(job)
    answers.forget_old()
    lookups.forget_old()
    draft_jobs.sweep()
    holding.expire()
    alerts.forget_old()


def _renewing(job: Job) -> Callable[[str, int, int | None], None]:
    return lambda _, done, total: jobs.renew(job, done=done, total=total)


def _identity(job: Job, **_: Any) -> None:
    identity.resolve(by=job.by, progress=_renewing(job))
    followups.adopt()


def _whole(job: Job, **_: Any) -> None:
    """Settle the whole, with new doubts to review, on a day when only changes were settled or memory went."""
    last = Run.objects.filter(kind="identity", state=Run.State.COMMITTED).order_by("-started_at").first()
    if last is None:
        return
    if last.figures.get("settled") != last.figures.get("records") or memory.recall(deriving.spec()) is None:
        identity.resolve(by="schedule", whole=True, progress=_renewing(job))


def _scores(job: Job, **_: Any) -> None:
    if runs.lake().exists("links"):
        scores.run(by=job.by or "schedule", progress=_renewing(job))


def _score_models(job: Job, *, name: str = "", **_: Any) -> None:
    if runs.lake().exists("links"):
        score_models.train(by=job.by or "schedule", name=name, progress=_renewing(job))


def _retention(job: Job, **_: Any) -> None:
    if not Source.objects.filter(sample=True).exists():  # the sample's past is fixed: it would shrink day after day
        retention.sweep(by="schedule")


def _segments(job: Job, *, name: str = "", **_: Any) -> None:
    segments.build([name] if name else None, by=job.by, progress=_renewing(job))


def _push(job: Job, *, push: str, only: str = "", **_: Any) -> None:
    pushes.run(push, by=job.by or "schedule", only=only, progress=_renewing(job))


VERBS: Mapping[str, jobs.Verb] = {
    "import": _import,
    "let_in": _let_in,
    "identity": _identity,
    "identity_whole": _whole,
    "erase": lambda job, *, erasure, **_: erasures.carry_out(erasure),
    "lookup": lambda job, *, person, **_: lookups.carry_out(person),
    "draft_profile": lambda job, *, draft, **_: draft_jobs.profile(draft, progress=_renewing(job)),
    "draft_profile_long": lambda job, *, draft, **_: draft_jobs.profile(draft, progress=_renewing(job)),
    "draft_trial": lambda job, *, draft, **_: draft_jobs.trial(draft, progress=_renewing(job)),
    "draft_trial_long": lambda job, *, draft, **_: draft_jobs.trial(draft, progress=_renewing(job)),
    "reshape_trial": lambda job, *, run, **_: reshaping.trial(run, progress=_renewing(job)),
    "reshape_trial_long": lambda job, *, run, **_: reshaping.trial(run, progress=_renewing(job)),
    "draft_import": lambda job, *, draft, **_: draft_jobs.carry_out(draft, by=job.by, progress=_renewing(job)),
    "live": lambda job, **_: live.rebuild(),
    "segments": _segments,
    "push": _push,
    "followup_rules": lambda job, *, name="", **_: followup_rules.run(by=job.by or "schedule", name=name),
    "tidy": _tidy,
    "audit": lambda job, **_: audit.verify(),
    "retention": _retention,
    "scores": _scores,
    "score_models": _score_models,
    "baselines": lambda job, **_: baselines.measure(by="schedule"),
    "acquisitions": lambda job, **_: acquisitions.measure_all(by="schedule"),
}
