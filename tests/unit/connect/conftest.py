"""Places of every kind, and what tests of connectors share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.unit.connect.places import (
    Answer,
    Left,
    Lines,
    PackedFile,
    Place,
    PostgreSQL,
    Service,
    SQLite,
    TabFile,
    TextFile,
    Web,
    Workbook,
)
from tests.unit.connect.servers import Server, openssh, strangers

SHARED = Path(__file__).resolve().parents[4] / "shared/data/bad-input"
KINDS = (
    "csv", "tsv", "zip", "sftp", "excel", "ndjson", "rest", "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgres),
)  # fmt: skip


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """The address of a PostgreSQL for this run; the test is skipped, with the reason, where none can start."""
    from tests import postgres

    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        return os.environ["DATABASE_URL"]
    try:
        return postgres.start()
    except Exception as error:  # noqa: BLE001 - whatever keeps a server from starting here
        pytest.skip(f"no PostgreSQL can start on this machine: {error}")


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty place of each kind that Filrouge reads."""
    kind = request.param
    made: Place
    if kind == "csv":
        made = TextFile(kind, tmp_path)
    elif kind == "tsv":
        made = TabFile(kind, tmp_path)
    elif kind == "excel":
        made = Workbook(kind, tmp_path, unable=frozenset({"names", "nul"}))
    elif kind == "zip":
        made = PackedFile(kind, tmp_path)
    elif kind == "sftp":
        server = request.getfixturevalue("server")
        made = Left(kind, server.folder, server=server)
    elif kind == "ndjson":
        made = Lines(kind, tmp_path, first=1)
    elif kind == "rest":
        made = Service(kind, tmp_path)
    elif kind == "sqlite":
        made = SQLite(kind, tmp_path, first=1)
    else:
        made = PostgreSQL(
            kind, tmp_path, first=1, unable=frozenset({"nul", "retry"}), url=request.getfixturevalue("postgres_url")
        )
    yield made
    if isinstance(made, Service):
        made.close()


Serve = Callable[[Callable[[str, dict[str, str], dict[str, str]], Answer]], Web]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return what starts a web service for the test."""
    started: list[Web] = []

    def start(answer: Callable[[str, dict[str, str], dict[str, str]], Answer]) -> Web:
        started.append(Web(answer))
        return started[-1]

    yield start
    for web in started:
        web.close()


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let waits pass at once; hold how long each would have been."""
    waits: list[float] = []
    monkeypatch.setattr("filrouge.connect.asking.time.sleep", waits.append)
    return waits


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An OpenSSH server for this account."""
    with openssh(tmp_path_factory.mktemp("ssh")) as made:
        yield made


@pytest.fixture
def stranger() -> Iterator[Callable[[str], Server]]:
    """What starts a server that behaves oddly."""
    with strangers() as start:
        yield start


@pytest.fixture
def bad_input() -> Path:
    """Public suites of difficult files; the test is skipped where they do not stand beside the repository."""
    if not SHARED.is_dir():
        pytest.skip("the public suites of difficult files are not beside this repository (shared/data/bad-input)")
    return SHARED
