"""The spool in both its forms, each opened as an installation does."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from tests.postgres import Server

from filrouge.spool import Spool, open_spool

_count = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Start a PostgreSQL for the tests of the spool; they are left out where there is none."""
    try:
        made = Server("fsync=off")
    except RuntimeError as none:
        pytest.skip(str(none))
    yield made
    made.remove()


@pytest.fixture
def database(server: Server) -> str:
    """Return the address of an empty database."""
    name = f"spool{next(_count)}"
    with psycopg.connect(server.address(), autocommit=True) as con:
        con.execute(f"CREATE DATABASE {name}")
    return server.address(name)


@pytest.fixture(params=["files", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """Return the folder and the database of an installation."""
    url = request.getfixturevalue("database") if request.param == "postgres" else f"sqlite:///{tmp_path}/filrouge.db"
    return tmp_path / "spool", url


@pytest.fixture
def opened(place: tuple[Path, str]) -> Iterator[Callable[[], Spool]]:
    """Return what opens the same spool once more."""
    spools: list[Spool] = []

    def opens() -> Spool:
        spools.append(open_spool(*place))
        return spools[-1]

    yield opens
    for spool in spools:
        spool.close()
