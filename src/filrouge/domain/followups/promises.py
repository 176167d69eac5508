"""What a promise forbids until it is kept, and what would contradict it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from filrouge.base.text import fold

# What a promise may forbid: nothing, calls, offers, any contact that we begin.
BARS = ("", "calls", "offers", "contact")
# A promise made elsewhere says so in its words (folded, French and English): a convention, read in this order.
_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("contact", re.compile(r"\b(ne plus|ne pas|plus) (le |la |les )?(re)?contacter|\b(no|not) (more )?contact")),
    ("calls", re.compile(r"\b(ne plus|ne pas|plus) (le |la |les )?(r)?appeler|\bplus d appels?\b"
                         r"|\b(no|not) (more )?call")),
    ("offers", re.compile(r"\b(plus|pas) d (offres?|publicites?|demarchages?)|\bplus de (demarchage|publicite)"
                          r"|\bne (plus|pas) (lui )?proposer|\bno (more )?offers?")),
)  # fmt: skip
# A promise not to call has no end of its own: its date is only when it began to hold.
LASTS = timedelta(days=365)


@dataclass(frozen=True)
class Promised:
    """An open promise: ``bars`` is what was chosen when it was made, empty when its words alone say."""

    id: str
    entity: str
    brand: str
    text: str
    due_at: datetime
    bars: str = ""
    made_at: datetime | None = None

    @property
    def forbids(self) -> str:
        return self.bars or bars(self.text)

    @property
    def until(self) -> datetime:
        """Return until when it forbids: its date when that was chosen, a year later when its words say "never"."""
        return self.due_at if self.bars else self.due_at + LASTS


def bars(text: str) -> str:
    """Return what the words of a promise forbid: calls, offers, contact, or nothing."""
    said = fold(text)
    return next((code for code, words in _WORDS if words.search(said)), "")


def holds(promise: Promised, at: datetime) -> bool:
    """Tell whether what a promise forbids is forbidden at ``at``."""
    return bool(promise.forbids) and at <= promise.until


def contradicted(promises: Iterable[Promised], *, entity: str, does: str, at: datetime) -> Promised | None:
    """Return the promise of ``entity`` that doing ``does`` (call, offer or contact) at ``at`` would contradict.

    A call contradicts a promise not to call, an offer one not to offer, and either one not to make contact.
    """
    against = {"call": ("calls", "contact"), "offer": ("offers", "contact"), "contact": ("contact",)}[does]
    found = [one for one in promises if one.entity == entity and one.forbids in against and holds(one, at)]
    return min(found, key=lambda one: (one.due_at, one.id), default=None)
