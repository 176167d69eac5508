"""The doctor: what the installation stands on, looked at part by part; each line says what to do about it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib import metadata, util
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import Error, connections
from django.db.migrations.executor import MigrationExecutor

from filrouge import __version__
from filrouge.base import clock, settings
from filrouge.base.errors import FilrougeError
from filrouge.domain.privacy.caller import OWNER, Caller
from filrouge.domain.sources import SourceSpec
from filrouge.store.live import Live
from filrouge.store.models import AuditEntry, AuditLine, Job, Run, Source, Worker
from filrouge.store.queries import sources as reads
from filrouge.store.routers import audit_alias
from filrouge.tables import TABLES
from filrouge.work import access, audit, runs, schedules, secrets

State = Literal["ok", "warn", "fail"]
LITTLE, VERY_LITTLE = 2 << 30, 256 << 20  # bytes free
SILENT = timedelta(minutes=2)  # without a sign of life
WAITED = timedelta(minutes=10)
LOCAL = {"localhost", "127.0.0.1", "[::1]", "::1"}


@dataclass(frozen=True)
class Line:
    """What was found of one part: a state, a sentence with its parameters, and what to do."""

    part: str
    state: State
    template: str
    hint: str = ""
    params: tuple[tuple[str, object], ...] = ()

    @property
    def message(self) -> str:
        return self.template.format(**dict(self.params))


def look(asking: Caller) -> list[Line]:
    """Return what was found, part by part; a part that cannot even be looked at is a failure, told in one line."""
    access.must(asking, "administrator")
    lines: list[Line] = []
    for part, check in CHECKS.items():
        try:
            lines += check(part)
        except FilrougeError as error:
            lines.append(_line(part, "fail", "{what}", error.hint, what=error.message))
        except (OSError, Error, ValueError, KeyError) as error:
            lines.append(_line(part, "fail", "it cannot be looked at: {why}", "See the log.", why=type(error).__name__))
        if part == "databases" and any(line.part == part and line.state != "ok" for line in lines):
            break  # everything after reads them
    return lines


def _line(part: str, state: State, template: str, hint: str = "", **params: object) -> Line:
    return Line(part, state, template, hint, tuple(params.items()))


def _home(part: str) -> Iterator[Line]:
    home = settings.get().home
    if not os.access(home, os.W_OK | os.X_OK):
        yield _line(part, "fail", "{home} may not be written", "Give its owner the right to write.", home=home)
    elif home.stat().st_mode & 0o077:
        yield _line(part, "warn", "{home} is open to other users", "chmod 700 that folder.", home=home)
    else:
        yield _line(part, "ok", "{home}", home=home)


def _disk(part: str) -> Iterator[Line]:
    for name, folder in (("home", settings.get().home), ("lake", settings.get().lake)):
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free
        state: State = "fail" if free < VERY_LITTLE else "warn" if free < LITTLE else "ok"
        hint = "Free some space: runs are given up when the disk is full." if state != "ok" else ""
        yield _line(part, state, "{free:.1f} GB free for the {name}", hint, free=free / 1e9, name=name)


def _versions(part: str) -> Iterator[Line]:
    named = {name: metadata.version(name) for name in ("django", "duckdb", "deltalake", "ibis-framework", "splink")}
    told = ", ".join(f"{name} {version}" for name, version in named.items())
    python = ".".join(map(str, sys.version_info[:3]))
    yield _line(part, "ok", "filrouge {own}, Python {python}, {told}", own=__version__, python=python, told=told)


def _databases(part: str) -> Iterator[Line]:
    for alias in ("default", audit_alias()):
        con = connections[alias]
        executor = MigrationExecutor(con)
        waiting = [
            migration for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())
        ]  # fmt: skip
        if waiting:
            hint = "Any command that works on the home brings them up to date; back up before."
            yield _line(part, "warn", "{alias}: {count} changes of shape wait", hint, alias=alias, count=len(waiting))
        if con.vendor == "sqlite":
            with con.cursor() as cursor:
                found = [row[0] for row in cursor.execute("PRAGMA quick_check(1)").fetchall()]
            if found != ["ok"]:
                yield _line(part, "fail", "{alias}: the file is damaged", "Restore the last backup.", alias=alias)
                continue
        yield _line(part, "ok", "{alias}: {vendor}, whole", alias=alias, vendor=con.vendor)


def _lake(part: str) -> Iterator[Line]:
    lake, rows, files, lost = runs.lake(), 0, 0, 0
    for name in TABLES:
        held = lake.files(name)
        files += len(held)
        gone = [file for file in held if not os.path.exists(file)]
        lost += len(gone)
        if gone:
            hint = "Restore the last backup; `filrouge sql` fails on this table until then."
            yield _line(part, "fail", "{name}: {count} of its files are missing", hint, name=name, count=len(gone))
        else:
            rows += lake.rows(name)
    if not lost:
        yield _line(part, "ok", "{rows:,} rows in {files} files, all there", rows=rows, files=files)


def _live(part: str) -> Iterator[Line]:
    copies = Live()
    if not Source.objects.exists():
        yield _line(part, "ok", "nothing was imported yet")
    elif not Run.objects.filter(kind="identity", state=Run.State.COMMITTED).exists():
        yield _line(
            part, "warn", "not built yet: no person was made of the records", "Run `filrouge identity resolve`."
        )
    elif not copies.ready():
        yield _line(part, "fail", "they are missing, or of another version", "Run `filrouge live rebuild`.")
    elif schedules.behind():
        hint = "Run `filrouge identity resolve`, or let the worker do it."
        yield _line(part, "warn", "imports came after they were built at {at}", hint, at=copies.meta("built_at"))
    else:
        yield _line(part, "ok", "version {version}, built at {at}", version=copies.meta("version"),
                    at=copies.meta("built_at"))  # fmt: skip


def _audit(part: str) -> Iterator[Line]:
    head = audit.read_head()
    last = AuditLine.objects.using(audit_alias()).order_by("-seq").first()
    oldest = AuditEntry.objects.order_by("id").first()
    if last is not None and head is None:
        yield _line(part, "fail", "the signed head is missing", "Run `filrouge audit verify`; ask who removed it.")
    elif head and not head["genuine"]:
        yield _line(part, "fail", "the signed head is not ours", "Run `filrouge audit verify`; ask who changed it.")
    elif head and (last is None or last.seq < head["seq"] or (last.seq == head["seq"] and last.hash != head["hash"])):
        yield _line(part, "fail", "the chain does not end at its signed head", "Run `filrouge audit verify`.")
    else:
        yield _line(part, "ok", "{lines} lines, the last one signed", lines=last.seq if last else 0)
    if oldest is not None and clock.now() - oldest.at > WAITED:
        hint = "Start a worker: `filrouge serve`."
        yield _line(part, "warn", "{count} lines wait to be chained", hint, count=AuditEntry.objects.count())


def _workers(part: str) -> Iterator[Line]:
    now = clock.now()
    alive = Worker.objects.filter(seen_at__gte=now - SILENT).count()
    if alive:
        yield _line(part, "ok", "{count} alive", count=alive)
    else:
        hint = "Run `filrouge serve`, or `filrouge serve --roles worker`."
        yield _line(part, "warn", "none gave a sign of life for two minutes: nothing is read by itself", hint)


def _jobs(part: str) -> Iterator[Line]:
    now = clock.now()
    stuck = Job.objects.filter(state="running", lease_until__lt=now - WAITED)
    overdue = Job.objects.filter(state="waiting", run_at__lt=now - WAITED)
    failed = Job.objects.filter(state="failed", finished_at__gte=now - timedelta(days=1))
    for rows, told, hint in (
        (stuck, "{count} are held by a worker that is gone: {kinds}", "A worker takes them up again: start one."),
        (overdue, "{count} wait for more than ten minutes: {kinds}", "Start a worker, or one more."),
        (failed, "{count} failed within a day: {kinds}", "The pages of the sources say why."),
    ):
        if count := rows.count():
            kinds = ", ".join(sorted(set(rows.values_list("kind", flat=True))))
            yield _line(part, "warn", told, hint, count=count, kinds=kinds)
    if not stuck.exists() and not overdue.exists() and not failed.exists():
        yield _line(part, "ok", "none stuck, none failed within a day")


def _runs(part: str) -> Iterator[Line]:
    left = [row for row in Run.objects.filter(state__in=("running", "staged")) if runs.abandoned(row)]
    if left:
        yield _line(part, "warn", "{count} were cut short", "The next command or start settles them.", count=len(left))
    late = [line.source.name for line in reads.lines(OWNER) if line.late_by is not None]
    if late:
        hint = "Look at their pages, and at the systems behind them."
        yield _line(part, "warn", "late: {names}", hint, names=", ".join(late[:10]))
    if not left and not late:
        yield _line(part, "ok", "none cut short, no source late")


def _clock(part: str) -> Iterator[Line]:
    now = clock.now()
    last = AuditLine.objects.using(audit_alias()).order_by("-seq").first()
    if last is not None and last.at > now + timedelta(minutes=5):
        hint = "Set the clock of the machine: schedules and the order of facts rest on it."
        yield _line(part, "fail", "it is behind what was recorded at {at}", hint, at=last.at.isoformat())
        return
    try:
        ZoneInfo("Europe/Paris")
    except ZoneInfoNotFoundError:
        yield _line(part, "fail", "the time zones are missing", "Install the package tzdata.")
        return
    yield _line(part, "ok", "{at:%Y-%m-%d %H:%M} UTC", at=now)


def _keys(part: str) -> Iterator[Line]:
    home = settings.get().home
    found = [path for path in (home / "secret.key", home / "audit.key", home / "suppression.key") if path.exists()]
    loose = [path.name for path in found if path.stat().st_mode & 0o077]
    if loose:
        yield _line(part, "fail", "open to other users: {names}", "chmod 600 these files.", names=", ".join(loose))
    for row in Source.objects.all():
        if secret := SourceSpec.parse(row.spec, what=row.name).secret:
            try:
                secrets.reveal(secret)
            except FilrougeError as error:
                yield _line(part, "fail", "{what}", error.hint, what=error.message)
    if not loose:
        yield _line(part, "ok", "{count} keys, closed to others", count=len(found))


def _network(part: str) -> Iterator[Line]:
    here = settings.get()
    if here.allow_private:
        hint = "Make sure that each is needed: a source may reach them all."
        yield _line(part, "warn", "every source may reach {list}", hint, list=", ".join(here.allow_private))
    private = [row.name for row in Source.objects.filter(sample=False) if row.spec.get("allow_private")]
    if private:
        hint = "Make sure that each is meant."
        yield _line(part, "warn", "may reach private addresses: {names}", hint, names=", ".join(private))
    public = sorted(set(here.hosts) - LOCAL)
    if public and not here.https:
        hint = "Serve it behind HTTPS and set FILROUGE_HTTPS=1."
        yield _line(part, "warn", "{hosts} is served without HTTPS", hint, hosts=", ".join(public))
    if not here.allow_private and not private and (here.https or not public):
        yield _line(part, "ok", "private addresses are refused, the door is closed")


def _extras(part: str) -> Iterator[Line]:
    engine = settings.get().engine
    if engine.startswith("spark"):
        if util.find_spec("pyspark") is None:
            yield _line(part, "fail", "FILROUGE_ENGINE asks for Spark, which is missing", "Install filrouge[spark].")
            return
        if shutil.which("java") is None and not settings.variable("JAVA_HOME"):
            yield _line(part, "fail", "Spark finds no Java", "Install a Java runtime, 17 or later.")
            return
    elif not engine.startswith("duckdb"):
        yield _line(part, "fail", "no engine answers to {engine}", "Set FILROUGE_ENGINE to duckdb:// or spark://….",
                    engine=engine)  # fmt: skip
        return
    yield _line(part, "ok", "{engine}", engine=engine)


CHECKS: dict[str, Callable[[str], Iterator[Line]]] = {
    "home": _home,
    "disk": _disk,
    "versions": _versions,
    "databases": _databases,
    "lake": _lake,
    "live copies": _live,
    "audit": _audit,
    "workers": _workers,
    "jobs": _jobs,
    "runs": _runs,
    "clock": _clock,
    "keys": _keys,
    "network": _network,
    "engine": _extras,
}
