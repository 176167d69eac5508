"""Every expression is put to each engine: the same table in, the same rows out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from filrouge.engines import Engine, open_engine

ENGINES = ("duckdb://", pytest.param("spark://local", marks=pytest.mark.spark))


@pytest.fixture(scope="session")
def _spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = open_engine("spark://local", scratch=tmp_path_factory.mktemp("spark"))
    yield engine
    engine.con._session.stop()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param.startswith("spark"):
        yield request.getfixturevalue("_spark")
        return
    made = open_engine(request.param, scratch=tmp_path)
    yield made
    made.close()
