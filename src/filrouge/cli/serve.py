"""``filrouge serve``: the web, the collector and the workers in one process tree, or each apart."""

from __future__ import annotations

import hashlib
import importlib
import multiprocessing
import os
import socket
import threading
import time
from pathlib import Path
from typing import Annotated

import typer
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server import Server

from filrouge.base import settings
from filrouge.base.errors import Conflict

# Modules of ``work`` that each run in a process of their own, where the role worker is played.
WORKERS = ("worker", "draining", "segments.following")
BUFFER = 65_536  # bytes of one connection that may wait unread: the collector counts the rest
RESTART_AFTER = 5.0  # seconds before a worker that fell is started again


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    roles: Annotated[str, typer.Option(help="What to run, separated by commas; by default web,collect,worker.")] = "",
) -> None:
    """Serve the console, collect what sites and applications send, work through the waiting jobs."""
    wanted = (settings.use(FILROUGE_ROLES=roles) if roles else settings.get()).roles
    listens = {"web", "collect"} & set(wanted)
    if listens:
        _free(host, port)
    here = "" if listens else WORKERS[0]  # where nothing listens, one of them is this very process
    workers = [Worker(name) for name in WORKERS if name != here] if "worker" in wanted else []
    if "web" in wanted:
        _prepare_web()
    for worker in workers:
        worker.start()
    try:
        if listens:
            _listen(host, port, web="web" in wanted)
        else:
            _work(here)
    finally:
        for worker in workers:
            worker.end()
        for worker in workers:
            worker.join()


def _prepare_web() -> None:
    from filrouge.work import installation

    installation.ready()
    prepare_static()


def _listen(host: str, port: int, *, web: bool) -> None:
    """Serve the console, with the collector beside it when that role is played too; or the collector alone.

    The collector alone asks nothing of the definitions: what it is sent is kept while the console is down.
    """
    from filrouge.cli import talk

    # What read the lake here has threads that a fork would not take along: the web begins in a process of its own.
    multiprocessing.set_start_method("spawn", force=True)
    who = "Filrouge" if web else "The collector"
    talk.print(f"{who} listens on http://{host}:{port} (Ctrl-C stops it).")
    Server(
        "filrouge.site.asgi:application" if web else "filrouge.site.collect:alone",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=1,
        websockets=False,
        log_access=False,
        respawn_failed_workers=True,
        factory=not web,
        http1_settings=HTTP1Settings(max_buffer_size=BUFFER),
    ).serve()


def _free(host: str, port: int) -> None:
    """Raise Conflict when somebody already listens there."""
    try:
        with socket.create_server((host, port)):
            return
    except OSError as error:
        raise Conflict(
            "Nothing can listen on {host}:{port}: {why}.",
            hint="Stop what listens there, or choose another with --port.",
            host=host,
            port=port,
            why=os.strerror(error.errno) if error.errno else type(error).__name__,
        ) from None


class Worker:
    """A process that runs a module of ``work``, started again when it falls."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._spawn = multiprocessing.get_context("spawn")
        self._stopping = threading.Event()
        self._process: multiprocessing.process.BaseProcess | None = None
        self._watch = threading.Thread(target=self._keep, name=f"{name}-watch", daemon=True)

    def start(self) -> None:
        self._launch()
        self._watch.start()

    def end(self) -> None:
        """Ask the worker to end."""
        self._stopping.set()
        if self._process and self._process.is_alive():
            self._process.terminate()

    def join(self) -> None:
        """Give it a moment to put down what it holds."""
        if self._process:
            self._process.join(10)

    def _launch(self) -> None:
        self._process = self._spawn.Process(
            target=_work, args=(self._name,), name=f"filrouge-{self._name}", daemon=True
        )
        self._process.start()

    def _keep(self) -> None:
        while not self._stopping.wait(RESTART_AFTER):
            if self._process and not self._process.is_alive():
                self._launch()


def _work(name: str) -> None:
    from filrouge.cli import set_up

    set_up()
    importlib.import_module(f"filrouge.work.{name}").run()


def prepare_static() -> None:
    """Gather the static files once for each version of them, under the names that browsers may keep for ever."""
    from django.conf import settings as django_settings
    from django.contrib.staticfiles import finders
    from django.core.management import call_command

    if django_settings.DEBUG:
        return
    digest = hashlib.sha256()
    for finder in finders.get_finders():
        for name, storage in sorted(finder.list([]), key=lambda pair: pair[0]):
            stat = Path(storage.path(name)).stat()
            digest.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    root = settings.get().home / "static"
    stamp = root / ".gathered"
    if stamp.is_file() and stamp.read_text(encoding="ascii") == digest.hexdigest():
        return
    began = time.monotonic()
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(digest.hexdigest(), encoding="ascii")
    from filrouge.cli import talk

    talk.print(f"Static files gathered in {time.monotonic() - began:.1f} s.")
