"""A PostgreSQL for one run of the tests, one that may be stopped and frozen: from a wheel, else the machine’s."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def start() -> str:
    """Return the address of a fresh server that ends with this process.

    Raises RuntimeError with what to install when there is none.
    """
    if given := os.environ.get("FILROUGE_TEST_DATABASE_URL"):
        return given
    folder = tempfile.mkdtemp(prefix="filrouge-pg-")
    # apart from the data, whose folder pgserver opens to a user of its own
    os.environ["XDG_RUNTIME_DIR"] = runtime = tempfile.mkdtemp(prefix="filrouge-run-")
    for made in (folder, runtime):  # once the server, told to end after this, has ended
        atexit.register(shutil.rmtree, made, ignore_errors=True)
    try:
        import pgserver
    except ImportError:  # no wheel for this Python
        return _from_machine(Path(folder))
    server = pgserver.get_server(f"{folder}/data", cleanup_mode="delete")
    # no test cuts the power under this one: those that do start one of their own
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {name} = off")
    server.psql("SELECT pg_reload_conf()")
    return str(server.get_uri())


def _from_machine(folder: Path) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = str(found[-1]) if found else shutil.which("initdb")
    if not initdb:
        raise RuntimeError("The PostgreSQL lane needs a server: apt install postgresql, then run it again.")
    control, data = str(Path(initdb).with_name("pg_ctl")), str(folder / "data")
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []  # it refuses to run as root
    folder.chmod(0o777)
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    subprocess.run([*user, initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"], **quiet)
    options = f"-k {folder} -c listen_addresses= -c fsync=off"
    subprocess.run([*user, control, "-D", data, "-w", "-o", options, "-l", str(folder / "log"), "start"], **quiet)
    atexit.register(subprocess.run, [*user, control, "-D", data, "-m", "immediate", "stop"], stdout=subprocess.DEVNULL)
    return f"postgresql://postgres@/postgres?host={folder}"


class Server:
    """A server of one's own, which may be stopped and frozen.

    Raises RuntimeError with what to install when there is none.
    """

    def __init__(self, *options: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="filrouge-pg-"))
        self._folder.chmod(0o777)
        self._options = options
        self._bin = _programs()
        root = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        self._quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/", **root}
        made = [self._bin / "initdb", "-D", self._folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        subprocess.run([*made, "--no-sync"], check=True, **self._quiet)
        self._server: subprocess.Popen[bytes] | None = None
        self.start()

    def address(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        settings = [word for option in self._options for word in ("-c", option)]
        self._server = subprocess.Popen(
            [self._bin / "postgres", "-D", self._folder / "data", "-k", self._folder, "-h", "", *settings],
            **self._quiet,
        )
        ready = [self._bin / "pg_isready", "-q", "-h", self._folder, "-t", "20"]
        for _ in range(200):
            if subprocess.run(ready, check=False, **self._quiet).returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError("The server does not start.")

    def stop(self) -> None:
        """Stop the server as an operator does, whoever is connected."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)
            self._server.wait(30)
            self._server = None

    def freeze(self) -> None:
        """Stop every process of the server where it stands."""
        self._tell(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        self._tell(signal.SIGCONT)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _tell(self, word: signal.Signals) -> None:
        for pid in self._family():
            with suppress(ProcessLookupError):  # it ended meanwhile
                os.kill(pid, word)

    def _family(self) -> list[int]:
        assert self._server is not None
        children = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children").read_text().split()
        return [self._server.pid, *map(int, children)]


def _programs() -> Path:
    """Return the folder of the server's programs."""
    if wheel := find_spec("pgserver"):
        programs = Path(str(wheel.origin)).parent / "pginstall/bin"
        if os.geteuid() == 0:  # it runs as nobody, who must find it
            for folder in programs.resolve().parents:
                folder.chmod(folder.stat().st_mode | 0o011)
        return programs
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise RuntimeError("This test needs a PostgreSQL: apt install postgresql, then run it again.")
    return found[-1].parent


def emptied(
    operations: Any, style: Any, tables: Sequence[str], *, reset_sequences: bool = False, **_: Any
) -> list[str]:
    """Return what empties ``tables`` between two tests: those that hold rows alone, as few do.

    Django's own cuts every table off, which makes a new file of each on the disk.
    """
    if not tables:
        return []
    asked = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for table in tables)
    with operations.connection.cursor() as cursor:
        cursor.execute(asked)
        full = [table for (table,) in cursor.fetchall()]
        again = []
        if reset_sequences and full:
            cursor.execute(
                "SELECT t.relname, s.relname FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND s.relkind = 'S' "
                "JOIN pg_class t ON t.oid = d.refobjid WHERE t.relname = ANY(%s)",
                [full],
            )
            again = [f'ALTER SEQUENCE "{sequence}" RESTART' for _, sequence in cursor.fetchall()]
    if not full:
        return []
    return [
        "SET session_replication_role = replica",  # whoever refers to a row goes as well
        *(f'DELETE FROM "{table}"' for table in full),
        *again,
        "SET session_replication_role = origin",
    ]
