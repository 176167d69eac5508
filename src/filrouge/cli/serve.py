"""``filrouge serve``: the web and the worker in one process tree, or each apart."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import socket
import threading
import time
from pathlib import Path
from typing import Annotated

import typer
from granian.constants import Interfaces
from granian.server import Server

from filrouge.base import settings
from filrouge.base.errors import Conflict, UsageError

ROLES = ("web", "worker")
RESTART_AFTER = 5.0  # seconds before a worker that fell is started again


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    roles: Annotated[str, typer.Option(help="What to run: web, worker, or both.")] = "web,worker",
) -> None:
    """Serve the console and work through the waiting jobs."""
    from filrouge.cli import talk
    from filrouge.work import installation

    wanted = tuple(role.strip() for role in roles.split(",") if role.strip())
    if unknown := [role for role in wanted if role not in ROLES]:
        raise UsageError("There is no role called {role}.", hint="Roles are web and worker.", role=unknown[0])
    if "web" not in wanted:
        _work()
        return
    _free(host, port)
    installation.ready()
    prepare_static()
    worker = Worker() if "worker" in wanted else None
    if worker:
        worker.start()
    # What read the lake here has threads that a fork would not take along: the web begins in a process of its own.
    multiprocessing.set_start_method("spawn", force=True)
    talk.print(f"Filrouge listens on http://{host}:{port} (Ctrl-C stops it).")
    try:
        Server(
            "filrouge.site.asgi:application",
            address=host,
            port=port,
            interface=Interfaces.ASGI,
            workers=1,
            websockets=False,
            log_access=False,
            respawn_failed_workers=True,
        ).serve()
    finally:
        if worker:
            worker.stop()


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
    """The process that works through the jobs, started again when it falls."""

    def __init__(self) -> None:
        self._spawn = multiprocessing.get_context("spawn")
        self._stopping = threading.Event()
        self._process: multiprocessing.process.BaseProcess | None = None
        self._watch = threading.Thread(target=self._keep, name="worker-watch", daemon=True)

    def start(self) -> None:
        self._launch()
        self._watch.start()

    def stop(self) -> None:
        """End the worker, giving it a moment to put down what it holds."""
        self._stopping.set()
        if self._process and self._process.is_alive():
            self._process.terminate()
            self._process.join(10)

    def _launch(self) -> None:
        self._process = self._spawn.Process(target=_work, name="filrouge-worker", daemon=True)
        self._process.start()

    def _keep(self) -> None:
        while not self._stopping.wait(RESTART_AFTER):
            if self._process and not self._process.is_alive():
                self._launch()


def _work() -> None:
    from filrouge.cli import set_up

    set_up()
    from filrouge.work import worker

    worker.run()


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
