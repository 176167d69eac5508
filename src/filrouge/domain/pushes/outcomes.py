"""What the answer to an order says of the destination: what is told of the row, and what it may hold from then on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

UNTOUCHED, DONE, REFUSED, UNSURE, SKIPPED = range(5)


@dataclass(frozen=True)
class Told:
    """For each order: its outcome, whether the destination may hold the row, whether it surely holds it as given."""

    outcome: Any
    held: Any
    sure: Any


def tried(codes: Any) -> Any:
    """Return which orders the destination was given, whatever it answered; the others leave everything as it was."""
    return (codes == DONE) | (codes == REFUSED) | (codes == UNSURE)


def told(kind: str, codes: Any, add: Any) -> Told:
    """Return what is told of orders that were tried. ``kind``: removals or gives; ``add``: it held no such row before.

    Nothing is held to be gone, or to be there as given, but by the destination's word: a removal that was not confirmed
    may have left the row there, a row that was refused may stand there as it was.
    """
    done = codes == DONE
    if kind == "removals":
        return Told(np.where(done, "removed", "failed"), ~done, np.zeros(len(codes), bool))
    return Told(np.where(done, "sent", "failed"), done | (codes == UNSURE) | ~add, done)
