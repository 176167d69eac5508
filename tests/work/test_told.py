"""What the command line tells whoever begins: how a run went, and how the sample is reached."""

from __future__ import annotations

from typing import Any

import pytest
from tests.world import World, person

from filrouge.work import demo as building


def test_a_run_tells_its_verdict_and_what_is_no_longer_there(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    from filrouge.cli.source import run

    world.people(person("1", "Ada", "Byron"), person("2", "Bo", "Li"))
    world.people(person("1", "Ada", "Byron"), run=False)
    run("crm_people", dry_run=False, full=False, as_json=False)
    told = " ".join("".join(capfd.readouterr()).split())
    assert "1 known before are no longer there" in told
    assert "Verdict: " in told


@pytest.mark.parametrize("no_serve", [True, False])
def test_the_sample_says_how_it_is_reached(
    no_serve: bool, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from contextlib import nullcontext
    from types import SimpleNamespace

    from filrouge.cli import demo, serve

    served: list[Any] = []
    monkeypatch.setattr(building, "build", lambda **_: True)
    monkeypatch.setattr(building, "logins", list)
    monkeypatch.setattr(building, "serving_desk", lambda _: nullcontext())
    monkeypatch.setattr(serve, "serve", lambda **said: served.append(said))
    context: Any = SimpleNamespace(invoked_subcommand=None)
    demo.demo(context, people=50, seed=7, no_serve=no_serve, host="127.0.0.1", port=8000)
    told = " ".join("".join(capfd.readouterr()).split())
    assert ("Open http://127.0.0.1:8000/" in told) is not no_serve
    assert ("filrouge serve" in told) is no_serve
    assert len(served) == (not no_serve)
