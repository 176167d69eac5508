"""Enforced tracking plans at the door: whoever sends is told what the live worker will set aside."""

from __future__ import annotations

import logging
import time

import msgspec

from filrouge.domain.events import Reason
from filrouge.domain.events.checking import Checker, PublishedPlan
from filrouge.domain.events.parse import Foresees
from filrouge.domain.events.said import Said

LONGEST = 0.25  # seconds that the events of one request are looked at by a plan
_log = logging.getLogger(__name__)
_plan = msgspec.json.Decoder(PublishedPlan)


class Plan:
    """The plan of a sender, asked about each event; one that cannot be read or asked is told of once, and foresees
    nothing: what comes is kept all the same."""

    def __init__(self, source: str, said: bytes) -> None:
        self.said, self._source = said, source
        self._checker: Checker | None = None
        try:
            self._checker = Checker(_plan.decode(said), source=source)
        except Exception as fault:  # noqa: BLE001
            self._unasked(fault)

    def __call__(self, kind: str, said: Said) -> Reason | None:
        """Return why an event will be set aside, nothing when it will not."""
        if self._checker is None:
            return None
        try:
            return self._checker.foreseen(kind, said)
        except Exception as fault:  # noqa: BLE001
            self._unasked(fault)
            return None

    def of_request(self) -> Foresees:
        """Return what is asked about the events of one request, for ``LONGEST`` at most: others wait meanwhile, and the
        live worker judges whatever is said here."""
        spent = 0.0

        def asked(kind: str, said: Said) -> Reason | None:
            nonlocal spent
            if spent >= LONGEST:
                return None
            began = time.perf_counter()
            reason = self(kind, said)
            spent += time.perf_counter() - began
            return reason

        return asked

    def _unasked(self, fault: Exception) -> None:
        self._checker = None
        _log.error("The tracking plan of %s is not asked: %s.", self._source, type(fault).__name__)
