"""One process of an installation drains; another waits for its place, and hears that it is to stop."""

from __future__ import annotations

import threading

import pytest

from filrouge.work import draining, installation, locks


def test_who_waits_for_the_place_of_the_drainer_ends_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "ready", lambda: None)
    stop = threading.Event()
    waiting = threading.Thread(target=draining.run, args=(stop,), daemon=True)
    with locks.held("drain"):
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive(), "another drains: it waits"
        stop.set()
        waiting.join(10)
        assert not waiting.is_alive()
