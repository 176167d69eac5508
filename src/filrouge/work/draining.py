"""The live worker: what senders sent goes from the spool to the pages within a second, and to the lake within a minute.

Whatever stops it, wherever: what the spool holds beyond the last promise is read again, and everything that is done
with it can be done twice.
"""

from __future__ import annotations

import gc
import logging
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from copy import copy
from datetime import datetime
from typing import Any

import pyarrow as pa
from django.db import close_old_connections, connections

from filrouge.base import clock, heap, settings
from filrouge.base.errors import Conflict
from filrouge.domain.events import Reason
from filrouge.domain.events.checking import Checker
from filrouge.spool import Place, Spool, Stored
from filrouge.store import hurry, outbox
from filrouge.store.idents import Idents
from filrouge.store.live import Live
from filrouge.store.models import Drained, Run, Source, Suppression
from filrouge.store.queries import claims
from filrouge.store.queries import plans as found_plans
from filrouge.work import (
    accounts,
    appearing,
    faults,
    installation,
    live,
    locks,
    plans,
    rawtext,
    runs,
    showing,
    streaming,
    suppressions,
    taking,
    waiting,
)
from filrouge.work.flushing import Load, Unkept, flush, settled
from filrouge.work.judging import Event, Judge, Judged, Out, browser_key, remember, whose

log = logging.getLogger("filrouge.draining")
PAUSE = 0.05  # seconds between two looks at a spool that had nothing
TURN = 2_000  # events of a turn: their pages are written before more are read
FULL, AFTER = 100_000, 30.0  # events, or seconds, that wait for the lake at most
MOST = 400_000  # events held here; beyond, the spool keeps them
HEARD = 5.0  # seconds between two notes of when a sender was heard of
HEAVY, HEAVIEST = 64 << 20, 256 << 20  # bytes that are put in the lake at once; and that are held here at most
RETRY = 2.0  # seconds after which a load that could not be promised is tried again
PATIENCE = 2  # falls in a row after which it looks at one request at a time
PLACE = 0.5  # seconds between two looks at whether the place of the one who drains is free
FRESH = 1.0  # seconds for which what others decide (erasures, plans, live copies built anew) is believed


def run(stop: threading.Event | None = None) -> None:
    """Drain the spool until asked to stop; one process at a time does, others wait for its place."""
    ending = stop or threading.Event()
    if stop is None:
        for asked in (signal.SIGTERM, signal.SIGINT):
            signal.signal(asked, lambda *_: ending.set())
        heap.lasts()
        gc.set_threshold(50_000, 50, 100)  # a turn makes thousands of objects, none of them in circles
    installation.ready()
    while not ending.is_set():
        with locks.tried("drain") as mine:  # one that waited for the lock itself would not hear that it is to stop
            if mine:
                _drain(ending)
        ending.wait(PLACE)


def _drain(ending: threading.Event) -> None:
    drain = Drain(waiting.opened())
    try:
        while not ending.is_set():
            close_old_connections()
            try:
                busy = drain.turn()
            except Exception as error:  # noqa: BLE001 - a disk or a database that is away comes back
                log.error("%s", faults.told(error))
                drain = drain.again(error)
                ending.wait(1)
                continue
            if not busy:
                ending.wait(PAUSE)
        drain.finish()
    finally:
        drain.close()


