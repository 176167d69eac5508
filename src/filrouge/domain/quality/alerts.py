"""When alerts are told: grouped within a short wait, again while they last, and once when they are over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

GROUP = timedelta(seconds=60)  # what happens to one owner meanwhile goes in one message
AGAIN = timedelta(hours=4)  # what still waits is told again
EVERY = "*"  # the owner of whoever is told of everything
What = Literal["opened", "again", "resolved"]


@dataclass(frozen=True)
class Told:
    """A notice made before: what it said, when, and whether it went."""

    what: str
    at: datetime
    sent: bool


def reaches(owner: str, owners: Sequence[str]) -> bool:
    """Tell whether whoever is known as ``owner`` hears of what concerns ``owners``."""
    return owner == EVERY or owner in owners


def due(told: Sequence[Told], *, over: bool, at: datetime) -> What | None:
    """Return what one address is to be told of an alert now, by what it was told; None when nothing.

    What is over before anybody heard of it is not told.
    """
    heard = any(one.sent for one in told)
    if over:
        return "resolved" if heard and all(one.what != "resolved" for one in told) else None
    if not told:
        return "opened"
    return "again" if all(one.sent for one in told) and at - max(one.at for one in told) >= AGAIN else None
