"""What the tests of work share: a home folder of their own, the three databases, and a small world to import."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.world import World

from filrouge.base import settings

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[2] / "shared" / "data"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home folder for one test."""
    before = settings.get()
    folder = tmp_path / "home"
    folder.mkdir()
    settings.use(
        FILROUGE_HOME=str(folder), FILROUGE_LAKE=str(folder / "lake"), FILROUGE_SAMPLE=str(tmp_path / "home-sample")
    )
    yield folder
    settings.use(FILROUGE_HOME=str(before.home), FILROUGE_LAKE=str(before.lake), FILROUGE_SAMPLE=str(before.sample))


@pytest.fixture
def world(home: Path, tmp_path: Path, transactional_db: None) -> Iterator[World]:
    """A group of two entities that share customer service, a third that shares nothing, and a folder for their files."""
    from filrouge.store.live import Live

    Live().drop()
    yield World(tmp_path / "systems")
    Live().drop()


@pytest.fixture
def shared_data() -> Path:
    """The labelled data beside the repository; the test is skipped where they are absent."""
    if not SHARED.is_dir():
        pytest.skip("the shared data are not beside this repository")
    return SHARED


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of work see every database, and run on both stores."""
    for item in items:
        if HERE in item.path.parents and "world" in getattr(item, "fixturenames", ()):
            item.add_marker(
                pytest.mark.django_db(transaction=True, databases=["default", "live", "audit"]), append=False
            )
            item.add_marker(pytest.mark.postgres)
