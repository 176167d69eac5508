"""A PostgreSQL for one run of the tests: from a wheel where there is one, else from the machine."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from pathlib import Path


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
    return str(pgserver.get_server(f"{folder}/data", cleanup_mode="delete").get_uri())


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
