"""What people must have to be found, looked up in the index of keys; the rarest need leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from filrouge.domain.privacy.perimeter import Perimeter
from filrouge.domain.profiles.filters import Filters
from filrouge.domain.profiles.gather import CATEGORY_OF_KEY
from filrouge.store.live import Live

COUNTED = 10_000  # people that are counted one by one; beyond, there are more


@dataclass(frozen=True)
class Need:
    """A condition with the origins by which its asker may know of it."""

    kind: str
    value: str
    mask: int
    absent: bool = False


def needs_of(live: Live, filters: Filters, sees: Perimeter) -> list[Need]:
    """Return what ``filters`` ask of people, as far as the perimeter may know of it."""
    masks = masks_of(live, sees, filters.brand)
    return [Need(c.kind, c.value, masks[c.category], c.absent) for c in filters.conditions(sees)]


def masks_of(live: Live, perimeter: Perimeter, brand: str) -> dict[str, int]:
    """Return, for each category of facts, the bits of the origins that the perimeter opens."""
    origins = live.origins()
    masks = {}
    for category in {"identity", *CATEGORY_OF_KEY.values()}:
        seen = [bit for (e, b), bit in origins.items() if perimeter.sees(e, b, category) and (not brand or b == brand)]
        masks[category] = sum(1 << bit for bit in seen)
    return masks


def listed(live: Live, needs: Sequence[Need], *, most: int, after: int = -1, order: bool = True) -> list[int]:
    """Return up to ``most`` people who meet every need, by number, beyond ``after``.

    The rarest need leads, and the others are looked up for each of its people.
    """
    wanted = [need for need in needs if not need.absent]
    if not wanted:
        return []
    lead = min(wanted, key=lambda need: _rarity(live, need)) if len(wanted) > 1 else wanted[0]
    narrowed, params = clauses([need for need in needs if need is not lead], "k")
    rows = live.rows(
        f"SELECT k.person FROM keys k WHERE k.value = %s AND k.kind = %s AND (k.origins & %s) <> 0 AND k.person > %s"
        f"{narrowed}{' ORDER BY k.person' if order else ''} LIMIT {int(most)}",
        [lead.value, lead.kind, lead.mask, after, *params],
    )
    return [row[0] for row in rows]


def _rarity(live: Live, need: Need) -> int:
    rows = live.rows(
        f"SELECT count(*) FROM (SELECT 1 AS one FROM keys WHERE value = %s AND kind = %s LIMIT {COUNTED * 5}) AS few",
        [need.value, need.kind],
    )
    return int(rows[0][0])


def clauses(needs: Sequence[Need], of: str) -> tuple[str, list[Any]]:
    """Return what narrows a query on people called ``of`` in SQL, and its parameters."""
    sql, params = "", []
    for at, need in enumerate(needs):
        sql += (
            f" AND {'NOT ' if need.absent else ''}EXISTS (SELECT 1 FROM keys n{at} WHERE n{at}.value = %s"
            f" AND n{at}.kind = %s AND n{at}.person = {of}.person AND (n{at}.origins & %s) <> 0)"
        )
        params += [need.value, need.kind, need.mask]
    return sql, params
