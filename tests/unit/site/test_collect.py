"""One address, two applications: the collector's requests never reach Django, all others always do."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest

from filrouge.site.collect import Doors


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request"}


async def _deaf(_: Any) -> None: ...


def reached(scope: dict[str, Any]) -> str:
    said: list[str] = []

    def door(name: str) -> Any:
        async def answers(*_: Any) -> None:
            said.append(name)

        return answers

    asyncio.run(Doors(door("site"), door("collector"))(scope, _nothing, _deaf))
    (one,) = said
    return one


@pytest.mark.parametrize(
    "path",
    ["/v1/track", "/v1/b", "/v1/projects/wk_x/settings", "/pixel/v1/track", "/beacon/v1/batch", "/sourceConfig",
     "/sourceConfig/", "/health"],
)  # fmt: skip
def test_what_senders_ask_reaches_the_collector(path: str) -> None:
    assert reached({"type": "http", "path": path}) == "collector"


@pytest.mark.parametrize(
    "path",
    ["/", "/api/v1/people", "/v1", "/livez", "/readyz", "/healthy", "/sources", "/people/v1/track"],
)
def test_all_the_rest_reaches_the_site(path: str) -> None:
    assert reached({"type": "http", "path": path}) == "site"


def test_the_life_of_the_process_is_told_to_the_one_that_has_something_to_close() -> None:
    assert reached({"type": "lifespan"}) == "collector"


def test_the_collector_alone_loads_neither_django_nor_an_engine() -> None:
    heavy = ("django", "ibis", "duckdb", "polars", "pyarrow", "numpy", "pydantic", "filrouge.engines", "filrouge.store")
    said = f"import sys, filrouge.site.collect; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
