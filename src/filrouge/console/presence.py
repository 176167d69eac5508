"""Who has which page open, while they do: kept in memory by the process that serves the pages, and nowhere else."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from filrouge.domain.privacy.caller import Caller

LINGERS = 15.0  # seconds for which somebody who left is still shown: whoever turns to another tab comes back


@dataclass(frozen=True)
class Here:
    """Somebody who has a page open, and since when."""

    user: str
    name: str
    since: datetime


@dataclass
class _Open:
    here: Here
    asking: Caller
    left: float | None = None  # by the clock of this process


@dataclass
class Board:
    """The pages that are open, by person."""

    opened: dict[str, dict[int, _Open]] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=count)

    def enter(self, person: str, asking: Caller, at: datetime) -> int:
        """Say that ``asking`` opened the page of ``person``; return what closes it again."""
        place = next(self._numbers)
        self.opened.setdefault(person, {})[place] = _Open(Here(asking.user_id, asking.name, at), asking)
        return place

    def leave(self, person: str, place: int) -> None:
        """Say that a page was closed."""
        if (one := self.opened.get(person, {}).get(place)) is not None:
            one.left = time.monotonic()
        self._sweep()

    def others(self, person: str, asking: Caller) -> tuple[Here, ...]:
        """Return who else has the page open, each once, the first to come first.

        Only those are told of who act for an entity for which ``asking`` acts too: that somebody of another company
        looks at a person says that this company knows them.
        """
        self._sweep()
        told: dict[str, Here] = {}
        for one in sorted(self.opened.get(person, {}).values(), key=lambda one: one.here.since):
            if one.here.user != asking.user_id and _together(one.asking, asking):
                told.setdefault(one.here.user, one.here)
        return tuple(told.values())

    def _sweep(self) -> None:
        """Forget those who left: who looked at whom is nobody's business afterwards."""
        now = time.monotonic()
        for person, pages in list(self.opened.items()):
            for place in [place for place, one in pages.items() if one.left is not None and now - one.left > LINGERS]:
                del pages[place]
            if not pages:
                del self.opened[person]


def _together(one: Caller, other: Caller) -> bool:
    return (
        one.perimeter.everything or other.perimeter.everything
        or bool(one.perimeter.acting & other.perimeter.acting)
    )  # fmt: skip