class Drain:
    """One drainer: what it read and has not seen into the lake yet, and what it knows of what went before."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.live = Live()
        runs.recover()
        home = settings.get().home
        taken, aside = Idents(home / "idents" / "taken"), Idents(home / "idents" / "aside")
        for known, table in ((taken, "events"), (aside, "rejects")):
            known.open(counts=lambda names: settled(list(names)))
            remember(known, table)
        self.judge = Judge(taken, aside)
        self.falls = 0  # how often in a row it fell over what it read
        self.reading: Place | None = None  # the request that is looked at, when it looks at them one at a time
        self.culprits: set[Place] = set()  # requests over which it fell
        self.places = dict(Drained.objects.values_list("file", "number"))
        self.load = Load()
        self.flushing: tuple[Load, Future[Run | None]] | None = None
        self.thread = ThreadPoolExecutor(1, "flush")
        self.each = 10.0  # events of a request, about
        self.turns = 0
        self.damaged: set[str] = set()
        self.barred: Any = None
        self.erased: object = None  # the last suppression that ``barred`` knows
        self.looked = self.changed = self.swept = float("-inf")
        self.retry = float("-inf")
        self.plans: dict[str, Checker] = {}
        self.heard: dict[str, float] = {}
        self.built: str | None = None
        self.doubtful = True
        self.untold: set[int] = set()  # keys of accounts of which the lake holds something, and nobody was told
        self.awaited = claims.Awaited()  # what is being corrected, and comes down the road
        self.unshown: list[int] = []  # accounts whose pages were built anew, and may not show them as they are
        self.settling = False  # events beside the pages are being put on them
        if not self.live.ready():
            live.rebuild()
        self.live.index()
        self.flush_number = int(self.live.meta("flush") or 0) + 1
        self._told_all()
        standing = set(self.spool.files())
        Drained.objects.exclude(file__in=standing).delete()
        for file in standing & set(self.places):  # said to be done before a crash
            self.spool.forget(Place(file, self.places[file]))

    def again(self, error: Exception) -> Drain:
        """Return a drainer that begins where this one's last promise left off.

        When it falls again and again over what it reads, and not over a database or a disk, it reads one request at a
        time, and sets aside the one over which it falls: one bad event never keeps the others waiting.
        """
        self._settle(wait=True)
        self.thread.shutdown()
        while True:
            try:
                made = Drain(self.spool)
            except Exception as further:  # noqa: BLE001 - what it stands on is still away
                log.error("%s", type(further).__name__)
                time.sleep(1)
                continue
            made.falls, made.culprits = self.falls + (not faults.away(error)), self.culprits
            if self.reading is not None and not faults.away(error):
                made.culprits.add(self.reading)
            return made

    def turn(self) -> bool:
        """Do what there is to do once; tell whether there was something."""
        self._settle()
        self._fresh()
        room = self.load.events + self._in_flight() < MOST and self.load.bytes < HEAVIEST
        entries = self._read() if room else []
        careful = self.falls > PATIENCE
        for some in [[entry] for entry in entries] if careful else [entries] if entries else []:
            self.reading = some[0].place if careful else None
            self._take(some)
        self.reading = None
        self._flush()
        # a little each time: events are not to wait for it
        self.unshown = showing.show_again(self.live, self.unshown)
        if self.settling:
            self.settling = showing.settle_in(self.live, upto=int(self.live.meta("flush") or 0))
        return bool(entries or self.unshown)

    # --- reading ------------------------------------------------------------------------------------------------------

    def _read(self) -> list[Stored]:
        """Return what comes next of each file in turn, so that none keeps the others waiting."""
        found: list[Stored] = []
        count = size = 0
        files = list(self.spool.files())
        self.turns += 1
        for at in range(len(files)):
            file = files[(self.turns + at) % len(files)]
            while count < TURN and size < HEAVY:
                asked = max(1, min(200, round((TURN - count) / self.each)))
                some = self._of_file(file, asked)
                for stored in some:
                    self.each = 0.9 * self.each + 0.1 * max(stored.entry.count, 1)
                    count, size = count + stored.entry.count, size + len(stored.entry.payload)
                    self.places[file] = stored.place.number
                found += some
                if len(some) < asked:
                    break
        return found

    def _of_file(self, file: str, most: int) -> Sequence[Stored]:
        """Return what comes next of a file; one that cannot be read is told of, and keeps no other waiting."""
        try:
            return self.spool.read(file, self.places.get(file, 0), most)
        except (OSError, sqlite3.Error) as error:
            if file not in self.damaged:
                self.damaged.add(file)
                log.error("A file of the spool cannot be read: %s, %s.", file, type(error).__name__)
            return []

    def _take(self, entries: Sequence[Stored]) -> None:
        last = Suppression.objects.order_by("-id").values_list("id", flat=True).first()
        if last != self.erased:
            self.barred, self.erased = suppressions.checker(), last
        if not self.load.places:
            self.load.since = time.monotonic()
        fallen = {stored.place for stored in entries} & self.culprits
        judged = self.judge.judge(
            entries, plan=self._plan, barred=self._barred, unreadable=bool(fallen), awaited=self.awaited(),
        )  # fmt: skip
        with nullcontext() if self.live.postgres else hurry.first():
            appearing.appear(self.live, judged.taken, flush=self.flush_number)
            streaming.tell(self.live, judged)
        self._heard(judged)
        self.load.add(judged, {stored.place.file: stored.place.number for stored in entries})

    def _plan(self, source: str, kind: str, body: bytes) -> Reason | None:
        """Judge an event by the tracking plan of its sender."""
        if source not in self.plans:
            self.plans[source] = plans.in_force(source)
        checker = self.plans[source]
        return None if checker.empty else checker.check_sent(kind, body)

    def _noted(self) -> list[Checker]:
        """Return what the plans found since this was asked last."""
        found = []
        for checker in self.plans.values():
            if checker.noted:
                found.append(copy(checker))
                checker.noted = Counter()
        return found

    def _barred(self, events: Sequence[Event]) -> list[Out]:
        """Tell what of ``events`` is of somebody erased; those set aside are searched as they were sent."""
        if self.barred is None or not events:
            return [Out.NOTHING] * len(events)
        aside = [at for at, event in enumerate(events) if event.reason is not None and event.body]
        records = [event.record for event in events]
        for at in aside:
            records[at] = whose(events[at].source, events[at].kind, events[at].body)
        columns = {
            "entity": pa.array([event.entity for event in events], pa.string()),
            "person_key": pa.array(records, pa.int64()),
            "email": pa.array([_said(event.told, "email") for event in events], pa.string()),
            "phone": pa.array([_said(event.told, "phone") for event in events], pa.string()),
        }
        found = [Out.EVENT if bad else Out.NOTHING for bad in self.barred(pa.table(columns))]
        texts = [events[at].body.decode("utf-8", "replace") for at in aside]
        for at, bad in zip(aside, rawtext.barred(self.barred, texts, [events[at].entity for at in aside]), strict=True):
            found[at] = Out.EVENT if bad else found[at]
        # A browser that several people share is not the one who was erased when an event names another of them.
        shared = [
            (at, browser_key(event.source, word))
            for at, event in enumerate(events) if event.told.user
            for word in (event.told.anonymous, event.told.previous) if word
        ]  # fmt: skip
        if shared:
            browsers = {
                "entity": pa.array([events[at].entity for at, _ in shared], pa.string()),
                "reader_key": pa.array([key for _, key in shared], pa.int64()),
            }
            for (at, _), bad in zip(shared, self.barred(pa.table(browsers)), strict=True):
                found[at] = max(found[at], Out.BROWSER if bad else Out.NOTHING)
        return found

    # --- what others did ----------------------------------------------------------------------------------------------

    def _fresh(self) -> None:
        """Learn whether the live copies were built anew, and keep things tidy."""
        if time.monotonic() - self.looked < FRESH:
            return
        self.looked = time.monotonic()
        stamps = found_plans.stamps()
        for source, checker in list(self.plans.items()):
            self.plans[source] = plans.renewed(checker, stamps)
            if self.plans[source] is not checker and checker.noted:  # what an earlier version found is its own
                self.load.noted.append(checker)
        built = self.live.meta("built_at") if self.live.ready() else None
        if built is None:
            live.rebuild()
            built = self.live.meta("built_at")
        if built != self.built:
            self.built = built
            if built is not None:
                self.unshown = showing.to_show_again(self.live, since=datetime.fromisoformat(built))
        if time.monotonic() - self.swept > 60:
            self.swept = time.monotonic()
            self.spool.sweep()
            streaming.tidy(self.live)
            self.settling = self.settling or showing.many_beside(self.live)

    # --- into the lake ------------------------------------------------------------------------------------------------

    def _in_flight(self) -> int:
        return self.flushing[0].events if self.flushing else 0

    def _flush(self, *, now: bool = False) -> None:
        """Begin to put in the lake what waits for it, when it is much or old."""
        if self.flushing is not None or time.monotonic() < self.retry:
            return
        much = self.load.events >= FULL or self.load.bytes >= HEAVY
        due = self.load.places and (much or time.monotonic() - self.load.since >= AFTER)
        if due or (now and self.load.places):
            load, self.load = self.load, Load()
            load.cut = clock.now()
            load.noted += self._noted()
            self.flushing = load, self.thread.submit(self._put, load, self.flush_number)
            self.flush_number += 1

    def _put(self, load: Load, number: int) -> Run | None:
        """Put ``load`` in the lake, then the accounts that it does not know, on a thread of its own."""
        try:
            done = flush(load, taken=self.judge.taken, aside=self.judge.aside)
            try:  # the events are kept: whatever befalls what follows is done again after the next flush
                self._follow(number, load, done)
            except Exception as error:  # noqa: BLE001
                log.error("%s", faults.told(error))
            return done
        finally:
            connections.close_all()
            heap.let_go()

    def _follow(self, number: int, load: Load, done: Run | None) -> None:
        """Say which events the lake holds, put in it the accounts that it does not know; tell whoever follows."""
        copies = Live()
        self.untold.update(load.records())
        with copies.writing():
            copies.set_meta("flush", str(number))
        whole = time.monotonic() - self.changed > taking.CHANGED_AFTER.total_seconds()
        try:
            self.untold.update(taking.take(copies, whole=whole or self.doubtful))
            self.doubtful = False
        finally:
            self._tell(copies, done)
        if whole:
            self.changed = time.monotonic()

    def _tell(self, copies: Live, done: Run | None) -> None:
        """Tell whoever follows of whom the lake holds something new; once the run ``done`` is in it, and not before."""
        if done is not None and done.state != Run.State.COMMITTED:
            return
        if self.untold and outbox.followed(copies):
            outbox.put(copies, accounts.people_of(copies, sorted(self.untold)))
        self.untold.clear()
        if done is not None:
            with copies.writing():
                copies.set_meta("told", str(done.id))

    def _told_all(self) -> None:
        """Tell whoever follows that anybody may have changed, when a fall came before they were told of what did."""
        last = Run.objects.filter(kind="collect", state=Run.State.COMMITTED).order_by("-started_at").first()
        if last is None or self.live.meta("told") == str(last.id):
            return
        outbox.put(self.live, [outbox.EVERYBODY])
        with self.live.writing():
            self.live.set_meta("told", str(last.id))

    def _settle(self, *, wait: bool = False) -> None:
        """Take note of a flush that ended: what it took is known, and leaves the spool."""
        if self.flushing is None or not (wait or self.flushing[1].done()):
            return
        load, ended = self.flushing
        self.flushing = None
        try:
            done = ended.result()
        except (Conflict, Unkept) as error:  # nothing of it was promised: it is tried again, with what came since
            log.log(logging.INFO if isinstance(error, Conflict) else logging.ERROR, "%s", faults.told(error))
            self.load.put_before(load)
            self.retry = time.monotonic() + RETRY
            return
        self.falls = 0
        self.culprits.clear()
        if done is not None:
            for known, keys, tables in (
                (self.judge.taken, self.judge.pending, load.taken), (self.judge.aside, self.judge.waiting, load.aside),
            ):  # fmt: skip
                known.admit(str(done.id))
                for table in tables:
                    keys.difference_update(table["record_key"].to_pylist())
        for file, number in load.places.items():
            self.spool.forget(Place(file, number))

    def _heard(self, judged: Judged) -> None:
        """Say when each sender was last heard of, every few seconds."""
        now = time.monotonic()
        for source in {source for source, *_ in judged.counts}:
            if now - self.heard.get(source, float("-inf")) > HEARD:
                self.heard[source] = now
                Source.objects.filter(name=source).update(as_of=clock.now())

    def finish(self) -> None:
        """Put everything that was read in the lake, as a worker does that is asked to stop."""
        self._settle(wait=True)
        self.retry = float("-inf")
        self._flush(now=True)
        self._settle(wait=True)

    def close(self) -> None:
        """Let go of the spool."""
        self.thread.shutdown()
        self.spool.close()


def _said(told: Any, trait: str) -> str | None:
    value = told.traits.get(trait)
    return value if isinstance(value, str) else None
