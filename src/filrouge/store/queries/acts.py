"""What people did here, as one reader may read it."""

from __future__ import annotations

from collections.abc import Iterable

from filrouge.domain.privacy.perimeter import Perimeter
from filrouge.store.models import Call, ConsentEvent, FollowUp, Outcome, Promise

# the free words of an act, and whether it is kept by a day
_WORDS = {
    FollowUp: (("subject", "outcome"), True),
    Promise: (("text", "outcome"), True),
    ConsentEvent: (("evidence",), False),
    Outcome: (("reason",), True),
    Call: (("text",), True),
}


def quiet(sees: Perimeter, rows: Iterable[FollowUp | Promise | ConsentEvent | Outcome | Call]) -> None:
    """Take the free words out of the acts that may be known of and not read; nothing is saved."""
    for row in rows:
        columns, due = _WORDS[type(row)]
        if not sees.reads(row.entity, row.brand, due=due):
            for column in columns:
                setattr(row, column, "")
